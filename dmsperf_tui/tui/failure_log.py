"""The failures as they come: a line for each kind and second, the newest below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import ErrorRow, FailureRow, RunSnapshot
from dmsperf_tui.tui.cells import Parts
from dmsperf_tui.tui.failure_detail import FailureDetail
from dmsperf_tui.tui.filtered import FilteredPanel, matches
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.tail import Tail
from dmsperf_tui.tui.wording import count, shorten

_NAME = 16
"""Cells that a name may take in any case; what was said has to have room as well."""
_KIND = 20


class LogLines:
    """`04:08    3 × POST schools  409  what was said`: in columns, so that the eye can run down them.

    The columns are those of all rows, yet a line is made only when it is asked for.
    """

    def __init__(self, rows: Sequence[FailureRow], width: int) -> None:
        self._rows = rows
        self._kinds = {kind: shorten(line(kind), _KIND) for kind in {row.kind for row in rows}}
        # In one order whatever comes first: where names have to be numbered, each keeps its number.
        names = {name: line(name) for name in sorted({row.operation for row in rows})}
        self._kind = max(map(len, self._kinds.values()), default=0)
        self._name = min(max(map(len, names.values()), default=0), max(_NAME, width // 3))
        cuts = distinct_cuts(names.values(), self._name)
        self._names = {name: cuts[plain] for name, plain in names.items()}
        self._said = max(0, width - 18 - self._name - self._kind)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> Parts:
        row = self._rows[at]
        return (
            (f"{format_clock(row.at_s):>5}", "muted"),
            (f"{count(row.count):>6} × ", "error"),
            (f"{self._names[row.operation]:<{self._name}}", ""),
            (f"  {self._kinds[row.kind]:<{self._kind}}", "strong"),
            (f"  {shorten(line(row.text), self._said)}", "muted"),
        )


class FailureLog(FilteredPanel):
    """What failed last, in the order of time."""

    TITLE: ClassVar = "Failure log"
    SHORT: ClassVar = "Log"
    ABOUT: ClassVar = (
        "the newest failures as they come, a line for each kind and second, the newest below; with the "
        "cursor further up it stays where it is, at its end it follows"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Samples of the failure at the cursor"),
        *FilteredPanel.FILTER_KEYS,
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._snapshot: RunSnapshot | None = None
        self._rows: list[FailureRow] = []
        self._width = 0
        self._detail: FailureDetail | None = None

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
        if self._detail is not None and self._detail.is_attached:
            self._detail.show(view.snapshot)

    def _paint(self, *, follow: bool = False) -> None:
        width = self.scrollable_content_region.width - 1
        if self._snapshot is None or width < 10:
            return
        before, known = self._rows, self._snapshot.failures
        rows = list(known)
        if self.words:
            rows = [row for row in known if matches(self.words, row.operation, row.kind, row.text)]
        if rows != before or width != self._width:
            self._rows, self._width = rows, width
            lines = LogLines(rows, width)
            self.rows().put(len(lines), lines.__getitem__, gone=_gone(before, rows), follow=follow)
        self.set_class(bool(rows), "-filled")
        text = "No failures. What fails is told here as it happens."
        if self.words and known:
            text = f"None of the newest {len(known)} lines has {line(self.words)!r}. Esc shows them all."
        self.query_one(Reading).put(Content(text))
        self._say()

    @on(Tail.Moved)
    def _say(self) -> None:
        """How far below the newest is, in the frame."""
        self.border_title = Content(f"{self.TITLE}{self.filter_title}")
        below = self.rows().below
        snapshot, kept = self._snapshot, sum(row.count for row in self._rows)
        failures = sum(row.count for row in snapshot.errors) if snapshot else 0
        # The newest lines of a live run, and the samples of a recorded one, are not all there was.
        of = f"{count(kept)} of {count(failures)} failures" if kept < failures and self._rows else ""
        hint = f"↓ {below} newer: end" if below else "enter: sample  / filter" if self._rows else ""
        self.border_subtitle = Content("  ".join(part for part in (of, hint) if part))

    @on(Tail.Chosen)
    def action_open(self) -> None:
        """Shows the samples of the kind that the line at the cursor is one of."""
        at, snapshot = self.rows().at_cursor, self._snapshot
        if at is None or snapshot is None:
            return
        group = group_of(self._rows[at], snapshot.errors)
        if group is None:
            self.notify("The run keeps no group of this failure, and no sample.", markup=False)
            return
        self._detail = FailureDetail(group, snapshot.info.results)
        self.app.push_screen(self._detail)


def group_of(row: FailureRow, errors: Sequence[ErrorRow]) -> ErrorRow | None:
    """What the Errors panel counts it among; of one kind in several phases that which was under way then."""
    alike = [each for each in errors if (each.operation, each.kind) == (row.operation, row.kind)]
    # A line's time is that of its second: it may be a little before the group's first.
    return min(
        alike, key=lambda each: max(each.first_s - row.at_s, row.at_s - each.last_s, 0.0), default=None
    )


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
