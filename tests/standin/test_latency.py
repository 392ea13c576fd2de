from __future__ import annotations

import random
import re
from statistics import quantiles

import pytest

from dmsperf_tui.standin.latency import Latency


def drawn(text: str, count: int = 4000) -> list[float]:
    latency = Latency(text, random.Random(7))
    return [latency.sample() for _ in range(count)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("20ms", 0.02), ("1.5s", 1.5), ("250us", 0.00025), ("10m", 600), ("0", 0)]
)
def test_a_fixed_time(text: str, seconds: float) -> None:
    assert set(drawn(text, 3)) == {seconds}
    assert Latency(text, random.Random(7)).is_zero == (seconds == 0)


def test_an_even_spread() -> None:
    found = drawn("20ms..80ms")
    assert 0.02 <= min(found) < 0.021
    assert 0.079 < max(found) <= 0.08
    assert sum(found) / len(found) == pytest.approx(0.05, rel=0.02)


def test_a_long_tail() -> None:
    cuts = quantiles(drawn("lognormal 20ms p99 200ms", 40_000), n=100)
    assert cuts[49] == pytest.approx(0.02, rel=0.05)
    assert cuts[98] == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("20", "'20' is no latency; write '20ms', '20ms..80ms' or 'lognormal 20ms p99 200ms'."),
        ("fast", "'fast' is no latency; write '20ms', '20ms..80ms' or 'lognormal 20ms p99 200ms'."),
        ("80ms..20ms", "the shorter latency comes first."),
        ("11m", "a latency is at most 600 s."),
        ("lognormal 20ms p99 2ms", "the p99 of a latency must be at or above its median, and that above 0."),
        ("lognormal 0 p99 2ms", "the p99 of a latency must be at or above its median, and that above 0."),
    ],
)
def test_what_is_no_latency(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Latency(text, random.Random(7))
