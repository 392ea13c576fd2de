"""The bounds that thresholds set, as lines on their metric's chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.tui.chart_data import short
from dmsperf_tui.tui.picture import Level

PERCENTILES = ("p", "med", "avg", "max")
"""Methods of a trend that a chart of latencies has a scale for."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One of them, in the chart's own unit."""

    at: float
    label: str
    failing: bool = False


@lru_cache(maxsize=256)
def _parsed(metric: str, expression: str) -> Threshold | None:
    """None for a custom metric, which this screen does not know."""
    try:
        return parse_threshold(metric, expression)
    except ConfigError:
        return None


def bounds(
    rows: Sequence[ThresholdRow],
    metric: str,
    methods: Iterable[str] = PERCENTILES,
    *,
    factor: float = 1.0,
    prefix: str = "",
) -> list[Bound]:
    """The bounds on `metric` as a whole: one with tags is about requests that the chart's lines mix.

    A bound that fails has `✗` in its label. `factor` takes the metric's unit to the chart's.
    """
    found: list[Bound] = []
    for row in rows:
        threshold = _parsed(row.metric, row.expression)
        if (
            threshold is None
            or threshold.name != metric
            or threshold.tags
            or threshold.method not in methods
            or threshold.comparison not in ("<", "<=", ">", ">=")
        ):
            continue
        failing = row.ok is False
        label = f"{'✗ ' if failing else ''}{prefix}{threshold.expression}"
        found.append(Bound(threshold.bound * factor, label, failing))
    return found


def levels(
    found: Sequence[Bound], near: Callable[[float], bool], scaled: Callable[[float], float] = float
) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """The bounds that are `near` the data as lines, and the others in words.

    A line far off would press the data flat. Bounds at the same height share a line.
    """
    lines: dict[float, list[Bound]] = defaultdict(list)
    for bound in found:
        if near(bound.at):
            lines[bound.at].append(bound)
    drawn = tuple(
        Level(
            scaled(at),
            "  ".join(bound.label for bound in same),
            ("✗" if any(bound.failing for bound in same) else "") + short(at),
        )
        for at, same in lines.items()
    )
    return drawn, tuple(bound.label for bound in found if bound.at not in lines)
