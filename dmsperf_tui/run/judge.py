"""Thresholds against what was measured: evaluated live and once more at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Counts:
    """What is not in the statistics of requests."""

    duration_s: float
    """Time under load, pauses left out."""
    dropped: int
    vus: int
    vus_max: int


def _trend_value(threshold: Threshold, statistics: Statistics) -> float | None:
    histogram = statistics.trend(threshold.name, threshold.tags)
    if not histogram.count:
        return None
    match threshold.method:
        case "avg":
            return histogram.mean_us / 1000
        case "min":
            return histogram.min_us / 1000
        case "max":
            return histogram.max_us / 1000
        case "med":
            return histogram.percentile_us(50) / 1000
        case _:
            return histogram.percentile_us(threshold.percentile or 0.0) / 1000


def _rate_value(threshold: Threshold, statistics: Statistics) -> float | None:
    if threshold.name == "checks":
        passes = sum(passes for passes, _ in statistics.checks.values())
        fails = sum(fails for _, fails in statistics.checks.values())
        return passes / (passes + fails) if passes + fails else None
    selected = statistics.select(threshold.tags)
    requests = sum(totals.requests for totals in selected)
    return sum(totals.failed for totals in selected) / requests if requests else None


def _counter_value(threshold: Threshold, statistics: Statistics, counts: Counts) -> float | None:
    total = {
        "http_reqs": lambda: sum(totals.requests for totals in statistics.select(threshold.tags)),
        "iterations": lambda: sum(histogram.count for histogram in statistics.iterations.values()),
        "dropped_iterations": lambda: counts.dropped,
        "data_sent": lambda: statistics.data_sent,
        "data_received": lambda: statistics.data_received,
    }[threshold.name]()
    if threshold.method == "count":
        return float(total)
    return total / counts.duration_s if counts.duration_s > 0 else None


def value_of(threshold: Threshold, statistics: Statistics, counts: Counts) -> float | None:
    """The measured value: milliseconds for a trend, a share for a rate; None while there is nothing."""
    match threshold.type:
        case MetricType.TREND:
            return _trend_value(threshold, statistics)
        case MetricType.RATE:
            return _rate_value(threshold, statistics)
        case MetricType.COUNTER:
            return _counter_value(threshold, statistics, counts)
        case MetricType.GAUGE:
            return float(counts.vus if threshold.name == "vus" else counts.vus_max)


def judge(
    thresholds: Iterable[Threshold], statistics: Statistics, counts: Counts
) -> tuple[ThresholdRow, ...]:
    """Each threshold with its value; one without data is undecided, which passes at the end (k6)."""
    rows: list[ThresholdRow] = []
    for threshold in thresholds:
        value = value_of(threshold, statistics, counts)
        ok = None if value is None else threshold.holds(value)
        rows.append(ThresholdRow(threshold.metric, threshold.expression, ok, value))
    return tuple(rows)
