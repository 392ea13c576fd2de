"""The run's seconds as this viewer has been sent them: columns of numbers, ready to be cut and drawn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dmsperf_tui.run.snapshot import TimelineRow

Values = list[float | None]


@dataclass(slots=True)
class Timeline:
    """One list per series, a second per index; bounded by the eight hours that a run may last."""

    times: list[float] = field(default_factory=list)
    """The end of each second, on the run's clock."""
    planned: Values = field(default_factory=list)
    target: Values = field(default_factory=list)
    vus: Values = field(default_factory=list)
    requests: Values = field(default_factory=list)
    failed: Values = field(default_factory=list)
    p50: Values = field(default_factory=list)
    p95: Values = field(default_factory=list)
    p99: Values = field(default_factory=list)

    @property
    def end_s(self) -> float:
        return self.times[-1] if self.times else 0.0

    def extend(self, rows: Iterable[TimelineRow]) -> None:
        """Takes rows in order; one that is known already, as after a reconnection, is skipped."""
        for row in rows:
            at = float(row.second + 1)
            if at <= self.end_s:
                continue
            idle = not row.running
            self.times.append(at)
            self.planned.append(row.planned)
            self.target.append(row.target)
            self.vus.append(row.vus)
            self.requests.append(None if idle else row.requests)
            self.failed.append(None if idle else row.failed)
            self.p50.append(row.p50_ms)
            self.p95.append(row.p95_ms)
            self.p99.append(row.p99_ms)

    def since(self, start_s: float, values: Values) -> tuple[Sequence[float], Sequence[float | None]]:
        """The times and values of one series from `start_s` on, and one before it so that lines enter."""
        first = max(0, bisect_left(self.times, start_s) - 1)
        return self.times[first:], values[first:]
