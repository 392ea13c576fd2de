"""A load phase: each entity of its list is created once.

What is transient is tried again here, and nowhere else: a load phase is about the data being there, the
other phases about what a service answers.
"""

from __future__ import annotations

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.catalog import Catalog
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.population import Population
from dmsperf_tui.systems.meters import measure

ATTEMPTS = 8
"""Of what may never get better. With their pauses they outlast a circuit breaker, which is open for 30 s."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WINDOW_S = 10.0
"""A DMS limits by windows of this length, and v0.7 does not say how long to wait."""
_KEY = "dms.load_list"
_UNAVAILABLE = frozenset({401, 429, 502, 503, 504})
"""Too many requests, and a DMS, its gateway or its identity provider that is away: as long as that takes."""


async def load_entity(vu: VirtualUser) -> None:
    """Creates entity `vu.index` of the list; its id is the outcome."""
    if vu.index is None or not vu.context.get("population"):
        vu.abort(f'the flow of {vu.workload} works through a list; write entities = "dms.load_phase"')
    population, catalog = _list(vu)
    part, number = catalog.locate(vu.index)
    body = population.body(part.resource, number)
    expect = calls.UPSERTED if vu.again or vu.context.get("resumed") else calls.expected(vu)
    attempts = 0
    while True:
        response, ok = await calls.post(vu, part.resource, body, expect)
        if ok:
            vu.outcome = calls.identity_of(response)
            # Where creates may be updates, it may be somebody else's: then it is not ours to delete.
            vu.found = response.status == 200 and bool(vu.context.get("updates"))
            vu.check("POST has location header", vu.outcome is not None)
            return
        attempts += 1
        if not _unavailable(response) and (attempts == ATTEMPTS or not _transient(vu, response)):
            measure(vu, "entities_failed", 1)
            return
        measure(vu, "load_retries", 1)
        await vu.sleep(_pause_s(vu, response, attempts - 1))
        # What looked like a failure may have been carried out: then it is there by now.
        expect = calls.UPSERTED


def _list(vu: VirtualUser) -> tuple[Population, Catalog]:
    found: tuple[Population, Catalog] | None = vu.shared.get(_KEY)
    if found is None:
        context = vu.context
        found = Population.from_json(context["population"]), Catalog.from_json(context["catalog"])
        vu.shared[_KEY] = found
    return found


def _unavailable(response: Response) -> bool:
    """Whether no answer about the entity came at all: none, or one of something in between."""
    return response.error is not None or response.status in _UNAVAILABLE


def _transient(vu: VirtualUser, response: Response) -> bool:
    """An open circuit breaker of v0.7 and v8.0.0 answers 500; a write conflict (a deadlock, a serialization
    failure) is a 409 without a body in v0.7 and a 500 in 8.x."""
    conflict = response.status == 409 and not response.body and vu.context.get("vintage") == "v0.7"
    return conflict or response.status == 500


def _pause_s(vu: VirtualUser, response: Response, attempt: int) -> float:
    """Twice as long each time, by a random part shorter so that not all come back at once."""
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt, 16)) * vu.random.uniform(0.5, 1)
    asked_s = calls.retry_after_s(response)
    if response.status == 429 and not asked_s:
        asked_s = vu.random.uniform(1, WINDOW_S)
    return max(pause_s, min(asked_s, 60.0))
