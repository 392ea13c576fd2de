"""T2: a known stall is seen whole by the open model, and by nothing else.

Four workloads meet the same stall of one server; in a run beside it a server's process is stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.truth import formulas
from tests.truth.bench import RESPONSE, SERVICE, Measured, Session, TruthServer, closed_load, open_load

DELAY_S, STALL_AT_S, STALL_S, LENGTH_S, RATE = 0.02, 1.5, 0.8, 6.0, 100
COUNT = round(RATE * LENGTH_S)
FEW_VUS = 4
"""Twice what the load needs where nothing stalls; less than 1 % of the requests."""
LOADS = {
    "open": open_load(RATE, LENGTH_S),
    "queue": open_load(RATE, LENGTH_S, FEW_VUS, late="queue"),
    "drop": open_load(RATE, LENGTH_S, FEW_VUS, late="drop"),
    "closed": closed_load(3, LENGTH_S),
}
Stalled = dict[str, tuple[Measured, float]]
"""By workload: its run, and how long the stall was."""


@pytest.fixture(scope="module")
def stalled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stalled]:
    delay = ("--delay-ms", str(1000 * DELAY_S))
    with ExitStack() as stack:
        stalling = stack.enter_context(TruthServer(*delay, "--stall", f"{STALL_AT_S}:{STALL_S}"))
        stopped = stack.enter_context(TruthServer(*delay))
        meeting = Session(tmp_path_factory.mktemp("stalling"), stalling.url, LOADS)
        stack.callback(meeting.close)
        beside = Session(tmp_path_factory.mktemp("stopped"), stopped.url, {"stopped": LOADS["open"]})
        stack.callback(beside.close)
        stopped.wait_for_load()
        lengths_s: list[float] = []
        stopper = threading.Timer(
            STALL_AT_S + 2 * STALL_S, lambda: lengths_s.append(stopped.suspend(STALL_S))
        )
        stopper.start()
        measured = meeting.finish(), beside.finish()
        stopper.join()
        yield {**dict.fromkeys(LOADS, (measured[0], STALL_S)), "stopped": (measured[1], lengths_s[0])}


def room_ms(measured: Measured) -> float:
    """One arrival's distance, 2 ms for two wake-ups, and how late the tool says it was itself."""
    return 1000 / RATE + 2 + measured.admitted_ms


@pytest.mark.parametrize("percentile", [50.0, 90.0, 95.0, 99.0])
@pytest.mark.parametrize("kind", ["open", "stopped"])
def test_open_model_has_the_percentiles_of_the_theorem(
    stalled: Stalled, kind: str, percentile: float
) -> None:
    measured, stall_s = stalled[kind]
    expected_ms = 1000 * formulas.stall_percentile(percentile, DELAY_S, stall_s, LENGTH_S)
    found_ms = measured.ms(RESPONSE, percentile, kind)
    assert found_ms == pytest.approx(expected_ms, rel=0.001, abs=room_ms(measured))
    counts = measured.counts(kind)
    assert (counts["planned"], counts["completed"], counts["dropped"]) == (COUNT, COUNT, 0)


@pytest.mark.parametrize("kind", ["open", "stopped"])
def test_open_model_has_the_mean_and_the_maximum_of_the_theorem(stalled: Stalled, kind: str) -> None:
    measured, stall_s = stalled[kind]
    mean_ms = 1000 * formulas.stall_mean(DELAY_S, stall_s, LENGTH_S)
    assert measured.mean_ms(RESPONSE, kind) == pytest.approx(mean_ms, abs=3 + measured.admitted_ms)
    most_ms = 1000 * (stall_s + 2 * DELAY_S)
    allowed_ms = 1000 * DELAY_S + room_ms(measured)
    assert measured.ms(RESPONSE, 100, kind) == pytest.approx(most_ms, abs=allowed_ms)


@pytest.mark.parametrize("percentile", [50.0, 90.0, 95.0, 99.0])
def test_queued_work_is_timed_from_its_planned_start(stalled: Stalled, percentile: float) -> None:
    """With few VUs most of what a stall meets waits for one: the response time holds that wait, too."""
    measured, _ = stalled["queue"]
    free_s, waits_s = [0.0] * FEW_VUS, []
    end_s = STALL_AT_S + STALL_S
    for planned_s in (number / RATE for number in range(COUNT)):
        vu = free_s.index(min(free_s))
        start_s = max(planned_s, free_s[vu])
        free_s[vu] = start_s + DELAY_S
        if start_s < end_s and free_s[vu] > STALL_AT_S:
            free_s[vu] = end_s + DELAY_S
        waits_s.append(free_s[vu] - planned_s)
    expected_ms = 1000 * formulas.nearest_rank(waits_s, percentile)
    # The backlog is worked off by four users: the millisecond between an answer and the next request adds up.
    allowed_ms = room_ms(measured) + 0.1 * expected_ms
    assert measured.ms(RESPONSE, percentile, "queue") == pytest.approx(expected_ms, abs=allowed_ms)
    counts = measured.counts("queue")
    assert (counts["planned"], counts["completed"], counts["dropped"]) == (COUNT, COUNT, 0)


def test_service_time_does_not_show_what_waits_in_the_tool(stalled: Stalled) -> None:
    measured, _ = stalled["queue"]
    assert measured.ms(SERVICE, 99, "queue") < 3000 * DELAY_S
    assert measured.ms(RESPONSE, 99, "queue") > 900 * STALL_S


def test_executor_that_drops_stays_rosy_and_counts_what_it_dropped(stalled: Stalled) -> None:
    measured, _ = stalled["drop"]
    counts = measured.counts("drop")
    expected = formulas.stall_dropped(DELAY_S, STALL_S, RATE, FEW_VUS)
    assert counts["dropped"] == pytest.approx(expected, abs=4)
    assert counts["planned"] == COUNT
    assert measured.ms(SERVICE, 99, "drop") < 3000 * DELAY_S
    assert measured.ms(SERVICE, 100, "drop") > 1000 * STALL_S


def test_closed_loop_is_blind(stalled: Stalled) -> None:
    """Its p99 is that of a server without a stall; only the maximum tells."""
    measured, _ = stalled["closed"]
    assert formulas.closed_slow_share(DELAY_S, STALL_S, LENGTH_S) < 0.01
    for percentile in (50.0, 95.0):
        assert measured.ms(SERVICE, percentile, "closed") == pytest.approx(1000 * DELAY_S, abs=4)
    assert measured.ms(SERVICE, 99, "closed") < 3000 * DELAY_S
    most_ms = measured.ms(SERVICE, 100, "closed")
    assert 1000 * (STALL_S + DELAY_S) <= most_ms <= 1000 * (STALL_S + 2 * DELAY_S) + room_ms(measured)
