"""Steering: what people set, on top of the plan."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.executors import Shape, Stage, constant
from dmsperf_tui.plan.steering import Action, Steering

S = 1_000_000_000


def test_without_a_change_the_target_is_the_plan() -> None:
    steering = Steering(Shape(0, (Stage(10 * S, 10),)), whole=True)
    assert [steering.level(at * S) for at in (0, 5, 10)] == [0, 5, 10]
    assert not steering.by_hand


def test_a_set_value_holds_at_once_and_to_the_end() -> None:
    steering = Steering(constant(5, 60 * S), whole=True)
    steering.set(20, 10 * S)
    assert steering.by_hand
    assert [steering.level(at) for at in (10 * S, 10 * S + 1, 59 * S, 600 * S)] == [20, 20, 20, 20]
    assert steering.plan_level(10 * S) == 5


def test_a_ramp_goes_in_a_straight_line_from_the_present_level() -> None:
    steering = Steering(constant(10, 60 * S), whole=True)
    steering.set(20, 5 * S, over_ns=10 * S)
    assert [steering.level(at * S) for at in (5, 6, 10, 14, 15, 30)] == [10, 11, 15, 19, 20, 20]
    assert steering.heading(6 * S) == 20


def test_a_ramp_down_keeps_a_vu_until_the_line_has_passed_it() -> None:
    steering = Steering(constant(10, 60 * S), whole=True)
    steering.set(0, 0, over_ns=10 * S)
    assert [steering.level(at) for at in (0, S - 1, S, 10 * S - 1, 10 * S)] == [10, 10, 9, 1, 0]


def test_a_second_set_during_a_ramp_starts_from_the_present_level() -> None:
    steering = Steering(constant(0, 60 * S), whole=True)
    steering.set(100, 0, over_ns=10 * S)
    steering.set(40, 4 * S, over_ns=10 * S)
    assert [steering.level(at * S) for at in (4, 9, 14)] == [40, 40, 40]
    steering.set(0, 5 * S, over_ns=40 * S)
    assert [steering.level(at * S) for at in (5, 15, 45)] == [40, 30, 0]


def test_a_set_starts_from_where_a_ramping_plan_is_by_then() -> None:
    steering = Steering(Shape(0, (Stage(100 * S, 100),)), whole=True)
    steering.set(0, 50 * S, over_ns=50 * S)
    assert [steering.level(at * S) for at in (50, 60, 100)] == [50, 40, 0]


def test_release_goes_back_to_where_the_plan_is_by_now() -> None:
    steering = Steering(Shape(0, (Stage(100 * S, 100),)), whole=True)
    steering.set(7, 10 * S)
    steering.release(20 * S)
    assert not steering.by_hand
    assert steering.level(60 * S) == 60
    assert steering.heading(60 * S) == 60


def test_release_without_a_change_does_nothing() -> None:
    steering = Steering(constant(3, S), whole=True)
    steering.release(0)
    assert steering.level(0) == 3


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=8)
)
def test_no_change_ever_jumps_unless_it_was_told_to(changes: list[tuple[int, int, int]]) -> None:
    """Two twins fed the same commands agree, and a ramp begins exactly where the load was."""
    host, worker = Steering(constant(50, S), whole=True), Steering(constant(50, S), whole=True)
    now = 0
    for target, over_s, after_s in changes:
        now += after_s * S
        before = host.level(now)
        for steering in (host, worker):
            steering.set(target, now, over_s * S)
        assert host.level(now) == (before if over_s else target)
        assert host.level(now + over_s * S) == target
        between = [host.level(now + over_s * S * part // 7) for part in range(8)]
        assert min(before, target) <= min(between)
        assert max(between) <= max(before, target)
        assert between == [worker.level(now + over_s * S * part // 7) for part in range(8)]


# --- hold, scale, release ------------------------------------------------------------------------

STAGES = Shape(0, (Stage(10 * S, 20), Stage(10 * S, 20), Stage(0, 40), Stage(20 * S, 0)))
"""0 to 20 in 10 s, 10 s of 20, a jump to 40, 20 s down to 0."""


def steered(shape: Shape = STAGES, *, whole: bool = True) -> Steering:
    return Steering(shape, whole=whole)


def levels(steering: Steering, *at_s: float) -> list[float]:
    return [steering.level(int(at * S)) for at in at_s]


def plan_levels(steering: Steering, *at_s: float) -> list[float]:
    return [steering.plan_level(int(at * S)) for at in at_s]


def test_hold_freezes_the_level_while_the_plan_goes_on() -> None:
    steering = steered()
    steering.hold(5 * S)
    assert levels(steering, 5, 15, 25, 39) == [10, 10, 10, 10]
    assert plan_levels(steering, 15, 25) == [20, 30]
    assert (steering.by_hand, steering.end_ns) == (True, 40 * S)
    steering.release(30 * S)
    assert levels(steering, 30, 35) == [20, 10]


def test_hold_in_the_middle_of_a_ramp_set_by_hand_ends_the_ramp() -> None:
    steering = steered(constant(10, 60 * S))
    steering.set(20, 0, over_ns=10 * S)
    steering.hold(4 * S)
    assert levels(steering, 4, 10, 50) == [14, 14, 14]
    assert steering.heading(4 * S) == 14


@pytest.mark.parametrize("whole", [True, False])
def test_scale_is_so_many_times_the_plan_also_where_it_moves(whole: bool) -> None:
    steering = steered(whole=whole)
    steering.scale(1.5, 5 * S)
    assert levels(steering, 4, 5, 10, 15, 20, 30) == [8, 15, 30, 30, 60, 30]
    assert plan_levels(steering, 5, 20, 30) == [10, 40, 20]
    assert (steering.by_hand, steering.factor, steering.end_ns) == (True, 1.5, 40 * S)


def test_a_second_scale_is_of_the_plan_and_not_of_the_first() -> None:
    steering = steered()
    steering.scale(3, 0)
    steering.scale(0.5, 10 * S)
    assert levels(steering, 9, 10, 20) == [54, 10, 20]
    steering.set(7, 12 * S)
    assert (steering.factor, *levels(steering, 12, 20)) == (1.0, 7, 7)
    steering.scale(2, 15 * S)
    assert levels(steering, 15, 20) == [40, 80]


def test_scaled_vus_are_whole_and_scaled_rates_are_not() -> None:
    shape = Shape(0, (Stage(7 * S, 7), Stage(7 * S, 3)))
    vus, rate = steered(shape), steered(shape, whole=False)
    for steering in (vus, rate):
        steering.scale(0.5, 0)
    for tenths in range(140):
        assert vus.level(tenths * S // 10) == int(vus.level(tenths * S // 10))
    assert levels(rate, 1, 3.5, 7) == [0.5, 1.75, 3.5]


def test_scale_over_a_time_goes_to_where_the_scaled_plan_will_be() -> None:
    steering = steered(whole=False)
    steering.scale(2, 5 * S, over_ns=10 * S)
    # From 10, where it is, to twice the 20 that the plan has by then.
    assert levels(steering, 5, 10, 15, 19, 20, 30) == [10, 25, 40, 40, 80, 40]
    assert steering.heading(6 * S) == 40


def test_release_over_a_time_goes_to_where_the_plan_will_be() -> None:
    steering = steered(whole=False)
    steering.set(100, 2 * S)
    steering.release(5 * S, over_ns=10 * S)
    assert levels(steering, 5, 10, 15, 25) == [100, 60, 20, 30]
    assert (steering.by_hand, steering.heading(6 * S)) == (False, 20)


# --- skip and extend -----------------------------------------------------------------------------


def test_skip_begins_a_stage_now_and_the_end_comes_sooner() -> None:
    steering = steered()
    steering.skip(1, 4 * S)
    assert levels(steering, 3, 4, 13.9, 14, 24, 34) == [6, 20, 20, 40, 20, 0]
    assert steering.end_ns == 34 * S
    assert [steering.stage_at(at * S) for at in (3, 4, 13, 14, 33, 99)] == [0, 1, 1, 3, 3, 3]
    assert [steering.stage_began_ns(at * S) for at in (3, 5, 20)] == [0, 4 * S, 14 * S]


def test_skip_back_repeats_a_stage_and_the_end_comes_later() -> None:
    steering = steered()
    steering.skip(1, 30 * S)
    assert levels(steering, 29, 30, 39, 40, 50) == [22, 20, 20, 40, 20]
    assert steering.end_ns == 60 * S
    assert [steering.stage_at(at * S) for at in (5, 15, 25, 31, 45)] == [0, 1, 3, 1, 3]


def test_skip_under_a_level_set_by_hand_moves_the_plan_only() -> None:
    steering = steered()
    steering.set(7, 2 * S)
    steering.skip(3, 4 * S)
    assert levels(steering, 4, 10, 20) == [7, 7, 7]
    assert plan_levels(steering, 4, 14, 24) == [40, 20, 0]
    assert steering.end_ns == 24 * S
    steering.release(14 * S)
    assert levels(steering, 14, 19) == [20, 10]


@pytest.mark.parametrize("factor", [0.5, 1, 2])
def test_skip_of_a_scaled_plan_stays_scaled(factor: float) -> None:
    steering = steered(whole=False)
    steering.scale(factor, 2 * S)
    steering.skip(3, 4 * S)
    assert levels(steering, 4, 14, 24) == [40 * factor, 20 * factor, 0]


def test_skip_in_the_middle_of_a_release_goes_on_to_where_the_plan_will_be() -> None:
    steering = steered(whole=False)
    steering.set(100, 0)
    steering.release(0, over_ns=10 * S)
    steering.skip(3, 5 * S)
    # From 60, where it is, to the 30 that the last stage has after 5 s.
    assert levels(steering, 5, 7.5, 10, 15) == [60, 45, 30, 20]


def test_extend_of_a_constant_plan_moves_its_end() -> None:
    steering = steered(constant(5, 60 * S))
    steering.extend(30 * S, 10 * S)
    assert (steering.end_ns, *levels(steering, 10, 60, 89)) == (90 * S, 5, 5, 5)


def test_extend_ahead_of_the_last_stage_makes_it_longer() -> None:
    steering = steered()
    steering.extend(20 * S, 5 * S)
    assert steering.end_ns == 60 * S
    assert levels(steering, 5, 15, 20, 40, 60) == [10, 20, 40, 20, 0]


def test_extend_within_the_last_stage_stretches_what_is_left_of_it() -> None:
    steering = steered(whole=False)
    steering.extend(10 * S, 30 * S)
    assert steering.end_ns == 50 * S
    assert levels(steering, 25, 29, 30, 40, 50) == [30, 22, 20, 10, 0]


def test_extend_of_a_held_or_scaled_plan_keeps_the_level() -> None:
    held, scaled = steered(whole=False), steered(whole=False)
    held.hold(5 * S)
    held.extend(20 * S, 6 * S)
    assert levels(held, 6, 30, 59) == [10, 10, 10]
    scaled.scale(2, 5 * S)
    scaled.extend(20 * S, 6 * S)
    assert levels(scaled, 6, 15, 40, 60) == [24, 40, 40, 0]
    assert (held.end_ns, scaled.end_ns) == (60 * S, 60 * S)


@pytest.mark.parametrize("by_hand", [True, False])
def test_extend_twice_adds_up(by_hand: bool) -> None:
    steering = steered(constant(5, 10 * S))
    if by_hand:
        steering.set(9, 0)
    steering.extend(5 * S, 1 * S)
    steering.extend(5 * S, 12 * S)
    assert (steering.end_ns, steering.level(19 * S)) == (20 * S, 9 if by_hand else 5)


# --- anything, in any order ----------------------------------------------------------------------

commands = st.lists(
    st.tuples(
        st.sampled_from(["set", "hold", "scale", "release", "skip", "extend"]),
        st.integers(0, 60),
        st.integers(0, 6),
        st.sampled_from([0, 0, 1, 3, 10]),
    ),
    min_size=1,
    max_size=10,
)


def value_for(action: Action, number: int) -> float:
    match action:
        case "scale":
            return number / 20
        case "skip":
            return number % len(STAGES.stages)
        case "extend":
            return number * S
        case _:
            return number


@settings(max_examples=80, deadline=None)
@given(commands=commands, whole=st.booleans(), data=st.data())
def test_whatever_people_steer_the_curve_is_what_was_asked_for(
    commands: list[tuple[Action, int, int, int]], whole: bool, data: st.DataObject
) -> None:
    """Twins that are fed alike agree, the past stays, nothing jumps within a ramp, and levels are levels."""
    host, worker = steered(whole=whole), steered(whole=whole)
    now = 0
    for action, number, after_s, over_s in commands:
        now += after_s * S + 1
        past = data.draw(st.integers(0, now - 1))
        was_then, was_now, end_ns = host.level(past), host.level(now), host.end_ns
        factor, by_hand = host.factor, host.by_hand
        value, over_ns = value_for(action, number), over_s * S
        for twin in (host, worker):
            twin.apply(action, value, now, over_ns)
        assert host.level(past) == was_then
        match action:
            case "set":
                assert host.level(now) == (was_now if over_s else value)
                assert host.heading(now) == host.level(now + over_ns) == host.level(now + 999 * S) == value
            case "hold":
                assert host.level(now) == host.level(now + 999 * S) == was_now
            case "scale" | "release":
                expected = host.plan_level(now + over_ns) * (value if action == "scale" else 1)
                if whole and action == "scale":
                    # The plan's level is rounded, and so are the corners of its multiple.
                    assert abs(host.level(now + over_ns) - expected) <= 1 + value
                else:
                    assert host.level(now + over_ns) == pytest.approx(expected)
                if over_s:
                    assert host.level(now) == was_now
            case "skip":
                rest = sum(stage.duration_ns for stage in host.shape.stages[int(value) :])
                assert host.end_ns == now + rest
                assert host.plan_level(now + rest) == 0
            case "extend":
                assert host.end_ns == end_ns + value
                assert abs(host.level(now) - was_now) <= (1 + host.factor if whole else 1e-6)
        if action in ("skip", "extend"):
            assert (host.factor, host.by_hand) == (factor, by_hand)
        else:
            assert host.end_ns == end_ns
        for _ in range(4):
            later = now + data.draw(st.integers(0, 60 * S))
            level = host.level(later)
            assert level == worker.level(later)
            assert level >= 0
            assert not whole or level == int(level)


def test_skip_after_extend_keeps_what_was_added() -> None:
    steering = Steering(Shape(0, (Stage(10 * S, 10), Stage(20 * S, 10))), whole=True)
    steering.extend(5 * S, 2 * S)
    steering.skip(1, 4 * S)
    assert steering.end_ns == (4 + 20 + 5) * S
    assert steering.level(28 * S) == 10
