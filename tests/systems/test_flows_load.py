"""The load phase: each entity once, in a list's order, and what is tried again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from dmsperf_tui.engine.http import Response, SendError, WaitError
from dmsperf_tui.systems.dms.catalog import catalog
from dmsperf_tui.systems.dms.flows import load
from dmsperf_tui.systems.dms.flows.load import load_entity
from dmsperf_tui.systems.dms.order import own_order
from dmsperf_tui.systems.dms.population import Population, Sizes
from tests.systems.fake_vu import FakeDms, FakeVu, run

POPULATION = Population(Sizes(1, 2, 1, 1, 1), 7, "ab12cd")
CATALOG = catalog(POPULATION, own_order(POPULATION.resources))
STUDENT = CATALOG.part("students").first
LOCATION = [(b"Location", f"http://dms/data/ed-fi/students/{UUID(int=5)}".encode())]


def vu_of(dms: FakeDms, index: int = STUDENT, **context: Any) -> FakeVu:
    found = {
        "prefix": "ab12cd",
        "vintage": "v8",
        "population": POPULATION.to_json(),
        "catalog": CATALOG.to_json(),
    }
    return FakeVu(dms, index=index, context={**found, **context})


def test_the_whole_list_is_created_in_its_order_without_a_failure() -> None:
    dms = FakeDms()
    for index in range(CATALOG.total):
        vu = run(load_entity, vu_of(dms, index))
        part, _ = CATALOG.locate(index)
        assert vu.outcome is not None
        assert UUID(bytes=vu.outcome) in dms.items[part.resource]
    assert not dms.failed
    assert {name: len(items) for name, items in dms.items.items()} == {
        part.resource: part.count for part in CATALOG.parts
    }


@pytest.mark.parametrize(
    ("answer", "vintage"),
    [
        (Response.make(500), "v8"),
        (Response.make(502), "v8"),
        (Response.make(503), "v8"),
        (Response.make(504), "v8"),
        (Response.make(409), "v0.7"),
        (Response.make(0, error=WaitError("connection reset", "reset")), "v8"),
        (Response.make(0, error=SendError("connection closed", "closed")), "v8"),
    ],
)
def test_what_is_transient_is_tried_again_and_counted(answer: Response, vintage: str) -> None:
    dms = FakeDms(odd={"POST students": [answer, answer]})
    vu = run(load_entity, vu_of(dms, vintage=vintage))
    assert vu.outcome is not None
    assert len(dms.sent) == 3
    assert len(dms.failed) == 2, "the failed attempts stay failed"
    assert sum(vu.metrics.values("load_retries")) == 2
    assert 0.25 <= vu.slept_s[0] <= 0.5
    assert 0.5 <= vu.slept_s[1] <= 1


@pytest.mark.parametrize(
    ("answer", "vintage"),
    [
        (Response.make(400), "v8"),
        (Response.make(403), "v8"),
        (Response.make(409), "v8"),
        (Response.make(409, body=b'{"title":"Unresolved Reference"}'), "v0.7"),
        (Response.make(200, LOCATION), "v8"),
    ],
)
def test_what_is_not_transient_is_not(answer: Response, vintage: str) -> None:
    dms = FakeDms(odd={"POST students": [answer]})
    vu = run(load_entity, vu_of(dms, vintage=vintage))
    assert vu.outcome is None
    assert len(dms.sent) == len(dms.failed) == 1
    assert not vu.metrics.values("load_retries")
    assert sum(vu.metrics.values("entities_failed")) == 1


def test_what_may_never_get_better_is_tried_for_as_long_as_a_breaker_is_open() -> None:
    dms = FakeDms(odd={"POST students": [Response.make(500)] * 20})
    vu = run(load_entity, vu_of(dms, vintage="v0.7"))
    assert vu.outcome is None
    assert len(dms.sent) == load.ATTEMPTS
    assert sum(vu.slept_s) > 30
    assert sum(vu.metrics.values("entities_failed")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response.make(503),
        Response.make(429),
        Response.make(401),
        Response.make(0, error=WaitError("timeout", "no answer")),
        Response.make(0, error=SendError("connect refused", "refused")),
    ],
)
def test_a_service_that_is_away_is_waited_for(answer: Response) -> None:
    dms = FakeDms(odd={"POST students": [answer] * 40})
    vu = run(load_entity, vu_of(dms))
    assert vu.outcome is not None
    assert len(dms.sent) == 41
    assert max(vu.slept_s) <= load.LONGEST_PAUSE_S
    assert not vu.metrics.values("entities_failed")


def test_the_server_says_how_long_to_wait() -> None:
    asked = [
        Response.make(429, [(b"Retry-After", b"7")]),
        Response.make(429, [(b"Retry-After", b"86400")]),
        Response.make(429),
    ]
    vu = run(load_entity, vu_of(FakeDms(odd={"POST students": asked})))
    assert vu.slept_s[0] == 7
    assert vu.slept_s[1] == 60
    assert 1 <= vu.slept_s[2] <= load.WINDOW_S
    assert vu.outcome is not None


def test_what_an_update_found_is_not_this_runs_to_delete() -> None:
    dms = FakeDms()
    first = run(load_entity, vu_of(dms, updates=True))
    again = run(load_entity, vu_of(dms, updates=True))
    assert (first.found, again.found) == (False, True)


def test_an_attempt_that_had_been_carried_out_is_found_by_the_next() -> None:
    dms = FakeDms()
    run(load_entity, vu_of(dms))
    dms.odd = {"POST students": [Response.make(504)]}
    vu = run(load_entity, vu_of(dms))
    assert [sent.status for sent in dms.failed] == [504]
    assert vu.outcome is not None
    assert len(dms.items["students"]) == 1


def test_a_resumed_list_finds_what_was_in_flight() -> None:
    dms = FakeDms()
    run(load_entity, vu_of(dms))
    vu = run(load_entity, vu_of(dms, resumed=True))
    assert not dms.failed
    assert vu.outcome is not None


def test_an_entity_that_was_interrupted_may_be_there() -> None:
    dms = FakeDms()
    run(load_entity, vu_of(dms))
    again = vu_of(dms)
    again.again = True
    run(load_entity, again)
    assert not dms.failed
    assert again.outcome is not None


def test_without_a_list_the_run_ends_with_the_mend() -> None:
    with pytest.raises(SystemExit, match='write entities = "dms\\.load_phase"'):
        run(load_entity, FakeVu())
