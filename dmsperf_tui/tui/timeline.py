"""The run's seconds as this viewer has been sent them: columns of numbers, ready to be cut and drawn."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from dmsperf_tui.run.snapshot import TimelineRow
from dmsperf_tui.tui.chart_data import Memo

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
    """All of them, as `target` is for the closed ones alone."""
    closed_vus: Values = field(default_factory=list)
    """Those of closed workloads."""
    planned_rate: Values = field(default_factory=list)
    """Iterations a second."""
    target_rate: Values = field(default_factory=list)
    starts: Values = field(default_factory=list)
    """Iterations that started, a second: of this one, or the mean of a few where they are rare."""
    open_starts: Values = field(default_factory=list)
    """Those of them that open workloads made."""
    requests: Values = field(default_factory=list)
    failed: Values = field(default_factory=list)
    """None where none did."""
    failed_percent: Values = field(default_factory=list)
    """The share of the requests; None where there was none."""
    p50: Values = field(default_factory=list)
    p95: Values = field(default_factory=list)
    p99: Values = field(default_factory=list)
    r50: Values = field(default_factory=list)
    """Response time of open workloads."""
    r95: Values = field(default_factory=list)
    r99: Values = field(default_factory=list)
    measured_from_s: float | None = None
    """When the warm-up was over; None while it is not, and where there was none."""
    paused_s: int = 0
    """Seconds that were paused from start to end."""
    tells_open_starts: bool = False
    """Whether any second had one: records of old do not tell them apart."""
    any_failed: bool = False
    memo: Memo = field(default_factory=dict)
    """For charts of these columns."""
    _newest: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=_LONGEST))
    """The target rate, the starts and the open ones of the newest seconds under load."""
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
            self.paused_s += idle
            self.times.append(at)
            self.planned.append(row.planned)
            self.target.append(row.target)
            self.vus.append(row.vus)
            self.closed_vus.append(row.vus - row.open_vus)
            self.planned_rate.append(row.planned_rate)
            self.target_rate.append(row.target_rate)
            starts, open_starts = (None, None) if idle else self._mean_starts(row)
            self.starts.append(starts)
            self.open_starts.append(open_starts)
            self.tells_open_starts = self.tells_open_starts or row.open_starts > 0
            self.requests.append(None if idle else row.requests)
            self.failed.append(row.failed or None)
            self.any_failed = self.any_failed or row.failed > 0
            self.failed_percent.append(100 * row.failed / row.requests if row.requests else None)
            self.p50.append(row.p50_ms)
            self.p95.append(row.p95_ms)
            self.p99.append(row.p99_ms)
            self.r50.append(row.r50_ms)
            self.r95.append(row.r95_ms)
            self.r99.append(row.r99_ms)

    def _mean_starts(self, row: TimelineRow) -> tuple[float, float]:
        """Of all workloads and of the open ones."""
        self._newest.append((row.target_rate, row.starts, row.open_starts))
        wanted = math.ceil(_ENOUGH / row.target_rate) if row.target_rate > 0 else 1
        seconds = starts = opened = 0
        for target, in_second, open_in_second in reversed(self._newest):
            # Not beyond a change: what was there before it is another rate.
            if seconds and (seconds >= wanted or not target / 2 <= row.target_rate <= target * 2):
                break
            seconds += 1
            starts += in_second
            opened += open_in_second
        return starts / seconds, opened / seconds
