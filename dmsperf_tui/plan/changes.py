"""Changes of load as people type them: `50`, `+10`, `-10`, `+20%`, `120/s`, each with a ramp time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import NS_PER_S, parse_duration_s

Unit = Literal["to", "by", "percent"]


@dataclass(frozen=True, slots=True)
class Change:
    """A new level: VUs, or a rate in iterations per `per_s` seconds."""

    amount: float
    unit: Unit = "to"
    """`to` an absolute value, `by` a number, or `percent` of the present heading."""
    over_s: float = 0.0
    per_s: float | None = None
    """Of a rate, where the unit was written: `120/m` has 60. None: the workload's own `time_unit`."""

    def apply(self, present: float, *, whole: bool) -> float:
        """The new level, never below 0; a percentage of VUs moves by at least one."""
        if self.unit == "to":
            moved = self.amount
        elif self.unit == "by":
            moved = present + self.amount
        else:
            step = present * self.amount / 100
            if whole:
                step = round(step) or (1 if self.amount > 0 else -1 if self.amount < 0 else 0)
            moved = present + step
        return max(0, int(moved) if whole else moved)

    @property
    def over_ns(self) -> int:
        return int(self.over_s * NS_PER_S)

    def __str__(self) -> str:
        value = {"to": f"{self.amount:g}", "by": f"{self.amount:+g}", "percent": f"{self.amount:+g}%"}[
            self.unit
        ]
        value += _SUFFIX.get(self.per_s or 0.0, "")
        return f"{value} over {self.over_s:g}s" if self.over_s else value


_PER_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SUFFIX = {seconds: f"/{unit}" for unit, seconds in _PER_S.items()}
_CHANGE = re.compile(
    r"(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)(?:/(?P<per>[smh]))?(?:\s+over\s+(?P<over>\S+))?"
)


def _parse(text: str, what: str, mend: str) -> Change:
    match = _CHANGE.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"{text!r} is not a {what}", mend=mend)
    number = float(match["number"])
    over_s = parse_duration_s(match["over"]) if match["over"] else 0.0
    signed = -number if match["sign"] == "-" else number
    per_s = _PER_S[match["per"]] if match["per"] else None
    if match["percent"]:
        if not match["sign"] or per_s:
            raise ConfigError(f"{text!r} lacks a sign", mend="write +20% or -20%")
        return Change(signed, "percent", over_s)
    return Change(signed, "by" if match["sign"] else "to", over_s, per_s)


def parse_vu_change(text: str) -> Change:
    """`50`, `+20%`, `-5`, `50 over 30s` -> Change. Raises ConfigError with the forms that work."""
    mend = "write 50, +10, -10, +20% or 50 over 30s"
    change = _parse(text, "VU target", mend)
    if change.per_s is not None:
        raise ConfigError(f"{text!r} is a rate", mend="VUs have no /s; use rate")
    if change.unit != "percent" and change.amount != int(change.amount):
        raise ConfigError(f"{text!r} is not a whole number of VUs", mend=mend)
    return change


def parse_rate_change(text: str) -> Change:
    """`120`, `2.5/s`, `90/m`, `+20%`, `-10 over 30s` -> Change. Raises ConfigError with the forms."""
    return _parse(text, "rate", "write 120, 120/s, 90/m, +10, +20% or 120 over 30s")


def parse_weights(text: str) -> dict[str, float]:
    """`read=80,write=20` -> shares of a mix. Raises ConfigError for what is not that."""
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = part.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals or not name.strip() or not 0 <= weights[name.strip()] < float("inf"):
            raise ConfigError(f"{part!r} is not a share", mend="write read=80,write=20")
    if not any(weights.values()):
        raise ConfigError("all shares are 0", mend="give at least one a share")
    return weights
