"""The set-up of scenarios that need something to read, where no data was given to them (`--data RUN`)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from dmsperf_tui.engine.answers import gist
from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.ids import ID_BYTES
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.catalog import Part, catalog
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.resources import needed
from dmsperf_tui.systems.dms.order import LoadOrder, own_order, parse_dependencies
from dmsperf_tui.systems.dms.population import Population, Sizes

MOST = Sizes(schools=2, students=20, staff=4, courses_per_school=2, sections_per_course=2)
"""No more than this, whatever the profile says: it is made before each run."""
ATTEMPTS = 8


class PopulateError(Exception):
    """The DMS did not take what was to be read later; one line says what it answered."""


async def populate(vu: VirtualUser) -> dict[str, Any] | None:
    """Creates a small district, each order of it at once; what it was becomes `vu.setup`.

    None where the run has data. Raises PopulateError.
    """
    if vu.context.get("population"):
        return None
    population = Population(
        _sizes(vu),
        vu.seed,
        vu.context["prefix"],
        # The run's own, whatever the profile says: what was there before is not to be changed.
        None,
        int(vu.profile.get("data.school_year", 2026)),
    )
    orders = (await _order(vu, population)).orders
    small = catalog(population, LoadOrder({name: orders[name] for name in needed() & orders.keys()}))
    ids = bytearray(small.total * ID_BYTES)
    for _, parts in groupby(small.parts, key=lambda part: part.order):
        await _create(vu, population, list(parts), ids)
    return {
        "population": population.to_json(),
        "catalog": small.to_json(),
        "ids": base64.b64encode(ids).decode(),
    }


def _sizes(vu: VirtualUser) -> Sizes:
    wanted = Sizes.of(vu.profile)
    return Sizes(
        schools=min(wanted.schools, MOST.schools),
        students=min(wanted.students, MOST.students),
        staff=min(wanted.staff, MOST.staff),
        courses_per_school=min(wanted.courses_per_school, MOST.courses_per_school),
        sections_per_course=min(wanted.sections_per_course, MOST.sections_per_course),
    )


async def _order(vu: VirtualUser, population: Population) -> LoadOrder:
    """The server's; our own where it has none, or none at this path (a tenant's)."""
    response = await vu.get("/metadata/dependencies", name="GET dependencies", expect=(200, 404))
    if response.error is None and response.status == 404:
        return own_order(population.resources)
    _require(response, "GET /metadata/dependencies", (200,))
    try:
        return parse_dependencies(response.json())
    except ValueError:
        raise PopulateError("GET /metadata/dependencies: the answer is not JSON") from None


async def _create(vu: VirtualUser, population: Population, parts: Iterable[Part], ids: bytearray) -> None:
    places = [(part, number) for part in parts for number in range(part.count)]
    answers = await vu.batch(*(_post(vu, population, *place) for place in places))
    for (part, number), response in zip(places, answers, strict=True):
        _require(response, f"POST {part.resource}", calls.CREATED)
        identity = calls.identity_of(response)
        if identity is None:
            raise PopulateError(f"POST {part.resource}: the answer has no Location")
        at = (part.first + number) * ID_BYTES
        ids[at : at + ID_BYTES] = identity
        vu.made(part.resource, identity)


async def _post(vu: VirtualUser, population: Population, part: Part, number: int) -> Response:
    """One item; what is limited waits as long as it is told, or a second, and tries again."""
    attempt = 0
    while True:
        response = await vu.post(
            f"{calls.DATA}/{part.resource}",
            name=f"POST {part.resource}",
            json=population.body(part.resource, number),
            expect=calls.CREATED,
        )
        attempt += 1
        if response.error is not None or response.status != 429 or attempt == ATTEMPTS:
            return response
        await asyncio.sleep(calls.retry_after_s(response) or 2.0)


def _require(response: Response, request: str, expect: tuple[int, ...]) -> None:
    if response.error is not None:
        raise PopulateError(f"{request}: {response.error}")
    if response.status not in expect:
        mend = "see `dmsperf-tui setup check` for what is missing"
        if response.status == 429:
            mend = "raise the service's RateLimit__PermitLimit, or work on the data of a load phase (--data)"
        raise PopulateError(f"{request} was answered {response.status}: {gist(response.text)}; {mend}")
