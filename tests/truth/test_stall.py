"""T2: a known stall is seen whole by the open model, and by nothing else."""

from __future__ import annotations

import pytest

from tests.truth import formulas
from tests.truth.bench import RESPONSE, SERVICE, Measured, open_load
from tests.truth.conftest import StartRun, StartServer
from tests.truth.loads import (
    FEW_STALLED_VUS,
    STALL_AT_S,
    STALL_DELAY_S,
    STALL_S,
    STALLED_RATE,
    STALLED_S,
    Observation,
)

COUNT = round(STALLED_RATE * STALLED_S)
PERCENTILES = (50.0, 90.0, 95.0, 99.0)


def room_ms(measured: Measured) -> float:
    """One arrival's distance, 2 ms for two wake-ups, and how late the tool says it was itself."""
    return 1000 / STALLED_RATE + 2 + measured.admitted_ms


def hold_to_theorem(measured: Measured, workload: str, stall_s: float, length_s: float) -> None:
    for percentile in PERCENTILES:
        expected_ms = 1000 * formulas.stall_percentile(percentile, STALL_DELAY_S, stall_s, length_s)
        found_ms = measured.ms(RESPONSE, percentile, workload)
        assert found_ms == pytest.approx(expected_ms, rel=0.001, abs=room_ms(measured)), percentile
    mean_ms = 1000 * formulas.stall_mean(STALL_DELAY_S, stall_s, length_s)
    assert measured.mean_ms(RESPONSE, workload) == pytest.approx(mean_ms, abs=4 + measured.admitted_ms)
    most_ms = 1000 * (stall_s + 2 * STALL_DELAY_S)
    allowed_ms = 1000 * STALL_DELAY_S + room_ms(measured)
    assert measured.ms(RESPONSE, 100, workload) == pytest.approx(most_ms, abs=allowed_ms)
    counts, count = measured.counts(workload), STALLED_RATE * length_s
    assert (counts["planned"], counts["completed"], counts["dropped"]) == (count, count, 0)


def test_open_model_has_the_percentiles_of_the_theorem(stalled: Observation) -> None:
    hold_to_theorem(stalled.measured, "open", STALL_S, STALLED_S)


def test_server_that_is_stopped_is_seen_as_well(serve: StartServer, run: StartRun) -> None:
    """SIGSTOP and SIGCONT: nothing but the server's own process knows of it."""
    server, length_s = serve("--delay-ms", 1000 * STALL_DELAY_S), 4.0
    session = run(server, {"load": open_load(STALLED_RATE, length_s, 120)})
    server.wait_for_load(STALLED_RATE)
    stall_s = server.suspend(STALL_S)
    hold_to_theorem(session.finish(), "load", stall_s, length_s)


@pytest.mark.parametrize("percentile", PERCENTILES)
def test_queued_work_is_timed_from_its_planned_start(stalled: Observation, percentile: float) -> None:
    """With few VUs most of what a stall meets waits for one: the response time holds that wait, too."""
    free_s, waits_s = [0.0] * FEW_STALLED_VUS, []
    end_s = STALL_AT_S + STALL_S
    for planned_s in (number / STALLED_RATE for number in range(COUNT)):
        vu = free_s.index(min(free_s))
        start_s = max(planned_s, free_s[vu])
        free_s[vu] = start_s + STALL_DELAY_S
        if start_s < end_s and free_s[vu] > STALL_AT_S:
            free_s[vu] = end_s + STALL_DELAY_S
        waits_s.append(free_s[vu] - planned_s)
    expected_ms = 1000 * formulas.nearest_rank(waits_s, percentile)
    # The backlog is worked off by four users: the millisecond between an answer and the next request adds up.
    allowed_ms = room_ms(stalled.measured) + 0.1 * expected_ms
    assert stalled.measured.ms(RESPONSE, percentile, "queue") == pytest.approx(expected_ms, abs=allowed_ms)
    counts = stalled.measured.counts("queue")
    assert (counts["planned"], counts["completed"], counts["dropped"]) == (COUNT, COUNT, 0)


def test_service_time_does_not_show_what_waits_in_the_tool(stalled: Observation) -> None:
    assert stalled.measured.ms(SERVICE, 99, "queue") < 3000 * STALL_DELAY_S
    assert stalled.measured.ms(RESPONSE, 99, "queue") > 900 * STALL_S


def test_executor_that_drops_stays_rosy_and_counts_what_it_dropped(stalled: Observation) -> None:
    measured = stalled.measured
    counts = measured.counts("drop")
    expected = formulas.stall_dropped(STALL_DELAY_S, STALL_S, STALLED_RATE, FEW_STALLED_VUS)
    # On a busy machine more: one that is answered late keeps its VU from the next.
    assert expected - 4 <= counts["dropped"] <= expected + 20
    assert counts["planned"] == COUNT
    assert measured.ms(SERVICE, 99, "drop") < 3000 * STALL_DELAY_S
    assert measured.ms(SERVICE, 100, "drop") > 1000 * STALL_S


def test_closed_loop_is_blind(stalled: Observation) -> None:
    """Its p99 is that of a server without a stall; only the maximum tells."""
    measured = stalled.measured
    assert formulas.closed_slow_share(STALL_DELAY_S, STALL_S, STALLED_S) < 0.01
    for percentile in (50.0, 95.0):
        allowed_ms = 2 + measured.room_ms(percentile)
        assert measured.ms(SERVICE, percentile, "closed") == pytest.approx(
            1000 * STALL_DELAY_S, abs=allowed_ms
        )
    assert measured.ms(SERVICE, 99, "closed") < 3000 * STALL_DELAY_S
    most_ms = measured.ms(SERVICE, 100, "closed")
    assert most_ms >= 1000 * (STALL_S + STALL_DELAY_S)
    assert most_ms <= 1000 * (STALL_S + 2 * STALL_DELAY_S) + room_ms(measured)


def test_closed_loop_says_that_it_is_blind(stalled: Observation) -> None:
    found = stalled.measured.summary["validity"]["findings"]
    assert any(text.startswith("closed is a closed loop: an answer took") for text in found), found
    assert not any(text.startswith("open ") for text in found), "the open model shows the stall by itself"
