"""The executors' arithmetic, against a list of start and leave events in exact fractions of a nanosecond."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.curve import interpolate
from dmsperf_tui.plan.executors import (
    Shape,
    Stage,
    constant,
    lease_size,
    scaled_to_peak,
    share,
)

S = 1_000_000_000

stages = st.lists(
    st.tuples(
        st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 600 * S)),
        st.integers(0, 120),
    ),
    min_size=1,
    max_size=6,
)


def shape_of(start: int, steps: list[tuple[int, int]]) -> Shape:
    return Shape(start, tuple(Stage(length, target) for length, target in steps))


def events(start: int, steps: list[tuple[int, int]]) -> list[tuple[Fraction, int]]:
    """(when, +1 or -1) of each VU, after the description of k6's ramping_vus.go.

    Going up, VU number v starts when the straight line reaches v; going down, VU number v leaves when the
    line has come down to v - 1. A stage of no length does all of it at once.
    """
    found: list[tuple[Fraction, int]] = []
    began, level = Fraction(0), start
    for length, target in steps:
        if target > level:
            pace = Fraction(length, target - level)
            found += [(began + pace * (vu - level), +1) for vu in range(level + 1, target + 1)]
        elif target < level:
            pace = Fraction(length, level - target)
            found += [(began + pace * (level - vu + 1), -1) for vu in range(level, target, -1)]
        began += length
        level = target
    return found


def vus_by_events(start: int, happened: list[tuple[Fraction, int]], at: int) -> int:
    return start + sum(change for when, change in happened if when <= at)


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 60), steps=stages, data=st.data())
def test_ramping_vus_agrees_with_the_list_of_events(
    start: int, steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    shape, happened = shape_of(start, steps), events(start, steps)
    end = shape.duration_ns
    times = set(data.draw(st.lists(st.integers(0, end + S), max_size=15)))
    for when, _ in data.draw(st.lists(st.sampled_from(happened), max_size=10)) if happened else []:
        # The last whole nanosecond before the event, and the first one at or after it.
        times |= {max(0, -(-when.numerator // when.denominator) - 1), -(-when.numerator // when.denominator)}
    for at in times:
        assert shape.vus_at(at) == vus_by_events(start, happened, at), f"at {at} ns"


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(1, 3 * S), st.integers(0, 5)), min_size=1, max_size=4))
def test_an_hour_of_repeated_stages_does_not_drift(steps: list[tuple[int, int]]) -> None:
    lap = sum(length for length, _ in steps)
    laps = min(3600 * S // lap, 1500)
    shape = shape_of(steps[-1][1], steps * laps)
    last_lap = (laps - 1) * lap
    one, curve = shape_of(steps[-1][1], steps), shape.curve()
    assert shape.duration_ns == laps * lap
    for part in range(20):
        at = lap * part // 20
        assert curve.vus(last_lap + at) == one.vus_at(at)


def test_one_slow_ramp_is_exact_after_an_hour() -> None:
    shape = shape_of(0, [(3600 * S, 7)])
    starts = [-(-3600 * S * vu // 7) for vu in range(1, 8)]
    assert [shape.vus_at(at) for at in starts] == [1, 2, 3, 4, 5, 6, 7]
    assert [shape.vus_at(at - 1) for at in starts] == [0, 1, 2, 3, 4, 5, 6]


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 300),
    target=st.integers(0, 300),
    length=st.integers(1, 3600 * S),
    parts=st.integers(2, 50),
)
def test_within_a_stage_vus_only_go_towards_the_target(
    start: int, target: int, length: int, parts: int
) -> None:
    levels = [interpolate(start, target, length * part // parts, length) for part in range(parts + 1)]
    assert levels[0] == start
    assert levels[-1] == target
    assert levels == sorted(levels, reverse=target < start)


@pytest.mark.parametrize(
    ("start", "target", "at_s", "vus"),
    [
        (0, 10, 0.999, 0),
        (0, 10, 1.0, 1),
        (0, 10, 9.999, 9),
        (0, 10, 10.0, 10),
        (10, 0, 0.0, 10),
        (10, 0, 0.999, 10),
        (10, 0, 1.0, 9),
        (10, 0, 9.999, 1),
        (10, 0, 10.0, 0),
        (3, 3, 5.0, 3),
    ],
)
def test_a_ten_second_stage_by_hand(start: int, target: int, at_s: float, vus: int) -> None:
    assert shape_of(start, [(10 * S, target)]).vus_at(int(at_s * S)) == vus


def test_a_stage_of_no_length_jumps_at_once() -> None:
    shape = shape_of(1, [(5 * S, 1), (0, 40), (5 * S, 40), (0, 3), (1 * S, 3)])
    assert shape.vus_at(5 * S - 1) == 1
    assert shape.vus_at(5 * S) == 40
    assert shape.vus_at(10 * S - 1) == 40
    assert shape.vus_at(10 * S) == 3


def test_a_leading_stage_of_no_length_replaces_the_start() -> None:
    assert shape_of(1, [(0, 20), (10 * S, 20)]).vus_at(0) == 20


def test_after_the_end_the_last_target_stands() -> None:
    assert shape_of(1, [(S, 9), (S, 4)]).vus_at(100 * S) == 4


def test_the_stage_of_an_instant_skips_those_of_no_length() -> None:
    shape = shape_of(0, [(2 * S, 5), (0, 8), (3 * S, 8)])
    assert [shape.stage_at(at) for at in (0, 2 * S - 1, 2 * S, 5 * S - 1, 5 * S, 99 * S)] == [
        0,
        0,
        2,
        2,
        2,
        2,
    ]


def test_constant_vus_never_change() -> None:
    shape = constant(4, 10 * S)
    assert {shape.vus_at(at) for at in (0, 1, 5 * S, 10 * S)} == {4}
    assert (shape.peak, shape.duration_ns) == (4, 10 * S)


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 60), steps=stages, peak=st.integers(1, 5000))
def test_scaling_gives_the_peak_and_the_nearest_whole_levels(
    start: int, steps: list[tuple[int, int]], peak: int
) -> None:
    shape = shape_of(start, steps)
    scaled = scaled_to_peak(shape, peak, whole=True)
    assert [stage.duration_ns for stage in scaled.stages] == [length for length, _ in steps]
    if shape.peak == 0:
        assert scaled == shape
        return
    assert scaled.peak == peak
    for before, after in zip(
        [start, *(target for _, target in steps)],
        [scaled.start, *(s.target for s in scaled.stages)],
        strict=True,
    ):
        assert after == int(after)
        exact = Fraction(before * peak, int(shape.peak))
        # Of some users at least one is left: a plan's small levels are not nothing.
        assert after == 1 if 0 < exact < Fraction(1, 2) else abs(after - exact) <= Fraction(1, 2)


def test_a_rate_is_scaled_without_rounding() -> None:
    scaled = scaled_to_peak(shape_of(1, [(S, 3), (S, 2)]), 7, whole=False)
    assert [scaled.start, *(stage.target for stage in scaled.stages)] == pytest.approx([7 / 3, 7, 14 / 3])


@settings(max_examples=100, deadline=None)
@given(total=st.integers(0, 100_000), workers=st.integers(1, 64))
def test_shares_are_equal_parts_of_the_total(total: int, workers: int) -> None:
    parts = [share(total, index, workers) for index in range(workers)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@settings(max_examples=100, deadline=None)
@given(remaining=st.integers(1, 10_000_000), workers=st.integers(1, 64))
def test_a_lease_takes_something_but_leaves_work_for_the_others(remaining: int, workers: int) -> None:
    size = lease_size(remaining, workers)
    assert 1 <= size <= min(remaining, 1000)
    assert size == 1 or size * workers * 4 <= remaining


def test_a_lease_of_nothing_is_empty() -> None:
    assert lease_size(0, 4) == 0
