"""Arrivals: how many, when, and whose; also while people change the rate."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.arrivals import Arrivals
from dmsperf_tui.plan.executors import Shape, Stage, constant
from dmsperf_tui.plan.steering import Action, Steering
from tests.plan import exact
from tests.plan.exact import S, shape_of

Steps = list[tuple[int, Fraction]]

rates = st.integers(0, 60).map(Fraction)
steps_of_rate = st.lists(
    st.tuples(st.one_of(st.just(0), st.integers(1, 8000).map(lambda ms: ms * S // 1000)), rates),
    min_size=1,
    max_size=5,
)


def of(shape: Shape, index: int = 0, workers: int = 1, *, first: int, seed: str | None = None) -> Arrivals:
    return Arrivals(shape.curve(), shape.duration_ns, index, workers, first=first, seed=seed)


def rest(arrivals: Arrivals, until_ns: int | None = None) -> list[int]:
    """Takes all that are due until `until_ns`, or all."""
    taken: list[int] = []
    while arrivals.next_ns is not None and (until_ns is None or arrivals.next_ns <= until_ns):
        taken.append(arrivals.take())
    return taken


# --- how many and when ---------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(start=rates, steps=steps_of_rate)
def test_a_ramping_rate_has_the_floor_of_its_integral(start: Fraction, steps: Steps) -> None:
    shape = shape_of(start, steps)
    due = rest(of(shape, first=1))
    total = exact.area(start, steps, shape.duration_ns)
    near = abs(total - round(total)) < Fraction(1, 10**9)
    assert len(due) == (round(total) if near else math.floor(total))
    assert due == sorted(due)
    for number, at in enumerate(due, 1):
        assert exact.area(start, steps, at + 1) >= number - Fraction(1, 10**9)
        assert exact.area(start, steps, at - 1) <= number + Fraction(1, 10**9)


@settings(max_examples=60, deadline=None)
@given(rate=st.integers(1, 500), per_s=st.sampled_from([1, 7, 60]), duration_ms=st.integers(1000, 20_000))
def test_a_constant_rate_has_the_ceiling_of_its_integral(rate: int, per_s: int, duration_ms: int) -> None:
    duration = duration_ms * S // 1000
    due = rest(of(constant(rate / per_s, duration), first=0))
    assert len(due) == math.ceil(Fraction(rate * duration_ms, per_s * 1000))
    for number, at in enumerate(due):
        assert abs(at - Fraction(number * per_s * S, rate)) <= 1


def test_the_first_of_a_constant_rate_is_due_at_once_and_none_at_the_end() -> None:
    assert rest(of(constant(2, 2 * S), first=0)) == [0, S // 2, S, S * 3 // 2]


def test_the_first_of_a_ramping_rate_is_due_when_one_is_whole_and_the_last_may_be_at_the_end() -> None:
    shape = Shape(2, (Stage(2 * S, 2),))
    assert rest(of(shape, first=1)) == [S // 2, S, S * 3 // 2, 2 * S]


def test_fractions_carry_from_stage_to_stage() -> None:
    # 0.75 + 0.75 + 0.75: the second is due in the third stage.
    shape = Shape(0.75, (Stage(S, 0.75), Stage(0, 1.5), Stage(S // 2, 1.5), Stage(0, 0.75), Stage(S, 0.75)))
    assert rest(of(shape, first=1)) == pytest.approx([S + S / 6, S * 3 / 2 + S * 2 / 3], abs=1)


def test_an_hour_at_seven_a_second_ends_where_it_should() -> None:
    due = rest(of(constant(7, 3600 * S), first=0))
    assert len(due) == 7 * 3600
    assert due[-1] == round((7 * 3600 - 1) * S / 7)


# --- whose ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    start=rates,
    steps=steps_of_rate,
    workers=st.integers(1, 5),
    first=st.integers(0, 1),
    seed=st.one_of(st.none(), st.text(max_size=3)),
)
def test_workers_together_have_what_one_worker_has(
    start: Fraction, steps: Steps, workers: int, first: int, seed: str | None
) -> None:
    shape = shape_of(start, steps)
    alone = rest(of(shape, first=first, seed=seed))
    shares = [rest(of(shape, index, workers, first=first, seed=seed)) for index in range(workers)]
    assert sorted(at for share in shares for at in share) == alone
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    for index, share in enumerate(shares):
        assert share == alone[index::workers]


# --- live changes --------------------------------------------------------------------------------

change = st.tuples(
    st.integers(0, 4000).map(lambda ms: ms * S // 1000),
    st.sampled_from(["set", "set", "hold", "scale", "release", "skip", "extend"]),
    st.integers(0, 80),
    st.sampled_from([0, 0, S // 3, 2 * S]),
)


def fitting(action: Action, number: int, stages: int) -> float:
    """A value that the action can have, made of any number."""
    match action:
        case "scale":
            return number / 20
        case "skip":
            return number % stages
        case "extend":
            return number * S // 20
        case _:
            return number


@settings(max_examples=70, deadline=None)
@given(
    start=rates,
    steps=steps_of_rate,
    changes=st.lists(change, max_size=8),
    first=st.integers(0, 1),
    workers=st.integers(1, 3),
    seed=st.one_of(st.none(), st.just("s")),
)
def test_live_changes_lose_no_arrival_and_double_none(
    start: Fraction,
    steps: Steps,
    changes: list[tuple[int, Action, int, int]],
    first: int,
    workers: int,
    seed: str | None,
) -> None:
    """Alone and shared: each is taken once, when the steered curve's area says so, and none too few."""
    shape = shape_of(start, steps)
    steering = Steering(shape, whole=False)
    alone = of(shape, first=first, seed=seed)
    several = [of(shape, index, workers, first=first, seed=seed) for index in range(workers)]
    due: list[int] = []
    shared: list[int] = []
    now = 0
    for after, action, number, over in changes:
        now += after
        if now >= steering.end_ns:
            break
        newest = rest(alone, now)
        assert all(at <= now for at in newest)
        due += newest
        shared += [at for one in several for at in rest(one, now)]
        steering.apply(action, fitting(action, number, len(steps)), now, over)
        for one in (alone, *several):
            one.replan(steering.target, steering.end_ns)
            assert one.next_ns is None or one.next_ns >= now, "nothing is due in the past"
    due += rest(alone)
    shared += [at for one in several for at in rest(one)]
    assert due == sorted(due)
    assert sorted(shared) == due
    if seed is None:
        curve, total = steering.target, steering.target.area(steering.end_ns)
        for number, at in enumerate(due, first):
            # To the nanosecond: at most 60,000 a second are due here, less than 1e-4 within one.
            assert curve.area(at) == pytest.approx(number, abs=1e-4)
        expected = math.floor(total) if first else math.ceil(total)
        doubtful = abs(total - round(total)) < 1e-4
        assert len(due) == expected or (doubtful and abs(len(due) - total) < 1.001)


