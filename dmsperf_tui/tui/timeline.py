"""The run's seconds as this viewer has been sent them: columns of numbers, ready to be cut and drawn."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dmsperf_tui.run.snapshot import TimelineRow

Values = list[float | None]
_ENOUGH = 10
"""Starts that a rate is worth reading from: a lower rate is averaged over more seconds ..."""
_LONGEST = 10
"""... yet not over more than so many: at 1.5/s the seconds have one start or two."""


@dataclass(slots=True)
class Timeline:
    """One list per series, a second per index; bounded by the eight hours that a run may last."""

    times: list[float] = field(default_factory=list)
    """The end of each second, on the run's clock."""
    planned: Values = field(default_factory=list)
    target: Values = field(default_factory=list)
    vus: Values = field(default_factory=list)
    planned_rate: Values = field(default_factory=list)
    """Iterations a second."""
    target_rate: Values = field(default_factory=list)
    starts: Values = field(default_factory=list)
    """Iterations that started, a second: of this one, or the mean of a few where they are rare."""
    requests: Values = field(default_factory=list)
    failed: Values = field(default_factory=list)
    p50: Values = field(default_factory=list)
    p95: Values = field(default_factory=list)
    p99: Values = field(default_factory=list)
    r50: Values = field(default_factory=list)
    """Response time of open workloads."""
    r95: Values = field(default_factory=list)
    r99: Values = field(default_factory=list)
    measured_from_s: float | None = None
    """When the warm-up was over; None while it is not, and where there was none."""
    _newest: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_LONGEST))
    """The target rate and the starts of the newest seconds under load."""
    _warming_up: bool = False

    @property
    def end_s(self) -> float:
        return self.times[-1] if self.times else 0.0

    def extend(self, rows: Iterable[TimelineRow]) -> None:
        """Takes rows in order; one that is known already, as after a reconnection, is skipped."""
        for row in rows:
            at = float(row.second + 1)
            if at <= self.end_s:
                continue
            if self._warming_up and not row.warm_up:
                self.measured_from_s = float(row.second)
            self._warming_up = row.warm_up
            idle = not row.running
            self.times.append(at)
            self.planned.append(row.planned)
            self.target.append(row.target)
            self.vus.append(row.vus)
            self.planned_rate.append(row.planned_rate)
            self.target_rate.append(row.target_rate)
            self.starts.append(None if idle else self._mean_starts(row))
            self.requests.append(None if idle else row.requests)
            self.failed.append(None if idle else row.failed)
            self.p50.append(row.p50_ms)
            self.p95.append(row.p95_ms)
            self.p99.append(row.p99_ms)
            self.r50.append(row.r50_ms)
            self.r95.append(row.r95_ms)
            self.r99.append(row.r99_ms)

    def _mean_starts(self, row: TimelineRow) -> float:
        self._newest.append((row.target_rate, row.starts))
        wanted = math.ceil(_ENOUGH / row.target_rate) if row.target_rate > 0 else 1
        taken: list[int] = []
        for target, starts in reversed(self._newest):
            # Not beyond a change: what was there before it is another rate.
            if taken and (len(taken) >= wanted or not target / 2 <= row.target_rate <= target * 2):
                break
            taken.append(starts)
        return sum(taken) / len(taken)

    def since(self, start_s: float, values: Values) -> tuple[Sequence[float], Sequence[float | None]]:
        """The times and values of one series from `start_s` on, and one before it so that lines enter."""
        first = max(0, bisect_left(self.times, start_s) - 1)
        return self.times[first:], values[first:]
