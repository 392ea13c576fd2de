"""Changes as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.changes import Change, Unit, parse_vu_change
from dmsperf_tui.plan.errors import ConfigError

S = 1_000_000_000


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
    assert parse_vu_change(text).apply(present, whole=True) == result


@settings(max_examples=100)
@given(
    st.sampled_from(["to", "by", "percent"]),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.integers(0, 100_000),
)
def test_no_change_goes_below_zero(unit: Unit, amount: float, present: int) -> None:
    assert Change(amount, unit).apply(present, whole=True) >= 0


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
