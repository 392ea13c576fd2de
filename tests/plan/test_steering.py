"""Steering: what people set, on top of the plan."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.executors import Stage, VuShape, constant_vus
from dmsperf_tui.plan.steering import Steering, VuChange, parse_vu_change

S = 1_000_000_000


def test_without_a_change_the_target_is_the_plan() -> None:
    steering = Steering(VuShape(0, (Stage(10 * S, 10),)))
    assert [steering.target(at * S) for at in (0, 5, 10)] == [0, 5, 10]
    assert not steering.by_hand


def test_a_set_value_holds_at_once_and_to_the_end() -> None:
    steering = Steering(constant_vus(5, 60 * S))
    steering.set_vus(20, 10 * S)
    assert steering.by_hand
    assert [steering.target(at) for at in (10 * S, 10 * S + 1, 59 * S, 600 * S)] == [20, 20, 20, 20]
    assert steering.planned(10 * S) == 5


def test_a_ramp_goes_in_a_straight_line_from_the_present_level() -> None:
    steering = Steering(constant_vus(10, 60 * S))
    steering.set_vus(20, 5 * S, over_ns=10 * S)
    assert [steering.target(at * S) for at in (5, 6, 10, 14, 15, 30)] == [10, 11, 15, 19, 20, 20]
    assert steering.heading(6 * S) == 20


def test_a_ramp_down_keeps_a_vu_until_the_line_has_passed_it() -> None:
    steering = Steering(constant_vus(10, 60 * S))
    steering.set_vus(0, 0, over_ns=10 * S)
    assert [steering.target(at) for at in (0, S - 1, S, 10 * S - 1, 10 * S)] == [10, 10, 9, 1, 0]


def test_a_second_set_during_a_ramp_starts_from_the_present_level() -> None:
    steering = Steering(constant_vus(0, 60 * S))
    steering.set_vus(100, 0, over_ns=10 * S)
    steering.set_vus(40, 4 * S, over_ns=10 * S)
    assert [steering.target(at * S) for at in (4, 9, 14)] == [40, 40, 40]
    steering.set_vus(0, 5 * S, over_ns=40 * S)
    assert [steering.target(at * S) for at in (5, 15, 45)] == [40, 30, 0]


def test_a_set_starts_from_where_a_ramping_plan_is_by_then() -> None:
    steering = Steering(VuShape(0, (Stage(100 * S, 100),)))
    steering.set_vus(0, 50 * S, over_ns=50 * S)
    assert [steering.target(at * S) for at in (50, 60, 100)] == [50, 40, 0]


def test_release_goes_back_to_where_the_plan_is_by_now() -> None:
    steering = Steering(VuShape(0, (Stage(100 * S, 100),)))
    steering.set_vus(7, 10 * S)
    steering.release()
    assert not steering.by_hand
    assert steering.target(60 * S) == 60
    assert steering.heading(60 * S) == 60


def test_release_without_a_change_does_nothing() -> None:
    steering = Steering(constant_vus(3, S))
    steering.release()
    assert steering.target(0) == 3


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=8)
)
def test_no_change_ever_jumps_unless_it_was_told_to(changes: list[tuple[int, int, int]]) -> None:
    """Two twins fed the same commands agree, and a ramp begins exactly where the load was."""
    host, worker = Steering(constant_vus(50, S)), Steering(constant_vus(50, S))
    now = 0
    for target, over_s, after_s in changes:
        now += after_s * S
        before = host.target(now)
        for steering in (host, worker):
            steering.set_vus(target, now, over_s * S)
        assert host.target(now) == (before if over_s else target)
        assert host.target(now + over_s * S) == target
        between = [host.target(now + over_s * S * part // 7) for part in range(8)]
        assert min(before, target) <= min(between)
        assert max(between) <= max(before, target)
        assert between == [worker.target(now + over_s * S * part // 7) for part in range(8)]


@pytest.mark.parametrize(
    ("text", "present", "result"),
    [
        ("50", 7, 50),
        ("0", 7, 0),
        ("+10", 7, 17),
        ("-5", 7, 2),
        ("-10", 7, 0),
        ("+20%", 50, 60),
        ("-20%", 50, 40),
        ("-200%", 50, 0),
        ("+1%", 10, 11),
        ("-1%", 10, 9),
        ("-50%", 1, 0),
        ("+0%", 10, 10),
        ("+20%", 0, 1),
        ("-20%", 0, 0),
        ("+12.5%", 80, 90),
        ("  50 ", 7, 50),
    ],
)
def test_a_change_as_typed_gives_the_new_target(text: str, present: int, result: int) -> None:
    assert parse_vu_change(text).apply(present) == result


@settings(max_examples=100)
@given(
    st.sampled_from(["to", "by", "percent"]),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.integers(0, 100_000),
)
def test_no_change_goes_below_zero(unit: str, amount: float, present: int) -> None:
    assert VuChange(amount, unit).apply(present) >= 0


@pytest.mark.parametrize(
    ("text", "over_s"),
    [("50 over 30s", 30), ("+10   over 1m30s", 90), ("-20% over 500ms", 0.5), ("50", 0), ("5 over 10", 10)],
)
def test_a_change_may_tell_its_ramp_time(text: str, over_s: float) -> None:
    change = parse_vu_change(text)
    assert change.over_s == over_s
    assert change.over_ns == over_s * S


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a VU target; write 50, +10, -10, +20% or 50 over 30s"),
        ("many", "'many' is not a VU target; write 50"),
        ("5 0", "is not a VU target"),
        ("+-5", "is not a VU target"),
        ("50over 30s", "is not a VU target"),
        ("50 over", "is not a VU target"),
        ("50 over soon", "'soon' is not a duration; write it as 30s"),
        ("20%", "'20%' lacks a sign; write +20% or -20%"),
        ("1.5", "'1.5' is not a whole number of VUs; write 50"),
        ("+0.5", "is not a whole number of VUs"),
    ],
)
def test_what_is_no_change_is_refused_with_the_forms_that_work(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_vu_change(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["50", "+10", "-10", "+20%", "-20%", "50 over 30s", "+5% over 2.5s"])
def test_a_change_is_written_as_it_was_typed(text: str) -> None:
    assert str(parse_vu_change(text)) == text
