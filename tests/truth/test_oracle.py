"""T12: a second load generator, which shares nothing with the tool, sees the same at the same server."""

from __future__ import annotations

import pytest

from tests.truth.bench import RESPONSE, SERVICE, Stamps
from tests.truth.loads import OVERLOAD_RATE, OVERLOAD_S, STALL_S, Observation

PERCENTILES = (50.0, 90.0, 99.0)


def room_ms(expected_ms: float, observation: Observation) -> float:
    """A twentieth, 2 ms, and what the tool admits."""
    return 0.05 * expected_ms + 2 + observation.measured.admitted_ms


@pytest.mark.parametrize("percentile", PERCENTILES)
def test_both_see_the_same_stall(stalled: Observation, percentile: float) -> None:
    expected_ms = stalled.oracle.response_ms(percentile)
    found_ms = stalled.measured.ms(RESPONSE, percentile, "open")
    assert found_ms == pytest.approx(expected_ms, abs=room_ms(expected_ms, stalled))
    assert stalled.oracle.response_ms(99) > 900 * STALL_S, "there was a stall to be seen"


@pytest.mark.parametrize("percentile", PERCENTILES)
def test_both_see_the_same_overload(serial: Observation, percentile: float) -> None:
    """Each at a queue of its own, which begins to fill when its first request comes."""

    def first_late_ms(stamps: Stamps) -> float:
        due_s = [number / OVERLOAD_RATE for number in range(round(OVERLOAD_RATE * OVERLOAD_S))]
        return 1000 * stamps.lateness_s(due_s)[0]

    expected_ms = serial.oracle.response_ms(percentile) - first_late_ms(serial.stamps.of("oracle"))
    found_ms = serial.measured.ms(RESPONSE, percentile, "server") - first_late_ms(serial.stamps.of("server"))
    assert found_ms == pytest.approx(expected_ms, abs=room_ms(expected_ms, serial))


@pytest.mark.parametrize("percentile", PERCENTILES)
def test_both_see_the_same_closed_loop(delayed: Observation, percentile: float) -> None:
    expected_ms = delayed.oracle.service_ms(percentile)
    found_ms = delayed.measured.ms(SERVICE, percentile, "closed")
    assert found_ms == pytest.approx(expected_ms, abs=room_ms(expected_ms, delayed))
    ours, its = delayed.measured.counts("closed")["completed"], len(delayed.oracle.service_s)
    assert ours == pytest.approx(its, rel=0.05)
