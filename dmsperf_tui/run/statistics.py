"""Takes in what the workers measured: the run's totals, its seconds, its errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import ErrorInterval, Gauges, Interval, Sample, WorkloadGauge
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.snapshot import FailureRow
from dmsperf_tui.run.totals import Totals, trend_of

SECOND_PATIENCE = 3
"""A second is closed when every live worker has reported it, or this many seconds later."""
ERROR_SAMPLES = 5
FAILURE_ROWS = 200
"""How many rows of the failure log are kept: what a screen can show and a tick can carry."""
FAILURE_TEXT = 120
"""Characters of what a failure said, in such a row."""


@dataclass(slots=True)
class ErrorGroup:
    """One kind of failure since the start of load, the warm-up included."""

    operation: str
    phase: str
    failure: str
    count: int = 0
    first_ns: int = 0
    last_ns: int = 0
    samples: list[Sample] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What the first of them said, in one line, fit for a terminal."""
        return said_of(self.failure, self.samples[0]) if self.samples else ""


def said_of(failure: str, sample: Sample) -> str:
    """What a sample says of a failure that it stands beside."""
    return line(sample.detail.removeprefix(f"{failure}: "))


class FailureLog:
    """The newest failures as they came: a row for each kind, operation and second, over all workers."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, str, str, str], FailureRow] = {}

    def add(self, group: ErrorGroup, at_ns: int, count: int) -> None:
        """`count` more of `group`, the first of them at `at_ns`."""
        at_s = round(at_ns / NS_PER_S, 3)
        key = (int(at_s), group.operation, group.phase, group.failure)
        before = self._rows.get(key)
        if before is not None:
            at_s, count = min(at_s, before.at_s), before.count + count
        self._rows[key] = FailureRow(at_s, group.operation, group.failure, count, group.said[:FAILURE_TEXT])
        if len(self._rows) > FAILURE_ROWS:
            del self._rows[next(iter(self._rows))]

    @property
    def rows(self) -> tuple[FailureRow, ...]:
        """Oldest first; a slow worker's second may have come after a later one."""
        return tuple(row for _, row in sorted(self._rows.items(), key=lambda item: item[0][0]))


@dataclass(slots=True)
class Second:
    """One second of all workers."""

    number: int
    totals: Totals = field(default_factory=Totals)
    reported: set[int] = field(default_factory=set)
    lag_p99_ms: float = 0.0
    slip_p99_ms: float = 0.0
    cpu_share: float = 0.0
    due_free: int = 0
    due_prompt: int = 0
    starts: int = 0
    """Iterations that started in it, and that were dropped."""
    dropped: int = 0
    open_starts: int = 0
    """Those of the starts that open workloads made."""
    warm_up: bool = False
    last: bool = False
    """The run is over: what is left of its time is in it."""

    @property
    def iterations(self) -> int:
        """Completed."""
        return self.totals.trend("iteration_duration").count

    def durations_by_operation(self) -> dict[tuple[str, str], Histogram]:
        """Durations by (workload, operation), of those that had any."""
        found = {key: trend_of(rows) for key, rows in self.totals.by_name().items()}
        return {key: histogram for key, histogram in found.items() if histogram.count}


