"""The executors' arithmetic: how many virtual users (VUs) a workload plans at each instant.

Pure functions of elapsed time, in whole nanoseconds, after k6's executors (k6 docs, "Executors";
lib/executor/ramping_vus.go): linear, whole VUs, an instant jump for a stage of no length.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


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
class Stage:
    """A straight line to `target` VUs within `duration_ns`."""

    duration_ns: int
    target: int


@dataclass(frozen=True, slots=True)
class VuShape:
    """The planned number of VUs over time."""

    start: int
    stages: tuple[Stage, ...]

    @property
    def duration_ns(self) -> int:
        """How long the plan lasts, grace aside."""
        return sum(stage.duration_ns for stage in self.stages)

    @property
    def peak(self) -> int:
        """The most VUs that the plan ever asks for."""
        return max([self.start, *(stage.target for stage in self.stages)])

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
        level = self.start
        for stage in self.stages:
            if elapsed_ns < stage.duration_ns:
                return interpolate(level, stage.target, elapsed_ns, stage.duration_ns)
            elapsed_ns -= stage.duration_ns
            level = stage.target
        return level


def constant_vus(vus: int, duration_ns: int) -> VuShape:
    """`vus` VUs from the first to the last instant."""
    return VuShape(vus, (Stage(duration_ns, vus),))


def scaled_to_peak(shape: VuShape, peak: int) -> VuShape:
    """The same shape with `peak` as its highest point, each level rounded to the nearest whole VU."""
    if not shape.peak:
        return shape

    def scaled(level: int) -> int:
        return (level * peak * 2 + shape.peak) // (2 * shape.peak)

    return VuShape(
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


def sampled(shape: VuShape, points: int) -> Sequence[int]:
    """The shape at `points` even steps from its start to its end, for drawing."""
    last = max(points - 1, 1)
    return [shape.vus_at(shape.duration_ns * i // last) for i in range(points)]
