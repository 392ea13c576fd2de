"""`setup client`: a client of the DMS, from an administrator's registration to a key that gets a token.

Administrator -> data store (an instance before 8.x) -> vendor -> application -> key and secret.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import httpx

from dmsperf_tui.systems.answers import told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.place import Credentials, Place
from dmsperf_tui.systems.dms.setup.cms import Cms
from dmsperf_tui.systems.dms.setup.data_api import source_of
from dmsperf_tui.systems.dms.token import TokenError

COMPANY = "dmsperf-tui"

Save = Callable[[Mapping[str, str]], object]
"""Keeps variables (CLIENT_ID, CLIENT_SECRET, ...) for later runs."""


@told("client")
async def make_client(
    client: httpx.AsyncClient, place: Place, save: Save, *, new: bool = False
) -> AsyncIterator[StepRow]:
    """Makes a client and hands its credentials to `save`; with valid ones at hand it changes nothing.

    An administrator that had to be registered is saved at once, also where a later step fails.

    `new` makes one all the same. Nothing that the CMS knows already is made a second time, but the
    application: only then does a secret come out.
    """
    if place.client is not None and not new:
        fault = await _refusal(client, place)
        if fault is None:
            yield StepRow(
                "client", True, f"{place.client.client_id} gets tokens: nothing to do (--new makes another)"
            )
            return
        yield StepRow("client", None, f"the one at hand gets no token: {fault}")
    cms = await Cms.connect(client, place)
    yield StepRow("configuration service", True, f"{cms.url}, version {cms.version.path}")
    admin = await cms.log_in_or_register(
        place.admin,
        place.admin_token,
        lambda made: save({"ADMIN_CLIENT_ID": made.client_id, "ADMIN_CLIENT_SECRET": made.client_secret}),
    )
    if admin is None:
        yield StepRow("administrator", True, "logged in")
    else:
        yield StepRow("administrator", True, f"{admin.client_id} registered", changed=True)
    store, row = await _data_store(cms, place)
    yield row
    vendor, is_new = await cms.vendor(COMPANY)
    yield StepRow("vendor", True, f"{COMPANY} " + ("made" if is_new else "is there"), changed=is_new)
    # A name that the vendor has already is refused.
    name = f"{COMPANY}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    made = await cms.application(name, vendor, place.claim_set, store)
    yield StepRow("application", True, f"{name} made, claim set {place.claim_set}", changed=True)
    if fault := await _refusal(client, replace(place, client=made)):
        raise StepError(
            f"the new client gets no token: {fault}", f"is {place.token_url} the DMS of {cms.url}?"
        )
    save({"CLIENT_ID": made.client_id, "CLIENT_SECRET": made.client_secret})
    yield StepRow(
        "token", True, f"client {made.client_id} gets tokens; its key and secret are kept", changed=True
    )


async def ensure_client(
    client: httpx.AsyncClient, place: Place, save: Save | None = None
) -> Credentials | None:
    """A client of `place`, made where there is none and the environment allows it; None where it does not.

    Valid or not, credentials at hand are returned as they are. Raises StepError where the CMS refuses.
    """
    if place.client is not None:
        return place.client
    if not place.create_client or place.cms_url is None:
        return None
    kept: dict[str, str] = {}

    def keep(values: Mapping[str, str]) -> None:
        kept.update(values)
        if save is not None:
            save(values)

    async for row in make_client(client, place, keep):
        if row.ok is False:
            raise StepError(row.detail, row.mend)
    return Credentials(kept["CLIENT_ID"], kept["CLIENT_SECRET"])


async def _refusal(client: httpx.AsyncClient, place: Place) -> str | None:
    """Why the place's client gets no token, or None where it gets one."""
    source = source_of(client, place)
    assert source is not None
    try:
        await source.fetch()
    except TokenError as fault:
        return str(fault)
    return None


async def _data_store(cms: Cms, place: Place) -> tuple[int | None, StepRow]:
    what = "data store" if cms.version.path == "v3" else "instance"
    if not await cms.knows_data_stores():
        return None, StepRow(what, True, "this Configuration Service needs none")
    qualifiers = place.route_qualifiers
    found = await cms.data_store(qualifiers)
    if found is not None:
        return found, StepRow(what, True, f"number {found} is there")
    if qualifiers:
        raise StepError(
            f"no {what} for the route {'/'.join(qualifiers)}",
            "make one with its route contexts in the Configuration Service",
        )
    if place.data_store is None:
        raise StepError(
            f"the Configuration Service knows no {what}",
            'set data_store = "${DATA_STORE_CONNECTION}" and that variable, as in '
            "host=db;port=5432;username=u;password=p;database=edfi;",
        )
    made = await cms.make_data_store(place.data_store)
    return made, StepRow(what, True, f"number {made} made", changed=True)
