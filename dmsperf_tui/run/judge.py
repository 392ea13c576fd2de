"""Thresholds against what was measured: evaluated live and once more at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import merged
from dmsperf_tui.plan.metrics import HTTP_METRICS, MetricType
from dmsperf_tui.plan.thresholds import Scope, Threshold
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.totals import Totals


@dataclass(frozen=True, slots=True)
class Counts:
    """What is not in the samples: of the same time as the totals it is judged with."""

    duration_s: float
    """Time under load, pauses left out."""
    dropped: dict[str, int] = field(default_factory=dict)
    """By workload."""
    vus: int = 0
    vus_max: int = 0


def value_of(threshold: Threshold, parts: Sequence[Totals], counts: Counts) -> float | None:
    """The measured value over `parts`: milliseconds for a trend, a share for a rate; None without samples."""
    match threshold.type:
        case MetricType.TREND:
            return _trend(threshold, parts)
        case MetricType.RATE:
            return _rate(threshold, parts)
        case MetricType.COUNTER:
            total = _counter(threshold, parts, counts)
            if threshold.method == "count" or total is None:
                return total
            return total / counts.duration_s if counts.duration_s > 0 else None
        case MetricType.GAUGE:
            return _gauge(threshold, parts, counts)


def _trend(threshold: Threshold, parts: Sequence[Totals]) -> float | None:
    histogram = merged(part.trend(threshold.name, threshold.tags) for part in parts)
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


def _rate(threshold: Threshold, parts: Sequence[Totals]) -> float | None:
    yes = total = 0
    for part in parts:
        if threshold.name == "http_req_failed":
            for one in part.select(threshold.tags):
                yes += one.requests if one.failed else 0
                total += one.requests
        else:
            for metric in part.of(threshold.name, threshold.tags):
                yes += metric.passes
                total += metric.passes + metric.fails
    return yes / total if total else None


def _counter(threshold: Threshold, parts: Sequence[Totals], counts: Counts) -> float | None:
    name, tags = threshold.name, threshold.tags
    if name in HTTP_METRICS:
        return float(sum(one.requests for part in parts for one in part.select(tags)))
    if name == "iterations":
        return float(sum(part.trend("iteration_duration", tags).count for part in parts))
    if name == "dropped_iterations":
        wanted = dict(tags).get("scenario")
        return float(sum(count for name, count in counts.dropped.items() if wanted in (None, name)))
    if name in ("data_sent", "data_received"):
        return float(sum(getattr(part, name) for part in parts))
    return sum(one.total for part in parts for one in part.of(name, tags))


def _gauge(threshold: Threshold, parts: Sequence[Totals], counts: Counts) -> float | None:
    if threshold.name == "vus":
        return float(counts.vus)
    if threshold.name == "vus_max":
        return float(counts.vus_max)
    found = [one for part in parts for one in part.of(threshold.name, threshold.tags)]
    return found[-1].value if found else None


class _Watch:
    """One threshold whose scope is not the whole run: broken once, broken for good."""

    def __init__(self, threshold: Threshold) -> None:
        self.value: float | None = None
        self.broken_s: float | None = None
        self._threshold = threshold
        self._broken_running = 0

    def judge(self, parts: Sequence[Totals], counts: Counts, at_s: float, *, whole: bool = True) -> None:
        """`whole` is False for a window or segment that has not its full length yet: it breaks nothing."""
        threshold = self._threshold
        value = value_of(threshold, parts, counts)
        if value is None or self.broken_s is not None:
            return
        self.value = value
        if threshold.holds(value):
            self._broken_running = 0
            return
        self._broken_running += 1
        needed = threshold.window_s if threshold.scope is Scope.FOR else 1
        if whole and self._broken_running >= needed:
            self.broken_s = at_s


class Judge:
    """Is fed each measured second, and answers how the thresholds stand."""

    def __init__(self, thresholds: Sequence[Threshold]) -> None:
        self._thresholds = thresholds
        self._watches = {
            index: _Watch(threshold)
            for index, threshold in enumerate(thresholds)
            if threshold.scope is not Scope.RUN
        }
        longest = max((threshold.window_s for threshold in thresholds), default=0)
        self._window: deque[tuple[Totals, Counts]] = deque(maxlen=max(1, longest))
        self._segment = Totals()
        self._segment_counts = Counts(0.0)
        self._segment_number = 0

    def second(self, totals: Totals, counts: Counts, at_s: float, segment: int) -> None:
        """One closed second under load, in segment number `segment`."""
        if not self._watches:
            return
        if segment != self._segment_number:
            self._close_segment(at_s)
            self._segment, self._segment_counts = Totals(), Counts(0.0)
            self._segment_number = segment
        self._window.append((totals, counts))
        self._segment.add(totals)
        self._segment_counts = _together([self._segment_counts, counts])
        for index, watch in self._watches.items():
            threshold = self._thresholds[index]
            if threshold.scope is Scope.FOR:
                watch.judge([totals], counts, at_s)
            elif threshold.scope is Scope.OVER:
                newest = list(self._window)[-threshold.window_s :]
                parts = [part for part, _ in newest]
                together = _together([each for _, each in newest])
                watch.judge(parts, together, at_s, whole=len(newest) == threshold.window_s)
            else:
                watch.judge([self._segment], self._segment_counts, at_s, whole=False)

    def _close_segment(self, at_s: float) -> None:
        for index, watch in self._watches.items():
            if self._thresholds[index].scope is Scope.SEGMENT and self._segment_counts.duration_s:
                watch.judge([self._segment], self._segment_counts, at_s)

    def finish(self, at_s: float) -> None:
        """The run is over: the last segment is whole."""
        self._close_segment(at_s)

    def rows(self, totals: Totals, counts: Counts) -> tuple[ThresholdRow, ...]:
        """Each threshold with its value; one without data is undecided, which passes at the end (k6)."""
        rows: list[ThresholdRow] = []
        for index, threshold in enumerate(self._thresholds):
            watch = self._watches.get(index)
            if watch is not None:
                ok = None if watch.value is None else watch.broken_s is None
                row = ThresholdRow(threshold.metric, threshold.expression, ok, watch.value, watch.broken_s)
            else:
                value = value_of(threshold, [totals], counts)
                ok = None if value is None else threshold.holds(value)
                row = ThresholdRow(threshold.metric, threshold.expression, ok, value)
            rows.append(row)
        return tuple(rows)

    def aborting(self, rows: Sequence[ThresholdRow], elapsed_s: float) -> ThresholdRow | None:
        """The first broken threshold that is to end the run now (k6: abortOnFail, delayAbortEval)."""
        for threshold, row in zip(self._thresholds, rows, strict=True):
            if threshold.abort_on_fail and row.ok is False and elapsed_s > threshold.delay_abort_s:
                return row
        return None


def _together(each: Sequence[Counts]) -> Counts:
    dropped: dict[str, int] = {}
    for counts in each:
        for name, count in counts.dropped.items():
            dropped[name] = dropped.get(name, 0) + count
    return Counts(
        sum(counts.duration_s for counts in each),
        dropped,
        each[-1].vus,
        max(counts.vus_max for counts in each),
    )
