"""What a worker measures: per workload and operation, handed over as one interval a second.

On the hot path a sample is an append; values are folded into buckets in batches. Phases that did not
happen (no connect, no TLS) are counted, not recorded.
"""

from __future__ import annotations

from time import perf_counter_ns

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.messages import ErrorInterval, OperationInterval, Sample

_BATCH = 512
_SAMPLES = 5
"""How many failed requests of a group are kept for people to look at, per worker."""
_BODY_LIMIT = 4096
_RARE = ("http_req_blocked", "http_req_connecting", "http_req_tls_handshaking")


class OperationStats:
    """One operation of one workload since the last interval."""

    __slots__ = ("_folded", "_pending", "_rare", "failed", "method", "name", "requests", "workload")

    def __init__(self, workload: str, name: str, method: str) -> None:
        self.workload = workload
        self.name = name
        self.method = method
        self.requests = 0
        self.failed = 0
        self._pending: list[tuple[int, int, int, int]] = []
        self._rare: list[tuple[int, int, int]] = []
        self._folded: dict[str, Histogram] = {}

    def record(self, response: Response, failed: bool) -> None:
        """Counts one request that ended; one that never went out in full has no duration."""
        self.requests += 1
        if failed:
            self.failed += 1
        if response.blocked_ns:
            self._rare.append((response.blocked_ns, response.connecting_ns, response.tls_handshaking_ns))
        if response.status or response.error is None or response.waiting_ns:
            self._pending.append(
                (response.duration_ns, response.sending_ns, response.waiting_ns, response.receiving_ns)
            )
            if len(self._pending) >= _BATCH:
                self._fold()

    def _trend(self, metric: str) -> Histogram:
        return self._folded.setdefault(metric, Histogram())

    def _fold(self) -> None:
        if self._pending:
            duration, sending, waiting, receiving = zip(*self._pending, strict=True)
            self._pending.clear()
            for metric, values in (
                ("http_req_duration", duration),
                ("http_req_sending", sending),
                ("http_req_waiting", waiting),
                ("http_req_receiving", receiving),
            ):
                self._trend(metric).record_all([(value + 500) // 1000 for value in values])
        if self._rare:
            for metric, values in zip(_RARE, zip(*self._rare, strict=True), strict=True):
                self._trend(metric).record_all([(value + 500) // 1000 for value in values])
            self._rare.clear()

    def take(self) -> OperationInterval | None:
        """What came since the last call; None where nothing did."""
        if not self.requests:
            return None
        self._fold()
        for metric in _RARE:
            trend = self._trend(metric)
            trend.record_zeros(self.requests - trend.count)
        interval = OperationInterval(
            self.workload, self.name, self.method, self.requests, self.failed, self._folded
        )
        self.requests = self.failed = 0
        self._folded = {}
        return interval


class Recorder:
    """Everything that one worker measures; `start_ns` is the start of load."""

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._operations: dict[tuple[str, str], OperationStats] = {}
        self._iterations: dict[str, list[int]] = {}
        self._checks: dict[str, list[int]] = {}
        self._errors: dict[tuple[str, str, str], ErrorInterval] = {}
        self._sampled: dict[tuple[str, str, str], int] = {}

    def operation(self, workload: str, name: str, method: str) -> OperationStats:
        """The statistics of one operation; the same object for the same names."""
        key = (workload, name)
        found = self._operations.get(key)
        if found is None:
            found = self._operations[key] = OperationStats(workload, name, method)
        return found

    def iteration(self, workload: str, duration_ns: int) -> None:
        """Counts one completed iteration."""
        values = self._iterations.get(workload)
        if values is None:
            values = self._iterations[workload] = []
        values.append((duration_ns + 500) // 1000)

    def check(self, name: str, ok: bool) -> None:
        counts = self._checks.get(name)
        if counts is None:
            counts = self._checks[name] = [0, 0]
        counts[0 if ok else 1] += 1

    def error(self, operation: str, phase: str, failure: str, sample: Sample) -> None:
        """Counts one failure; the first few of its kind are kept as samples."""
        key = (operation, phase, failure)
        now = perf_counter_ns() - self._start_ns
        group = self._errors.get(key)
        if group is None:
            group = self._errors[key] = ErrorInterval(operation, phase, failure, 0, now, now)
        group.count += 1
        group.last_ns = now
        kept = self._sampled.get(key, 0)
        if kept < _SAMPLES:
            self._sampled[key] = kept + 1
            sample.body = sample.body[:_BODY_LIMIT]
            group.samples.append(sample)

    def take_operations(self) -> list[OperationInterval]:
        return [interval for stats in self._operations.values() if (interval := stats.take())]

    def take_iterations(self) -> dict[str, Histogram]:
        taken: dict[str, Histogram] = {}
        for workload, values in self._iterations.items():
            if values:
                taken[workload] = Histogram()
                taken[workload].record_all(values)
                values.clear()
        return taken

    def take_checks(self) -> dict[str, tuple[int, int]]:
        taken = {name: (passes, fails) for name, (passes, fails) in self._checks.items()}
        self._checks.clear()
        return taken

    def take_errors(self) -> list[ErrorInterval]:
        taken = list(self._errors.values())
        self._errors.clear()
        return taken
