"""The checks before load starts: what is there, whether it lets us in, and what would spoil the run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.answers import document, explain, unreachable
from dmsperf_tui.systems.checks import PreflightRow, StepError, timed
from dmsperf_tui.systems.dms.generators import GENERATORS
from dmsperf_tui.systems.dms.order import SCHOOL_YEAR_TYPES, LoadOrder, contradictions, parse_dependencies
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.data_api import DataApi
from dmsperf_tui.systems.dms.setup.discovery import Discovery, read_discovery
from dmsperf_tui.systems.dms.setup.limits import rate_row
from dmsperf_tui.systems.dms.setup.permissions import Permission, probe_all
from dmsperf_tui.systems.dms.setup.seeding import missing_values
from dmsperf_tui.systems.dms.token import AccessToken, TokenError
from dmsperf_tui.systems.machine import MachineNeeds, machine_rows
from dmsperf_tui.systems.reach import TIMEOUT_S, reach

PATIENCE_S = 10.0
"""For all permissions, and for all reference data."""
MOST_DENIALS = 3
"""Of so many denied actions each has a row of its own."""

Obtain = Callable[[], Awaitable[AccessToken]]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a plan asks of a DMS, and of this machine."""

    uses: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Endpoint -> actions: Create, Read, Update, Delete."""
    planned_rate: float | None = None
    """The highest request rate that the plan names, in requests a second; None where none is planned."""
    descriptors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Descriptor endpoint -> code values that bodies refer to."""
    machine: MachineNeeds = field(default_factory=MachineNeeds)
    school_year: int | None = None
    """The school year that bodies refer to; any will do where it is None."""
    spared: frozenset[str] = frozenset()
    """Endpoints of `uses` that a load phase leaves out where they are not served."""


async def preflight(
    client: httpx.AsyncClient, place: Place, obtain: Obtain | None, needs: Needs
) -> AsyncIterator[PreflightRow]:
    """Each check as it is done; stops at the first one that makes the rest meaningless.

    `obtain` gets a token, None where there are no credentials.
    """
    root, rows = await reach(client, place.url, insecure=place.insecure)
    for row in rows:
        yield row
    if root is None:
        return
    async for row in _of_dms(client, place, obtain, needs, read_discovery(document(root))):
        yield row
        if row.ok is False and row.name == "token":
            return
    if limit := rate_row(needs.planned_rate):
        yield limit
    for row in machine_rows(needs.machine):
        yield row


async def _of_dms(
    client: httpx.AsyncClient, place: Place, obtain: Obtain | None, needs: Needs, found: Discovery | None
) -> AsyncIterator[PreflightRow]:
    if found is None:
        yield PreflightRow("discovery", None, "no discovery document")
    else:
        yield PreflightRow("discovery", True, f"{found.application} {found.version}, {found.models}")
        yield PreflightRow("vintage", True, "8.x" if found.vintage == "v8" else "v0.7 or before")
    yield _token_url(place)
    begun = time.perf_counter()
    row, token = await _token(obtain)
    yield timed(row, begun)
    if obtain is None or token is None:
        return
    begun = time.perf_counter()
    row, order = await _dependencies(client, place)
    yield timed(row, begun)
    api = DataApi(client, place, obtain, token.value, timeout_s=TIMEOUT_S)
    for check in (_permissions(api, needs, order), _reference_data(api, needs)):
        begun = time.perf_counter()
        for row in await _within_patience(check):
            yield timed(row, begun)


async def _within_patience(check: AsyncIterator[PreflightRow]) -> list[PreflightRow]:
    """The rows of a check; a slow or failing DMS is what a load test is to find, and stops none."""
    rows: list[PreflightRow] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for row in check:
                rows.append(row)  # noqa: PERF401
    except TimeoutError:
        why = f"the DMS needs more than {PATIENCE_S:.0f} s to tell"
        rows.append(PreflightRow("data", False, why, fatal=False))
    except httpx.HTTPError as fault:
        rows.append(PreflightRow("data", False, unreachable(fault), fatal=False))
    except StepError as fault:
        rows.append(PreflightRow("data", False, fault.detail, mend=fault.mend, fatal=False))
    return rows


def _token_url(place: Place) -> PreflightRow:
    """Whether the client's secret goes where the load goes."""
    token, load = urlsplit(place.token_url), urlsplit(place.load_url)
    if load.scheme == "https" and token.scheme == "http":
        return PreflightRow(
            "token url",
            False,
            f"{place.token_url} sends the secret in the clear",
            mend="use https",
            fatal=False,
        )
    if token.hostname != load.hostname:
        return PreflightRow("token url", None, f"{place.token_url}, another host than the DMS")
    return PreflightRow("token url", True, place.token_url)


async def _token(obtain: Obtain | None) -> tuple[PreflightRow, AccessToken | None]:
    if obtain is None:
        mend = "run: dmsperf-tui setup client, or set CLIENT_ID and CLIENT_SECRET"
        return PreflightRow("token", False, "no client credentials", mend=mend), None
    try:
        token = await obtain()
    except TokenError as fault:
        return PreflightRow("token", False, str(fault), mend="see the message"), None
    return PreflightRow("token", True, f"valid for {token.expires_in_s:.0f} s"), token


