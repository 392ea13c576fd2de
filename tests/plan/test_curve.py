"""Curves of a rate: their area and its inverse, against exact integrals."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.curve import Curve, Line
from dmsperf_tui.plan.executors import Shape, Stage
from tests.plan import exact
from tests.plan.exact import S, rates, shape_of, steps_of_rate

Steps = list[tuple[int, Fraction]]


def curve_of(start: float, *stages: tuple[float, float]) -> Curve:
    """Stages as (seconds, rate)."""
    return Shape(start, tuple(Stage(int(length * S), target) for length, target in stages)).curve()


def rounding_ns(due: Fraction, rate: Fraction) -> float:
    """What doubles leave open of an instant: a few units in the last place of the area, at this rate."""
    return 16 * sys.float_info.epsilon * (1 + float(due)) / float(rate) * S


@settings(max_examples=60, deadline=None)
@given(start=rates, steps=steps_of_rate, data=st.data())
def test_the_area_is_the_integral(start: Fraction, steps: Steps, data: st.DataObject) -> None:
    curve = shape_of(start, steps).curve()
    end = sum(length for length, _ in steps)
    for at in {0, end, *data.draw(st.lists(st.integers(0, end + 5 * S), max_size=10))}:
        assert curve.area(at) == pytest.approx(float(exact.area(start, steps, at)), rel=1e-12, abs=1e-12)
        assert curve.level(at) == pytest.approx(float(exact.level(start, steps, at)), rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(start=rates, steps=steps_of_rate, data=st.data())
def test_when_is_the_inverse_of_the_area_to_the_nanosecond(
    start: Fraction, steps: Steps, data: st.DataObject
) -> None:
    curve = shape_of(start, steps).curve()
    end = sum(length for length, _ in steps)
    for at in data.draw(st.lists(st.integers(1, end + 5 * S), max_size=10)):
        rate = min(exact.level(start, steps, at), exact.level(start, steps, at - 1))
        if rate == 0:
            continue
        due = exact.area(start, steps, at)
        allowed = 1 + rounding_ns(due, rate)
        # Just after the end of a line, areas that differ by 1e-10 are that end's.
        hair = float(1 + due) / float(rate) * S * 1.01e-10
        if any(0 < at - corner <= hair for corner in curve.corners_ns):
            allowed += hair
        found = curve.when(curve.area(at))
        assert found is not None
        assert abs(found - at) <= allowed


@settings(max_examples=60, deadline=None)
@given(start=rates, steps=steps_of_rate, data=st.data())
def test_number_n_is_due_when_the_integral_reaches_it(
    start: Fraction, steps: Steps, data: st.DataObject
) -> None:
    curve = shape_of(start, steps).curve()
    end = sum(length for length, _ in steps)
    total = exact.area(start, steps, end)
    numbers = data.draw(st.lists(st.integers(1, max(1, int(total))), max_size=8))
    for number in {*numbers, max(1, int(total))}:
        expected = exact.first_ns(start, steps, number, end)
        found = curve.when(number)
        if expected is None:
            assert found is None or found > end
            continue
        assert found is not None
        # Where the rate comes near to 0, a whole number's last digits decide over much time.
        nearly = exact.area(start, steps, found) - number
        assert abs(found - expected) <= 1 or abs(nearly) <= Fraction(number) * Fraction(1, 10**13)


@settings(max_examples=60, deadline=None)
@given(
    start=rates,
    steps=steps_of_rate,
    areas=st.lists(st.floats(0, 1e5, allow_nan=False), min_size=2, max_size=20),
)
def test_when_never_goes_back(start: Fraction, steps: Steps, areas: list[float]) -> None:
    curve = shape_of(start, steps).curve()
    found = [curve.when(area) for area in sorted(areas)]
    reached = [at for at in found if at is not None]
    assert reached == sorted(reached)
    assert found[: len(reached)] == reached, "what comes after one that is never reached is never reached"


def test_a_jump_takes_no_time_and_adds_no_area() -> None:
    curve = curve_of(10, (2, 10), (0, 50), (2, 50), (0, 0), (1, 0))
    assert [curve.area(int(at * S)) for at in (1, 2, 3, 4, 5)] == [10, 20, 70, 120, 120]
    assert [curve.level(int(at * S)) for at in (1.999, 2, 3.999, 4)] == [10, 50, 50, 0]
    assert [curve.when(area) for area in (19, 20, 70, 120)] == [1_900_000_000, 2 * S, 3 * S, 4 * S]


def test_what_is_reached_before_a_rate_of_nothing_is_due_at_its_beginning() -> None:
    curve = curve_of(5, (2, 5), (0, 0), (10, 0), (0, 5), (2, 5))
    assert curve.when(10) == 2 * S, "of equal areas the earliest"
    assert curve.when(10.5) == 12 * S + S // 10
    assert curve.when(20) == 14 * S


@pytest.mark.parametrize("area", [10.001, 11, 1e9])
def test_what_a_rate_of_nothing_never_reaches_is_never_due(area: float) -> None:
    assert curve_of(5, (2, 5), (0, 0), (10, 0)).when(area) is None


def test_a_ramp_to_nothing_reaches_its_whole_area_at_its_end() -> None:
    curve = curve_of(8, (5, 0))
    assert curve.area(5 * S) == 20
    assert curve.when(20) == 5 * S
    assert curve.when(20.1) is None


@pytest.mark.parametrize("length_ns", [1, 3 * S, 7 * S + 1, 3600 * S, 100 * 3600 * S])
@pytest.mark.parametrize("peak", [0.001, 1, 7, 1 / 3, 10_000])
def test_the_end_of_a_ramp_to_nothing_is_not_lost_to_rounding(length_ns: int, peak: float) -> None:
    curve = Shape(peak, (Stage(length_ns, 0),)).curve()
    assert curve.when(curve.area(length_ns)) == length_ns


def test_a_ramp_from_nothing_starts_slowly() -> None:
    # area = t^2 / 2 at a slope of 1/s each second.
    curve = curve_of(0, (10, 10))
    for number in (1, 2, 8, 18, 50):
        assert curve.when(number) == pytest.approx((2 * number) ** 0.5 * S, abs=1)


def test_nothing_is_due_at_once_at_any_rate() -> None:
    assert curve_of(100, (5, 100)).when(0) == 0
    assert curve_of(0, (5, 0)).when(0) == 0


def test_an_hour_at_a_third_of_a_second_does_not_drift() -> None:
    curve = Shape(1 / 3, (Stage(100 * 3600 * S, 1 / 3),)).curve()
    for number in (1, 1000, 120_000):
        found = curve.when(number)
        assert found is not None
        assert abs(found - 3 * S * number) <= 1


@settings(max_examples=60, deadline=None)
@given(
    start=rates,
    steps=steps_of_rate,
    at=st.integers(0, 100 * S),
    level=st.integers(0, 500),
    over=st.integers(0, 20 * S),
    data=st.data(),
)
def test_a_cut_changes_nothing_that_was_before_it(
    start: Fraction, steps: Steps, at: int, level: int, over: int, data: st.DataObject
) -> None:
    before = shape_of(start, steps).curve()
    after = before.cut(at, [(at, Line(at, over, before.level(at), level))])
    for earlier in data.draw(st.lists(st.integers(0, at), max_size=8)):
        assert after.area(earlier) == before.area(earlier)
        if earlier < at:
            assert after.level(earlier) == before.level(earlier)
    assert after.area(at) == pytest.approx(before.area(at), rel=1e-12)
    grown = (before.level(at) + level) / 2 * over / S
    assert after.area(at + over) - after.area(at) == pytest.approx(grown, rel=1e-9, abs=1e-6)
    assert after.level(at + over + S) == level


@settings(max_examples=60, deadline=None)
@given(start=rates, steps=steps_of_rate, at=st.integers(0, 100 * S), data=st.data())
def test_what_is_in_force_since_an_instant_says_the_same(
    start: Fraction, steps: Steps, at: int, data: st.DataObject
) -> None:
    curve = shape_of(start, steps).curve()
    rest = Curve(curve.since(at))
    for later in data.draw(st.lists(st.integers(at, at + 100 * S), max_size=8)):
        assert rest.level(later) == curve.level(later)


def test_corners_are_where_it_bends_or_steps() -> None:
    assert curve_of(0, (2, 10), (3, 10), (0, 4), (1, 4)).corners_ns == [0, 2 * S, 5 * S, 6 * S]
