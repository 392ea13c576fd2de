"""What a chart shows, before it is drawn: lines, levels and marks on two axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dmsperf_tui.tui.chart_data import Axis, Point

AXIS = "axis"
ROLES = (
    AXIS,
    "planned",
    "target",
    "actual",
    "throughput",
    "failures",
    "p50",
    "p95",
    "p99",
    "service",
    "bound",
    "mark",
)
"""Every kind of ink."""
LINE = "braille"
"""Four levels a row: a thin line whose ups and downs are seen even in a low panel."""
SAMPLE = "⠒⠒"
"""What LINE looks like, for legends."""
GUTTER = 5
"""Cells for the value axis's labels."""
MINIMUM = (16, 4)
"""Below this width and height there is nothing to draw."""

Row = list[tuple[str, str]]
"""A row of the drawing: pieces of text, each with its role."""


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
    value: str
    """Where it is, in five cells: it stands on the axis where the label has no room."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A short text at the top of the picture, at the time of an event."""

    at: float
    text: str
    rank: int = 2
    """Where there is no room for all, the lowest stay."""
    quiet: bool = False
    """It is of the plan, rather than news."""

    @property
    def role(self) -> str:
        return AXIS if self.quiet else "mark"


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a chart shows; later series are drawn over earlier ones."""

    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    levels: tuple[Level, ...] = ()
    marks: tuple[Mark, ...] = ()
    axis_marks: tuple[Mark, ...] = ()
    """Of these only the sign is shown, on the time axis, where it hides no data."""
    outside: tuple[str, ...] = ()
    """What lies too far off to be drawn, for the words on the frame."""


def canvas_width(width: int) -> int:
    """The columns that are left for data beside the value axis."""
    return max(1, width - GUTTER - 1)