async def _dependencies(client: httpx.AsyncClient, place: Place) -> tuple[PreflightRow, LoadOrder | None]:
    """A DMS without a usable list can be loaded all the same: our own references give an order."""
    try:
        response = await client.get(f"{place.url}/metadata/dependencies", timeout=TIMEOUT_S)
        if not response.is_success:
            mend = "its schema lacks a resource that others need: dmsperf-tui setup schema"
            return PreflightRow("dependencies", False, explain(response), mend=mend, fatal=False), None
        order = parse_dependencies(document(response))
    except httpx.HTTPError as fault:
        return PreflightRow("dependencies", False, unreachable(fault), fatal=False), None
    except ConfigError as fault:
        return PreflightRow("dependencies", False, str(fault), fatal=False), None
    if wrong := contradictions(order):
        mend = "see: dmsperf-tui setup order"
        return PreflightRow("dependencies", False, wrong[0], mend=mend, fatal=False), order
    last = max(order.orders.values())
    return PreflightRow("dependencies", True, f"{len(order.orders)} resources, {last} orders"), order


async def _permissions(api: DataApi, needs: Needs, order: LoadOrder | None) -> AsyncIterator[PreflightRow]:
    served = (
        needs.uses
        if order is None
        else {name: needs.uses[name] for name in needs.uses if name in order.orders}
    )
    missing = needs.uses.keys() - served.keys()
    for group, fatal, then in (
        (missing - needs.spared, True, ""),
        (missing & needs.spared, False, ": they are left out"),
    ):
        if group:
            detail = f"the DMS does not serve {', '.join(sorted(group))}{then}"
            yield PreflightRow("resources", False, detail, mend="run: dmsperf-tui setup schema", fatal=fatal)
    if not served:
        return
    found = await probe_all(api, served)
    allowed = sum(permission.allowed is True for permission in found)
    if denied := [permission for permission in found if permission.allowed is False]:
        for row in _denials(denied, len(found)):
            yield row
        return
    unknown = [permission for permission in found if permission.allowed is None]
    open_ones = ", ".join(f"{permission.action} {permission.resource}" for permission in unknown[:3])
    rest = f"; not known: {open_ones} ({unknown[0].why})" if unknown else ""
    yield PreflightRow(
        "permissions", True, f"{allowed} of {len(found)} actions on {len(served)} resources{rest}"
    )


def _denials(denied: Sequence[Permission], tried: int) -> Iterator[PreflightRow]:
    """A row for each, or one for all that the same thing mends: a missing claim set denies every action."""
    for mend in dict.fromkeys(permission.mend for permission in denied):
        alike = [permission for permission in denied if permission.mend == mend]
        if len(alike) <= MOST_DENIALS:
            for permission in alike:
                name = f"permission {permission.action} {permission.resource}"
                yield PreflightRow(name, False, permission.why, mend=mend)
        else:
            examples = ", ".join(f"{one.action} {one.resource}" for one in alike[:MOST_DENIALS])
            detail = f"{len(alike)} of {tried} actions are refused, such as {examples}: {alike[0].why}"
            yield PreflightRow("permissions", False, detail, mend=mend)


async def _reference_data(api: DataApi, needs: Needs) -> AsyncIterator[PreflightRow]:
    lacking: list[str] = []
    for endpoint, values in needs.descriptors.items():
        if missing := await missing_values(api, endpoint, values):
            lacking.append(f"{endpoint} {', '.join(missing[:3])}" + (" ..." if len(missing) > 3 else ""))
    mend = "run: dmsperf-tui setup seed"
    if lacking:
        more = f" and {len(lacking) - 3} more types" if len(lacking) > 3 else ""
        yield PreflightRow("descriptors", False, f"missing: {'; '.join(lacking[:3])}{more}", mend=mend)
    elif needs.descriptors:
        count = sum(len(values) for values in needs.descriptors.values())
        yield PreflightRow("descriptors", True, f"{count} values of {len(needs.descriptors)} types are there")
    if _needs_years(needs.uses):
        params: dict[str, Any] = {"limit": 1}
        if needs.school_year is not None:
            params["schoolYear"] = needs.school_year
        response = await api.send("GET", SCHOOL_YEAR_TYPES, params=params)
        years = document(response)
        which = "" if needs.school_year is None else f" {needs.school_year}"
        if response.is_success and years:
            yield PreflightRow(SCHOOL_YEAR_TYPES, True, f"{years[0].get('schoolYear')} is there")
        elif response.is_success:
            yield PreflightRow(SCHOOL_YEAR_TYPES, False, f"no school year{which}", mend=mend)
        else:
            yield PreflightRow(SCHOOL_YEAR_TYPES, None, explain(response))


def _needs_years(uses: Mapping[str, Collection[str]]) -> bool:
    """Whether a body that is created refers to a school year."""
    return any(
        "Create" in actions and name in GENERATORS and SCHOOL_YEAR_TYPES in GENERATORS[name].references
        for name, actions in uses.items()
    )
