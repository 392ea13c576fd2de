"""The executors' arithmetic: what level of load a workload plans at each instant.

Pure functions of elapsed time, in whole nanoseconds, after k6's executors (k6 docs, "Executors"). A level is
virtual users (VUs) of a closed workload and iterations a second of an open one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from dmsperf_tui.plan.curve import Curve, Line

CONSTANT_VUS = "constant-vus"
RAMPING_VUS = "ramping-vus"
SHARED_ITERATIONS = "shared-iterations"
PER_VU_ITERATIONS = "per-vu-iterations"
CONSTANT_ARRIVAL_RATE = "constant-arrival-rate"
RAMPING_ARRIVAL_RATE = "ramping-arrival-rate"
EXTERNALLY_CONTROLLED = "externally-controlled"
EXECUTORS = (
    CONSTANT_VUS,
    RAMPING_VUS,
    SHARED_ITERATIONS,
    PER_VU_ITERATIONS,
    CONSTANT_ARRIVAL_RATE,
    RAMPING_ARRIVAL_RATE,
    EXTERNALLY_CONTROLLED,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A straight line to `target` within `duration_ns`."""

    duration_ns: int
    target: float


@dataclass(frozen=True, slots=True)
class Shape:
    """The planned level over time: `start`, then stage after stage; a stage of no length is a jump."""

    start: float
    stages: tuple[Stage, ...]

    @property
    def duration_ns(self) -> int:
        """How long the plan lasts, grace aside."""
        return sum(stage.duration_ns for stage in self.stages)

    @property
    def peak(self) -> float:
        """The highest level that the plan ever asks for."""
        return max([self.start, *(stage.target for stage in self.stages)])

    def lines(self, at_ns: int = 0, first: int = 0) -> list[Line]:
        """The stages from number `first` on as lines that begin at `at_ns`."""
        level = self.stages[first - 1].target if first else self.start
        lines: list[Line] = []
        for stage in self.stages[first:]:
            lines.append(Line(at_ns, stage.duration_ns, level, stage.target))
            at_ns += stage.duration_ns
            level = stage.target
        return lines

    def longer(self, by_ns: int) -> Shape:
        """The same with a last stage that lasts `by_ns` longer."""
        *before, last = self.stages
        if not last.duration_ns:
            # A jump stays one: its level is held.
            return Shape(self.start, (*self.stages, Stage(by_ns, last.target)))
        return Shape(self.start, (*before, Stage(last.duration_ns + by_ns, last.target)))

    def curve(self) -> Curve:
        return Curve.of(self.lines())

    def stage_at(self, elapsed_ns: int) -> int:
        """The index of the stage that runs at `elapsed_ns`; the last one's after the end."""
        ends: list[int] = []
        end = 0
        for stage in self.stages:
            end += stage.duration_ns
            ends.append(end)
        return min(bisect_right(ends, elapsed_ns), len(self.stages) - 1)

    def vus_at(self, elapsed_ns: int) -> int:
        """The planned VUs at `elapsed_ns`; past the end, the last stage's target."""
        return self.curve().vus(elapsed_ns)


def constant(level: float, duration_ns: int) -> Shape:
    """The same level from the first to the last instant."""
    return Shape(level, (Stage(duration_ns, level),))


def scaled_to_peak(shape: Shape, peak: float, *, whole: bool) -> Shape:
    """The same shape with `peak` as its highest point; `whole` levels are rounded to the nearest VU."""
    if not shape.peak:
        return shape

    def scaled(level: float) -> float:
        moved = level * peak / shape.peak
        return max(int(moved + 0.5), 1 if level else 0) if whole else moved

    return Shape(
        scaled(shape.start),
        tuple(Stage(stage.duration_ns, scaled(stage.target)) for stage in shape.stages),
    )


def share(total: int, index: int, workers: int) -> int:
    """Worker `index`'s part of `total` VUs: equal parts, the remainder to the lowest indexes."""
    return total // workers + (1 if index < total % workers else 0)


def lease_size(remaining: int, workers: int, most: int = 1000) -> int:
    """How many shared iterations to hand a worker at once.

    A share of what is left, smaller towards the end, so that the fast workers do more and none
    holds work that another could finish (guided self-scheduling, Polychronopoulos and Kuck 1987).
    """
    return min(remaining, most, max(1, remaining // (4 * workers)))
