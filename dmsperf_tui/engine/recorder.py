"""What a worker measures: per operation and outcome, handed over as one interval a second.

On the hot path a sample is an append; values are folded into buckets in batches. Phases that did not
happen (no connect, no TLS) are counted, not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter_ns

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.measures import MOST_SERIES, OTHER_NAMES, Measures, sendable
from dmsperf_tui.engine.messages import ErrorInterval, MetricInterval, OperationInterval, Sample
from dmsperf_tui.plan.metrics import RESPONSE_TIME

_BATCH = 512
_SAMPLES = 5
"""How many failed requests of a group are kept for people to look at, per worker."""
_BODY_LIMIT = 4096
MOST_OPERATIONS = 1000
"""Operations beyond the first thousand are counted as one, and so are kinds of errors."""
_PHASES = ("http_req_duration", "http_req_sending", "http_req_waiting", "http_req_receiving")
_RARE = ("http_req_blocked", "http_req_connecting", "http_req_tls_handshaking")


class _Outcome:
    """Requests of one operation that ended with the same status, all well or all failed."""

    __slots__ = ("failed", "folded", "pending", "rare", "requests", "response_ns", "status")

    def __init__(self, status: int, failed: bool) -> None:
        self.status = status
        self.failed = failed
        self.requests = 0
        self.pending: list[tuple[int, int, int, int]] = []
        self.rare: list[tuple[int, int, int]] = []
        self.response_ns: list[int] = []
        self.folded: dict[str, Histogram] = {}

    def _trend(self, metric: str) -> Histogram:
        return self.folded.setdefault(metric, Histogram())

    def fold(self) -> None:
        if self.pending:
            for metric, values in zip(_PHASES, zip(*self.pending, strict=True), strict=True):
                self._trend(metric).record_all([(value + 500) // 1000 for value in values])
            self.pending.clear()
        if self.rare:
            for metric, rare in zip(_RARE, zip(*self.rare, strict=True), strict=True):
                self._trend(metric).record_all([(value + 500) // 1000 for value in rare])
            self.rare.clear()
        if self.response_ns:
            self._trend(RESPONSE_TIME).record_all([(value + 500) // 1000 for value in self.response_ns])
            self.response_ns.clear()

    def take(self) -> dict[str, Histogram]:
        self.fold()
        for metric in _RARE:
            trend = self._trend(metric)
            trend.record_zeros(self.requests - trend.count)
        taken, self.folded, self.requests = self.folded, {}, 0
        return taken


class OperationStats:
    """One operation of one workload, in one group and with the same tags, since the last interval."""

    __slots__ = ("_outcomes", "group", "method", "name", "tags", "workload")

    def __init__(
        self, workload: str, name: str, method: str, group: str = "", tags: Mapping[str, str] | None = None
    ) -> None:
        self.workload = workload
        self.name = name
        self.method = method
        self.group = group
        self.tags = dict(tags or {})
        self._outcomes: dict[int, _Outcome] = {}

    def record(self, response: Response, failed: bool, late_ns: int = -1) -> None:
        """Counts one request that ended; one that never went out in full has no duration.

        `late_ns` is how long after its planned start the request that opens an open iteration was made.
        """
        status = response.status
        key = ~status if failed else status
        outcome = self._outcomes.get(key)
        if outcome is None:
            outcome = self._outcomes[key] = _Outcome(status, failed)
        outcome.requests += 1
        if response.blocked_ns:
            outcome.rare.append((response.blocked_ns, response.connecting_ns, response.tls_handshaking_ns))
        if status or response.error is None or response.waiting_ns:
            pending = outcome.pending
            pending.append(
                (response.duration_ns, response.sending_ns, response.waiting_ns, response.receiving_ns)
            )
            if late_ns >= 0:
                outcome.response_ns.append(late_ns + response.blocked_ns + response.duration_ns)
            if len(pending) >= _BATCH:
                outcome.fold()

    def take(self) -> list[OperationInterval]:
        """What came since the last call."""
        return [
            OperationInterval(
                self.workload,
                self.name,
                self.method,
                outcome.requests,
                outcome.take(),
                outcome.status,
                outcome.failed,
                self.group,
                self.tags,
            )
            for outcome in self._outcomes.values()
            if outcome.requests
        ]


class Recorder:
    """Everything that one worker measures; `start_ns` is the start of load."""

    def __init__(self, start_ns: int) -> None:
        self.measures = Measures(self._too_many)
        self._start_ns = start_ns
        self._operations: dict[tuple[object, ...], OperationStats] = {}
        self._errors: dict[tuple[str, str, str], ErrorInterval] = {}
        self._sampled: dict[tuple[str, str, str], int] = {}

    def operation(
        self, workload: str, name: str, method: str, group: str = "", tags: Mapping[str, str] | None = None
    ) -> OperationStats:
        """The statistics of one operation; the same object for the same names and tags."""
        name, group = sendable(name), sendable(group)
        tags = {sendable(key): sendable(value) for key, value in tags.items()} if tags else {}
        labels = tuple(sorted(tags.items()))
        key = (workload, name, method, group, labels)
        found = self._operations.get(key)
        if found is None:
            if len(self._operations) >= MOST_OPERATIONS and name != OTHER_NAMES:
                sample = Sample(name, 0, f"more than {MOST_OPERATIONS} operations: names must not hold ids")
                self.error(OTHER_NAMES, "flow", "too many names", sample)
                return self.operation(workload, OTHER_NAMES, method)
            found = self._operations[key] = OperationStats(workload, name, method, group, tags)
        return found

    def error(self, operation: str, phase: str, failure: str, sample: Sample) -> None:
        """Counts one failure; the first few of its kind are kept as samples."""
        key = self._kind(operation, phase, failure)
        if key[0] == OTHER_NAMES != operation:
            sample.detail = f"{operation}: {failure}: {sample.detail}"
        now = perf_counter_ns() - self._start_ns
        group = self._errors.get(key)
        if group is None:
            group = self._errors[key] = ErrorInterval(*key, 0, now, now)
        group.count += 1
        group.last_ns = now
        kept = self._sampled.get(key, 0)
        if kept < _SAMPLES:
            self._sampled[key] = kept + 1
            sample.request, sample.detail = sendable(sample.request), sendable(sample.detail[:_BODY_LIMIT])
            sample.body = sendable(sample.body[:_BODY_LIMIT])
            sample.sent = sendable(sample.sent[:_BODY_LIMIT])
            sample.at_s = round(now / 1e9, 3)
            group.samples.append(sample)

    def wants_sample(self, operation: str, phase: str, failure: str) -> bool:
        """Whether a sample of such a failure would be kept: making one costs."""
        return self._sampled.get(self._kind(operation, phase, failure), 0) < _SAMPLES

    def _kind(self, operation: str, phase: str, failure: str) -> tuple[str, str, str]:
        """The group that an error is counted in: beyond the first thousand, one for each phase."""
        key = (sendable(operation), phase, sendable(failure))
        if key in self._sampled or len(self._sampled) < MOST_OPERATIONS or operation == OTHER_NAMES:
            return key
        return OTHER_NAMES, phase, "too many kinds of errors"

    def _too_many(self, metric: str, tags: str) -> None:
        sample = Sample(tags, 0, f"more than {MOST_SERIES} tags of {metric}: names must not hold ids")
        self.error(OTHER_NAMES, "flow", f"too many tags of {metric}", sample)

    def take_operations(self) -> list[OperationInterval]:
        return [interval for stats in self._operations.values() for interval in stats.take()]

    def take_metrics(self) -> list[MetricInterval]:
        return self.measures.take()

    def take_errors(self) -> list[ErrorInterval]:
        taken = list(self._errors.values())
        self._errors.clear()
        return taken
