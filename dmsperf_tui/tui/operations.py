"""The table of operations: one row for each named request, its totals since the start of load."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable

from dmsperf_tui.plan.plain import line
from dmsperf_tui.run.snapshot import OperationRow, RunSnapshot
from dmsperf_tui.tui.cells import Column, Parts, Row
from dmsperf_tui.tui.detail import export
from dmsperf_tui.tui.entities import bar
from dmsperf_tui.tui.filtered import FilteredPanel, matches
from dmsperf_tui.tui.names import beginnings, distinct_cuts
from dmsperf_tui.tui.operation_detail import OperationDetail
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.table import Ordering, StableTable
from dmsperf_tui.tui.wording import count, milliseconds, percent, rate

_NUMBERS = (
    Column("count", "count", 9),
    Column("rate", "req/s", 7),
    Column("p50", "p50", 7),
    Column("p95", "p95", 7),
    Column("r95", "p95 resp", 9),
    Column("p99", "p99", 7),
    Column("max", "max", 7),
    Column("failed", "err %", 7),
)
_NAME = Column("name", "operation (ms)", 31, right=False)
"""Room for `POST studentSchoolAssociations`, whole."""
_DROPPED_FIRST = ("p50", "max", "p99", "rate")
"""What goes, in this order, where the width does not allow all."""
_BAR = 8
_OF, _LEAST_WORKLOAD = " · ", 8
"""Between an operation and its workload, and the cells that a workload's name has at least."""
_FIGURES: dict[str, Callable[[OperationRow], float]] = {
    "count": lambda row: row.count,
    "rate": lambda row: row.rate,
    "p50": lambda row: row.p50_ms,
    "p95": lambda row: row.p95_ms,
    "r95": lambda row: row.r95_ms or 0.0,
    "p99": lambda row: row.p99_ms,
    "max": lambda row: row.max_ms,
    "failed": lambda row: row.failed / row.count if row.count else 0.0,
}
_WORDS = {"name": "name", **{column.key: column.label for column in _NUMBERS}}
_ROUND = ("", "count", "rate", "p95", "r95", "p99", "failed", "name")
"""What `o` goes through; first the order in which operations had their first request."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the rows are sorted by, and which way."""

    key: str = ""
    turned: bool = False
    """Names begin with A and numbers with the greatest; turned, with the others."""

    @property
    def mark(self) -> str:
        return "▲" if (self.key in ("", "name")) is not self.turned else "▼"

    def sort(self, rows: Sequence[OperationRow]) -> list[OperationRow]:
        """Equal ones stay in the order of their first request."""
        found = list(rows)
        if self.key == "name":
            found.sort(key=lambda row: (row.name.casefold(), row.workload), reverse=self.turned)
        elif self.key:
            found.sort(key=_FIGURES[self.key], reverse=not self.turned)
        elif self.turned:
            found.reverse()
        return found

    def next(self, *, responses: bool) -> Order:
        keys = [key for key in _ROUND if responses or key != "r95"]
        return Order(keys[(keys.index(self.key) + 1) % len(keys)] if self.key in keys else "")

    def by(self, key: str) -> Order:
        """Sorted by that column; the other way round where it is so already."""
        return replace(self, turned=not self.turned) if key == self.key else Order(key)

    @property
    def title(self) -> str:
        """` · sort: p95▼`; nothing in the order of their first request."""
        if not self.key:
            return " · newest first" if self.turned else ""
        return f" · sort: {_WORDS[self.key]}{self.mark}"


def fitting(width: int, *, responses: bool, longest: int = 0) -> tuple[Column, ...]:
    """The columns that there is room for; the share of errors gets a bar where nothing else needs it."""
    numbers = [column for column in _NUMBERS if responses or column.key != "r95"]
    for key in _DROPPED_FIRST:
        if sum(column.width for column in numbers) + _NAME.width <= width:
            break
        numbers = [column for column in numbers if column.key != key]
    left = width - sum(column.width for column in numbers)
    if left >= max(_NAME.width, longest + 1) + _BAR + 1:
        numbers[-1] = replace(numbers[-1], width=numbers[-1].width + _BAR + 1)
        left -= _BAR + 1
    return (replace(_NAME, width=max(4, left)), *numbers)


def row_cells(
    row: OperationRow, name: str, columns: Sequence[Column], *, strong: str = "p95"
) -> tuple[Parts, ...]:
    """What stands in each column of an operation's row."""
    failed = percent(row.failed, row.count)
    share: Parts = ((failed, "error" if row.failed else ""),)
    if columns[-1].width > _BAR:
        filled = bar(row.failed, row.count, _BAR)
        share = (
            (filled, "error" if row.failed else "muted"),
            (f"{failed:>6}", "error" if row.failed else ""),
        )
    cells: dict[str, Parts] = {
        "name": ((name, ""),),
        "count": ((count(row.count), ""),),
        "rate": ((rate(row.rate), ""),),
        "p50": ((milliseconds(row.p50_ms), ""),),
        "p95": ((milliseconds(row.p95_ms), ""),),
        "r95": ((milliseconds(row.r95_ms), ""),),
        "p99": ((milliseconds(row.p99_ms), ""),),
        "max": ((milliseconds(row.max_ms), ""),),
        "failed": share,
    }
    cells[strong] = ((cells[strong][0][0], "strong"),)
    return tuple(cells[column.key] for column in columns)


