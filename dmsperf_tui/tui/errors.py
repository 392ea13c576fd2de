"""The error log: failures grouped and counted, newest first."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import ErrorRow
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import count, middle_cut, shorten

_MOST = 50
"""Kinds of failure on the screen; the record has all."""


def error_line(row: ErrorRow, width: int) -> Content:
    """`    29 × POST schools  409  first line of sample   04:08`. Server text, so never markup."""
    clock = format_clock(row.last_s)
    number = f"{count(row.count):>6} × "
    room = width - len(number) - len(clock) - 2
    head = f"{middle_cut(row.operation, max(8, room - len(row.kind) - 2))}  {row.kind}"
    rest = ""
    if row.sample and room - len(head) - 2 > 12:
        rest = "  " + shorten(row.sample, room - len(head) - 2)
    gap = " " * max(2, width - len(number) - len(head) - len(rest) - len(clock))
    return Content.assemble(
        (number, "bold $error"),
        (head, "bold"),
        (rest, "$foreground-muted"),
        gap,
        (clock, "$foreground-muted"),
    )


def _two_lines(row: ErrorRow, width: int) -> list[Content]:
    """The same where there is less room: who failed above, how and when last below."""
    number = f"{count(row.count):>6} × "
    when = f"{format_clock(row.last_s):>8}  "
    kind = shorten(row.kind, max(8, width - len(when)))
    sample = shorten(row.sample, max(0, width - len(when) - len(kind) - 2))
    return [
        Content.assemble((number, "bold $error"), (middle_cut(row.operation, width - len(number)), "bold")),
        Content.assemble((when, "$foreground-muted"), (kind, "bold"), (f"  {sample}", "$foreground-muted")),
    ]


class ErrorsPanel(VerticalScroll):
    """Each kind of failure: how often, at which operation, what the first one said, and when last."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[ErrorRow, ...] = ()

    def compose(self) -> ComposeResult:
        yield Reading(id="error-lines")

    def on_mount(self) -> None:
        self.border_title = "Errors"

    def on_resize(self) -> None:
        self._paint()

    def show(self, rows: tuple[ErrorRow, ...]) -> None:
        self._rows = rows
        self._paint()

    def _paint(self) -> None:
        rows, width = self._rows, self.scrollable_content_region.width
        if width < 10:
            return
        failures = sum(row.count for row in rows)
        noun = "kind" if len(rows) == 1 else "kinds"
        self.border_subtitle = Content(f"{len(rows)} {noun}, {count(failures)} in all" if rows else "")
        if not rows:
            text = "No failures. What fails is grouped and counted here, newest first."
            self._put(Content.styled(text, "$foreground-muted"))
            return
        lines: list[Content] = []
        for row in rows[:_MOST]:
            if width >= 70:
                lines.append(error_line(row, width))
                continue
            lines += _two_lines(row, width)
        if len(rows) > _MOST:
            lines.append(
                Content.styled(f"and {len(rows) - _MOST} more kinds in the record", "$foreground-muted")
            )
        self._put(Content("\n").join(lines))

    def _put(self, content: Content) -> None:
        self.query_one(Reading).put(content)


class NewestError(Reading):
    """One line for small terminals: the error log's first row."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._rows: tuple[ErrorRow, ...] = ()

    def on_resize(self) -> None:
        self.show(self._rows)

    def show(self, rows: tuple[ErrorRow, ...]) -> None:
        self._rows = rows
        width = self.size.width
        if rows and width > 20:
            self.put(error_line(rows[0], width))
        else:
            self.put(Content.styled("No failures so far.", "$foreground-muted"))
