"""What a change of load has come to: acknowledged, reached, and what it did to throughput and latency."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, WorkloadRow
from dmsperf_tui.tui.events import named, newest_change, parts_of
from dmsperf_tui.tui.levels import under_way
from dmsperf_tui.tui.timeline import Timeline
from dmsperf_tui.tui.wording import STEERING, milliseconds, rate, rate_unit_s, rate_words

LEAST_S, MOST_S = 3, 10
"""So many whole seconds are compared on each side of a change."""
_TOGETHER_S = 2.0
"""Changes so near each other are one, as in the record's segments."""
_PATIENCE_S = 300
"""A level that was not there by then is there for another reason."""
_RECENT = 100
_NEAR = 0.05
"""A second's starts come so near to the rate that was set."""
_BREAKS = {*STEERING, "start", "pause", "resume", "worker-lost", "stop", "abort"}
"""Seconds on two sides of these are not to be compared."""
_PASSING, PASSING_S = ("note", "token"), 10.0
_OVER = re.compile(r" over (\d+(?:\.\d+)?) s\b")
_GOAL = re.compile(r"→ (?:[^(]*\()?(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
"""`→ 200/s`, `→ 2 times the plan (76)`, `→ plan (38)`."""


@dataclass(frozen=True, slots=True)
class Means:
    """Some seconds under load."""

    rate: float
    """Requests a second."""
    p95_ms: float | None
    """Of their p95s the median; to merge percentiles takes their histograms, which a viewer has not."""


@dataclass(frozen=True, slots=True)
class Effect:
    before: Means
    since: Means
    response: bool = False
    """The p95s are of response time, rather than of service time."""

    @property
    def text(self) -> str:
        """`req/s 412 → 540   p95 183 → 240 ms`."""
        said = f"req/s {rate(self.before.rate)} → {rate(self.since.rate)}"
        if self.before.p95_ms is not None and self.since.p95_ms is not None:
            of = "p95 response" if self.response else "p95"
            said += f"   {of} {milliseconds(self.before.p95_ms)} → {milliseconds(self.since.p95_ms)} ms"
        return said


def newest(timeline: Timeline, events: Sequence[EventRow]) -> EventRow | None:
    """The change to tell of. What changes no load is told for a while, then the change before it again."""
    event = newest_change(events)
    if event is None or event.kind not in _PASSING or timeline.end_s - event.at_s < PASSING_S:
        return event
    return newest_change([each for each in events if each.kind not in _PASSING]) or event


def ramp_s(event: EventRow) -> float:
    """How long the change takes to its level."""
    return max((float(found) for found in _OVER.findall(event.text)), default=0.0)


def pending(events: Sequence[EventRow]) -> list[EventRow]:
    """Changes that not all workers have acknowledged; of a long run's many events the newest ones."""
    return [event for event in events[-_RECENT:] if event.kind in STEERING and event.applied_s is None]


def effect(
    timeline: Timeline, events: Sequence[EventRow], change: EventRow, *, response: bool = False
) -> Effect | None:
    """The whole seconds before `change` against those since it was reached; None while they are too few.

    A burst of changes counts as one. `response`: p95 of response time, rather than of service time.
    """
    before, since = _sides(timeline, events, change, response=response) or (None, None)
    return Effect(before, since, response) if before and since else None


def no_effect_yet(timeline: Timeline, events: Sequence[EventRow], change: EventRow) -> str:
    """When the effect will be told, or that it will not be; nothing where it can be told."""
    sides = _sides(timeline, events, change, response=False)
    if sides is None:
        return ""
    before, since = sides
    if before is None:
        passing = timeline.end_s - change.at_s < PASSING_S
        return "too few seconds before it to tell what it does" if passing else ""
    if since is not None:
        return ""
    at_level = " at its level" if ramp_s(change) else ""
    return f"what it does is told after {LEAST_S} whole seconds{at_level}"


def _sides(
    timeline: Timeline, events: Sequence[EventRow], change: EventRow, *, response: bool
) -> tuple[Means | None, Means | None] | None:
    """The seconds before and since, each None while too few; None where something else came since."""
    # Of a long run's many events only the newest are looked at.
    breaks = (event for event in reversed(events) if event.kind in _BREAKS and event.at_s >= 0)
    first = next(breaks, None)
    if first is not change:
        return None  # What came since has another cause as well.
    reached_s, before_it = _done_s(change), next(breaks, None)
    while before_it and before_it.kind in STEERING and first.at_s - before_it.at_s < _TOGETHER_S:
        first, before_it = before_it, next(breaks, None)
        reached_s = max(reached_s, _done_s(first))
    began_s, steady_s = first.at_s, _done_s(before_it) if before_it else 0.0
    p95 = timeline.r95 if response else timeline.p95
    before = _means(timeline, p95, math.ceil(steady_s), math.floor(began_s))
    return before, _means(timeline, p95, math.ceil(reached_s), math.inf)


def _done_s(event: EventRow) -> float:
    """When its level was set, on all workers, at the latest."""
    return event.at_s + (event.applied_s or 0.0) + ramp_s(event)


def _means(timeline: Timeline, p95: Sequence[float | None], from_s: float, until_s: float) -> Means | None:
    """Of the newest seconds that lie wholly between the two instants and were under load."""
    first = bisect_left(timeline.times, from_s + 1)
    last = bisect_right(timeline.times, until_s)
    places = [at for at in range(first, last) if timeline.requests[at] is not None][-MOST_S:]
    if len(places) < LEAST_S:
        return None
    latencies = [value for at in places if (value := p95[at]) is not None]
    requests = [timeline.requests[at] or 0.0 for at in places]
    return Means(fmean(requests), median(latencies) if latencies else None)


def _meant(snapshot: RunSnapshot, change: EventRow) -> list[WorkloadRow]:
    """The workloads that a change names, or all that are under way."""
    names = named(change, [row.name for row in snapshot.workloads])
    rows = [row for row in snapshot.workloads if row.active and row.name in names]
    return rows if names else under_way(snapshot)


def _goal(timeline: Timeline, change: EventRow, rows: Sequence[WorkloadRow]) -> float | None:
    """Where a ramp ends, in VUs or starts a second, while the target is on its way there.

    A rate's ramp goes on until a whole second has shown its end. A pause is no part of it.
    """
    since = bisect_right(timeline.times, change.at_s)
    paused_s = sum(requests is None for requests in timeline.requests[since:])
    if not ramp_s(change) or timeline.end_s - change.at_s - paused_s >= ramp_s(change) + 1:
        return None
    parts, goal = parts_of(change), 0.0
    for row in rows:
        part = next((part for part in parts if part.startswith(f"{row.name}: ")), parts[0])
        match = _GOAL.search(part)
        if match is None:
            return None
        goal += float(match[1]) / (row.time_unit_s if row.open else 1)
    return goal


def reached(timeline: Timeline, snapshot: RunSnapshot, change: EventRow) -> str:
    """`38 of 50 there`, `there within 4 s`; nothing of a change that has no level to reach."""
    if change.kind not in STEERING or change.kind in ("weights", "extend") or "most VUs" in change.text:
        return ""
    rows = _meant(snapshot, change)
    if not rows or len({row.open for row in rows}) > 1:
        return ""
    alone = len(rows) == len(under_way(snapshot))
    if rows[0].open:
        return _rate_reached(timeline, snapshot, change, rows, alone)
    return _vus_reached(timeline, snapshot, change, rows, alone)


def _vus_reached(
    timeline: Timeline, snapshot: RunSnapshot, change: EventRow, rows: Sequence[WorkloadRow], alone: bool
) -> str:
    goal = None if alone else _goal(timeline, change, rows)
    aim = snapshot.heading if alone else sum(row.target for row in rows) if goal is None else round(goal)
    there = sum(row.vus for row in rows)
    if there < aim:
        return f"{there} of {aim} there"
    if there > aim:
        return f"{there - aim} more to finish"
    if not alone:
        return "there"
    return _within(timeline, change, timeline.vus, timeline.target, 0.0)


def _rate_reached(
    timeline: Timeline, snapshot: RunSnapshot, change: EventRow, rows: Sequence[WorkloadRow], alone: bool
) -> str:
    starts = timeline.starts[-1] if timeline.starts else None
    if not alone or starts is None:
        return ""
    goal, unit_s = _goal(timeline, change, rows), rate_unit_s(snapshot)
    aim = snapshot.target_rate if goal is None else goal
    if goal is not None or abs(starts - aim) > max(1.0, _NEAR * aim):
        return f"{rate(starts * unit_s)} of {rate_words(aim, unit_s)} there"
    return _within(timeline, change, timeline.starts, timeline.target_rate, _NEAR)


def _within(
    timeline: Timeline,
    change: EventRow,
    actual: Sequence[float | None],
    target: Sequence[float | None],
    near: float,
) -> str:
    """By when the level was there, in whole seconds: the timeline knows no shorter ones."""
    done_s = change.at_s + ramp_s(change)
    # Of starts the second has to be a whole one; VUs are those at its end.
    first = bisect_left(timeline.times, done_s + (1 if near else 0))
    for at in range(first, min(len(timeline.times), first + _PATIENCE_S)):
        have, want = actual[at], target[at]
        if have is None or want is None:
            continue
        if abs(have - want) <= (max(1.0, near * want) if near else 0):
            return f"there within {math.ceil(timeline.times[at] - change.at_s)} s"
    return "there"
