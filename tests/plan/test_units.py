"""Durations in k6's syntax."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_clock, format_duration, parse_duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("1m30.5s", 90.5),
        ("1d", 86400),
        (" 2m ", 120),
        ("1h 30m", 5400),
        ("0s", 0),
        ("0", 0),
        ("15", 15),
        (15, 15),
        (0.5, 0.5),
        (0, 0),
    ],
)
def test_durations_are_read_as_k6_reads_them(text: str | float, seconds: float) -> None:
    assert parse_duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5 minutes", "5x", "s", "1h30", "five", "--5s", "1.s", True, "nan", "5m;"]
)
def test_what_is_no_duration_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration") as caught:
        parse_duration_s(text)
    assert caught.value.mend


@pytest.mark.parametrize("text", [-1, -0.001, "-5", float("inf"), float("nan"), "inf"])
def test_negative_and_endless_durations_are_refused(text: str | float) -> None:
    with pytest.raises(ConfigError, match="must be 0 or more"):
        parse_duration_s(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (1, "1s"),
        (1.5, "1.5s"),
        (60, "1m"),
        (90, "1m30s"),
        (3600, "1h"),
        (5400, "1h30m"),
        (3661, "1h1m1s"),
        (119.99999, "2m"),
    ],
)
def test_durations_are_written_in_the_shortest_way(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@settings(max_examples=100)
@given(st.integers(0, 48 * 3600 * 1000))
def test_what_is_written_reads_back_as_the_same(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration_s(format_duration(seconds)) == pytest.approx(seconds, abs=0.0005)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00"), (9.99, "00:09"), (252, "04:12"), (3599, "59:59"), (3852, "1:04:12"), (-3, "00:00")],
)
def test_the_clock_of_a_screen(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text
