"""What a person can set: the VUs or the rate of the run, or of one of its workloads, as they stand now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dmsperf_tui.plan.changes import Change, parse_rate_change, parse_vu_change
from dmsperf_tui.run.commands import SetRate, SetVus
from dmsperf_tui.run.snapshot import RunSnapshot, WorkloadRow
from dmsperf_tui.tui.figures import closed_vus
from dmsperf_tui.tui.wording import rate_unit_s, rate_words


@dataclass(frozen=True, slots=True)
class Level:
    """One thing to set, with what a prompt says of it."""

    kind: Literal["vus", "rate", "most"]
    """`most` is how many VUs an open workload may have."""
    workload: str | None
    """None: the run has nothing else that this could mean."""
    heading: float
    """Where it is, or is going; rates are a second's."""
    now: str
    """In words: what is there, target and plan."""
    unit_s: float = 1.0

    @property
    def title(self) -> str:
        name = {"vus": "Virtual users", "rate": "Rate", "most": "Most virtual users"}[self.kind]
        return f"{name} of {self.workload}" if self.workload else name

    def effect(self, change: Change) -> str:
        """What `change` will come to, as the run will reckon it."""
        over = f" over {change.over_s:g} s" if change.over_s else ", now"
        if self.kind == "rate":
            per_s = change.per_s or self.unit_s
            amount = change.amount if change.unit == "percent" else change.amount / per_s
            after = Change(amount, change.unit).apply(self.heading, whole=False)
            return f"rate {rate_words(self.heading, self.unit_s)} → {rate_words(after, self.unit_s)}{over}"
        after = change.apply(self.heading, whole=True)
        if self.kind == "most":
            return f"most VUs {self.heading:g} → {after:g}, now"
        return f"VUs {self.heading:g} → {after:g}{over}"

    def read(self, text: str) -> tuple[SetVus | SetRate, str]:
        """A change as it was typed, and what it will come to. Raises ConfigError with the forms."""
        if self.kind == "rate":
            change = parse_rate_change(text)
            return SetRate.of(change, self.workload), self.effect(change)
        change = parse_vu_change(text)
        return SetVus.of(change, self.workload), self.effect(change)


def _under_way(snapshot: RunSnapshot) -> list[WorkloadRow]:
    return [row for row in snapshot.workloads if row.active] or list(snapshot.workloads)


def by_rate(snapshot: RunSnapshot) -> bool:
    """Whether the load that is under way is all set by rates."""
    rows = _under_way(snapshot)
    return all(row.open for row in rows) if rows else snapshot.info.open


def step(snapshot: RunSnapshot) -> float:
    """What one press of + adds to the rate: a power of ten, 0.5 to 5 % of the plan's peak.

    In the scenario's own unit. One step up and one down come to the same, which no percentage does.
    """
    unit_s = rate_unit_s(snapshot)
    peak = max((level for _, level in snapshot.info.rate_plan), default=0.0) * unit_s
    return float(10.0 ** math.floor(math.log10(peak / 20) + 1e-9)) if peak > 0 else 1.0


def change_by(snapshot: RunSnapshot, steps: int) -> SetVus | SetRate:
    """So many steps more, or less."""
    if by_rate(snapshot):
        return SetRate(amount=round(steps * step(snapshot), 9), unit="by")
    return SetVus(amount=steps, unit="by")


def main_levels(snapshot: RunSnapshot) -> list[Level]:
    """What `v` may mean now; more than one where workloads of the same kind run beside each other."""
    rates = by_rate(snapshot)
    rows = [row for row in _under_way(snapshot) if row.open == rates]
    if len(rows) > 1:
        return [_rate(row) if rates else _vus(row) for row in rows]
    if rates:
        unit_s = rate_unit_s(snapshot)
        present, target, plan = (
            rate_words(value, unit_s)
            for value in (snapshot.starts_rate, snapshot.target_rate, snapshot.planned_rate)
        )
        return [
            Level("rate", None, snapshot.target_rate, f"{present} now, target {target}, plan {plan}", unit_s)
        ]
    words = f"{closed_vus(snapshot)} now, target {snapshot.heading}, plan {snapshot.planned}"
    return [Level("vus", None, snapshot.heading, words)]


def all_levels(snapshot: RunSnapshot) -> list[Level]:
    """Everything that can be set by name: for the palette."""
    levels: list[Level] = []
    for row in _under_way(snapshot):
        levels += [_rate(row), _most(row)] if row.open else [_vus(row)]
    return levels


def _rate(row: WorkloadRow) -> Level:
    target, plan = (rate_words(value, row.time_unit_s) for value in (row.target_rate, row.planned_rate))
    return Level("rate", row.name, row.target_rate, f"target {target}, plan {plan}", row.time_unit_s)


def _most(row: WorkloadRow) -> Level:
    return Level("most", row.name, row.max_vus, f"{row.vus} of {row.max_vus} busy")


def _vus(row: WorkloadRow) -> Level:
    return Level("vus", row.name, row.target, f"{row.vus} now, target {row.target}, plan {row.planned}")
