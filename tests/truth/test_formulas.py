"""The formulas themselves, each against a replay of what it describes: a wrong one would prove nothing."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.truth import formulas
from tests.truth.server import Delay, Serial

MS = 1_000_000
S = 1_000_000_000


def waits_s(service: Delay | Serial, arrivals_ns: list[int]) -> list[float]:
    return [(service.due_ns(arrival) - arrival) / S for arrival in arrivals_ns]


@pytest.mark.parametrize("percentile", [50, 90, 95, 99, 99.9])
@pytest.mark.parametrize("stall_s", [0.5, 2.0, 8.0])
def test_known_stall_percentiles_share_and_mean(percentile: float, stall_s: float) -> None:
    rate, length_s, delay_s = 1000, 30, 0.01
    server = Delay(10 * MS, 10 * S, round(stall_s * S))
    waits = waits_s(server, [i * S // rate for i in range(rate * length_s)])
    expected = formulas.stall_percentile(percentile, delay_s, stall_s, length_s)
    assert formulas.nearest_rank(waits, percentile) == pytest.approx(expected, abs=1.01 / rate)
    slowed = sum(wait > delay_s + 1e-9 for wait in waits) / len(waits)
    assert slowed == pytest.approx(formulas.stall_affected_share(delay_s, stall_s, length_s), abs=1e-4)
    assert statistics.mean(waits) == pytest.approx(formulas.stall_mean(delay_s, stall_s, length_s), rel=0.002)


def test_known_stall_of_the_published_reference_table() -> None:
    """1,000 req/s for 30 s, a stall of 2 s, 10 ms otherwise: p95 519, p99 1,719 and p99.9 1,989 ms."""
    found = [formulas.stall_percentile(p, 10, 2000, 30_000) for p in (50, 95, 99, 99.9)]
    assert found == pytest.approx([10, 519, 1719, 1989], abs=1.01)


def test_stall_against_an_executor_that_drops() -> None:
    rate, vus, free_ns, dropped = 1000, 100, [0] * 100, 0
    server = Delay(10 * MS, 10 * S, 2 * S)
    for arrival_ns in (i * S // rate for i in range(30 * rate)):
        if min(free_ns) > arrival_ns:
            dropped += 1
        else:
            free_ns[free_ns.index(min(free_ns))] = server.due_ns(arrival_ns)
    assert dropped == pytest.approx(formulas.stall_dropped(0.01, 2.0, rate, vus), abs=1)


def test_closed_loop_is_blind_to_a_stall() -> None:
    vus, server = 10, Delay(10 * MS, 10 * S, 2 * S)
    times: list[float] = []
    next_ns = [0] * vus
    while min(next_ns) < 30 * S:
        vu = next_ns.index(min(next_ns))
        due_ns = server.due_ns(next_ns[vu])
        times.append((due_ns - next_ns[vu]) / S)
        next_ns[vu] = due_ns
    slow = sum(time > 0.0101 for time in times) / len(times)
    assert slow == pytest.approx(formulas.closed_slow_share(0.01, 2.0, 30.0), rel=0.01)
    assert formulas.nearest_rank(times, 99.9) == pytest.approx(0.01)


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("exponential", [False, True])
def test_queues_with_poisson_arrivals(load: float, exponential: bool) -> None:
    dice, count, service = random.Random(20), 150_000, 10.0
    at, arrivals = 0.0, []
    for _ in range(count):
        at += dice.expovariate(load / service)
        arrivals.append(at)
    services = [dice.expovariate(1 / service) if exponential else service for _ in range(count)]
    times = formulas.times_in_system(arrivals, services)
    mean = formulas.mm1_mean if exponential else formulas.md1_mean
    percentile = formulas.mm1_percentile if exponential else formulas.md1_percentile
    assert statistics.mean(times) == pytest.approx(mean(service, load), rel=0.03)
    for p in (50.0, 90.0, 99.0):
        assert formulas.nearest_rank(times, p) == pytest.approx(percentile(p, service, load), rel=0.05)


def test_queues_of_the_published_reference_table() -> None:
    """D = 10 ms, 80 a second: M/D/1 has mean 30 and p99 114 ms, M/M/1 50 and 230 ms."""
    assert formulas.md1_mean(10, 0.8) == pytest.approx(30)
    assert formulas.md1_percentile(99, 10, 0.8) == pytest.approx(114, abs=1)
    assert formulas.mm1_mean(10, 0.8) == pytest.approx(50)
    assert formulas.mm1_percentile(99, 10, 0.8) == pytest.approx(230, abs=1)


def test_percentile_that_a_double_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="out of reach"):
        formulas.md1_percentile(99.99, 10, 0.97)


@pytest.mark.parametrize(("percentile", "expected_s"), [(50, 3.0), (95, 5.7), (100, 6.0)])
def test_overload(percentile: float, expected_s: float) -> None:
    """120 a second onto 100 a second for 30 s: p50 3.0, p95 5.7 and at most 6.0 s."""
    server = Serial(lambda: 10 * MS)
    waits = waits_s(server, [i * S // 120 for i in range(120 * 30)])
    expected = formulas.overload_percentile(percentile, 0.01, 120, 30)
    assert formulas.nearest_rank(waits, percentile) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(expected_s, abs=0.02)


@pytest.mark.parametrize(("vus", "think_ms"), [(10, 0), (20, 40), (4, 100)])
def test_closed_loop_onto_a_serial_server(vus: int, think_ms: int) -> None:
    service_ms, server = 5, Serial(lambda: 5 * MS)
    next_ns, times = [0] * vus, []
    while min(next_ns) < 20 * S:
        vu = next_ns.index(min(next_ns))
        due_ns = server.due_ns(next_ns[vu])
        times.append((due_ns - next_ns[vu]) / MS)
        next_ns[vu] = due_ns + think_ms * MS
    settled = times[len(times) // 2 :]
    expected_ms = formulas.closed_loop_response(vus, service_ms, think_ms)
    assert statistics.mean(settled) == pytest.approx(expected_ms)
    throughput = len(settled) / (10 * S / MS)
    assert formulas.closed_loop_vus(throughput, expected_ms, think_ms) == pytest.approx(vus, rel=0.02)


stages = st.lists(st.tuples(st.integers(0, 5 * S), st.integers(0, 300)), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), stages, st.floats(0, 1))
def test_exact_and_numeric_integral_agree(start: int, shape: list[tuple[int, int]], share: float) -> None:
    until_ns = round(share * sum(length_ns for length_ns, _ in shape))
    exact, numeric = (
        formulas.area(start, shape, until_ns),
        formulas.area_by_parts(start, shape, until_ns, 200),
    )
    assert numeric == pytest.approx(float(exact), rel=1e-9, abs=1e-6)


def test_due_times_of_a_ramp_are_those_of_its_square_root() -> None:
    """From 0 to 100 a second within 10 s arrival n is due at sqrt(n / 5) s."""
    found = formulas.due_times_ns(0, [(10 * S, 100)])
    assert len(found) == 500
    for number, due_ns in enumerate(found, start=1):
        assert due_ns / S == pytest.approx((number / 5) ** 0.5, abs=1e-8)
