"""From thousands of seconds to a picture's worth of points, without losing a spike; and round axes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dmsperf_tui.plan.units import format_clock

Point = tuple[float, float]
Memo = dict[tuple[int, int, int], list[Point]]
"""Of a list, by its id, from one index to another: its extremes."""
_LONG = 32
"""Seconds of a column that are worth remembering."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Axis:
    """Where a scale begins and ends, and what is written on it."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def reduce(
    times: Sequence[float],
    values: Sequence[float | None],
    low: float,
    high: float,
    columns: int,
    longest_gap: float = 2.5,
    memo: Memo | None = None,
) -> list[list[Point]]:
    """Unbroken runs of points: each column's least and greatest value, in the order they came.

    A second without a value breaks the line, so that a pause looks like one. `memo` keeps what long columns
    came to, of lists that live as long and only grow.
    """
    if not times or columns < 1 or high <= low:
        return []
    width = (high - low) / columns
    runs: list[list[Point]] = []
    run: list[Point] = []
    start = max(0, bisect_left(times, low) - 1)
    while start < len(times):
        column = math.floor((times[start] - low) / width)
        end = max(start + 1, bisect_left(times, low + (column + 1) * width, start))
        if memo is None or end - start < _LONG or end == len(times):
            points = _extremes(times, values, start, end)
        else:
            points = _remembered(memo, times, values, start, end)
        start = end
        if not points or (run and points[0][0] - run[-1][0] > max(longest_gap, 2.5 * width)):
            if run:
                runs.append(run)
            run = []
        run += points
    if run:
        runs.append(run)
    return [straightened(inside) for run in runs if (inside := _from(run, low))]


def _from(run: list[Point], low: float) -> list[Point]:
    """The run from `low` on: a point before it moves along its line to the picture's edge."""
    if len(run) > 1 and run[0][0] < low:
        (at, value), (then, later) = run[:2]
        return [(low, value + (later - value) * (low - at) / (then - at)), *run[1:]]
    return run if run[0][0] >= low else []


def _extremes(times: Sequence[float], values: Sequence[float | None], start: int, end: int) -> list[Point]:
    if end - start == 1:
        only = values[start]
        return [] if only is None else [(times[start], only)]
    cut = values[start:end]
    there = [value for value in cut if value is not None]
    if not there:
        return []
    least, greatest = min(there), max(there)
    low, high = (times[start + cut.index(least)], least), (times[start + cut.index(greatest)], greatest)
    return [low] if least == greatest else [low, high] if low < high else [high, low]


def _remembered(
    memo: Memo, times: Sequence[float], values: Sequence[float | None], start: int, end: int
) -> list[Point]:
    key = id(values), start, end
    if key not in memo:
        if len(memo) >= _MOST:
            memo.clear()
        memo[key] = _extremes(times, values, start, end)
    return memo[key]


def straightened(run: list[Point]) -> list[Point]:
    """The same line with the points inside its level stretches left out: less to hand to the plotter."""
    last = len(run) - 1
    return [
        point
        for index, point in enumerate(run)
        if index in (0, last) or not run[index - 1][1] == point[1] == run[index + 1][1]
    ]


_SPANS_S = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 57_600)
_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400)


def time_axis(
    end_s: float, window_s: float | None, width: int, planned_s: float = 0.0, *, over: bool = False
) -> Axis:
    """The newest `window_s` seconds, or all of them; a live run's axis grows in steps, not each second.

    `planned_s`, when the plan ends, is one of the steps, and never the first: a plan of iterations may
    be done long before the time that it has at most.
    """
    if over and window_s is None:
        return clock_axis(0.0, max(end_s, 1.0), width)
    spans = sorted({*_SPANS_S, *([planned_s] if planned_s >= 10 else [])})
    span = next((span for span in spans if span >= end_s), math.ceil(end_s / 3600) * 3600)
    if window_s is not None:
        span = min(span, window_s)
    low = max(0.0, end_s - span) if window_s is not None else 0.0
    return clock_axis(low, low + span, width)


def clock_axis(low: float, high: float, width: int) -> Axis:
    """Round times from `low` to `high` with room between their labels."""
    label = len(format_clock(high)) + 5
    most = max(1, width // label)
    step = next((step for step in _STEPS_S if (high - low) / step <= most), _STEPS_S[-1])
    first = math.ceil(low / step) * step
    ticks = [first + step * i for i in range(int((high - first) / step + 1e-9) + 1)]
    return Axis(low, high, tuple((float(at), format_clock(at)) for at in ticks))


def count_axis(greatest: float, height: int, *, whole: bool = True) -> Axis:
    """From 0 to a round number above `greatest`; in whole numbers, except for rates.

    `height` is in rows. Of the round numbers one is taken that puts its ticks evenly on them.
    """
    least = 1.0 if whole else 0.01
    top = max(greatest, least)
    scales = {
        _round_scale(top, parts, least, whole=whole) for parts in range(1, max(1, min(5, height // 2)) + 1)
    }

    def cost(scale: tuple[float, int]) -> float:
        step, parts = scale
        return step * parts / top + 0.5 * _unevenness(parts, height) ** 2 - 0.15 * parts

    step, parts = min(sorted(scales), key=cost)
    ticks = [step * part for part in range(parts + 1)]
    return Axis(0.0, ticks[-1], tuple((at, short(at)) for at in ticks))


def _round_scale(top: float, parts: int, least: float, *, whole: bool) -> tuple[float, int]:
    """A round step and how many of them reach `top`: at most `parts`."""
    factors = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if parts < 3 else (1, 2, 5, 10)
    power = 10.0 ** math.floor(math.log10(top / parts))
    steps = [max(least, power * factor) for factor in factors]
    step = next(
        step for step in steps if step * parts >= top * (1 - 1e-9) and (step.is_integer() or not whole)
    )
    return step, math.ceil(top / step - 1e-9)


def _unevenness(parts: int, rows: int) -> float:
    """By how much the widest distance between two ticks is longer than the narrowest: 0 for equal ones."""
    at = [round(part * (rows - 1) / parts) for part in range(parts + 1)]
    distances = [high - low for low, high in pairwise(at)]
    return max(distances) / max(1, min(distances)) - 1


def log_axis(least: float, greatest: float, height: int) -> Axis:
    """Latencies on a logarithmic scale, in log10 of milliseconds, between round bounds.

    Logarithmic because p50 and p99 differ by tens, and a spike must not flatten the rest.
    """
    low = math.floor(_nearest(max(least, 0.1), down=True) * 1000) / 1000
    high = _nearest(max(greatest, low * 5), down=False)
    rounds = [
        base * 10.0**exponent
        for exponent in range(-1, 7)
        for base in (1, 2, 5)
        if low <= base * 10.0**exponent
    ]
    rounds = [value for value in rounds if value <= high * 1.0001]
    if len(rounds) * 3 > height * 2:
        decades = [value for value in rounds if abs(math.log10(value) - round(math.log10(value))) < 1e-9]
        rounds = decades if len(decades) > 1 else rounds[:: max(1, len(rounds) - 1) if height < 6 else 2]
    return Axis(math.log10(low), math.log10(high), tuple((math.log10(v), short(v)) for v in rounds))


def _nearest(value: float, *, down: bool) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    steps = [power * factor for factor in (1, 2, 5, 10)]
    if down:
        return max(step for step in steps if step <= value * 1.0001)
    return min(step for step in steps if step >= value * 0.9999)


def short(value: float) -> str:
    """A number of a scale in at most five cells: `0.5`, `250`, `1.5k`, `20k`, `1.2M`."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size * (1 - 1e-9):
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
