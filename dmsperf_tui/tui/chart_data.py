"""From thousands of seconds to a picture's worth of points, without losing a spike; and round axes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from dmsperf_tui.plan.units import format_clock

Point = tuple[float, float]


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
) -> list[list[Point]]:
    """Unbroken runs of points: each column's least and greatest value, in the order they came.

    A second without a value breaks the line, so that a pause looks like one.
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
        points = _extremes(times, values, start, end)
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
    """The newest `window_s` seconds, or all of them; a live run's axis grows in steps, not each second."""
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
    """From 0 to a round number above `greatest`; in whole numbers, except for rates."""
    wanted = max(1, min(5, height // 2))
    least = 1.0 if whole else 0.01
    top = max(greatest, least)
    power = 10.0 ** math.floor(math.log10(top / wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * wanted >= top * (1 - 1e-9))
    step = max(least, step)
    high = step * math.ceil(top / step - 1e-9)
    ticks = [step * i for i in range(round(high / step) + 1)]
    return Axis(0.0, high, tuple((at, _thousands(at)) for at in ticks))


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
    return Axis(math.log10(low), math.log10(high), tuple((math.log10(v), _plain(v)) for v in rounds))


def _nearest(value: float, *, down: bool) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    steps = [power * factor for factor in (1, 2, 5, 10)]
    if down:
        return max(step for step in steps if step <= value * 1.0001)
    return min(step for step in steps if step >= value * 0.9999)


def _plain(value: float) -> str:
    return f"{value:g}" if value < 1 else f"{value:,.0f}"


def _thousands(value: float) -> str:
    if value < 10:
        return f"{round(value, 2):g}"
    return f"{value:,.0f}" if value < 100_000 else f"{value / 1000:,.0f}k"
