"""The checks that flows make of answers: how many held, and how many did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.plain import line
from dmsperf_tui.run.snapshot import CheckRow, RunSnapshot
from dmsperf_tui.tui.entities import bar
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import count, percent

_BAR = 8
_LEAST_NAME = 16


def check_lines(rows: Sequence[CheckRow], width: int) -> list[Content]:
    """`✗ school was created   1,204 of 1,210 held   0.5 % failed  ━───────`, the most failing first.

    In columns: the bar goes where there is no room for it, then the counts; names are cut in their middle.
    """
    ordered = sorted(rows, key=lambda row: -row.fails / (row.passes + row.fails or 1))
    names = {row.name: line(row.name) for row in ordered}
    counts = {row.name: f"{count(row.passes)} of {count(row.passes + row.fails)} held" for row in ordered}
    longest, counted = (max(map(len, texts.values()), default=0) for texts in (names, counts))
    failed, least = len("100.0 % failed"), min(longest, _LEAST_NAME)
    bars = _BAR if 2 + longest + 2 + counted + 2 + failed + 2 + _BAR <= width else 0
    if 2 + least + 2 + counted + 2 + failed > width:
        counted = 0
    room = width - 2 - (counted + 2 if counted else 0) - 2 - failed - (bars + 2 if bars else 0)
    if room < 8:
        room, failed = max(1, width - 2), 0
    cuts = distinct_cuts(names.values(), room)
    lines = []
    for row in ordered:
        glyph, tone = ("✗", "bold $error") if row.fails else ("✓", "$success")
        total = row.passes + row.fails
        parts: list[str | tuple[str, str]] = [(f"{glyph} ", tone), cuts[names[row.name]].ljust(room)]
        if counted:
            parts.append(f"  {counts[row.name]:>{counted}}")
        if failed:
            parts.append((f"  {percent(row.fails, total):>5} % failed", tone))
        if bars:
            parts.append((f"  {bar(row.fails, total, bars)}", tone if row.fails else "$foreground-muted"))
        lines.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    return lines


class ChecksPanel(VerticalScroll, RunPanel):
    """Those that fail first."""

    TITLE: ClassVar = "Checks"
    SHORT: ClassVar = "Checks"
    ABOUT: ClassVar = (
        "what flows check of answers: ✓ always held, ✗ failed at least once; ━ the share that failed"
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[CheckRow, ...] = ()

    def compose(self) -> ComposeResult:
        yield Reading(classes="lines")

    def on_resize(self) -> None:
        self._paint()

    def badge(self, snapshot: RunSnapshot) -> str:
        failing = sum(row.fails > 0 for row in snapshot.checks)
        return f"✗{failing}" if failing else ""

    def show(self, view: View) -> None:
        self._rows = view.snapshot.checks
        self._paint()

    def _paint(self) -> None:
        width, rows = self.scrollable_content_region.width, self._rows
        failing = sum(row.fails > 0 for row in rows)
        state = f" · {failing} of {len(rows)} ✗" if failing else f" · {len(rows)}" if rows else ""
        self.border_title = Content(f"{self.TITLE}{state}")
        if width < 4:
            return
        if rows:
            content = Content("\n").join(check_lines(rows, width))
        else:
            text = "No checks so far. What flows check of answers is counted here, under the check's name."
            content = Content.styled(text, "$foreground-muted")
        self.query_one(Reading).put(content)
