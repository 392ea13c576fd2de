"""T13: arrivals are the integral of the rate, whatever the stages; an hour of virtual time has no drift."""

from __future__ import annotations

import asyncio
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import Origin
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.open import OpenRunner
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.arrivals import Arrivals
from dmsperf_tui.plan.executors import Shape, Stage, constant
from dmsperf_tui.plan.scenario import parse_plan
from tests.engine.virtual_time import run_virtual, virtual_loop
from tests.truth import formulas
from tests.truth.bench import open_load, ramping_load

MS, S = 1_000_000, 1_000_000_000
HOUR_S = 3600

level = st.integers(0, 400)
length_ns = st.one_of(st.just(0), st.integers(1, 4 * S), st.integers(1, 4000).map(lambda ms: ms * MS))
stages = st.lists(st.tuples(length_ns, level), min_size=1, max_size=6)


def shape_of(start: int, shape: list[tuple[int, int]]) -> Shape:
    return Shape(start, tuple(Stage(length, target) for length, target in shape))


def taken(arrivals: Arrivals) -> list[int]:
    found = []
    while arrivals.next_ns is not None:
        found.append(arrivals.take())
    return found


@settings(max_examples=60, deadline=None)
@given(level, stages, st.integers(1, 4))
def test_arrivals_of_random_stages_are_the_integral(
    start: int, shape: list[tuple[int, int]], workers: int
) -> None:
    planned = shape_of(start, shape)
    curve, end_ns = planned.curve(), planned.duration_ns
    parts = [taken(Arrivals(curve, end_ns, index, workers, first=1)) for index in range(workers)]
    due_ns = sorted(at for part in parts for at in part)
    whole = formulas.area(start, shape, end_ns)
    # An arrival that is due in the very last instant may fall to either side of it.
    assert math.floor(whole - Fraction(1, 10**6)) <= len(due_ns) <= whole + Fraction(1, 10**6)
    assert len(due_ns) == pytest.approx(formulas.area_by_parts(start, shape, end_ns, 200), abs=1.001)
    for number, at_ns in enumerate(due_ns, start=1):
        # Due when the exact area reaches its number: within 2 ns at the highest rate there is.
        assert abs(formulas.area(start, shape, at_ns) - number) < 1e-6
        assert at_ns in parts[(number - 1) % workers]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 20_000), st.integers(1, 1000))
def test_constant_rate_has_not_drifted_after_an_hour(rate: int, before_end: int) -> None:
    """Arrival n is due at n / rate, to the nanosecond, however many came before."""
    number = rate * HOUR_S - before_end
    due_ns = constant(rate, HOUR_S * S).curve().when(number)
    assert due_ns is not None
    assert abs(due_ns - Fraction(number * S, rate)) <= 1


@pytest.mark.parametrize("workers", [2, 5])
def test_poisson_arrivals_are_the_same_however_many_share_them(workers: int) -> None:
    shape = shape_of(50, [(20 * S, 200), (20 * S, 10)])
    curve, end_ns = shape.curve(), shape.duration_ns
    alone = taken(Arrivals(curve, end_ns, 0, 1, seed="7"))
    shared = [taken(Arrivals(curve, end_ns, index, workers, seed="7")) for index in range(workers)]
    assert sorted(at for part in shared for at in part) == alone
    area = float(formulas.area(50, [(20 * S, 200), (20 * S, 10)], end_ns))
    assert len(alone) == pytest.approx(area, abs=3 * math.sqrt(area))


def started_at_s(load: dict[str, object], tick_s: float = 0.02, ahead_s: float = 0.0) -> list[float]:
    """When the engine's own runner starts each iteration, in virtual time since the load's start.

    `ahead_s` is how long the runner is there before it.
    """
    found: list[float] = []

    async def main() -> None:
        loop = virtual_loop()
        shared = Load(Origin("http", "127.0.0.1", 1), "", RunClock(round(ahead_s * S), loop.now_ns))
        (plan,) = parse_plan("t", {"workloads": {"w": {**load, "flow": "dms.create_school"}}}).workloads

        async def flow(vu: VirtualUser) -> None:
            found.append(loop.now_s - ahead_s)
            await asyncio.sleep(0.003)

        runner = OpenRunner(shared, plan, [flow], 0, 1)
        while not runner.finished:
            runner.adjust(shared.clock.elapsed_ns())
            await asyncio.sleep(tick_s)
        gauge = runner.gauge
        assert gauge.planned == gauge.started == gauge.completed == len(found)

    run_virtual(main())
    return found


def test_engine_has_not_drifted_after_an_hour_of_virtual_time() -> None:
    """At 7 a second, which no clock divides evenly; its timers have whole milliseconds."""
    found = started_at_s(open_load(7, HOUR_S, 5), tick_s=0.25)
    assert len(found) == 7 * HOUR_S
    for number, at_s in enumerate(found):
        assert -1e-9 <= at_s - number / 7 < 0.0011


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 100),
    st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 100)), min_size=1, max_size=4),
)
def test_engine_starts_random_stages_when_they_are_due(start: int, shape: list[tuple[int, int]]) -> None:
    in_ns = [(length_ms * MS, target) for length_ms, target in shape]
    load = ramping_load([(length_ms / 1000, target) for length_ms, target in shape], start_rate=start)
    found = started_at_s(load)
    due_s = [due_ns / S for due_ns in formulas.due_times_ns(start, in_ns)]
    # One that is due in the very last instant may be left out for a rounded nanosecond.
    last_is_whole = formulas.area(start, in_ns, sum(length for length, _ in in_ns)).denominator == 1
    assert len(found) in ({len(due_s), len(due_s) - 1} if last_is_whole else {len(due_s)})
    for due, at_s in zip(due_s, found, strict=False):
        assert -1e-6 <= at_s - due < 0.0011


def test_first_iterations_are_as_punctual_as_the_others() -> None:
    """A load that was ordered ahead does not wait for the tick after its start."""
    found = started_at_s(open_load(500, 1), tick_s=0.02, ahead_s=0.253)
    for number, at_s in enumerate(found):
        assert -1e-9 <= at_s - number / 500 < 0.0011
