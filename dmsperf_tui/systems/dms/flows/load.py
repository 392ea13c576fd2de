"""A load phase: each entity of its list is created once.

What is transient is tried again here, and nowhere else: a load phase is about the data being there, the
other phases about what a service answers.
"""

from __future__ import annotations

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.catalog import Catalog
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.meters import measure
from dmsperf_tui.systems.dms.population import Population

ATTEMPTS = 5
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_KEY = "dms.load_list"
_TRANSIENT = frozenset({429, 502, 503, 504})
"""Too many requests, and a DMS or a gateway before it that is unavailable for a while."""
_BROKEN = frozenset({"connection reset", "connection closed"})


async def load_entity(vu: VirtualUser) -> None:
    """Creates entity `vu.index` of the list; its id is the outcome."""
    if vu.index is None or not vu.context.get("population"):
        vu.abort(f'the flow of {vu.workload} works through a list; write entities = "dms.load_phase"')
    population, catalog = _list(vu)
    part, number = catalog.locate(vu.index)
    body = population.body(part.resource, number)
    expect = calls.UPSERTED if vu.again or vu.context.get("resumed") else calls.expected(vu)
    for attempt in range(ATTEMPTS):
        response, ok = await calls.post(vu, part.resource, body, expect)
        if ok:
            vu.outcome = calls.identity_of(response)
            vu.check("POST has location header", vu.outcome is not None)
            return
        if attempt + 1 == ATTEMPTS or not _transient(vu, response):
            return
        measure(vu, "load_retries", 1)
        await vu.sleep(_pause_s(vu, response, attempt))
        # What looked like a failure may have been carried out: then it is there by now.
        expect = calls.UPSERTED


def _list(vu: VirtualUser) -> tuple[Population, Catalog]:
    found: tuple[Population, Catalog] | None = vu.shared.get(_KEY)
    if found is None:
        context = vu.context
        found = Population.from_json(context["population"]), Catalog.from_json(context["catalog"])
        vu.shared[_KEY] = found
    return found


def _transient(vu: VirtualUser, response: Response) -> bool:
    if response.error is not None:
        return response.error.kind in _BROKEN
    # v0.7 answers a write conflict (a deadlock, a serialization failure) with a 409 without a body.
    conflict = response.status == 409 and not response.body and vu.context.get("vintage") == "v0.7"
    return conflict or response.status in _TRANSIENT


def _pause_s(vu: VirtualUser, response: Response, attempt: int) -> float:
    """Twice as long each time, by a random part shorter so that not all come back at once."""
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**attempt) * vu.random.uniform(0.5, 1)
    return max(pause_s, min(calls.retry_after_s(response), 60.0))
