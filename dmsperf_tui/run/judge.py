"""Thresholds against what was measured: evaluated live and once more at the end."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.plan.metrics import HTTP_METRICS, MetricType
from dmsperf_tui.plan.thresholds import Scope, Threshold
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.totals import MetricTotals, Totals, gauge_of

FULL_SECOND_S = 0.9
"""A second with less time under load is in no window: it is the run's last, or one of a pause."""
_NO_BUCKETS = ("avg", "min", "max")
_Tags = Mapping[str, Mapping[str, str]]
"""Each workload's own tags, by its name."""
_UNTAGGED: _Tags = {}
_Selection = tuple[str, tuple[tuple[str, str], ...]]
"""A metric and the tags that its samples carry."""
_OFTEN = (50.0, 90.0, 95.0, 99.0)
"""Percentiles that are asked for together: each costs a sort, all of them one."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What is not in the samples: of the same time as the totals it is judged with."""

    duration_s: float
    """Time under load, pauses left out; 0: nothing was measured yet."""
    dropped: dict[str, int] = field(default_factory=dict)
    """By workload."""
    vus: int = 0
    vus_max: int = 0


@dataclass(slots=True)
class _Part:
    """What one threshold needs of some time."""

    duration_s: float = 0.0
    amount: float = 0.0
    """Of a counter its total, of a rate how many were so."""
    samples: int = 0
    """Of a rate."""
    newest: float | None = None
    """Of a gauge."""
    trend: Histogram = field(default_factory=Histogram)

    def add(self, later: _Part) -> None:
        self.duration_s += later.duration_s
        self.amount += later.amount
        self.samples += later.samples
        self.newest = self.newest if later.newest is None else later.newest
        self.trend.add(later.trend)

    def value(self, threshold: Threshold) -> float | None:
        match threshold.type:
            case MetricType.TREND:
                return _trend_value(threshold, self.trend)
            case MetricType.RATE:
                return self.amount / self.samples if self.samples else None
            case MetricType.COUNTER:
                if self.duration_s <= 0:
                    return None
                return self.amount if threshold.method == "count" else self.amount / self.duration_s
            case MetricType.GAUGE:
                return self.newest


class Readings:
    """Values of some totals at one instant: however many judge one trend, it is merged and sorted once."""

    def __init__(self, totals: Totals, counts: Counts, tags_by_workload: _Tags = _UNTAGGED) -> None:
        self._totals = totals
        self._counts = counts
        self._tags_by_workload = tags_by_workload
        self._trends: dict[_Selection, Histogram] = {}
        self._often: dict[_Selection, dict[float, int]] = {}

    def value(self, threshold: Threshold) -> float | None:
        """Milliseconds of a trend, a share of a rate; None without samples, or of a counter without time."""
        if threshold.type is not MetricType.TREND:
            return _part_of(threshold, self._totals, self._counts, self._tags_by_workload).value(threshold)
        selection = threshold.name, threshold.tags
        if selection not in self._trends:
            self._trends[selection] = self._totals.trend(*selection)
        trend, percentile = self._trends[selection], threshold.percentile
        if percentile not in _OFTEN or not trend.count:
            return _trend_value(threshold, trend)
        if selection not in self._often:
            self._often[selection] = dict(zip(_OFTEN, trend.percentiles_us(_OFTEN), strict=True))
        return self._often[selection][percentile] / 1000


def _part_of(threshold: Threshold, totals: Totals, counts: Counts, tags_by_workload: _Tags) -> _Part:
    part = _Part(counts.duration_s)
    match threshold.type:
        case MetricType.TREND:
            part.trend = totals.trend(threshold.name, threshold.tags)
        case MetricType.RATE:
            part.amount, part.samples = _rate(threshold, totals)
        case MetricType.COUNTER:
            part.amount = _counter(threshold, totals, counts, tags_by_workload)
        case MetricType.GAUGE:
            part.newest = _gauge(threshold, totals, counts)
    return part


def _trend_value(threshold: Threshold, histogram: Histogram) -> float | None:
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


def _rate(threshold: Threshold, totals: Totals) -> tuple[int, int]:
    if threshold.name == "http_req_failed":
        chosen = totals.select(threshold.tags)
        return sum(one.requests for one in chosen if one.failed), sum(one.requests for one in chosen)
    found = totals.of(threshold.name, threshold.tags)
    return sum(one.passes for one in found), sum(one.passes + one.fails for one in found)


def _counter(threshold: Threshold, totals: Totals, counts: Counts, tags_by_workload: _Tags) -> float:
    name, tags = threshold.name, threshold.tags
    if name in HTTP_METRICS:
        return float(sum(one.requests for one in totals.select(tags)))
    if name == "iterations":
        return float(sum(one.trend.count for one in totals.of("iteration_duration", tags)))
    if name == "dropped_iterations":
        each = (
            MetricTotals(name, {**tags_by_workload.get(workload, {}), "scenario": workload}, total=count)
            for workload, count in counts.dropped.items()
        )
        return float(sum(one.total for one in each if all(one.has(*tag) for tag in tags)))
    if name in ("data_sent", "data_received"):
        return float(getattr(totals, name))
    return float(sum(one.total for one in totals.of(name, tags)))


def _gauge(threshold: Threshold, totals: Totals, counts: Counts) -> float | None:
    if threshold.name in ("vus", "vus_max"):
        return float(getattr(counts, threshold.name)) if counts.duration_s > 0 else None
    found = totals.of(threshold.name, threshold.tags)
    return gauge_of(found)[0] if found else None


