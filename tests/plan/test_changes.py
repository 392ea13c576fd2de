"""Changes as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.changes import Change, Unit, parse_rate_change, parse_vu_change, parse_weights
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


# --- rates and weights ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "present", "result", "per_s"),
    [
        ("120", 7, 120, None),
        ("2.5/s", 7, 2.5, 1),
        ("90/m", 7, 90, 60),
        ("5/h", 7, 5, 3600),
        ("+10", 7, 17, None),
        ("-10/s", 7, 0, 1),
        ("+20%", 7, 8.4, None),
        ("-50%", 0.5, 0.25, None),
        ("0.001", 7, 0.001, None),
    ],
)
def test_a_rate_as_typed_gives_the_new_rate(
    text: str, present: float, result: float, per_s: float | None
) -> None:
    change = parse_rate_change(text)
    assert change.apply(present, whole=False) == pytest.approx(result)
    assert change.per_s == per_s


@pytest.mark.parametrize("text", ["120", "120/s", "90/m over 30s", "+10/h", "+20% over 5s"])
def test_a_rate_is_written_as_it_was_typed(text: str) -> None:
    assert str(parse_rate_change(text)) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a rate; write 120, 120/s, 90/m"),
        ("fast", "'fast' is not a rate"),
        ("120/d", "is not a rate"),
        ("120 /s", "is not a rate"),
        ("20%", "lacks a sign"),
        ("+20%/s", "lacks a sign"),
        ("5/s over soon", "'soon' is not a duration"),
    ],
)
def test_what_is_no_rate_is_refused_with_the_forms_that_work(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rate_change(text)
    assert says in str(caught.value)


def test_vus_have_no_rate() -> None:
    with pytest.raises(ConfigError, match="'50/s' is a rate; VUs have no /s; use rate"):
        parse_vu_change("50/s")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("read=80,write=20", {"read": 80, "write": 20}),
        (" read = 0.5 , write=0 ", {"read": 0.5, "write": 0}),
        ("a=1", {"a": 1}),
    ],
)
def test_shares_of_a_mix(text: str, weights: dict[str, float]) -> None:
    assert parse_weights(text) == weights


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is not a share; write read=80,write=20"),
        ("read", "'read' is not a share"),
        ("read=80,", "'' is not a share"),
        ("=5", "'=5' is not a share"),
        ("read=many", "'read=many' is not a share"),
        ("read=-1", "'read=-1' is not a share"),
        ("read=nan", "'read=nan' is not a share"),
        ("read=inf", "'read=inf' is not a share"),
        ("read=0,write=0", "all shares are 0; give at least one a share"),
    ],
)
def test_what_are_no_shares_is_refused_with_the_form_that_works(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_weights(text)
    assert says in str(caught.value)
