"""Levels over time: straight lines of virtual users (VUs) or of a rate, their area and its inverse.

Pure functions of elapsed nanoseconds. VUs are whole numbers, stepped as k6 steps them; a rate is iterations a
second, and its area is how many iterations are due (k6: lib/executor/ramping_arrival_rate.go).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dmsperf_tui.plan.units import NS_PER_S

_HAIR = 1e-10
"""Areas that differ by less, relatively, are the same: what rounding leaves of an exact end."""


def interpolate(start: int, target: int, elapsed_ns: int, length_ns: int) -> int:
    """Whole VUs on the straight line from `start` to `target`.

    A VU starts when the line reaches it and leaves when the line has passed below it, as k6 has it:
    rounded down on the way up, rounded up on the way down.
    """
    if elapsed_ns >= length_ns:
        return target
    moved = (target - start) * max(elapsed_ns, 0)
    if target >= start:
        return start + moved // length_ns
    return start - (-moved) // length_ns


@dataclass(frozen=True, slots=True)
class Line:
    """From `start` to `target` within `length_ns` from `at_ns` on; `target` ever after."""

    at_ns: int
    length_ns: int
    start: float
    target: float

    @property
    def end_ns(self) -> int:
        return self.at_ns + self.length_ns

    def level(self, elapsed_ns: int) -> float:
        since_ns = elapsed_ns - self.at_ns
        if since_ns >= self.length_ns:
            return self.target
        return self.start + (self.target - self.start) * max(since_ns, 0) / self.length_ns

    def vus(self, elapsed_ns: int) -> int:
        return interpolate(int(self.start), int(self.target), elapsed_ns - self.at_ns, self.length_ns)

    def area(self, until_ns: int) -> float:
        """How many are due from the line's beginning to `until_ns`, at a rate of one a second per level."""
        since_ns = until_ns - self.at_ns
        sloped_ns = min(since_ns, self.length_ns)
        area = self.start * sloped_ns
        if self.length_ns:
            area += (self.target - self.start) * sloped_ns * sloped_ns / (2 * self.length_ns)
        area += self.target * (since_ns - sloped_ns)
        return area / NS_PER_S

    def when(self, area: float) -> float:
        """The inverse of `area`, in nanoseconds of elapsed time; infinity where it is never reached."""
        whole = self.area(self.end_ns)
        rest = area - whole
        if rest > _HAIR * (1 + whole):
            return self.end_ns + rest * NS_PER_S / self.target if self.target > 0 else math.inf
        if rest >= 0:
            # On a line of nothing all of it is there at the beginning.
            return self.end_ns if whole else self.at_ns
        # The root of slope/2 x^2 + start x = area, in the form that does not cancel.
        slope = (self.target - self.start) / self.length_ns
        scaled = area * NS_PER_S
        root = self.start + math.sqrt(max(self.start * self.start + 2 * slope * scaled, 0.0))
        return self.at_ns + 2 * scaled / root if root > 0 else float(self.at_ns)


class Curve:
    """Lines, each in force from its instant until the next one's. Immutable: a change makes a new one."""

    __slots__ = ("_areas", "_from_ns", "_lines")

    def __init__(self, lines: Iterable[tuple[int, Line]]) -> None:
        """`lines` are (from when it is in force, line), in order; the first is in force from 0."""
        pairs = list(lines)
        self._from_ns = [from_ns for from_ns, _ in pairs]
        self._lines = [line for _, line in pairs]
        self._areas: list[float] | None = None

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Curve:
        """Each line in force from its own beginning."""
        return cls((line.at_ns, line) for line in lines)

    def _place(self, elapsed_ns: int) -> int:
        return max(0, bisect_right(self._from_ns, elapsed_ns) - 1)

    def level(self, elapsed_ns: int) -> float:
        return self._lines[self._place(elapsed_ns)].level(elapsed_ns)

    def vus(self, elapsed_ns: int) -> int:
        return self._lines[self._place(elapsed_ns)].vus(elapsed_ns)

    def since(self, elapsed_ns: int) -> list[tuple[int, Line]]:
        """What is in force from `elapsed_ns` on."""
        place = self._place(elapsed_ns)
        rest = zip(self._from_ns[place + 1 :], self._lines[place + 1 :], strict=True)
        return [(elapsed_ns, self._lines[place]), *rest]

    def cut(self, elapsed_ns: int, lines: Iterable[tuple[int, Line]]) -> Curve:
        """The same until `elapsed_ns`, and `lines` from then on."""
        place = bisect_right(self._from_ns, elapsed_ns - 1)
        before = zip(self._from_ns[:place], self._lines[:place], strict=True)
        return Curve([*before, *lines])

    @property
    def corners_ns(self) -> list[int]:
        """The instants at which it bends or steps."""
        ends = [line.end_ns for line in self._lines]
        return sorted({*self._from_ns, *ends})

    # --- of a rate ------------------------------------------------------------------------------

    def _due_before(self) -> list[float]:
        """The area before each line is in force."""
        if self._areas is None:
            areas = [0.0]
            for place in range(1, len(self._lines)):
                line, begun_ns, until_ns = (
                    self._lines[place - 1],
                    self._from_ns[place - 1],
                    self._from_ns[place],
                )
                areas.append(areas[-1] + line.area(until_ns) - line.area(begun_ns))
            self._areas = areas
        return self._areas

    def area(self, elapsed_ns: int) -> float:
        """How many iterations are due until `elapsed_ns`."""
        place = self._place(elapsed_ns)
        line = self._lines[place]
        return self._due_before()[place] + line.area(elapsed_ns) - line.area(self._from_ns[place])

    def when(self, area: float) -> int | None:
        """When `area` iterations are due, to the nanosecond; None: never."""
        areas = self._due_before()
        # The first line in force at whose end it is reached: of equal areas the earliest.
        place = max(0, bisect_right(areas, area) - 1)
        while place > 0 and areas[place] == area:
            place -= 1
        for at in range(place, len(self._lines)):
            line = self._lines[at]
            found = line.when(area - areas[at] + line.area(self._from_ns[at]))
            last = at + 1 == len(self._lines)
            if math.isfinite(found) and (last or round(found) <= self._from_ns[at + 1]):
                return max(round(found), self._from_ns[at])
        return None
