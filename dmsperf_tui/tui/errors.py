"""The errors: failures by kind and operation, counted, and behind each what was sent and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar

import orjson
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable

from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import ErrorRow, RunSnapshot
from dmsperf_tui.tui.cells import Column, Parts, Row
from dmsperf_tui.tui.detail import export
from dmsperf_tui.tui.error_groups import Entry, Sorting, entries, grouped
from dmsperf_tui.tui.failure_detail import FailureDetail
from dmsperf_tui.tui.filtered import FilteredPanel, matches
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.table import Ordering, StableTable
from dmsperf_tui.tui.wording import count, shorten

_MOST = 200
"""Rows on the screen; a filter finds the others."""
_ONE_LINE = 70
"""Cells from which one line has room for all there is to say."""
_COUNT = 13
"""Cells for the mark of a group and the number of failures."""
_HOW, _CLOCK = 24, 8
"""Cells that a kind may take, and a time."""


def entry_name(entry: Entry) -> str:
    """Who fails: an operation, or the kind of a group."""
    row = entry.row
    return line(row.operation) if row is not None else line(entry.group.kind)


def entry_how(entry: Entry) -> str:
    """In what way: a kind, or how often there is a group's."""
    return line(entry.row.kind) if entry.row is not None else f"{len(entry.group.rows)} operations"


def entry_lines(shown: Sequence[Entry], width: int, *, two: bool) -> list[Parts]:
    """`▸   214 × 500  23 operations  what was said   04:08`, `  29 × POST schools  409  and here   04:08`.

    With `two` lines each, who and how often stand above, how and when last below.
    """
    hows = [shorten(entry_how(entry), _HOW) for entry in shown]
    how = max(map(len, hows), default=0)
    names = [entry_name(entry) for entry in shown]
    cuts = distinct_cuts(names, max(4, width - _COUNT - (0 if two else how + 4 + _CLOCK)))
    name = max(map(len, cuts.values()), default=0)
    lines: list[Parts] = []
    for entry, whole, said_how in zip(shown, names, hows, strict=True):
        row, group = entry.row, entry.group
        mark = ("▾ " if entry.open else "▸ ") if row is None else "  └ " if entry.member else "  "
        number = f"{count(group.count if row is None else row.count):>6} × "
        clock = format_clock(group.last_s if row is None else row.last_s)
        said = line(group.sample if row is None else row.sample)
        head = ((f"{mark}{number}", "error"), (cuts[whole], "strong"))
        if two:
            rest = shorten(said, max(0, width - len(clock) - len(said_how) - 8))
            below = (
                (f"\n    {clock:>5}  ", "muted"),
                (said_how, "strong"),
                (f"  {rest}" if rest else "", "muted"),
            )
            lines.append((*head, *below))
            continue
        gap = " " * (_COUNT - len(mark) - len(number) + name - len(cuts[whole]) + 2)
        used = _COUNT + name + 2 + how
        rest = shorten(said, room) if (room := width - used - 4 - len(clock)) > 12 else ""
        end = " " * max(2, width - used - 2 - len(rest) - len(clock))
        lines.append((*head, (f"{gap}{said_how:<{how}}", "strong"), (f"  {rest}{end}{clock}", "muted")))
    return lines


