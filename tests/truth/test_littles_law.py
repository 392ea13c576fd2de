"""T5: what a closed loop measures obeys Little's law: N = X (R + Z), by the server's X and the tool's R."""

from __future__ import annotations

import statistics

import pytest

from tests.truth import formulas
from tests.truth.bench import SERVICE, Stamps
from tests.truth.loads import (
    DELAY_S,
    LOOP_THINK_S,
    LOOP_VUS,
    SERVICE_S,
    THINK_S,
    THINKING_VUS,
    WARM_UP_S,
    Observation,
)


def throughput(stamps: Stamps, vus: int) -> float:
    """Requests a second, from each user's first arrival to its last: no part of a cycle counts."""
    first, last = (statistics.mean(part) for part in (stamps.arrivals_s[:vus], stamps.arrivals_s[-vus:]))
    return (len(stamps) - vus) / (last - first)


def test_users_of_a_server_that_takes_any_number_at_once(delayed: Observation) -> None:
    per_s = throughput(delayed.stamps.of("thinking").after(WARM_UP_S), THINKING_VUS)
    response_s = delayed.measured.mean_ms(SERVICE, "thinking") / 1000
    assert formulas.closed_loop_vus(per_s, response_s, THINK_S) == pytest.approx(THINKING_VUS, rel=0.02)
    assert delayed.measured.ms(SERVICE, 50, "thinking") == pytest.approx(1000 * DELAY_S, abs=1.5)


def test_users_of_a_server_that_takes_one_at_a_time(serial: Observation) -> None:
    """There the response time follows from the law alone: R = N D - Z."""
    answers_s = serial.stamps.of("loop").answers_s
    per_s = (len(answers_s) - 1) / (answers_s[-1] - answers_s[0])
    response_s = serial.measured.mean_ms(SERVICE, "loop") / 1000
    assert per_s == pytest.approx(1 / SERVICE_S, rel=0.01)
    assert formulas.closed_loop_vus(per_s, response_s, LOOP_THINK_S) == pytest.approx(LOOP_VUS, rel=0.03)
    expected_s = formulas.closed_loop_response(LOOP_VUS, SERVICE_S, LOOP_THINK_S)
    assert serial.measured.ms(SERVICE, 50, "loop") == pytest.approx(1000 * expected_s, rel=0.02)
