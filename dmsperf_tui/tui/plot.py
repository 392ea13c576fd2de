"""plotext's drawing as rows of (text, role): the only module that knows plotext.

Each role is drawn in a colour of its own number, read back from the colour codes in plotext's output,
so that the widget can give it the theme's style. Scales are linear here: a logarithm is taken before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import plotext

from dmsperf_tui.tui.chart_data import Axis, Point

AXIS = "axis"
ROLES = (AXIS, "planned", "target", "actual", "throughput", "failures", "p50", "p95", "p99", "bound", "mark")
"""Every kind of ink; a role's index plus one is its colour number."""
LINE = "hd"
"""Quarter blocks: a solid line, in every terminal's font (braille's dots are not)."""
MINIMUM = (16, 4)
"""Below this width and height there is nothing to draw."""

Row = list[tuple[str, str]]

_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b\n]+)|(\n)")
_GUTTER = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its role, its pen (one character, or LINE), and its unbroken runs of points."""

    role: str
    pen: str
    runs: Sequence[Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line across the whole picture."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A short text at the top of the picture, at the time of an event."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a chart shows; later series are drawn over earlier ones."""

    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    levels: tuple[Level, ...] = ()
    marks: tuple[Mark, ...] = ()


def canvas_width(width: int) -> int:
    """The columns that are left for data beside the value axis."""
    return max(1, width - _GUTTER - 1)


def _ink(role: str) -> plotext.pixel:
    return plotext.pixel(foreground=ROLES.index(role) + 1)


def draw(picture: Picture, width: int, height: int) -> list[Row]:
    """`height` rows of exactly `width` cells."""
    if width < MINIMUM[0] or height < MINIMUM[1]:
        return [[(" " * width, AXIS)] for _ in range(height)]
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear.data()
    figure.clear.settings()
    figure.plot_size(width, height)
    figure.canvas("default")
    figure.axes(False)
    figure.axes(True, axis=0, side=0)
    figure.axes(True, axis=1, side=0)
    x, y = figure.ruler("x"), figure.ruler("y")
    x.lim(picture.x.low, picture.x.high)
    y.lim(picture.y.low, picture.y.high)
    x.ticks([at for at, _ in picture.x.ticks], [label for _, label in picture.x.ticks])
    y.ticks([at for at, _ in picture.y.ticks], [label.rjust(_GUTTER) for _, label in picture.y.ticks])
    for level in picture.levels:
        figure.line(level.at, 0, pixel=_ink("bound"), style="dotted")
    for series in picture.series:
        marker = plotext.marker(series.pen, pixel=_ink(series.role))
        for run in series.runs:
            line = figure.signal([at for at, _ in run], [value for _, value in run], marker=marker)
            # Not figure.draw(): it looks at every point's colour, to choose one for a line that
            # names none, and that is half the cost of a frame.
            figure._signals._add(line.lines(True))
    rows = [_cells(row) for row in _rows(figure.build().string())]
    _write_over(rows, picture, width)
    return [_joined(row, width) for row in rows[:height]]


def _rows(text: str) -> list[Row]:
    rows: list[Row] = [[]]
    role = AXIS
    for code, chars, newline in _TOKEN.findall(text):
        if newline:
            rows.append([])
        elif chars:
            rows[-1].append((chars, role))
        elif code.startswith("38;5;"):
            number = int(code[5:])
            role = ROLES[number - 1] if 1 <= number <= len(ROLES) else AXIS
        elif code == "0":
            role = AXIS
    return rows


Cells = list[tuple[str, str]]


def _cells(row: Row) -> Cells:
    return [(char, role) for chars, role in row for char in chars]


def _write_over(rows: list[Cells], picture: Picture, width: int) -> None:
    """Level labels and event marks: words, which must not run into each other."""
    left = _GUTTER + 1
    columns = canvas_width(width)
    canvas_rows = len(rows) - 2
    lined = [index for index, row in enumerate(rows) if any(role == "bound" for _, role in row)]
    for level in picture.levels:
        share = (level.at - picture.y.low) / (picture.y.high - picture.y.low)
        guess = (1 - share) * (canvas_rows - 1)
        if lined:
            _stamp_where_free(rows[min(lined, key=lambda row: abs(row - guess))], level.label, left)
    taken = [left, left]
    for mark in picture.marks:
        if not picture.x.holds(mark.at):
            continue
        share = (mark.at - picture.x.low) / (picture.x.high - picture.x.low)
        column = left + min(columns - 1, round(share * (columns - 1)))
        text = mark.text if column + len(mark.text) <= width else mark.text[:1]
        line = 0 if column >= taken[0] else 1
        if column < taken[line]:
            continue
        _stamp(rows[line], column, text, "mark")
        taken[line] = column + len(text) + 1


def _stamp_where_free(row: Cells, label: str, left: int) -> None:
    """Writes a bound's label as far right as it hides no data; nowhere, where there is no such place."""
    need = len(label) + 2
    for start in range(len(row) - need + 1, left, -1):
        if all(char == " " or role == "bound" for char, role in row[start : start + need]):
            _stamp(row, start, f" {label} ", "bound")
            return


def _stamp(row: Cells, column: int, text: str, role: str) -> None:
    for offset, char in enumerate(text):
        if 0 <= column + offset < len(row):
            row[column + offset] = (char, role)


def _joined(row: Cells, width: int) -> Row:
    joined: Row = []
    for char, role in row[:width]:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + char, role)
        else:
            joined.append((char, role))
    missing = width - len(row)
    return [*joined, (" " * missing, AXIS)] if missing > 0 else joined
