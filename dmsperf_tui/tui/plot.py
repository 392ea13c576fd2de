"""plotext's drawing as rows of (text, role): the only module that knows plotext.

Each role is drawn in a colour of its own number, read back from the colour codes in plotext's output,
so that the widget can give it the theme's style. Scales are linear here: a logarithm is taken before.
"""

from __future__ import annotations

import re

import plotext
from plotext._signal.signal import signal_class

from dmsperf_tui.tui.overlay import write_over
from dmsperf_tui.tui.picture import AXIS, GUTTER, MINIMUM, ROLES, Picture, Row, Series

_FIRST = 101
"""The colour number of the first role: plotext draws frame and labels in some of the lowest."""
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b\n]+)|(\n)")


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
    y.ticks([at for at, _ in picture.y.ticks], [label.rjust(GUTTER) for _, label in picture.y.ticks])
    for series in picture.series:
        if any(series.runs):
            # Not figure.draw(): it looks at every point's colour, to choose one for a line that
            # names none, and that is half the cost of a frame.
            figure._signals._add(_signal(series, picture))
    return write_over(_rows(figure.build().string().rstrip("\n"))[:height], picture, width)


def _signal(series: Series, picture: Picture) -> signal_class:
    """All runs of a series, connected within each.

    Made as figure.signal() makes one, which copies the marker for each point. A point far outside is brought
    near: the kernel makes a cell for each step of the way there, and ends the process where memory ends.
    """
    x, y = picture.x, picture.y
    wide, high = x.high - x.low, y.high - y.low
    marker = plotext.marker(series.pen, pixel=plotext.pixel(foreground=_FIRST + ROLES.index(series.role)))
    # It cannot grow: adding more points than it was made for ends the process.
    signal = signal_class(sum(len(run) for run in series.runs))
    number = 0
    for run in series.runs:
        for place, (at, value) in enumerate(run):
            at = min(max(at, x.low - wide), x.high + wide)
            value = min(max(value, y.low - high), y.high + high)
            signal._append_point(at, value, marker)
            signal._set_connected(number, place > 0)
            number += 1
    return signal._set_marker(marker)._set_xside(0)._set_yside(0)


def _rows(text: str) -> list[Row]:
    rows: list[Row] = [[]]
    role = AXIS
    for code, chars, newline in _TOKEN.findall(text):
        if newline:
            rows.append([])
        elif chars:
            rows[-1].append((chars, role))
        elif code.startswith("38;5;"):
            number = int(code[5:]) - _FIRST
            role = ROLES[number] if 0 <= number < len(ROLES) else AXIS
        elif code == "0":
            role = AXIS
    return rows
