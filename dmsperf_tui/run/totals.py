"""What was measured over some time: a second, a window, a segment, the run. Merged, never averaged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram, merged
from dmsperf_tui.engine.messages import MetricInterval, OperationInterval

DURATION = "http_req_duration"
Tags = Sequence[tuple[str, str]]
_OperationKey = tuple[str, str, str, str, tuple[tuple[str, str], ...], int, bool]


@dataclass(slots=True)
class OperationTotals:
    """One operation of one workload with one outcome (status, failed or not) and its tags."""

    workload: str
    name: str
    method: str
    group: str
    tags: dict[str, str]
    status: int
    failed: bool
    requests: int = 0
    trends: dict[str, Histogram] = field(default_factory=dict)

    def add(self, requests: int, trends: dict[str, Histogram]) -> None:
        self.requests += requests
        for metric, histogram in trends.items():
            self.trends.setdefault(metric, Histogram()).add(histogram)

    def has(self, tag: str, value: str) -> bool:
        """Whether its samples carry the tag (k6's system tags, and the scenario's own)."""
        match tag:
            case "name":
                return self.name == value
            case "scenario":
                return self.workload == value
            case "method":
                return self.method == value
            case "group":
                return _same_group(self.group, value)
            case "status":
                return str(self.status) == value
            case "expected_response":
                return value == ("false" if self.failed else "true")
            case _:
                return self.tags.get(tag) == value


@dataclass(slots=True)
class MetricTotals:
    """A metric that is not of requests, with the same tags."""

    metric: str
    tags: dict[str, str]
    trend: Histogram = field(default_factory=Histogram)
    passes: int = 0
    fails: int = 0
    total: float = 0.0
    value: float = 0.0
    least: float | None = None
    most: float | None = None

    def add(self, other: MetricTotals | MetricInterval) -> None:
        if other.trend is not None:
            self.trend.add(other.trend)
        self.passes += other.passes
        self.fails += other.fails
        self.total += other.total
        if other.least is not None and other.most is not None:
            self.value = other.value
            self.least = other.least if self.least is None else min(self.least, other.least)
            self.most = other.most if self.most is None else max(self.most, other.most)

    def has(self, tag: str, value: str) -> bool:
        if tag == "group":
            return _same_group(self.tags.get("group", ""), value)
        return self.tags.get(tag) == value


def _same_group(group: str, wanted: str) -> bool:
    """k6 writes `::outer::inner`; the first colons may be left out."""
    return group.removeprefix("::") == wanted.removeprefix("::")


class Totals:
    """All samples of some time."""

    def __init__(self) -> None:
        self.operations: dict[_OperationKey, OperationTotals] = {}
        self.metrics: dict[tuple[str, tuple[tuple[str, str], ...]], MetricTotals] = {}
        self.data_sent = 0
        self.data_received = 0

    # --- in -------------------------------------------------------------------------------------

    def take(
        self,
        operations: Iterable[OperationInterval | OperationTotals],
        metrics: Iterable[MetricInterval | MetricTotals],
        data_sent: int,
        data_received: int,
    ) -> None:
        for one in operations:
            tags = tuple(one.tags.items())
            key = (one.workload, one.name, one.method, one.group, tags, one.status, one.failed)
            found = self.operations.get(key)
            if found is None:
                found = self.operations[key] = OperationTotals(
                    one.workload, one.name, one.method, one.group, one.tags, one.status, one.failed
                )
            found.add(one.requests, one.trends)
        for metric in metrics:
            labels = (metric.metric, tuple(metric.tags.items()))
            known = self.metrics.get(labels)
            if known is None:
                known = self.metrics[labels] = MetricTotals(metric.metric, metric.tags)
            known.add(metric)
        self.data_sent += data_sent
        self.data_received += data_received

    def add(self, other: Totals) -> None:
        self.take(other.operations.values(), other.metrics.values(), other.data_sent, other.data_received)

    # --- out ------------------------------------------------------------------------------------

    def select(self, tags: Tags = ()) -> list[OperationTotals]:
        """The requests that carry all of `tags`."""
        if not tags:
            return list(self.operations.values())
        return [one for one in self.operations.values() if all(one.has(*tag) for tag in tags)]

    def of(self, metric: str, tags: Tags = ()) -> list[MetricTotals]:
        """A metric's totals that carry all of `tags`."""
        return [
            one
            for one in self.metrics.values()
            if one.metric == metric and all(one.has(*tag) for tag in tags)
        ]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.operations.values())

    @property
    def failed(self) -> int:
        return sum(one.requests for one in self.operations.values() if one.failed)

    def statuses(self) -> dict[int, int]:
        """How many requests were answered with each status; 0: with none."""
        found: dict[int, int] = {}
        for one in self.operations.values():
            found[one.status] = found.get(one.status, 0) + one.requests
        return found

    def trend(self, metric: str, tags: Tags = ()) -> Histogram:
        """A trend of requests, iterations, groups or of a flow's own."""
        if metric.startswith("http_req_"):
            return merged(one.trends[metric] for one in self.select(tags) if metric in one.trends)
        return merged(one.trend for one in self.of(metric, tags))

    def by_name(self) -> dict[tuple[str, str], list[OperationTotals]]:
        """The operations as rows of a table: by (workload, name), whatever their outcome and tags."""
        rows: dict[tuple[str, str], list[OperationTotals]] = {}
        for one in self.operations.values():
            rows.setdefault((one.workload, one.name), []).append(one)
        return rows

    def checks(self) -> dict[str, tuple[int, int]]:
        """(passes, fails) by name."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.of("checks"):
            name = one.tags.get("check", "")
            passes, fails = found.get(name, (0, 0))
            found[name] = (passes + one.passes, fails + one.fails)
        return found


def gauge_of(found: Sequence[MetricTotals]) -> tuple[float, float, float]:
    """(newest, least, most) of a gauge's series, of which there is one at least.

    Series that carry the tag `worker` are parts of one level, and are added up: their extremes need not
    have met, so that least and most are bounds.
    """
    least, most = [one.least or 0.0 for one in found], [one.most or 0.0 for one in found]
    if all("worker" in one.tags for one in found):
        return sum(one.value for one in found), sum(least), sum(most)
    return found[-1].value, min(least), max(most)


def trend_of(rows: Iterable[OperationTotals], metric: str = DURATION) -> Histogram:
    """One trend over some operations."""
    return merged(one.trends[metric] for one in rows if metric in one.trends)
