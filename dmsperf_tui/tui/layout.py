"""Which panels of a run stand where, for each size of terminal: data, and the rule that chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PANELS = (
    "vus",
    "rate",
    "latency",
    "throughput",
    "entities",
    "failures",
    "thresholds",
    "objectives",
    "checks",
    "operations",
    "workloads",
    "errors",
    "log",
    "environment",
)
"""All of them, as they are read in a wide terminal."""
WIDE = 112
"""Columns from which long labels fit, and two panels stand side by side."""
TALL = 32
VERY_WIDE, VERY_TALL = 180, 45
_LEAST_FOR_TABLE = 20
TIGHT, LEAST = 16, 9
"""Rows below which frames and all but one line of steering go, and below which the panel alone is left."""


@dataclass(frozen=True, slots=True)
class Place:
    """Room for one panel, shared by several: the first in the run's order, unless another was chosen."""

    panels: tuple[str, ...]
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid of places, row after row."""

    columns: int
    rows: str
    """The rows' heights, as Textual's `grid-rows` has them."""
    places: tuple[Place, ...]

    def having(self, there: Sequence[str]) -> Layout:
        """The same with the panels that the run has, in its order."""
        places = tuple(
            Place(tuple(name for name in there if name in place.panels), place.columns)
            for place in self.places
        )
        return Layout(self.columns, self.rows, places)


BEFORE_LOAD = ("environment",)
"""What there is to see while the environment is checked, and of a run that never got further."""
ONE = Layout(1, "1fr", (Place(PANELS),))
_SMALL = Layout(1, "3fr 2fr", (Place(tuple(n for n in PANELS if n != "operations")), Place(("operations",))))
_USUAL = Layout(
    20,
    "12fr 9fr 11fr",
    (
        Place(("vus", "rate"), 10),
        Place(("latency",), 10),
        Place(("throughput", "failures"), 10),
        Place(("thresholds", "objectives", "checks", "environment"), 10),
        Place(("operations", "workloads"), 12),
        Place(("errors", "log"), 8),
    ),
)
_LISTED = Layout(
    20,
    "10fr 12fr 9fr",
    (
        Place(("vus", "rate"), 8),
        Place(("latency",), 6),
        Place(("throughput", "failures"), 6),
        Place(("entities",), 12),
        Place(("thresholds", "objectives", "checks", "environment"), 8),
        Place(("operations", "workloads"), 12),
        Place(("errors", "log"), 8),
    ),
)
_LARGE = Layout(
    24,
    "12fr 11fr 12fr",
    (
        Place(("vus", "rate"), 8),
        Place(("latency",), 8),
        Place(("throughput",), 8),
        Place(("entities", "failures"), 8),
        Place(("thresholds", "objectives", "checks"), 8),
        Place(("environment", "workloads"), 8),
        Place(("operations",), 14),
        Place(("errors", "log"), 10),
    ),
)


def small(width: int, height: int) -> bool:
    """Whether there is room for one panel at a time only."""
    return width < WIDE or height < TALL


def panels_of(
    width: int, height: int, *, lists: bool, rates: bool, by_rate: bool, objectives: bool
) -> list[str]:
    """The panels that a run has something for, in the order that tab goes through and the strip names them.

    A load phase (`lists`) is about its entities: where one panel is seen at a time, they come first. Where
    all load is set by rates (`by_rate`), the rate comes before the VUs.
    """
    first = ["entities"] if lists and small(width, height) else []
    first += ["rate"] if by_rate else []
    without = {"entities"} if not lists else set()
    without |= {"rate"} if not rates else set()
    without |= {"objectives"} if not objectives else set()
    return [name for name in dict.fromkeys([*first, *PANELS]) if name not in without]


def layout_of(width: int, height: int, there: Sequence[str], *, zoomed: bool = False) -> Layout:
    """Where the panels of `there` stand in a terminal of this size."""
    if zoomed or len(there) == 1 or (small(width, height) and height < _LEAST_FOR_TABLE):
        chosen = ONE
    elif small(width, height):
        chosen = _SMALL
    elif width >= VERY_WIDE and height >= VERY_TALL:
        chosen = _LARGE
    else:
        chosen = _LISTED if "entities" in there else _USUAL
    return chosen.having(there)
