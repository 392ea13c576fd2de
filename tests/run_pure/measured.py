"""Intervals made by hand, as workers would send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import (
    ErrorInterval,
    Gauges,
    Interval,
    MetricInterval,
    OperationInterval,
    Sample,
    WorkloadGauge,
)
from dmsperf_tui.run.statistics import ErrorGroup, Second, Statistics
from dmsperf_tui.run.totals import Totals


def histogram_of(values_us: Sequence[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values_us)
    return histogram


def operation(
    values_us: Sequence[int],
    *,
    failed: bool = False,
    name: str = "GET x",
    workload: str = "w",
    unsent: int = 0,
    method: str = "GET",
    status: int = 200,
    group: str = "",
    tags: Mapping[str, str] | None = None,
    responses_us: Sequence[int] = (),
) -> OperationInterval:
    """Requests that took `values_us`, and `unsent` that never went out, all with the same outcome."""
    trends = {"http_req_duration": histogram_of(values_us)} if values_us else {}
    if responses_us:
        trends["http_req_response_time"] = histogram_of(responses_us)
    requests = len(values_us) + unsent
    return OperationInterval(
        workload, name, method, requests, trends, status, failed, group, dict(tags or {})
    )


def trend(metric: str, values: Sequence[int], **tags: str) -> MetricInterval:
    return MetricInterval(metric, tags, histogram_of(values))


def rate(metric: str, passes: int, fails: int, **tags: str) -> MetricInterval:
    return MetricInterval(metric, tags, passes=passes, fails=fails)


def iterations(workload: str, values_us: Sequence[int]) -> MetricInterval:
    return trend("iteration_duration", values_us, scenario=workload)


def check(name: str, passes: int, fails: int, workload: str = "w") -> MetricInterval:
    return rate("checks", passes, fails, check=name, group="", scenario=workload)


def interval(
    second: int,
    operations: Sequence[OperationInterval] = (),
    metrics: Sequence[MetricInterval] = (),
    *,
    errors: Sequence[ErrorInterval] = (),
    gauge: WorkloadGauge | None = None,
    in_flight: int = 0,
    sent: int = 0,
    bytes_: tuple[int, int] = (0, 0),
    lag_ms: float = 0.0,
    cpu: float = 0.0,
    slip_ms: float = 0.0,
    due: tuple[int, int] = (0, 0),
    warm_up: bool = False,
) -> Interval:
    """One worker's second; `due` is how many starts were due with a VU free, and how many were prompt."""
    return Interval(
        second,
        list(operations),
        list(metrics),
        list(errors),
        Gauges({"w": gauge or WorkloadGauge()}, in_flight, sent),
        bytes_[0],
        bytes_[1],
        lag_ms,
        cpu,
        slip_ms,
        *due,
        warm_up,
    )


def totals_of(
    *operations: OperationInterval,
    metrics: Sequence[MetricInterval] = (),
    bytes_: tuple[int, int] = (0, 0),
) -> Totals:
    totals = Totals()
    totals.take(operations, metrics, *bytes_)
    return totals


class Host:
    """Statistics with what they tell: the seconds that closed and the samples that came."""

    def __init__(self, workers: int = 1) -> None:
        self.closed: list[Second] = []
        self.samples: list[tuple[ErrorGroup, Sample]] = []
        self.statistics = Statistics(
            self.closed.append, lambda group, sample: self.samples.append((group, sample))
        )
        for worker in range(workers):
            self.statistics.take_gauges(worker, Gauges({}, 0, 0))

    @property
    def numbers(self) -> list[int]:
        return [second.number for second in self.closed]