class _Window:
    """The newest seconds of one threshold, rolled on.

    Whole numbers and buckets are added and taken away again, which is exact: a second costs what is in it.
    Fractions are summed anew, and extremes are found anew.
    """

    def __init__(self, threshold: Threshold) -> None:
        self.whole = False
        self.now = _Part()
        self._length = threshold.window_s
        self._keeps_buckets = threshold.method not in _NO_BUCKETS
        self._seconds: deque[tuple[_Part, array[int], array[int]]] = deque()
        """Each with its buckets and how often each was met, packed: an hour of dicts is too large."""

    def roll(self, newest: _Part) -> None:
        """`newest` comes in and is the window's own from here on; what is too old goes."""
        buckets = newest.trend.buckets if self._keeps_buckets else {}
        newest.trend.buckets = {}
        size = "B" if max(buckets.values(), default=0) < 256 else "I"
        self._seconds.append((newest, array("H", buckets), array(size, buckets.values())))
        self._count(*self._seconds[-1], 1)
        if len(self._seconds) > self._length:
            self._count(*self._seconds.popleft(), -1)
        self.whole = len(self._seconds) == self._length
        self._sum_anew()

    def _count(self, part: _Part, buckets: array[int], times: array[int], sign: int) -> None:
        self.now.samples += sign * part.samples
        trend = self.now.trend
        trend.count += sign * part.trend.count
        trend.zeros += sign * part.trend.zeros
        trend.sum_us += sign * part.trend.sum_us
        for bucket, each in zip(buckets, times, strict=True):
            left = trend.buckets.get(bucket, 0) + sign * each
            if left:
                trend.buckets[bucket] = left
            else:
                del trend.buckets[bucket]

    def _sum_anew(self) -> None:
        now, parts = self.now, [part for part, _, _ in self._seconds]
        now.duration_s = sum(part.duration_s for part in parts)
        now.amount = sum(part.amount for part in parts)
        now.newest = next((part.newest for part in reversed(parts) if part.newest is not None), None)
        if now.trend.count:
            measured = [part.trend for part in parts if part.trend.count]
            now.trend.min_us = min(trend.min_us for trend in measured)
            now.trend.max_us = max(trend.max_us for trend in measured)


class _Watch:
    """One threshold whose scope is not the whole run: broken once, broken for good."""

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self.value: float | None = None
        self.broken_s: float | None = None
        self._window = _Window(threshold)
        self._segment = _Part()
        self._judged = 0
        """Seconds of `for` that had a value, and how many of the newest broke it running."""
        self._broken_running = 0

    def second(self, part: _Part, at_s: float) -> None:
        match self.threshold.scope:
            case Scope.SEGMENT:
                self._segment.add(part)
                self._holds(self._segment)
            case Scope.OVER if part.duration_s >= FULL_SECOND_S:
                self._window.roll(part)
                if not self._holds(self._window.now) and self._window.whole:
                    self.broken_s = at_s
            case Scope.FOR if part.duration_s >= FULL_SECOND_S and part.value(self.threshold) is not None:
                self._judged += 1
                self._broken_running = 0 if self._holds(part) else self._broken_running + 1
                if self._broken_running >= self.threshold.window_s:
                    self.broken_s = at_s

    def close_segment(self, at_s: float) -> None:
        if self._segment.duration_s and not self._holds(self._segment):
            self.broken_s = at_s
        self._segment = _Part()

    def finish(self, at_s: float) -> None:
        """A run too short for one whole window: what there was is the window."""
        if self.threshold.scope is Scope.OVER:
            broken = not self._holds(self._window.now)
        else:
            broken = 0 < self._judged == self._broken_running
        if broken:
            self.broken_s = at_s

    def _holds(self, part: _Part) -> bool:
        """Keeps the value of `part`; one without samples breaks nothing."""
        value = part.value(self.threshold)
        if value is None:
            return True
        self.value = value
        return self.threshold.holds(value)


class Judge:
    """Is fed each measured second, and answers how the thresholds stand.

    `tags_by_workload` are the workloads' own tags: iterations that were dropped are selected by them.
    """

    def __init__(self, thresholds: Sequence[Threshold], tags_by_workload: _Tags | None = None) -> None:
        self._thresholds = thresholds
        self._tags_by_workload = tags_by_workload or {}
        self._watches = {
            index: _Watch(threshold)
            for index, threshold in enumerate(thresholds)
            if threshold.scope is not Scope.RUN
        }
        self._segment_number = 0

    def second(self, totals: Totals, counts: Counts, at_s: float, segment: int) -> None:
        """One closed second, in segment number `segment`."""
        if segment != self._segment_number:
            self._close_segment(at_s)
            self._segment_number = segment
        for watch in self._unbroken():
            watch.second(_part_of(watch.threshold, totals, counts, self._tags_by_workload), at_s)

    def _unbroken(self) -> list[_Watch]:
        return [watch for watch in self._watches.values() if watch.broken_s is None]

    def _close_segment(self, at_s: float) -> None:
        for watch in self._unbroken():
            watch.close_segment(at_s)

    def finish(self, at_s: float) -> None:
        """The run is over: the last segment is whole, and a window is if none ever was."""
        self._close_segment(at_s)
        for watch in self._unbroken():
            watch.finish(at_s)

    def rows(self, readings: Readings) -> tuple[ThresholdRow, ...]:
        """Each threshold with its value; one without data is undecided, which passes at the end (k6)."""
        rows: list[ThresholdRow] = []
        for index, threshold in enumerate(self._thresholds):
            watch = self._watches.get(index)
            if watch is not None:
                ok = None if watch.value is None else watch.broken_s is None
                row = ThresholdRow(threshold.metric, threshold.expression, ok, watch.value, watch.broken_s)
            else:
                value = readings.value(threshold)
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