def key_of(row: OperationRow) -> str:
    return f"{row.workload}/{row.name}"


class OperationsPanel(FilteredPanel):
    """Count, rate, percentiles and errors of each operation.

    The percentiles are of service time; of response time p95 stands beside them where there is any.
    """

    TITLE: ClassVar = "Operations"
    SHORT: ClassVar = "Operations"
    ABOUT: ClassVar = "one row a named request, totals since the start; ids never make new rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "All about the operation at the cursor"),
        *FilteredPanel.FILTER_KEYS,
        Binding("o", "sort", "Sort by the next column: first request, count, req/s, p95, p99, err %, name"),
        Binding("O", "turn", "Turn the order round"),
        Binding("X", "export", "Export the rows that are shown, as CSV"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.order = Order()
        self._snapshot: RunSnapshot | None = None
        self._detail: OperationDetail | None = None

    def compose(self) -> ComposeResult:
        yield Reading(classes="empty")
        yield StableTable()
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

    @property
    def _shown(self) -> list[OperationRow]:
        rows = self._snapshot.operations if self._snapshot else ()
        if self.words:
            rows = tuple(row for row in rows if matches(self.words, row.name, row.workload))
        return self.order.sort(rows)

    def _paint(self, order: Ordering = "later") -> None:
        # A cell for the scrollbar, there or not, and one between it and the last figure.
        snapshot, width = self._snapshot, self.size.width - 2
        if snapshot is None or width < 4:
            return
        everything, rows = snapshot.operations, self._shown
        names = {key_of(row): line(row.name) for row in everything}
        workloads = {line(row.workload) for row in everything}
        longest = max(map(len, names.values()), default=0)
        beside = len(_OF) + max(map(len, workloads)) if len(workloads) > 1 else 0
        responses = any(row.r95_ms is not None for row in everything)
        columns = fitting(width, responses=responses, longest=longest + beside)
        if beside:
            # What is asked is read first: whose it is has what is left, and enough to tell them apart.
            room = max(_LEAST_WORKLOAD, columns[0].width - 1 - longest - len(_OF))
            short = beginnings(workloads, room)
            names = {key_of(row): f"{line(row.name)}{_OF}{short[line(row.workload)]}" for row in everything}
        cuts = distinct_cuts(names.values(), columns[0].width - 1)
        strong = "r95" if responses else "p95"
        self.rows().put(
            tuple(self._headed(column) for column in columns),
            [
                Row(key_of(row), row_cells(row, cuts[names[key_of(row)]], columns, strong=strong))
                for row in rows
            ],
            order=order,
        )
        self._say(len(everything), len(rows))

    def _headed(self, column: Column) -> Column:
        """The column with the mark of the order; the first one says the filter, as a frame may be missing."""
        label = column.label
        if column.key == "name" and self.words:
            label = self.filter_title.removeprefix(" · ")
        elif column.key != self.order.key:
            return column
        mark = self.order.mark if column.key == self.order.key else ""
        return replace(column, label=f"{label[: column.width - len(mark)]}{mark}")

    def _say(self, known: int, shown: int) -> None:
        of = f" · {shown} of {known}" if self.words else f" · {known}" if known else ""
        self.border_title = Content(f"{self.TITLE}{of}{self.order.title}{self.filter_title}")
        self.border_subtitle = Content("enter: details  / filter  o sort" if shown else "")
        text = ""
        if self.words and known:
            text = f"None of {known} operations has {line(self.words)!r} in its name. Esc shows them all."
        elif not known and self._snapshot is not None and self._snapshot.warming_up:
            text = "The warm-up is in no total: rows appear here once it is over."
        elif not known:
            text = "Each named request gets a row here with its first answer."
        self.set_class(bool(shown), "-filled")
        self.query_one(Reading).put(Content(text))

    # Keys

    def _sort(self, order: Order) -> None:
        self.order = order
        self._paint("top")

    def action_sort(self) -> None:
        rows = self._snapshot.operations if self._snapshot else ()
        self._sort(self.order.next(responses=any(row.r95_ms is not None for row in rows)))

    def action_turn(self) -> None:
        self._sort(replace(self.order, turned=not self.order.turned))

    @on(DataTable.HeaderSelected)
    def _header_clicked(self, event: DataTable.HeaderSelected) -> None:
        event.stop()
        self._sort(self.order.by(event.column_key.value or ""))

    @on(DataTable.RowSelected)
    def action_open(self) -> None:
        at = self.rows().at_cursor
        row = next((row for row in self._shown if key_of(row) == at), None)
        if row is not None and self._snapshot is not None:
            self._detail = OperationDetail(row, self._snapshot)
            self.app.push_screen(self._detail)

    async def action_export(self) -> None:
        if self._snapshot is not None and self._shown:
            content = as_csv(self._shown)
            await export(self, "operations-export.csv", content, self._snapshot.info.results)


def as_csv(rows: Sequence[OperationRow]) -> bytes:
    """A line for each operation, under the names that the snapshot has for its figures."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(OperationRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue().encode()