def test_a_rate_doubled_in_mid_run_is_doubled_from_that_instant() -> None:
    arrivals = of(constant(10, 4 * S), first=0)
    steering = Steering(constant(10, 4 * S), whole=False)
    due = rest(arrivals, 2 * S)
    steering.set(20, 2 * S)
    arrivals.replan(steering.target, steering.end_ns)
    due += rest(arrivals)
    assert len([at for at in due if at < 2 * S]) == 20
    assert len([at for at in due if at >= 2 * S]) == 40
    assert {b - a for a, b in pairwise(due)} == {S // 10, S // 20}


def test_a_fraction_that_was_due_at_a_change_is_kept() -> None:
    # 0.25 of the next one is due at 2.025 s; at 1 a second the rest of it takes 0.75 s.
    arrivals, steering = of(constant(10, 9 * S), first=0), Steering(constant(10, 9 * S), whole=False)
    assert len(rest(arrivals, 2_025_000_000)) == 21
    steering.set(1, 2_025_000_000)
    arrivals.replan(steering.target, steering.end_ns)
    assert arrivals.next_ns == 2_025_000_000 + 750_000_000


def test_a_rate_of_nothing_has_no_next_one_until_it_is_raised() -> None:
    arrivals, steering = of(constant(10, 60 * S), first=0), Steering(constant(10, 60 * S), whole=False)
    rest(arrivals, 2_050_000_000)
    for rate, next_ns in ((0, None), (5, 40 * S + 100_000_000)):
        at = 2_050_000_000 if rate == 0 else 40 * S
        steering.set(rate, at)
        arrivals.replan(steering.target, steering.end_ns)
        assert arrivals.next_ns == next_ns


# --- poisson -------------------------------------------------------------------------------------


def test_poisson_arrivals_are_as_independent_users_arrive() -> None:
    """Counts in windows have their mean as variance; gaps are exponential."""
    due = rest(of(constant(50, 1000 * S), first=0, seed="42/w"))
    counts = [0] * 1000
    for at in due:
        counts[at // S] += 1
    # 50,000 arrivals: the standard error of the mean is 0.45 %, that of the variance 4.5 %.
    assert statistics.mean(counts) == pytest.approx(50, rel=0.015)
    assert statistics.variance(counts) == pytest.approx(50, rel=0.15)
    gaps = [b - a for a, b in pairwise(due)]
    assert statistics.mean(gaps) == pytest.approx(S / 50, rel=0.015)
    assert sum(gap > S / 50 for gap in gaps) / len(gaps) == pytest.approx(math.exp(-1), rel=0.03)


def test_poisson_arrivals_follow_a_ramp() -> None:
    due = rest(of(Shape(0, (Stage(1000 * S, 100),)), first=1, seed="42/w"))
    assert len(due) == pytest.approx(50_000, rel=0.015)
    assert sum(at < 500 * S for at in due) == pytest.approx(12_500, rel=0.03)


def test_a_seed_tells_the_sequence() -> None:
    shape = constant(20, 60 * S)
    one, same, other = (rest(of(shape, first=0, seed=seed)) for seed in ("1/w", "1/w", "2/w"))
    assert one == same
    assert one != other


def test_poisson_arrivals_remember_no_more_than_they_need() -> None:
    arrivals = of(constant(100, 1000 * S), 1, 3, first=0, seed="s")
    rest(arrivals, 990 * S)
    assert len(arrivals._areas) <= 3


# --- a worker is lost ----------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1, 60),
    workers=st.integers(2, 4),
    data=st.data(),
    told_ms=st.integers(0, 9000),
    soon_ms=st.integers(0, 900),
    seed=st.one_of(st.none(), st.just("s")),
)
def test_a_lost_workers_share_goes_to_the_others_from_an_instant_on(
    rate: int, workers: int, data: st.DataObject, told_ms: int, soon_ms: int, seed: str | None
) -> None:
    """Told a little ahead, the others go on with their own until then: only the lost one's are missing."""
    shape = constant(rate, 10 * S)
    told, from_ns = told_ms * S // 1000, (told_ms + soon_ms) * S // 1000
    lost = data.draw(st.integers(0, workers - 1))
    alone = rest(of(shape, first=0, seed=seed))
    expected = [at for number, at in enumerate(alone) if at >= from_ns or number % workers != lost]
    others = [index for index in range(workers) if index != lost]
    due: list[int] = []
    for place, index in enumerate(others):
        arrivals = of(shape, index, workers, first=0, seed=seed)
        due += rest(arrivals, told - 1)
        arrivals.reshare(place, len(others), from_ns)
        due += rest(arrivals)
    assert sorted(due) == expected


def test_a_second_loss_and_a_change_of_rate_after_one_lose_none() -> None:
    shape, steering = constant(30, 10 * S), Steering(constant(30, 10 * S), whole=False)
    alone, keeper, other = (of(shape, first=0), of(shape, 0, 3, first=0), of(shape, 1, 3, first=0))
    taken = rest(keeper, 2 * S) + rest(other, 2 * S)
    before = len(taken)
    assert before == len([number for number in range(61) if number % 3 != 2])
    rest(alone, 2 * S)
    keeper.reshare(0, 2, 2 * S + 1)
    other.reshare(1, 2, 2 * S + 1)
    steering.set(17, 3 * S)
    taken = rest(keeper, 3 * S) + rest(other, 3 * S)
    expected = rest(alone, 3 * S)
    for one in (alone, keeper, other):
        one.replan(steering.target, steering.end_ns)
    taken += rest(keeper, 5 * S) + rest(other, 5 * S)
    expected += rest(alone, 5 * S)
    assert sorted(taken) == expected
    keeper.reshare(0, 1, 5 * S + 1)
    assert rest(keeper) == rest(alone)
