"""Where the load is and where it goes, with the newest change and its acknowledgement."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, WorkloadRow
from dmsperf_tui.tui.events import newest_change
from dmsperf_tui.tui.levels import by_rate, step
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import (
    applied,
    count,
    per,
    rate_number,
    rate_unit_s,
    rate_words,
    shorten,
)


def change_line(event: EventRow | None, snapshot: RunSnapshot, width: int) -> Content:
    """`04:02  VUs 40 → 50  ✓ applied in 0.6 s`."""
    if event is None:
        if by_rate(snapshot):
            unit = per(rate_unit_s(snapshot))
            one, ten = (f"{rate_number(step(snapshot) * steps)}{unit}" for steps in (1, 10))
            long = f"No change by hand yet:  + and - change the rate by {one},  [ and ] by {ten},  v sets it."
            short = f"No change by hand yet.  + - {one}   [ ] {ten}   v set"
        else:
            long = "No change by hand yet:  + and - move the VU target by one,  [ and ] by ten,  v sets it."
            short = "No change by hand yet.  + - one VU   [ ] ten   v set"
        return Content.styled(long if width >= len(long) else short, "$foreground-muted")
    clock = format_clock(event.at_s)
    done = applied(event)
    glyph = "✗ " if event.kind == "worker-lost" else ""
    text = shorten(glyph + event.text, max(8, width - len(clock) - len(done) - 4))
    tone = "$success" if event.applied_s is not None else "$warning"
    return Content.assemble((clock, "$foreground-muted"), "  ", (text, "bold"), "  ", (done, tone))


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


class SteerPanel(VerticalScroll):
    """The newest change first, then a line for each workload."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, can_focus=False)
        self._snapshot: RunSnapshot | None = None

    def compose(self) -> ComposeResult:
        yield Reading(id="workload-lines")
        yield Reading(id="change-line")

    def on_mount(self) -> None:
        self.border_title = "Steer"

    def on_resize(self) -> None:
        self._paint()

    def show(self, snapshot: RunSnapshot) -> None:
        self._snapshot = snapshot
        self._paint()

    def _paint(self) -> None:
        snapshot, width = self._snapshot, self.scrollable_content_region.width
        if snapshot is None or width < 10:
            return
        rows = snapshot.workloads
        named = min(24, max((len(row.name) for row in rows), default=0))
        if snapshot.state is RunState.PREPARING:
            waiting = "The load can be steered here once it has started."
            self.query_one("#workload-lines", Reading).put(Content.styled(waiting, "$foreground-muted"))
            self.query_one("#change-line", Reading).put(Content(""))
            return
        lines = [workload_line(row, width, named) for row in rows]
        self.query_one("#workload-lines", Reading).put(Content("\n").join(lines))
        change = change_line(newest_change(snapshot.events), snapshot, width)
        self.query_one("#change-line", Reading).put(change)