def short_count(number: int) -> str:
    """For a badge: `31`, `9,999`, `12k`, `3M`."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number // 1000}k" if number < 1_000_000 else f"{number // 1_000_000}M"


class ErrorsPanel(FilteredPanel):
    """Each kind of failure: how often, at which operation, what the first one said, and when last."""

    TITLE: ClassVar = "Errors"
    SHORT: ClassVar = "Errors"
    ABOUT: ClassVar = (
        "failures by operation and kind, counted, with what the first one said; the same kind at three "
        "operations or more is one group, ▸ closed or ▾ open"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Samples of the failure at the cursor, or the group's operations"),
        Binding("right", "open_group(True)", "Open the group", key_display="→"),
        Binding("left", "open_group(False)", "Close the group", key_display="←"),
        *FilteredPanel.FILTER_KEYS,
        Binding("o", "sort", "Sort by the newest, or by count"),
        Binding("X", "export", "Export the failures that are shown, as JSON"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.sorting: Sorting = "newest"
        self._snapshot: RunSnapshot | None = None
        self._opened: set[str] = set()
        self._detail: FailureDetail | None = None

    def compose(self) -> ComposeResult:
        yield Reading(classes="empty")
        yield StableTable(show_header=False)
        yield from self.compose_filter()

    def on_resize(self) -> None:
        self._paint()

    def rows(self) -> StableTable:
        return self.query_one(StableTable)

    def refilter(self) -> None:
        self._paint("top")

    def show(self, view: View) -> None:
        self._snapshot = view.snapshot
        self._paint()
        if self._detail is not None and self._detail.is_attached:
            self._detail.show(view.snapshot)

    def badge(self, snapshot: RunSnapshot) -> str:
        failures = sum(row.count for row in snapshot.errors)
        return f"✗{short_count(failures)}" if failures else ""

    @property
    def _shown(self) -> list[ErrorRow]:
        rows = self._snapshot.errors if self._snapshot else ()
        return [row for row in rows if matches(self.words, row.operation, row.kind, row.phase, row.sample)]

    @property
    def _entries(self) -> list[Entry]:
        return entries(grouped(self._shown, self.sorting), self._opened)

    @property
    def _at_cursor(self) -> Entry | None:
        at = self.rows().at_cursor
        return next((entry for entry in self._entries if entry.key == at), None)

    def _paint(self, order: Ordering = "later") -> None:
        # A cell goes to the scrollbar, there or not, so that nothing moves when it comes.
        width = self.scrollable_content_region.width - 1
        if self._snapshot is None or width < 4:
            return
        found, two = self._entries, width < _ONE_LINE
        shown = found[:_MOST]
        lines = entry_lines(shown, width, two=two)
        self.rows().put(
            (Column("line", "", width, right=False),),
            [Row(entry.key, (parts,)) for entry, parts in zip(shown, lines, strict=True)],
            height=2 if two else 1,
            order=order,
        )
        self._say(self._snapshot.errors, self._shown, len(found) - len(shown))

    def _say(self, known: Sequence[ErrorRow], shown: Sequence[ErrorRow], left_out: int) -> None:
        order = " · by count" if self.sorting == "count" else ""
        self.border_title = Content(f"{self.TITLE}{order}{self.filter_title}")
        kinds = len({(row.phase, row.kind) for row in shown})
        total = (
            f"{kinds} {'kind' if kinds == 1 else 'kinds'}, {count(sum(row.count for row in shown))} in all"
        )
        more = f"  {left_out} more: / filter" if left_out else ""
        hints = [f"{total}{more}", *([] if left_out else ["enter: sample", "/ filter", "o sort"])]
        while len("  ".join(hints)) > self.size.width - 4 and len(hints) > 1:
            hints.pop()
        self.border_subtitle = Content("  ".join(hints) if shown else "")
        text = "No failures. What fails is grouped and counted here, with samples of request and answer."
        if self.words and known:
            text = f"None of {len(known)} kinds of failure has {line(self.words)!r}. Esc shows them all."
        self.set_class(bool(shown), "-filled")
        self.query_one(Reading).put(Content(text))

    # Keys

    def action_sort(self) -> None:
        self.sorting = "count" if self.sorting == "newest" else "newest"
        self._paint("top")

    def action_open_group(self, wide: bool) -> None:
        entry = self._at_cursor
        if entry is None or not entry.group.gathered:
            return
        (self._opened.add if wide else self._opened.discard)(entry.group.key)
        self._paint("now")
        if not wide:
            self.rows().go_to(entry.group.key)

    @on(DataTable.RowSelected)
    def action_open(self) -> None:
        entry = self._at_cursor
        if entry is None or self._snapshot is None:
            return
        if entry.row is None:
            self.action_open_group(not entry.open)
        else:
            self._detail = FailureDetail(entry.row, self._snapshot.info.results)
            self.app.push_screen(self._detail)

    async def action_export(self) -> None:
        snapshot, rows = self._snapshot, self._shown
        if snapshot is not None and rows:
            document = {
                "run": snapshot.info.id,
                "filter": self.words,
                "errors": [asdict(row) for row in rows],
            }
            content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            await export(self, "errors-export.json", content, snapshot.info.results)
