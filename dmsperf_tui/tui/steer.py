"""Where the load is and where it goes, with the newest change: acknowledged, reached, and what it did."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, WorkloadRow
from dmsperf_tui.tui.changes import effect, newest, no_effect_yet, pending, reached
from dmsperf_tui.tui.figures import closed_vus
from dmsperf_tui.tui.layout import small
from dmsperf_tui.tui.levels import by_rate, step, under_way
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import (
    STEERING,
    applied,
    count,
    per,
    rate_number,
    rate_unit_s,
    rate_words,
    shorten,
)

_MOST_LINES = 2
"""Workloads that have a line each where there is room; more are told together, and in their own table."""
_NARROW = 60


def change_line(event: EventRow | None, snapshot: RunSnapshot, scope: str | None, width: int) -> Content:
    """`04:02  VUs 40 → 50  ✓ applied in 0.6 s`."""
    if event is None:
        if by_rate(snapshot, scope):
            row = next(iter(under_way(snapshot, scope)), None)
            unit_s = row.time_unit_s if scope and row else rate_unit_s(snapshot)
            one, ten = (f"{rate_number(step(snapshot, scope) * steps)}{per(unit_s)}" for steps in (1, 10))
            long = f"No change by hand yet:  + and - change the rate by {one},  [ and ] by {ten},  r sets it."
            short = f"No change by hand yet.  + - {one}   [ ] {ten}   r set"
        else:
            long = "No change by hand yet:  + and - move the VU target by one,  [ and ] by ten,  v sets it."
            short = "No change by hand yet.  + - one VU   [ ] ten   v set"
        return Content.styled(long if width >= len(long) else short, "$foreground-muted")
    clock = format_clock(event.at_s)
    done = applied(event)
    others = len(pending(snapshot.events)) - (event.kind in STEERING and event.applied_s is None)
    if others:
        short = done.partition(" ")[0] if width < _NARROW else done
        done = f"{short} (+{others} pending)"
    glyph = "✗ " if event.kind == "worker-lost" else ""
    text = shorten(glyph + event.text, max(8, width - len(clock) - len(done) - 4))
    tone = "$success" if event.applied_s is not None and not others else "$warning"
    return Content.assemble((clock, "$foreground-muted"), "  ", (text, "bold"), "  ", (done, tone))


def effect_line(change: EventRow | None, view: View, width: int) -> Content:
    """`38 of 50 there   req/s 412 → 540   p95 183 → 240 ms`: how far the change is, what it did."""
    snapshot, timeline = view.snapshot, view.timeline
    if change is None or change.kind not in STEERING:
        return Content("")
    there = reached(timeline, snapshot, change)
    did = effect(timeline, snapshot.events, change, response=snapshot.info.open)
    words = [there] if there else []
    if did is not None:
        words.append(did.text)
    elif not snapshot.state.over and (why := no_effect_yet(timeline, snapshot.events, change)):
        words.append(why)
    while len(words) > 1 and len("   ".join(words)) > width - 7:
        words.pop(0)
    indent = " " * (len(format_clock(change.at_s)) + 2)
    return Content.styled(f"{indent}{shorten('   '.join(words), max(8, width - len(indent)))}", "$foreground")


def workload_line(row: WorkloadRow, width: int, named: int) -> Content:
    """`smoke  VUs 38 → 50  ▲ by hand (plan 45)  2 finishing  1,204 iterations`.

    Of an open workload `orders  rate 200/s  ▲ by hand (plan 100/s)  3 waiting  VUs 12/50 busy  ...`.
    """
    if row.open:
        level, plan = (rate_words(value, row.time_unit_s) for value in (row.target_rate, row.planned_rate))
        load = ("   rate ", f"{level:<6}")
    else:
        load, plan = ("   VUs ", f"{row.vus:>3} → {row.target:<3}"), str(row.planned)
    parts: list[str | tuple[str, str]] = [
        (shorten(row.name, named).ljust(named), "bold"),
        load[0],
        (load[1], "bold"),
    ]
    used = named + sum(map(len, load))
    hand = f"  ▲ by hand (plan {plan})" if row.by_hand else "  as planned"
    extras = [(hand, "$warning" if row.by_hand else "$foreground-muted")]
    extras += _late(row)
    if row.open:
        full = row.active and row.vus >= row.max_vus
        busy = f"  VUs {row.vus}/{row.max_vus} busy"
        extras.append((busy, "bold $warning" if full else "$foreground-muted"))
    if row.leaving:
        extras.append((f"  {row.leaving} finishing", "$foreground-muted"))
    if row.stages > 1 and row.stage:
        extras.append((f"  stage {row.stage}/{row.stages}", "$foreground-muted"))
    done = count(row.iterations) + (f"/{count(row.total_iterations)}" if row.total_iterations else "")
    extras.append((f"  {done} iteration" + ("" if done == "1" else "s"), "$foreground-muted"))
    if row.interrupted:
        extras.append((f"  {count(row.interrupted)} interrupted", "$foreground-muted"))
    extras.append((f"  {row.executor} · {row.flow}", "$foreground-muted"))
    for text, style in extras:
        if used + len(text) > width:
            break
        parts.append((text, style))
        used += len(text)
    return Content.assemble(*parts)


def _late(row: WorkloadRow) -> list[tuple[str, str]]:
    parts = [
        (row.waiting if row.open else 0, "waiting", "bold $warning"),
        (row.dropped, "dropped", "bold $error"),
        (row.cut, "cut", "bold $warning"),
    ]
    return [(f"  {count(number)} {word}", tone) for number, word, tone in parts if number]


def together_line(snapshot: RunSnapshot, width: int) -> Content:
    """`all 5 workloads   VUs 38 → 50   rate 120/s   ▲ 2 by hand   g goes through them`."""
    rows = under_way(snapshot)
    parts: list[tuple[str, str]] = [(f"all {len(rows)} workloads", "bold")]
    if any(not row.open for row in rows):
        parts.append((f"VUs {closed_vus(snapshot)} → {snapshot.heading}", "bold"))
    if any(row.open for row in rows):
        parts.append((f"rate {rate_words(snapshot.target_rate, rate_unit_s(snapshot))}", "bold"))
    if by_hand := sum(row.by_hand for row in rows):
        parts.append((f"▲ {by_hand} by hand", "$warning"))
    if snapshot.waiting:
        parts.append((f"{count(snapshot.waiting)} waiting", "bold $warning"))
    parts.append(("g goes through them", "$foreground-muted"))
    while len(parts) > 1 and sum(len(text) + 3 for text, _ in parts) - 3 > width:
        parts.pop()
    return Content("   ").join([Content.styled(*part) for part in parts])


class SteerPanel(VerticalScroll):
    """The load of what the keys steer, the newest change below it, and what came of that."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, can_focus=False)
        self._view: View | None = None
        self._title = ""

    def compose(self) -> ComposeResult:
        yield Reading(id="workload-lines")
        yield Reading(id="change-line")
        yield Reading(id="effect-line")

    def on_resize(self) -> None:
        self._paint()

    def show(self, view: View) -> None:
        self._view = view
        self._paint()

    def _paint(self) -> None:
        view, width = self._view, self.scrollable_content_region.width
        if view is None or width < 10:
            return
        snapshot = view.snapshot
        several = len(snapshot.workloads) > 1
        title = f"Steer · {view.scope or 'all workloads'}" if several else "Steer"
        if title != self._title:
            self._title = title
            self.border_title = Content(title)
        if snapshot.state is RunState.PREPARING:
            waiting = "The load can be steered here once it has started."
            self._put(Content.styled(waiting, "$foreground-muted"), Content(""), Content(""))
            return
        change = newest(view.timeline, snapshot.events)
        self._put(
            self._load_lines(view, width),
            change_line(change, snapshot, view.scope, width),
            effect_line(change, view, width),
        )

    def _load_lines(self, view: View, width: int) -> Content:
        rows = under_way(view.snapshot, view.scope)
        if len(rows) > (1 if small(*self.app.size) else _MOST_LINES):
            return together_line(view.snapshot, width)
        named = min(24, max((len(row.name) for row in rows), default=0))
        lines = [workload_line(row, width - 2, named) for row in rows]
        if view.scope and len(view.snapshot.workloads) > 1:
            # A small terminal has no title that says so.
            lines = [Content.assemble(("▸ ", "bold $accent"), line) for line in lines]
        return Content("\n").join(lines)

    def _put(self, *lines: Content) -> None:
        for reading, line in zip(self.query(Reading), lines, strict=True):
            reading.display = bool(line)
            reading.put(line)
