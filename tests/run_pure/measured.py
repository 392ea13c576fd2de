"""Intervals made by hand, as workers would send them."""

from __future__ import annotations

from collections.abc import Sequence

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import (
    ErrorInterval,
    Gauges,
    Interval,
    OperationInterval,
    Sample,
    WorkloadGauge,
)
from dmsperf_tui.run.statistics import ErrorGroup, Second, Statistics


def histogram_of(values_us: Sequence[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values_us)
    return histogram


def operation(
    values_us: Sequence[int], *, failed: int = 0, name: str = "GET x", workload: str = "w", unsent: int = 0
) -> OperationInterval:
    trends = {"http_req_duration": histogram_of(values_us)} if values_us else {}
    return OperationInterval(workload, name, "GET", len(values_us) + unsent, failed, trends)


def interval(
    second: int,
    operations: Sequence[OperationInterval] = (),
    *,
    iterations: dict[str, Sequence[int]] | None = None,
    checks: dict[str, tuple[int, int]] | None = None,
    errors: Sequence[ErrorInterval] = (),
    gauge: WorkloadGauge | None = None,
    in_flight: int = 0,
    sent: int = 0,
    bytes_: tuple[int, int] = (0, 0),
    lag_ms: float = 0.0,
    cpu: float = 0.0,
) -> Interval:
    return Interval(
        second,
        list(operations),
        {name: histogram_of(values) for name, values in (iterations or {}).items()},
        checks or {},
        list(errors),
        Gauges({"w": gauge or WorkloadGauge()}, in_flight, sent),
        bytes_[0],
        bytes_[1],
        lag_ms,
        cpu,
    )


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
