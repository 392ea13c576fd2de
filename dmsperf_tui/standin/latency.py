"""How long answers take: a fixed time, a span, or the long-tailed curve that servers really have."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable

_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m)")
_Z_99 = 2.3263478740408408
"""The standard normal's 99th percentile."""
_LONGEST_S = 600.0

GRAMMAR = "'20ms', '20ms..80ms' or 'lognormal 20ms p99 200ms'"


class Latency:
    """A distribution of seconds, drawn from `dice`.

    `20ms` is always that, `20ms..80ms` spreads evenly, `lognormal 20ms p99 200ms` has its median at 20 ms and
    one answer in a hundred beyond 200 ms.
    """

    def __init__(self, text: str, dice: random.Random) -> None:
        """Raises `ValueError` with what is taken instead."""
        self.text = text
        self.is_zero = False
        """No latency at all: nobody needs to ask for a sample."""
        self.sample = self._read(text.strip(), dice)

    def _read(self, text: str, dice: random.Random) -> Callable[[], float]:
        words = text.split()
        if len(words) == 4 and words[0] == "lognormal" and words[2] == "p99":
            median_s, p99_s = _seconds(words[1]), _seconds(words[3])
            if not 0 < median_s <= p99_s:
                raise ValueError("the p99 of a latency must be at or above its median, and that above 0.")
            spread = math.log(p99_s / median_s) / _Z_99
            return lambda: min(dice.lognormvariate(math.log(median_s), spread), _LONGEST_S)
        if ".." in text:
            least_s, _, most_s = text.partition("..")
            low_s, high_s = _seconds(least_s), _seconds(most_s)
            if low_s > high_s:
                raise ValueError("the shorter latency comes first.")
            return lambda: dice.uniform(low_s, high_s)
        fixed_s = _seconds(text)
        self.is_zero = fixed_s == 0
        return lambda: fixed_s


def _seconds(text: str) -> float:
    text = text.strip()
    found = _TIME.fullmatch(text)
    if text != "0" and not found:
        raise ValueError(f"'{text}' is no latency; write {GRAMMAR}.")
    seconds = float(found[1]) * _UNITS_S[found[2]] if found else 0.0
    if seconds > _LONGEST_S:
        raise ValueError(f"a latency is at most {_LONGEST_S:g} s.")
    return seconds
