"""A run second by second, and its segments: the time between two stages or load-changing events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.plan.metrics import RESPONSE_TIME
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.snapshot import TimelineRow
from dmsperf_tui.run.statistics import Second
from dmsperf_tui.run.totals import DURATION

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
    planned_rate: float = 0.0
    target_rate: float = 0.0
    waiting: int = 0
    open_vus: int = 0


@dataclass(slots=True)
class SegmentTotals:
    """One segment; `end` is the second after its last, None while it lasts."""

    start: int
    why: str
    vus: int
    rate: float = 0.0
    """The target rate when it began, in iterations a second."""
    warm_up: bool = False
    end: int | None = None
    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    """How long it was under load."""
    durations: Histogram = field(default_factory=Histogram)
    responses: Histogram = field(default_factory=Histogram)


def _ms(value_us: int) -> float:
    return value_us / 1000


def _percentiles(histogram: Histogram) -> tuple[float | None, float | None, float | None]:
    if not histogram.count:
        return None, None, None
    p50, p95, p99 = histogram.percentiles_us((50, 95, 99))
    return _ms(p50), _ms(p95), _ms(p99)


class Timeline:
    """Rows are appended as seconds close; `levels_now` tells the load at this instant."""

    def __init__(self, levels_now: Callable[[], Levels], *, warm_up: bool = False) -> None:
        self.rows: list[TimelineRow] = []
        self.segments: list[SegmentTotals] = []
        self.measured_s = 0.0
        """Time under load without the warm-up, up to the newest row; in the end all that the run has."""
        self.warm_up_s = 0.0
        """Time under load that the warm-up had: it ends with a whole second, whatever the plan says."""
        self._levels_now = levels_now
        self._levels: dict[int, Levels] = {}
        self._changed_s = 0.0
        self._closed = Levels(0, 0, 0, False)
        self._counted_ns = 0
        """What the run's clock showed at the end of the newest row."""
        self._warming_up = warm_up

    def mark(self, second: int) -> None:
        """Second `second` ends now: this is the load to show for it."""
        self._levels[second] = self._levels_now()

    def open_segment(self, at_s: float, why: str, vus: int, rate: float = 0.0) -> None:
        """A load-changing event at `at_s`; one that follows another within 2 s shares its segment."""
        since_last_s, self._changed_s = at_s - self._changed_s, at_s
        if self.segments and since_last_s < SHARED_S:
            newest = self.segments[-1]
            newest.vus, newest.rate = vus, rate
            if why != newest.why:
                newest.why = f"{newest.why}; {why}"
            return
        # The second in which the load changed belongs to what was before: it holds something of both.
        start = math.ceil(at_s) if self.segments else int(at_s)
        self._begin_segment(start, why, vus, rate)

    def _begin_segment(self, start: int, why: str, vus: int, rate: float) -> None:
        if self.segments:
            self.segments[-1].end = start
        self.segments.append(SegmentTotals(start, why, vus, rate, self._warming_up))

    def _end_warm_up(self, start: int, levels: Levels) -> None:
        """Second `start` is the first measured one. Seconds close late: a change since may have a segment."""
        self._warming_up = False
        place = self.segment_of(start) if self.segments else -1
        later = self.segments[place + 1 :]
        measured = SegmentTotals(start, "the warm-up is over", levels.target, levels.target_rate)
        if later:
            measured.end = later[0].start
        if place >= 0:
            self.segments[place].end = start
        self.segments[place + 1 :] = [measured, *later]
        for segment in later:
            segment.warm_up = False

    def segment_of(self, second: int) -> int:
        """The place of the segment that `second` belongs to."""
        for place in range(len(self.segments) - 1, -1, -1):
            if self.segments[place].start <= second:
                return place
        return 0

    def close(self, second: Second) -> TimelineRow:
        """One second is complete: its row, and its share of a segment."""
        levels = self._levels.pop(second.number, None) or self._levels_now()
        before, self._closed = self._closed, levels
        if self._warming_up and not second.warm_up:
            self._end_warm_up(second.number, before)
        under_load_s = self._count(second, levels)
        totals = second.totals
        durations, responses = totals.trend(DURATION), totals.trend(RESPONSE_TIME)
        p50, p95, p99 = _percentiles(durations)
        r50, r95, r99 = _percentiles(responses)
        row = TimelineRow(
            second=second.number,
            planned=levels.planned,
            target=levels.target,
            vus=levels.vus,
            requests=totals.requests,
            failed=totals.failed,
            iterations=second.iterations,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            max_ms=_ms(durations.max_us) if durations.count else None,
            running=levels.running or bool(totals.requests),
            warm_up=second.warm_up,
            planned_rate=levels.planned_rate,
            target_rate=levels.target_rate,
            starts=second.starts,
            dropped=second.dropped,
            waiting=levels.waiting,
            r50_ms=r50,
            r95_ms=r95,
            r99_ms=r99,
            open_vus=levels.open_vus,
            open_starts=second.open_starts,
        )
        self.rows.append(row)
        if self.segments:
            segment = self.segments[self.segment_of(second.number)]
            segment.requests += totals.requests
            segment.failed += totals.failed
            segment.seconds += under_load_s
            segment.durations.add(durations)
            segment.responses.add(responses)
        if second.warm_up:
            self.warm_up_s += under_load_s
        else:
            self.measured_s += under_load_s
        return row

    def _count(self, second: Second, levels: Levels) -> float:
        """How long the second was under load: all of them together as long as the run's clock shows."""
        if second.last:
            ends_ns = self._levels_now().elapsed_ns
        else:
            # It is marked a moment late; without a pause the run's clock showed its number when it ended.
            ends_ns = min(levels.elapsed_ns, (second.number + 1) * NS_PER_S)
        before_ns, self._counted_ns = self._counted_ns, max(self._counted_ns, ends_ns)
        return (self._counted_ns - before_ns) / NS_PER_S
