"""The failures as they come: a line for each kind and second, the newest below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.plain import line
from dmsperf_tui.run.snapshot import FailureRow, RunSnapshot
from dmsperf_tui.tui.filtered import FilteredPanel, matches
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import count, shorten

_NAME = 16
"""Cells that a name may take in any case; what was said has to have room as well."""


def failure_lines(rows: Sequence[FailureRow], width: int) -> list[Content]:
    """`04:08    3 × POST schools  409  what was said`: in columns, so that the eye can run down them."""
    names = [line(row.operation) for row in rows]
    kinds = [shorten(line(row.kind), 20) for row in rows]
    kind = max(map(len, kinds), default=0)
    name = min(max(map(len, names), default=0), max(_NAME, width // 3))
    cuts = distinct_cuts(names, name)
    lines = []
    for row, whole, how in zip(rows, names, kinds, strict=True):
        said = shorten(line(row.text), max(0, width - 18 - name - kind))
        content = Content.assemble(
            (f"{format_clock(row.at_s):>5}", "$foreground-muted"),
            (f"{count(row.count):>6} × ", "bold $error"),
            f"{cuts[whole]:<{name}}",
            (f"  {how:<{kind}}", "bold"),
            (f"  {said}", "$foreground-muted"),
        )
        lines.append(content.truncate(width, ellipsis=True))
    return lines


class Tail(ScrollView, can_focus=True):
    """Lines that follow the newest while the last one is in view, and stay where they are while it is not."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Content] = []
        self._following = True

    @property
    def text(self) -> str:
        """All lines, in words."""
        return "\n".join(each.plain for each in self._lines)

    @property
    def below(self) -> int:
        """How many lines are below the last that is seen."""
        return max(0, len(self._lines) - int(self.scroll_offset.y) - self.size.height)

    def put(self, lines: list[Content], *, gone: int, follow: bool = False) -> None:
        """Shows `lines`, of which `gone` that were the first are not there any more."""
        following = follow or self._following
        y = self.scroll_offset.y
        self._lines = lines
        self.virtual_size = Size(self.size.width, len(lines))
        self.scroll_to(
            y=max(0, len(lines) - self.size.height) if following else max(0, y - gone),
            animate=False,
            immediate=True,
            force=True,
        )
        self._following = following
        self.refresh()

    def on_resize(self) -> None:
        if self._following:
            self.call_after_refresh(self.scroll_end, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._following = not self.below
        if isinstance(self.parent, FailureLog):
            self.parent.say()

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        width = self.size.width
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        strips = Visual.to_strips(self, self._lines[at], width, 1, self.visual_style, pad=True)
        return strips[0] if strips else Strip.blank(width, self.rich_style)


class FailureLog(FilteredPanel):
    """What failed last, in the order of time."""

    TITLE: ClassVar = "Failure log"
    SHORT: ClassVar = "Log"
    ABOUT: ClassVar = (
        "the newest failures as they come, a line for each kind and second, the newest below; scrolled up it "
        "stays where it is, at its end it follows"
    )
    BINDINGS: ClassVar[list[BindingType]] = [*FilteredPanel.FILTER_KEYS]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._snapshot: RunSnapshot | None = None
        self._rows: list[FailureRow] = []
        self._width = 0

    def compose(self) -> ComposeResult:
        yield Reading(classes="empty")
        yield Tail()
        yield from self.compose_filter()

    def on_resize(self) -> None:
        self._paint()

    def rows(self) -> Tail:
        return self.query_one(Tail)

    def refilter(self) -> None:
        self._paint(follow=True)

    def show(self, view: View) -> None:
        self._snapshot = view.snapshot
        self._paint()

    def _paint(self, *, follow: bool = False) -> None:
        width = self.scrollable_content_region.width - 1
        if self._snapshot is None or width < 10:
            return
        before, known = self._rows, self._snapshot.failures
        rows = [row for row in known if matches(self.words, row.operation, row.kind, row.text)]
        if rows != before or width != self._width:
            self._rows, self._width = rows, width
            self.rows().put(failure_lines(rows, width), gone=_gone(before, rows), follow=follow)
        self.set_class(bool(rows), "-filled")
        text = "No failures. What fails is told here as it happens."
        if self.words and known:
            text = f"None of the newest {len(known)} lines has {line(self.words)!r}. Esc shows them all."
        self.query_one(Reading).put(Content(text))
        self.say()

    def say(self) -> None:
        """How far below the newest is, in the frame."""
        self.border_title = Content(f"{self.TITLE}{self.filter_title}")
        below = self.rows().below
        snapshot, kept = self._snapshot, sum(row.count for row in self._rows)
        failures = sum(row.count for row in snapshot.errors) if snapshot else 0
        # The newest lines of a live run, and the samples of a recorded one, are not all there was.
        of = f"{count(kept)} of {count(failures)} failures" if kept < failures and self._rows else ""
        hint = f"↓ {below} newer: end" if below else "/ filter" if self._rows else ""
        self.border_subtitle = Content("  ".join(part for part in (of, hint) if part))


def _gone(before: Sequence[FailureRow], now: Sequence[FailureRow]) -> int:
    """How many of the first rows of before are not among those of now."""
    if not now:
        return len(before)
    first = now[0]
    same = (first.at_s, first.operation, first.kind)
    return next(
        (place for place, row in enumerate(before) if (row.at_s, row.operation, row.kind) == same),
        len(before),
    )
