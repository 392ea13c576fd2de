"""The table of operations: one row for each named request, its totals since the start of load."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content
from textual.theme import Theme
from textual.widgets import DataTable

from dmsperf_tui.run.snapshot import OperationRow
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import count, middle_cut, milliseconds, percent, rate


@dataclass(frozen=True, slots=True)
class _Column:
    key: str
    label: str
    width: int


_NUMBERS = (
    _Column("count", "count", 9),
    _Column("rate", "req/s", 7),
    _Column("p50", "p50", 7),
    _Column("p95", "p95", 7),
    _Column("r95", "p95 resp", 9),
    _Column("p99", "p99", 7),
    _Column("max", "max", 7),
    _Column("failed", "err %", 6),
)
_LEAST_NAME = 31
"""Room for `POST studentSchoolAssociations`, whole."""
_DROPPED_FIRST = ("p50", "max", "p99", "rate")
"""What goes, in this order, where the width does not allow all."""


class OperationsPanel(Vertical):
    """Count, rate, percentiles and errors of each operation, in the order of their first request.

    The percentiles are of service time; of response time p95 stands beside them where there is any.
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[OperationRow, ...] = ()
        self._cells: dict[tuple[str, str], str] = {}
        self._columns: tuple[_Column, ...] = ()

    def compose(self) -> ComposeResult:
        yield DataTable[Text](cursor_type="row", cell_padding=0, zebra_stripes=False)
        yield Reading(classes="empty")

    def on_mount(self) -> None:
        self.border_title = "Operations"
        self.app.theme_changed_signal.subscribe(self, self._recolour)

    def _recolour(self, theme: Theme) -> None:
        # The cells hold the colour that they were made with.
        self._cells.clear()
        self.query_one(DataTable).clear()
        self._paint()

    def on_resize(self) -> None:
        self._fit()
        self._paint()

    def _fit(self) -> None:
        """The columns that there is room for, and something to show in."""
        responses = any(row.r95_ms is not None for row in self._rows)
        columns = self._fitting(self.size.width - 1, responses=responses)
        if columns != self._columns:
            self._columns = columns
            table = self.query_one(DataTable)
            table.clear(columns=True)
            self._cells.clear()
            for column in columns:
                label = Text(column.label, justify="left" if column.key == "name" else "right")
                table.add_column(label, width=column.width, key=column.key)

    def show(self, rows: tuple[OperationRow, ...], *, warming_up: bool) -> None:
        """Shows `rows`; only cells that differ are painted."""
        text = "Each named request gets a row here with its first answer."
        if warming_up:
            text = "The warm-up is in no total: rows appear here once it is over."
        self.query_one(Reading).put(Content(text))
        gone = len(rows) < len(self._rows)
        self._rows = rows
        if self._columns:
            self._fit()
        if gone:
            self._cells.clear()
            self.query_one(DataTable).clear()
        self._paint()

    def _paint(self) -> None:
        if not self._columns:
            return
        table = self.query_one(DataTable)
        self.set_class(bool(self._rows), "-filled")
        several = len({row.workload for row in self._rows}) > 1
        for row in self._rows:
            key = f"{row.workload}/{row.name}"
            cells = self._row_cells(row, several)
            if (key, "name") not in self._cells:
                table.add_row(*(self._text(c, cells[c.key]) for c in self._columns), key=key)
            else:
                for column in self._columns:
                    if self._cells[key, column.key] != cells[column.key]:
                        table.update_cell(key, column.key, self._text(column, cells[column.key]))
            self._cells.update({(key, column.key): cells[column.key] for column in self._columns})

    def _row_cells(self, row: OperationRow, several: bool) -> dict[str, str]:
        name = f"{row.name} · {row.workload}" if several else row.name
        return {
            "name": middle_cut(name, self._columns[0].width - 1),
            "count": count(row.count),
            "rate": rate(row.rate),
            "p50": milliseconds(row.p50_ms),
            "p95": milliseconds(row.p95_ms),
            "r95": milliseconds(row.r95_ms),
            "p99": milliseconds(row.p99_ms),
            "max": milliseconds(row.max_ms),
            "failed": percent(row.failed, row.count),
        }

    def _text(self, column: _Column, value: str) -> Text:
        if column.key == "name":
            return Text(value, no_wrap=True)
        failing = column.key == "failed" and value != "0.0"
        tone = (
            self._error_tone()
            if failing
            else Style(
                bold=column.key == ("r95" if any(each.key == "r95" for each in self._columns) else "p95")
            )
        )
        return Text(value, style=tone, justify="right", no_wrap=True)

    def _error_tone(self) -> Style:
        return Style(bold=True, color=Color.parse(self.app.theme_variables["error"]).rich_color)

    @staticmethod
    def _fitting(width: int, *, responses: bool) -> tuple[_Column, ...]:
        numbers = [column for column in _NUMBERS if responses or column.key != "r95"]
        for key in _DROPPED_FIRST:
            if sum(column.width for column in numbers) + _LEAST_NAME <= width:
                break
            numbers = [column for column in numbers if column.key != key]
        name = max(4, width - sum(column.width for column in numbers))
        return (_Column("name", "operation (ms)", name), *numbers)
