"""What is written over the drawn lines: bounds with their labels, and the marks of events.

Words never run into each other, and hide no data.
"""

from __future__ import annotations

from dmsperf_tui.tui.chart_data import Axis
from dmsperf_tui.tui.picture import AXIS, GUTTER, Level, Mark, Picture, Row, canvas_width

Cells = list[tuple[str, str]]
_DOTTED = "┈"


class Sheet:
    """The rows of a drawing: the canvas, the time axis and its labels. What is written on becomes cells."""

    def __init__(self, rows: list[Row], width: int) -> None:
        self._rows = rows
        self._width = width
        self._cells: dict[int, Cells] = {}

    @property
    def canvas(self) -> int:
        """How many rows it has for data; the time axis is the next one."""
        return max(0, len(self._rows) - 2)

    def cells(self, row: int) -> Cells:
        """The row's cells, as many as it is wide."""
        if row not in self._cells:
            found = [(char, role) for chars, role in self._rows[row] for char in chars]
            self._cells[row] = [*found[: self._width], *[(" ", AXIS)] * (self._width - len(found))]
        return self._cells[row]

    def finished(self) -> list[Row]:
        """All rows, each exactly as wide as the sheet."""
        for number, row in enumerate(self._rows):
            missing = self._width - sum(len(chars) for chars, _ in row)
            if number in self._cells or missing < 0:
                self._rows[number] = _joined(self.cells(number))
            elif missing:
                row.append((" " * missing, AXIS))
        return self._rows


def write_over(rows: list[Row], picture: Picture, width: int) -> list[Row]:
    """The drawing with the picture's levels and marks; `rows` are used up."""
    sheet = Sheet(rows, width)
    _draw_levels(sheet, picture)
    lines = _MarkLines([sheet.cells(row) for row in range(min(2, sheet.canvas))] if picture.marks else [])
    on_axis = list(picture.axis_marks)
    for mark in sorted(picture.marks, key=lambda mark: (mark.rank, mark.at)):
        column = _column(mark, picture.x, width)
        if column is not None and not lines.put(mark, column, width):
            on_axis.append(mark)
    for mark in sorted(on_axis, key=lambda mark: -mark.rank):
        column = _column(mark, picture.x, width)
        if column is not None:
            _stamp(sheet.cells(sheet.canvas), column, "┴" if mark.quiet else mark.text[:1], mark.role)
    return sheet.finished()


class _MarkLines:
    """The first rows of the picture."""

    def __init__(self, rows: list[Cells]) -> None:
        self._rows = rows
        self._taken: list[list[tuple[int, int, bool]]] = [[] for _ in rows]
        """From which column to which, and whether words stand there."""

    def put(self, mark: Mark, column: int, width: int) -> bool:
        """Its words where there is room, else its sign alone; False where that has none either."""
        sign = mark.text[:1]
        for line, text in ((0, mark.text), (1, mark.text), (0, sign), (1, sign)):
            if line < len(self._rows) and column + len(text) <= width and self._free(line, column, text):
                self._taken[line].append((column, column + len(text), len(text) > 1))
                _stamp(self._rows[line], column, text, mark.role)
                return True
        return False

    def _free(self, line: int, column: int, text: str) -> bool:
        """Whether there is room that hides no data, with a cell between words and others."""
        end, words = column + len(text), len(text) > 1
        for start, till, told in self._taken[line]:
            gap = 1 if words or told else 0
            if column < till + gap and end > start - gap:
                return False
        return all(char == " " for char, _ in self._rows[line][column:end])


def _column(mark: Mark, x: Axis, width: int) -> int | None:
    """Where the mark's time is; None outside the picture."""
    if not x.holds(mark.at):
        return None
    return GUTTER + 1 + round((mark.at - x.low) / (x.high - x.low) * (canvas_width(width) - 1))


def _draw_levels(sheet: Sheet, picture: Picture) -> None:
    """Dotted lines behind the data. Each label stands on its line, or beside it where data leaves no room
    there; where that is full as well its value stands on the axis.
    """
    own = {level: _row(level, sheet, picture) for level in picture.levels}
    for row in set(own.values()):
        cells = sheet.cells(row)
        for column in range(GUTTER + 1, len(cells)):
            if cells[column][0] == " ":
                cells[column] = (_DOTTED, "bound")
    for level, row in own.items():
        beside = [near for near in (row - 1, row + 1, row - 2, row + 2) if near not in own.values()]
        rows = [sheet.cells(near) for near in (row, *beside) if 0 <= near < sheet.canvas]
        if not any(_stamp_where_free(cells, level.label) for cells in rows):
            _stamp(sheet.cells(row), 0, level.value.rjust(GUTTER), "bound")


def _row(level: Level, sheet: Sheet, picture: Picture) -> int:
    share = (level.at - picture.y.low) / (picture.y.high - picture.y.low)
    return round((1 - min(1.0, max(0.0, share))) * (sheet.canvas - 1))


def _stamp_where_free(row: Cells, label: str) -> bool:
    """Writes a bound's label as far right as it hides nothing; False where there is no such place."""
    need, free = len(label) + 2, 0
    for column in range(len(row) - 1, GUTTER, -1):
        free = free + 1 if row[column][0] in (" ", _DOTTED) else 0
        if free == need:
            _stamp(row, column, f" {label} ", "bound")
            return True
    return False


def _stamp(row: Cells, column: int, text: str, role: str) -> None:
    for offset, char in enumerate(text):
        if 0 <= column + offset < len(row):
            row[column + offset] = (char, role)


def _joined(row: Cells) -> Row:
    joined: Row = []
    for char, role in row:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + char, role)
        else:
            joined.append((char, role))
    return joined
