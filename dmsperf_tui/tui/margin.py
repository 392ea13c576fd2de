"""How far a threshold's value is from its bound: in a word or two, and as a gauge."""

from __future__ import annotations

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold

_UPPER, _LOWER, _EQUAL = ("<", "<="), (">", ">="), ("==", "===")
_MANY = 2.0
"""From twice the bound on it is said as a factor."""


def read_threshold(metric: str, expression: str) -> Threshold | None:
    """The threshold of a row; a metric that is not built in is the scenario's own, of a kind that fits.

    None where it cannot be read.
    """
    for kind in (None, MetricType.RATE, MetricType.TREND, MetricType.COUNTER, MetricType.GAUGE):
        try:
            return parse_threshold(metric, expression, {metric.partition("{")[0]: kind} if kind else None)
        except ConfigError:
            continue
    return None


def margin(threshold: Threshold, value: float) -> str:
    """`98 % to spare`, `3.3× over`, `12 % short`; a difference where a share of the bound is none."""
    bound, comparison = threshold.bound, threshold.comparison
    if comparison in _EQUAL:
        return "equal" if value == bound else f"off by {_number(abs(value - bound))}"
    if comparison not in (*_UPPER, *_LOWER):
        return "equal" if value == bound else "differs"
    if value == bound:
        return "at the bound"
    beyond = (value - bound) if comparison in _UPPER else (bound - value)
    word = "to spare" if beyond < 0 else "over" if comparison in _UPPER else "short"
    distance = abs(beyond)
    if bound <= 0 or value < 0:
        return f"{_number(distance)} {word}"
    if value / bound >= _MANY:
        return f"{_factor(value / bound)}× {'over' if comparison in _UPPER else 'bound'}"
    return f"{_percent(distance / bound)} % {word}"


def nearness(threshold: Threshold, value: float) -> float | None:
    """How much of the way to the bound is gone, 0 to 1 (broken); None where that has no sense."""
    if not threshold.holds(value):
        return 1.0
    bound = threshold.bound
    if threshold.comparison in _UPPER and bound > 0:
        return max(0.0, min(1.0, value / bound))
    if threshold.comparison in _LOWER and value > 0:
        return max(0.0, min(1.0, bound / value))
    return None


def gauge(near: float | None, width: int) -> str:
    """How near the bound the value is, in so many cells; full only where it is broken."""
    if near is None or not width:
        return " " * width
    filled = width if near >= 1 else min(width - 1, max(1, round(width * near))) if near > 0 else 0
    return "━" * filled + "─" * (width - filled)


def _percent(share: float) -> str:
    """Whole percent: 100 only where it is all of it, and never 0."""
    if share >= 1:
        return f"{100 * share:,.0f}"
    return str(min(99, round(100 * share))) if share >= 0.01 else "<1"


def _factor(factor: float) -> str:
    return f"{factor:.1f}" if factor < 9.95 else f"{factor:,.0f}" if factor < 999.5 else ">999"


def _number(value: float) -> str:
    return f"{value:,.0f}" if 999.5 <= value < 1e7 else f"{value:.3g}"
