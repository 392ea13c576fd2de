"""Merges what the workers measured: totals, operations, seconds, errors. Percentiles are never averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram, merged
from dmsperf_tui.engine.messages import (
    ErrorInterval,
    Gauges,
    Interval,
    OperationInterval,
    Sample,
    WorkloadGauge,
)
from dmsperf_tui.plan.metrics import HTTP_TRENDS

DURATION = "http_req_duration"
SECOND_PATIENCE = 3
"""A second is closed when every live worker has reported it, or this many seconds later."""


@dataclass(slots=True)
class OperationTotals:
    """One operation of one workload since the start of load."""

    workload: str
    name: str
    method: str
    requests: int = 0
    failed: int = 0
    trends: dict[str, Histogram] = field(default_factory=dict)

    def add(self, interval: OperationInterval) -> None:
        self.requests += interval.requests
        self.failed += interval.failed
        for metric, histogram in interval.trends.items():
            self.trends.setdefault(metric, Histogram()).add(histogram)

    def trend(self, metric: str) -> Histogram:
        return self.trends.get(metric) or Histogram()


@dataclass(slots=True)
class ErrorGroup:
    """One kind of failure since the start of load."""

    operation: str
    phase: str
    failure: str
    count: int = 0
    first_ns: int = 0
    last_ns: int = 0
    samples: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class Second:
    """One second of all workers."""

    number: int
    requests: int = 0
    failed: int = 0
    iterations: int = 0
    operations: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    """Durations by (workload, operation)."""
    reported: set[int] = field(default_factory=set)
    lag_p99_ms: float = 0.0
    cpu_share: float = 0.0

    def durations(self) -> Histogram:
        return merged(self.operations.values())


class Statistics:
    """All that was measured in a run. `closed` is called with each second when no more can come for it."""

    def __init__(
        self, closed: Callable[[Second], None], sampled: Callable[[ErrorGroup, Sample], None]
    ) -> None:
        self.operations: dict[tuple[str, str], OperationTotals] = {}
        self.iterations: dict[str, Histogram] = {}
        self.checks: dict[str, tuple[int, int]] = {}
        self.errors: dict[tuple[str, str, str], ErrorGroup] = {}
        self.data_sent = 0
        self.data_received = 0
        self._closed = closed
        self._sampled = sampled
        self._open: dict[int, Second] = {}
        self._next = 0
        self._gauges: dict[int, Gauges] = {}
        self._lost: set[int] = set()
        self._finished: set[int] = set()

    # --- in -------------------------------------------------------------------------------------

    def take_gauges(self, worker: int, gauges: Gauges) -> None:
        self._gauges[worker] = gauges

    def lose(self, worker: int) -> None:
        """`worker` is gone: no second waits for it any more, and what it was doing was interrupted."""
        self._lost.add(worker)

    def finish(self, worker: int) -> None:
        """`worker` has sent all it had: no second waits for it any more."""
        self._finished.add(worker)

    def take(self, worker: int, interval: Interval) -> None:
        """Adds one worker's second and closes the seconds that are complete."""
        self.take_gauges(worker, interval.gauges)
        second = self._open.setdefault(
            max(interval.second, self._next), Second(max(interval.second, self._next))
        )
        second.reported.add(worker)
        second.lag_p99_ms = max(second.lag_p99_ms, interval.lag_p99_ms)
        second.cpu_share = max(second.cpu_share, interval.cpu_share)
        for operation in interval.operations:
            self._take_operation(second, operation)
        for workload, histogram in interval.iterations.items():
            self.iterations.setdefault(workload, Histogram()).add(histogram)
            second.iterations += histogram.count
        for name, (passes, fails) in interval.checks.items():
            before = self.checks.get(name, (0, 0))
            self.checks[name] = (before[0] + passes, before[1] + fails)
        for error in interval.errors:
            self._take_error(error)
        self.data_sent += interval.data_sent
        self.data_received += interval.data_received
        self._close_complete(interval.second)

    def _take_operation(self, second: Second, interval: OperationInterval) -> None:
        key = (interval.workload, interval.name)
        totals = self.operations.get(key)
        if totals is None:
            totals = OperationTotals(interval.workload, interval.name, interval.method)
            self.operations[key] = totals
        totals.add(interval)
        second.requests += interval.requests
        second.failed += interval.failed
        if DURATION in interval.trends:
            second.operations.setdefault(key, Histogram()).add(interval.trends[DURATION])

    def _take_error(self, interval: ErrorInterval) -> None:
        key = (interval.operation, interval.phase, interval.failure)
        group = self.errors.get(key)
        if group is None:
            group = ErrorGroup(*key, first_ns=interval.first_ns)
            self.errors[key] = group
        group.count += interval.count
        group.first_ns = min(group.first_ns, interval.first_ns)
        group.last_ns = max(group.last_ns, interval.last_ns)
        for sample in interval.samples:
            self._sampled(group, sample)
            group.samples.append(sample)

    def _close_complete(self, newest: int) -> None:
        """Closes, in order, the seconds that all live workers have reported or that are long past."""
        live = set(self._gauges) - self._lost - self._finished
        while self._next in self._open or self._next < newest - SECOND_PATIENCE:
            second = self._open.get(self._next)
            late = self._next < newest - SECOND_PATIENCE
            if not late and second is not None and not live <= second.reported:
                return
            self._open.pop(self._next, None)
            self._closed(second or Second(self._next))
            self._next += 1

    def close_all(self) -> None:
        """The run is over: nothing more can come."""
        while self._open:
            second = self._open.pop(self._next, None)
            self._closed(second or Second(self._next))
            self._next += 1

    # --- out ------------------------------------------------------------------------------------

    def gauge(self, workload: str) -> WorkloadGauge:
        """One workload's counts over all workers; of lost ones only what they had done."""
        total = WorkloadGauge(done=any(worker not in self._lost for worker in self._gauges))
        for worker, gauges in self._gauges.items():
            one = gauges.workloads.get(workload, WorkloadGauge())
            total.started += one.started
            total.completed += one.completed
            total.interrupted += one.interrupted
            if worker not in self._lost:
                total.vus += one.vus
                total.leaving += one.leaving
                total.running += one.running
                total.done = total.done and one.done
            else:
                # What a lost worker was doing was interrupted with it.
                total.interrupted += one.running
        return total

    def taken(self, worker: int, workload: str) -> int:
        """How far `worker` is known to have got with its shared iterations."""
        gauges = self._gauges.get(worker)
        return gauges.workloads[workload].taken if gauges and workload in gauges.workloads else 0

    @property
    def in_flight(self) -> int:
        return sum(gauges.in_flight for worker, gauges in self._gauges.items() if worker not in self._lost)

    @property
    def requests_sent(self) -> int:
        """Requests written in full: what the system under load can have counted."""
        return sum(gauges.requests_sent for gauges in self._gauges.values())

    @property
    def requests(self) -> int:
        return sum(totals.requests for totals in self.operations.values())

    @property
    def failed(self) -> int:
        return sum(totals.failed for totals in self.operations.values())

    def select(self, tags: Iterable[tuple[str, str]] = ()) -> list[OperationTotals]:
        """The operations that carry all of `tags` (`name`, `scenario`)."""
        wanted = dict(tags)
        return [
            totals
            for totals in self.operations.values()
            if wanted.get("name", totals.name) == totals.name
            and wanted.get("scenario", totals.workload) == totals.workload
        ]

    def trend(self, metric: str, tags: Iterable[tuple[str, str]] = ()) -> Histogram:
        """A trend over operations, or `iteration_duration` over workloads."""
        if metric in HTTP_TRENDS:
            return merged(totals.trend(metric) for totals in self.select(tags))
        return merged(self.iterations.values())
