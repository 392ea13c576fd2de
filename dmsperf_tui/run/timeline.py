"""A run second by second, and its segments: the time between two stages or load-changing events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.snapshot import TimelineRow
from dmsperf_tui.run.statistics import Second

SHARED_S = 2
"""Changes so close to each other share one segment."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The load at one instant."""

    planned: int
    target: int
    vus: int
    running: bool
    elapsed_ns: int = 0
    """The run's clock."""


@dataclass(slots=True)
class SegmentTotals:
    """One segment; `end` is the second after its last, None while it lasts."""

    start: int
    why: str
    vus: int
    end: int | None = None
    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    """How long it was under load."""
    durations: Histogram = field(default_factory=Histogram)


def _ms(value_us: int) -> float:
    return value_us / 1000


class Timeline:
    """Rows are appended as seconds close; `levels_now` tells the load at this instant."""

    def __init__(self, levels_now: Callable[[], Levels]) -> None:
        self.rows: list[TimelineRow] = []
        self.segments: list[SegmentTotals] = []
        self._levels_now = levels_now
        self._levels: dict[int, Levels] = {}
        self._changed_s = 0.0
        self._closed_ns = 0

    def mark(self, second: int) -> None:
        """Second `second` ends now: this is the load to show for it."""
        self._levels[second] = self._levels_now()

    def open_segment(self, at_s: float, why: str, vus: int) -> None:
        """A load-changing event at `at_s`; one that follows another within 2 s shares its segment."""
        since_last_s, self._changed_s = at_s - self._changed_s, at_s
        if self.segments and since_last_s < SHARED_S:
            newest = self.segments[-1]
            newest.vus = vus
            if why != newest.why:
                newest.why = f"{newest.why}; {why}"
            return
        # The second in which the load changed belongs to what was before: it holds something of both.
        start = math.ceil(at_s) if self.segments else int(at_s)
        if self.segments:
            self.segments[-1].end = start
        self.segments.append(SegmentTotals(start, why, vus))

    def close(self, second: Second) -> TimelineRow:
        """One second is complete: its row, and its share of a segment."""
        levels = self._levels.pop(second.number, None) or self._levels_now()
        durations = second.durations()
        p50, p95, p99 = durations.percentiles_us((50, 95, 99))
        some = durations.count > 0
        row = TimelineRow(
            second=second.number,
            planned=levels.planned,
            target=levels.target,
            vus=levels.vus,
            requests=second.requests,
            failed=second.failed,
            iterations=second.iterations,
            p50_ms=_ms(p50) if some else None,
            p95_ms=_ms(p95) if some else None,
            p99_ms=_ms(p99) if some else None,
            max_ms=_ms(durations.max_us) if some else None,
            running=levels.running or bool(second.requests),
        )
        self.rows.append(row)
        for segment in reversed(self.segments):
            if segment.start <= second.number:
                segment.requests += second.requests
                segment.failed += second.failed
                segment.seconds += max(0, levels.elapsed_ns - self._closed_ns) / NS_PER_S
                segment.durations.add(durations)
                break
        self._closed_ns = max(self._closed_ns, levels.elapsed_ns)
        return row
