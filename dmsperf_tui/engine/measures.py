"""What is measured beside requests: iterations, checks, groups, and the metrics of flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import MetricInterval
from dmsperf_tui.plan.metrics import MetricType

OTHER_NAMES = "(other names)"
"""What is beyond the first thousand names is counted under: they have ids in them."""
MOST_SERIES = 1000
"""How many groups, checks or tags a metric may have, per worker."""
_BATCH = 512
_Labels = tuple[tuple[str, str], ...]


def sendable(value: object) -> str:
    """`value` as text that can be sent: half a surrogate pair is no UTF-8, and becomes "?"."""
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class Trend:
    """Values since the last interval, folded into buckets in batches."""

    __slots__ = ("_folded", "_pending")

    def __init__(self) -> None:
        self._pending: list[int] = []
        self._folded = Histogram()

    def add(self, value_us: int) -> None:
        pending = self._pending
        pending.append(value_us)
        if len(pending) >= _BATCH:
            self._fold()

    def _fold(self) -> None:
        self._folded.record_all(self._pending)
        self._pending.clear()

    def take(self) -> Histogram:
        self._fold()
        taken, self._folded = self._folded, Histogram()
        return taken


class Measures:
    """Values by metric and tags since the last interval. Times are microseconds.

    `too_many` is told the metric, and the tags that are one too many.
    """

    def __init__(self, too_many: Callable[[str, str], None] = lambda metric, tags: None) -> None:
        self._too_many = too_many
        self._series: dict[str, set[_Labels]] = {}
        self._trends: dict[tuple[str, _Labels], Trend] = {}
        self._rates: dict[tuple[str, _Labels], list[int]] = {}
        self._counters: dict[tuple[str, _Labels], float] = {}
        self._gauges: dict[tuple[str, _Labels], list[float]] = {}

    def labels(self, metric: str, base: _Labels, own: Mapping[str, Any], other: _Labels) -> _Labels:
        """The tags of one series: the workload's (`base`), and its own, which win.

        Own ones beyond the first thousand of a metric are `other`: tags with ids in them fill no memory.
        """
        named = {sendable(key): sendable(value) for key, value in own.items()}
        labels = tuple(sorted({**dict(base), **named}.items()))
        if not named:
            return labels
        series = self._series.setdefault(metric, set())
        if labels not in series:
            if len(series) >= MOST_SERIES:
                self._too_many(metric, ", ".join(f"{key}={value}" for key, value in named.items()))
                return tuple(sorted({**dict(base), **dict(other)}.items()))
            series.add(labels)
        return labels

    def trend_of(self, metric: str, tags: _Labels) -> Trend:
        """A trend to add to: the same object for ever."""
        return self._trends.setdefault((metric, tags), Trend())

    def trend(self, metric: str, tags: _Labels, value_us: int) -> None:
        self.trend_of(metric, tags).add(value_us)

    def rate_of(self, metric: str, tags: _Labels) -> list[int]:
        """[yes, no] of a rate, to be counted up: the same list for ever."""
        return self._rates.setdefault((metric, tags), [0, 0])

    def rate(self, metric: str, tags: _Labels, ok: bool) -> None:
        self.rate_of(metric, tags)[0 if ok else 1] += 1

    def counter(self, metric: str, tags: _Labels, amount: float) -> None:
        key = (metric, tags)
        self._counters[key] = self._counters.get(key, 0.0) + amount

    def gauge(self, metric: str, tags: _Labels, value: float) -> None:
        found = self._gauges.get((metric, tags))
        if found is None:
            self._gauges[(metric, tags)] = [value, value, value]
        else:
            found[:] = value, min(found[1], value), max(found[2], value)

    def take(self) -> list[MetricInterval]:
        """What came since the last call."""
        taken: list[MetricInterval] = []
        for (metric, tags), trend in self._trends.items():
            histogram = trend.take()
            if histogram.count:
                taken.append(MetricInterval(metric, dict(tags), histogram))
        for (metric, tags), counts in self._rates.items():
            if any(counts):
                taken.append(MetricInterval(metric, dict(tags), passes=counts[0], fails=counts[1]))
                counts[:] = 0, 0
        for (metric, tags), total in self._counters.items():
            taken.append(MetricInterval(metric, dict(tags), total=total))
        for (metric, tags), (value, least, most) in self._gauges.items():
            taken.append(MetricInterval(metric, dict(tags), value=value, least=least, most=most))
        self._counters.clear()
        self._gauges.clear()
        return taken


_OTHER_TAGS = (("tags", OTHER_NAMES),)


class CustomMetrics:
    """What a flow adds to: `vu.metrics.add("orders", 1)`.

    The scenario's `[metrics]` declares them: counter, gauge, rate or trend (k6 docs, "Custom metrics").
    """

    def __init__(
        self, measures: Measures, declared: Mapping[str, MetricType], tags: Mapping[str, str]
    ) -> None:
        self._measures = measures
        self._declared = declared
        self._tags = tuple(tags.items())
        self._known: dict[tuple[object, ...], _Labels] = {}
        """Labels by metric and tags: made once, as sorting them costs more than counting."""

    def _known_labels(self, name: str, tags: Mapping[str, object]) -> _Labels:
        key = (name, *tags, *tags.values())
        try:
            return self._known[key]
        except (KeyError, TypeError):
            labels = self._measures.labels(name, self._tags, tags, _OTHER_TAGS)
        # Text alone: 1, 1.0 and True are one key, and three tags.
        if len(self._known) < MOST_SERIES and all(isinstance(value, str) for value in tags.values()):
            self._known[key] = labels
        return labels

    def add(self, name: str, value: float | bool, **tags: object) -> None:
        """Adds to a counter, sets a gauge, counts a yes or no of a rate, or records a trend's value.

        A trend's values are milliseconds, or whatever it measures, from 0 to 3.6 million with three digits.
        Raises KeyError for a metric that the scenario does not declare, ValueError for a counter's or
        trend's value below 0, and for one that is no finite number.
        """
        kind = self._declared.get(name)
        if kind is None:
            raise KeyError(f"metric {name!r} is not declared: add it to [metrics] of the scenario")
        amount = float(value if kind is not MetricType.RATE or isinstance(value, float) else bool(value))
        if not isfinite(amount):
            raise ValueError(f"{name} is a {kind}: {value} is not a finite number")
        if amount < 0 and kind in (MetricType.COUNTER, MetricType.TREND):
            raise ValueError(f"{name} is a {kind}: {value} is below 0")
        labels = self._known_labels(name, tags)
        if kind is MetricType.RATE:
            self._measures.rate(name, labels, bool(value))
        elif kind is MetricType.GAUGE:
            self._measures.gauge(name, labels, amount)
        elif kind is MetricType.COUNTER:
            self._measures.counter(name, labels, amount)
        else:
            self._measures.trend(name, labels, round(value * 1000))
