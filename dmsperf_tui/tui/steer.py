"""Where the load is and where it goes, with the newest change and its acknowledgement."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, WorkloadRow
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import applied, count, shorten

_SHOWN = ("vus", "release", "pause", "resume", "worker-lost", "note", "stop", "abort", "token")


def newest_change(events: tuple[EventRow, ...]) -> EventRow | None:
    """The last event that a person or a fault caused."""
    return next((event for event in reversed(events) if event.kind in _SHOWN), None)


def change_line(event: EventRow | None, width: int) -> Content:
    """`04:02  VUs 40 → 50  ✓ applied in 0.6 s`."""
    if event is None:
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
    """`smoke  VUs 38 → 50  by hand (plan 45)  2 leaving  1,204 iterations`."""
    parts: list[str | tuple[str, str]] = [
        (shorten(row.name, named).ljust(named), "bold"),
        "   VUs ",
        (f"{row.vus:>3} → {row.target:<3}", "bold"),
    ]
    used = named + 16
    hand = f"  ▲ by hand (plan {row.planned})" if row.by_hand else "  as planned"
    extras = [(hand, "$warning" if row.by_hand else "$foreground-muted")]
    if row.leaving:
        extras.append((f"  {row.leaving} finishing", "$foreground-muted"))
    done = count(row.iterations) + (f"/{count(row.total_iterations)}" if row.total_iterations else "")
    extras.append((f"  {done} iteration" + ("" if done == "1" else "s"), "$foreground-muted"))
    if row.interrupted:
        extras.append((f"  {count(row.interrupted)} cut", "$foreground-muted"))
    if row.dropped:
        extras.append((f"  {count(row.dropped)} dropped", "$warning"))
    extras.append((f"  {row.executor} · {row.flow}", "$foreground-muted"))
    for text, style in extras:
        if used + len(text) > width:
            break
        parts.append((text, style))
        used += len(text)
    return Content.assemble(*parts)


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
        self.query_one("#change-line", Reading).put(change_line(newest_change(snapshot.events), width))
