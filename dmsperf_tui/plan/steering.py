"""Steering: what a workload's load should be at an instant, given its plan and what people set since.

Host and workers each keep one and feed it the same commands, so they agree on the level at any time without
talking. Elapsed times are the workload's own: the run's clock, which stands still while the run is paused,
since the workload's start.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from dmsperf_tui.plan.curve import Curve, Line
from dmsperf_tui.plan.executors import Shape

Action = Literal["set", "hold", "scale", "release", "skip", "extend", "unextend"]


@dataclass(frozen=True, slots=True)
class LevelChange:
    """One workload's change, resolved: what host and workers apply alike."""

    workload: str
    action: Action | Literal["cap"]
    value: float
    """VUs or iterations a second to set, the factor to scale by, the stage's index to skip to, nanoseconds
    to extend by, or the most VUs of an open workload (`cap`); nothing of `unextend`."""
    over_ns: int
    elapsed_ns: int
    """The workload's own elapsed time at which it applies."""
    text: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """The plan's rest as it was before an extension."""

    planned: Curve
    shape: Shape
    end_ns: int


class Steering:
    """One workload's level over time: planned, and as steered.

    A level set by hand holds until the next one, `release`, or the end. The plan's clock goes on under it.
    """

    def __init__(self, shape: Shape, *, whole: bool) -> None:
        """`whole` levels are VUs; others are rates, in iterations a second."""
        self.planned = shape.curve()
        self.target = self.planned
        self.end_ns = shape.duration_ns
        """When the plan ends, moved by `skip` and `extend`."""
        self.by_hand = False
        """Whether a person's value holds, rather than the plan's."""
        self.factor = 1.0
        """What `scale` multiplies the plan by."""
        self.shape = shape
        """The plan's, with what `extend` has added."""
        self._whole = whole
        self._follows = True
        """Whether the level comes from the plan, `factor` times it; else from a value that was set."""
        self._settled_ns = 0
        """When the newest ramp set by hand is over."""
        self._shorter: tuple[_Plan, ...] = ()
        """What each extension since the newest skip has made longer."""
        self._stages: list[tuple[int, int]] = []
        """(when it begins, its index) of each stage, as skipped."""
        self._lay_stages(0, 0)

    # --- what holds -----------------------------------------------------------------------------

    def level(self, elapsed_ns: int) -> float:
        """What the workload should have now: whole VUs, or a rate."""
        return self._at(self.target, elapsed_ns)

    def plan_level(self, elapsed_ns: int) -> float:
        """The plan's, whatever was set by hand."""
        return self._at(self.planned, elapsed_ns)

    def heading(self, elapsed_ns: int) -> float:
        """Where the load is going: the end of a ramp set by hand, else the present level."""
        return self.level(max(elapsed_ns, self._settled_ns))

    def stage_at(self, elapsed_ns: int) -> int:
        """The index of the stage that runs now; the last one's after the end."""
        return self._stages[self._place(elapsed_ns)][1]

    def stage_began_ns(self, elapsed_ns: int) -> int:
        """When the stage that runs now began."""
        return self._stages[self._place(elapsed_ns)][0]

    def _place(self, elapsed_ns: int) -> int:
        return max(0, bisect_right([begins for begins, _ in self._stages], elapsed_ns) - 1)

    def _at(self, curve: Curve, elapsed_ns: int) -> float:
        return curve.vus(elapsed_ns) if self._whole else curve.level(elapsed_ns)

    # --- what people change ---------------------------------------------------------------------

    def apply(self, action: Action, value: float, at_ns: int, over_ns: int = 0) -> None:
        """One change, by its name. `value` is a level, a factor, a stage's index, or nanoseconds."""
        match action:
            case "set":
                self.set(value, at_ns, over_ns)
            case "hold":
                self.hold(at_ns)
            case "scale":
                self.scale(value, at_ns, over_ns)
            case "release":
                self.release(at_ns, over_ns)
            case "skip":
                self.skip(int(value), at_ns)
            case "extend":
                self.extend(int(value), at_ns)
            case "unextend":
                self.unextend(at_ns)

    def set(self, level: float, at_ns: int, over_ns: int = 0) -> None:
        """Go from the present level to `level` over `over_ns`, and stay there."""
        line = Line(at_ns, over_ns, self.level(at_ns), level)
        self.target = self.target.cut(at_ns, [(at_ns, line)])
        self.by_hand, self.factor, self._settled_ns = True, 1.0, at_ns + over_ns
        self._follows = False

    def hold(self, at_ns: int) -> None:
        """Freeze at the present level."""
        self.set(self.level(at_ns), at_ns)

    def scale(self, factor: float, at_ns: int, over_ns: int = 0) -> None:
        """Go to `factor` times the plan within `over_ns` and follow it there."""
        self.by_hand, self.factor = True, factor
        self._follow(at_ns, over_ns)

    def release(self, at_ns: int, over_ns: int = 0) -> None:
        """Back to where the plan is by now, or will be after `over_ns`."""
        self.by_hand, self.factor = False, 1.0
        self._follow(at_ns, over_ns)

    def skip(self, stage: int, at_ns: int) -> None:
        """The plan goes on with the beginning of `stage`; a level set by hand goes on holding."""
        self.planned = self.planned.cut(
            at_ns, ((line.at_ns, line) for line in self.shape.lines(at_ns, stage))
        )
        self._shorter = ()
        self._lay_stages(stage, at_ns)
        self._replan(at_ns)

    def extend(self, by_ns: int, at_ns: int) -> None:
        """The last stage lasts `by_ns` longer; where it is under way, the rest of its line is stretched."""
        self._shorter = (*self._shorter, _Plan(self.planned, self.shape, self.end_ns))
        ahead = self.planned.since(at_ns)
        from_ns, last = ahead[-1]
        if from_ns == at_ns:
            longer = Line(at_ns, self.end_ns - at_ns + by_ns, self._at(self.planned, at_ns), last.target)
        else:
            start = last.start if last.length_ns else last.target
            longer = Line(last.at_ns, last.length_ns + by_ns, start, last.target)
        self.planned = self.planned.cut(at_ns, [*ahead[:-1], (from_ns, longer)])
        self.shape = self.shape.longer(by_ns)
        self.end_ns += by_ns
        self._replan(at_ns)

    def unextend(self, at_ns: int) -> None:
        """The plan's rest is what it was before the newest extension, also of a stage that is under way.

        There is nothing to take back before the first extension, and of those before a skip.
        """
        if self._shorter:
            before, self._shorter = self._shorter[-1], self._shorter[:-1]
            self.planned = self.planned.cut(at_ns, before.planned.since(at_ns))
            self.shape, self.end_ns = before.shape, before.end_ns
            self._replan(at_ns)

    # --- lines ----------------------------------------------------------------------------------

    def _lay_stages(self, first: int, at_ns: int) -> None:
        self._stages = [(begins, index) for begins, index in self._stages if begins < at_ns]
        for index, line in enumerate(self.shape.lines(at_ns, first), first):
            self._stages.append((line.at_ns, index))
            self.end_ns = line.end_ns

    def _replan(self, at_ns: int) -> None:
        if self._follows:
            self._follow(at_ns, max(0, self._settled_ns - at_ns))

    def _follow(self, at_ns: int, over_ns: int) -> None:
        """From now on `factor` times the plan, after a ramp to where it will be then."""
        self._follows = True
        joined_ns = at_ns + over_ns
        plan = [(from_ns, self._scaled(line)) for from_ns, line in self.planned.since(joined_ns)]
        if over_ns:
            there = self._at(Curve(plan), joined_ns)
            plan.insert(0, (at_ns, Line(at_ns, over_ns, self.level(at_ns), there)))
        self.target = self.target.cut(at_ns, plan)
        self._settled_ns = joined_ns

    def _scaled(self, line: Line) -> Line:
        if self.factor == 1.0:
            return line
        start, target = line.start * self.factor, line.target * self.factor
        if self._whole:
            start, target = int(start + 0.5), int(target + 0.5)
        return Line(line.at_ns, line.length_ns, start, target)
