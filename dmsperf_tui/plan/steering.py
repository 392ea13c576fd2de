"""Steering: what a workload's load should be at an instant, given its plan and what people set since.

Host and workers each keep one and feed it the same commands, so they agree on the target at any
time without talking. Elapsed times are the run's clock, which stands still while the run is paused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.executors import VuShape, interpolate
from dmsperf_tui.plan.units import NS_PER_S, parse_duration_s


@dataclass(frozen=True, slots=True)
class _Ramp:
    """A level set by hand: from `start` VUs to `target`, begun at `at_ns`, over `over_ns`."""

    start: int
    target: int
    at_ns: int
    over_ns: int


class Steering:
    """One workload's target VUs over time. A set value holds until the next one, `release`, or the end."""

    def __init__(self, shape: VuShape) -> None:
        self._shape = shape
        self._ramp: _Ramp | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a person's value holds, rather than the plan's."""
        return self._ramp is not None

    def planned(self, elapsed_ns: int) -> int:
        """The plan's VUs, whatever was set by hand."""
        return self._shape.vus_at(elapsed_ns)

    def target(self, elapsed_ns: int) -> int:
        """The VUs that the workload should have now."""
        ramp = self._ramp
        if ramp is None:
            return self._shape.vus_at(elapsed_ns)
        return interpolate(ramp.start, ramp.target, elapsed_ns - ramp.at_ns, ramp.over_ns)

    def heading(self, elapsed_ns: int) -> int:
        """Where the load is going: the end of a ramp set by hand, else the plan's present target."""
        return self._ramp.target if self._ramp else self._shape.vus_at(elapsed_ns)

    def set_vus(self, target: int, at_ns: int, over_ns: int = 0) -> None:
        """Go from the present level to `target` VUs over `over_ns`, and stay there."""
        self._ramp = _Ramp(self.target(at_ns), target, at_ns, over_ns)

    def release(self) -> None:
        """Back to where the plan is by now."""
        self._ramp = None


@dataclass(frozen=True, slots=True)
class VuChange:
    """A change of the VU target as a person types it: `50`, `+10`, `-10`, `+20%`, with a ramp time."""

    amount: float
    unit: str = "to"
    """`to` an absolute value, `by` a number of VUs, or `percent` of the present heading."""
    over_s: float = 0.0

    def apply(self, present: int) -> int:
        """The new target, never below 0; a percentage moves by at least one VU."""
        if self.unit == "to":
            return max(0, int(self.amount))
        if self.unit == "by":
            return max(0, present + int(self.amount))
        moved = round(present * self.amount / 100)
        if moved == 0 and self.amount:
            moved = 1 if self.amount > 0 else -1
        return max(0, present + moved)

    @property
    def over_ns(self) -> int:
        return int(self.over_s * NS_PER_S)

    def __str__(self) -> str:
        value = {"to": f"{self.amount:g}", "by": f"{self.amount:+g}", "percent": f"{self.amount:+g}%"}[
            self.unit
        ]
        return f"{value} over {self.over_s:g}s" if self.over_s else value


_CHANGE = re.compile(r"(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)(?:\s+over\s+(?P<over>\S+))?")


def parse_vu_change(text: str) -> VuChange:
    """`50`, `+20%`, `-5`, `50 over 30s` -> VuChange. Raises ConfigError with the forms that work."""
    match = _CHANGE.fullmatch(text.strip())
    mend = "write 50, +10, -10, +20% or 50 over 30s"
    if match is None:
        raise ConfigError(f"{text!r} is not a VU target", mend=mend)
    number = float(match["number"])
    over_s = parse_duration_s(match["over"]) if match["over"] else 0.0
    if match["percent"]:
        if not match["sign"]:
            raise ConfigError(f"{text!r} lacks a sign", mend="write +20% or -20%")
        return VuChange(number if match["sign"] == "+" else -number, "percent", over_s)
    if number != int(number):
        raise ConfigError(f"{text!r} is not a whole number of VUs", mend=mend)
    if match["sign"]:
        return VuChange(number if match["sign"] == "+" else -number, "by", over_s)
    return VuChange(number, "to", over_s)
