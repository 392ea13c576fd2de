"""T4: 120 requests a second onto a server that can do 100: latency grows for as long as the load lasts."""

from __future__ import annotations

import pytest

from tests.truth import formulas
from tests.truth.bench import RESPONSE, SERVICE
from tests.truth.loads import FEW_VUS, OVERLOAD_RATE, OVERLOAD_S, SERVICE_S, Observation

COUNT = round(OVERLOAD_RATE * OVERLOAD_S)


@pytest.mark.parametrize("percentile", [50.0, 90.0, 95.0, 99.0, 100.0])
@pytest.mark.parametrize("backlog", ["server", "tool"])
def test_response_time_grows_linearly_wherever_the_backlog_is(
    serial: Observation, backlog: str, percentile: float
) -> None:
    measured = serial.measured
    expected_ms = 1000 * formulas.overload_percentile(percentile, SERVICE_S, OVERLOAD_RATE, OVERLOAD_S)
    # The server idles until its first request: all others wait for as much longer as that one was late.
    due_s = [number / OVERLOAD_RATE for number in range(COUNT)]
    late_ms = 1000 * serial.stamps.of(backlog).lateness_s(due_s)[0]
    allowed_ms = 5 + measured.admitted_ms + 0.01 * expected_ms
    assert measured.ms(RESPONSE, percentile, backlog) == pytest.approx(expected_ms + late_ms, abs=allowed_ms)


@pytest.mark.parametrize("backlog", ["server", "tool"])
def test_throughput_is_the_capacity_and_the_backlog_is_worked_off(serial: Observation, backlog: str) -> None:
    stamps, counts = serial.stamps.of(backlog), serial.measured.counts(backlog)
    busy_s = stamps.answers_s[-1] - stamps.arrivals_s[0]
    assert len(stamps) / busy_s == pytest.approx(1 / SERVICE_S, rel=0.01)
    assert counts["planned"] == counts["completed"] == len(stamps) == COUNT


def test_service_time_hides_what_waits_in_the_tool(serial: Observation) -> None:
    """Ten users of a serial server each wait for ten services, however long the queue before them."""
    expected_ms = 1000 * formulas.closed_loop_response(FEW_VUS, SERVICE_S, 0)
    assert serial.measured.ms(SERVICE, 50, "tool") == pytest.approx(expected_ms, abs=5)
    assert serial.measured.ms(RESPONSE, 50, "tool") > 3 * expected_ms


def test_executor_that_drops_tells_it_as_a_count(serial: Observation) -> None:
    stamps, counts = serial.stamps.of("drop"), serial.measured.counts("drop")
    # What the server did within the plan, and the ten that it still had at its end; it may have begun late.
    assert counts["started"] == len(stamps) == pytest.approx(OVERLOAD_S / SERVICE_S + FEW_VUS, abs=10)
    assert counts["dropped"] == COUNT - counts["started"]
    most_ms = 1000 * FEW_VUS * SERVICE_S
    allowed_ms = max(12, serial.measured.room_ms(99))
    assert serial.measured.ms(RESPONSE, 99, "drop") == pytest.approx(most_ms, abs=allowed_ms)