class Statistics:
    """All that was measured in a run. `closed` is called with each second when no more can come for it."""

    def __init__(
        self,
        closed: Callable[[Second], None],
        sampled: Callable[[ErrorGroup, Sample], None],
        *,
        workers: int = 1,
        opened: frozenset[str] = frozenset(),
    ) -> None:
        """`opened` are the workloads that have a rate."""
        self.totals = Totals()
        """Of the measured time: the warm-up is not in them."""
        self.warm_up = Totals()
        self.errors: dict[tuple[str, str, str], ErrorGroup] = {}
        self.failures = FailureLog()
        self._workers = workers
        self._closed = closed
        self._sampled = sampled
        self._open: dict[int, Second] = {}
        self._next = 0
        self._warming_up = False
        self._gauges: dict[int, Gauges] = {}
        self._opened = opened
        self._counted: dict[int, tuple[int, int, int]] = {}
        """(started, dropped, started by open workloads) by worker, at its newest interval."""
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
        number = max(interval.second, self._next)
        second = self._open.setdefault(number, Second(number))
        second.reported.add(worker)
        second.warm_up = interval.warm_up
        second.lag_p99_ms = max(second.lag_p99_ms, interval.lag_p99_ms)
        second.slip_p99_ms = max(second.slip_p99_ms, interval.slip_p99_ms)
        second.cpu_share = max(second.cpu_share, interval.cpu_share)
        second.due_free += interval.due_free
        second.due_prompt += interval.due_prompt
        self._count_starts(worker, second, interval.gauges)
        totals = self.warm_up if interval.warm_up else self.totals
        for each in (totals, second.totals):
            each.take(interval.operations, interval.metrics, interval.data_sent, interval.data_received)
        for error in interval.errors:
            self._take_error(error)
        self._close_complete(interval.second)

    def _count_starts(self, worker: int, second: Second, gauges: Gauges) -> None:
        """By the gauges that were taken with the interval: those between are not at a second's end."""
        started = sum(gauge.started for gauge in gauges.workloads.values())
        dropped = sum(gauge.dropped for gauge in gauges.workloads.values())
        opened = sum(gauge.started for name, gauge in gauges.workloads.items() if name in self._opened)
        before = self._counted.get(worker, (0, 0, 0))
        second.starts += started - before[0]
        second.dropped += dropped - before[1]
        second.open_starts += opened - before[2]
        self._counted[worker] = (started, dropped, opened)

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
            if len(group.samples) < ERROR_SAMPLES:
                self._sampled(group, sample)
                group.samples.append(sample)
        self.failures.add(group, interval.first_ns, interval.count)

    def _close_complete(self, newest: int) -> None:
        """Closes, in order, the seconds that all live workers have reported or that are long past."""
        live = set(self._gauges) - self._lost - self._finished
        if all(self._at_rest(worker) for worker in live):
            # The load is over, and the run in a moment: the last second is as long as that.
            return
        while self._next in self._open or self._next < newest - SECOND_PATIENCE:
            second = self._open.get(self._next)
            late = self._next < newest - SECOND_PATIENCE
            if not late and second is not None and not live <= second.reported:
                return
            self._close_next()

    def _at_rest(self, worker: int) -> bool:
        """Nothing will be done there any more: what it has told is all."""
        gauges = self._gauges[worker].workloads.values()
        return bool(gauges) and all(one.done and not one.waiting for one in gauges)

    def close_all(self) -> None:
        """The run is over: nothing more can come."""
        while self._open:
            self._close_next(last=self._next == max(self._open))

    def _close_next(self, *, last: bool = False) -> None:
        second = self._open.pop(self._next, None) or Second(self._next, warm_up=self._warming_up)
        second.last = last
        self._warming_up = second.warm_up
        self._next += 1
        self._closed(second)

    # --- out ------------------------------------------------------------------------------------

    def gauge(self, workload: str) -> WorkloadGauge:
        """One workload's counts over all workers; of lost ones only what they had done."""
        heard = len(self._gauges.keys() | self._lost) >= self._workers
        total = WorkloadGauge(done=heard and any(worker not in self._lost for worker in self._gauges))
        for worker, gauges in self._gauges.items():
            one = gauges.workloads.get(workload, WorkloadGauge())
            total.planned += one.planned
            total.started += one.started
            total.completed += one.completed
            total.interrupted += one.interrupted
            total.dropped += one.dropped
            total.cut += one.cut
            total.queued += one.queued
            if worker not in self._lost:
                total.vus += one.vus
                total.made += one.made
                total.leaving += one.leaving
                total.running += one.running
                total.waiting += one.waiting
                total.done = total.done and one.done
            else:
                # What a lost worker was doing was interrupted with it, and what waited there was cut.
                total.interrupted += one.running
                total.cut += one.waiting
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
