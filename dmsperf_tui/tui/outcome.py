"""What a run came to, once it is over or its host is gone."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.figures import late_parts
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.phases import LIVE, Phase
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import LOST, count, findings_word, outcome, percent, record_of


def farewell(snapshot: RunSnapshot, phase: Phase) -> str:
    """What stays on the terminal once the app has gone: how it ended, or how to take it up again."""
    info = snapshot.info
    if phase in LIVE:
        return f"run {info.id} goes on; take it up again: dmsperf-tui attach {info.id}"
    if phase is Phase.LOST:
        return f"the run's host is gone; its record is in {record_of(info)}"
    found = f", {findings_word(len(snapshot.health.findings))}" if snapshot.health.findings else ""
    return f"{outcome(snapshot).word.lower()}{found}; record: {record_of(info)}"


class OutcomePanel(VerticalScroll):
    """Outcome, exit code, the totals, and where the record is."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, can_focus=False)

    def compose(self) -> ComposeResult:
        yield Reading(id="outcome-line")
        yield Reading(id="record-line")

    def on_mount(self) -> None:
        self.border_title = "Run ended"

    def show(self, view: View) -> None:
        """Says how it ended, where that is known."""
        snapshot, lost = view.snapshot, view.lost
        tone = LOST if lost else outcome(snapshot)
        parts = [tone.content()]
        if findings := snapshot.health.findings:
            parts.append(Content.styled(f"▲ {findings_word(len(findings))}", "bold $warning"))
        self.set_class("success" in tone.style, "-good")
        self.set_class("error" in tone.style, "-bad")
        if lost:
            text = f"the run's host is gone; its record is in {record_of(snapshot.info)}"
            self.query_one("#record-line", Reading).put(Content(text))
        else:
            record = Content.assemble(("record  ", "$foreground-muted"), record_of(snapshot.info))
            if snapshot.message:
                record = Content(f"{snapshot.message}\n") + record
            self.query_one("#record-line", Reading).put(record)
            if snapshot.exit_code is not None:
                parts.append(Content.styled(f"exit code {snapshot.exit_code}", "bold"))
        if snapshot.requests:
            failed = percent(snapshot.failed, snapshot.requests)
            totals = (
                f"{format_clock(snapshot.elapsed_s)}  {count(snapshot.requests)} requests  {failed} % errors"
            )
            parts.append(Content("  ").join([Content(totals), *late_parts(snapshot)]))
        self.query_one("#outcome-line", Reading).put(Content("   ").join(parts))
