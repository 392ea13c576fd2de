"""A rate over time in exact fractions: what curves and arrivals are held against."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from dmsperf_tui.plan.executors import Shape, Stage

S = 1_000_000_000

Steps = Sequence[tuple[int, Fraction]]
"""(length in ns, rate that it goes to, in iterations a second)."""

rates = st.one_of(
    st.just(Fraction(0)),
    st.integers(1, 3000).map(Fraction),
    st.builds(Fraction, st.integers(1, 600), st.sampled_from([10, 60, 3600])),
)
lengths = st.one_of(st.just(0), st.integers(1, 1000), st.integers(S // 1000, 60 * S))
steps_of_rate = st.lists(st.tuples(lengths, rates), min_size=1, max_size=6)


def shape_of(start: Fraction, steps: Steps) -> Shape:
    return Shape(float(start), tuple(Stage(length, float(target)) for length, target in steps))


def area(start: Fraction, steps: Steps, until_ns: int) -> Fraction:
    """The integral from 0 to `until_ns` by trapezia; past the last stage its target goes on."""
    total, level, left = Fraction(0), start, until_ns
    for length, target in steps:
        if left <= 0:
            break
        part = min(left, length)
        if part:
            reached = level + (target - level) * Fraction(part, length)
            total += (level + reached) / 2 * part
        level, left = target, left - length
    return (total + level * max(left, 0)) / S


def level(start: Fraction, steps: Steps, at_ns: int) -> Fraction:
    """The rate at `at_ns`, from the right where it jumps."""
    present, left = start, at_ns
    for length, target in steps:
        if left < length:
            return present + (target - present) * Fraction(left, length)
        present, left = target, left - length
    return present


def first_ns(start: Fraction, steps: Steps, number: int, end_ns: int) -> int | None:
    """The first whole nanosecond up to `end_ns` at which the integral has reached `number`, by bisection."""
    if area(start, steps, end_ns) < number:
        return None
    low, high = 0, end_ns
    while low < high:
        middle = (low + high) // 2
        if area(start, steps, middle) >= number:
            high = middle
        else:
            low = middle + 1
    return low
