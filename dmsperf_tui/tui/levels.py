"""What a person can set: the VUs or the rate of the run, or of one of its workloads, as they stand now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dmsperf_tui.plan.changes import parse_rate_change, parse_vu_change
from dmsperf_tui.run.commands import SetRate, SetVus
from dmsperf_tui.run.snapshot import RunSnapshot, WorkloadRow
from dmsperf_tui.tui.wording import rate_unit_s, rate_words


@dataclass(frozen=True, slots=True)
class Level:
    """One thing to set, with what a prompt says of it."""

    kind: Literal["vus", "rate", "most"]
    """`most` is how many VUs an open workload may have."""
    workload: str | None
    """None: the run has nothing else that this could mean."""
    now: str
    """In words: what is there, target and plan."""

    @property
    def title(self) -> str:
        name = {"vus": "Virtual users", "rate": "Rate", "most": "Most virtual users"}[self.kind]
        return f"{name} of {self.workload}" if self.workload else name

    def read(self, text: str) -> SetVus | SetRate:
        """A change as it was typed. Raises ConfigError with the forms."""
        if self.kind == "rate":
            return SetRate.of(parse_rate_change(text), self.workload)
        return SetVus.of(parse_vu_change(text), self.workload)


def under_way(snapshot: RunSnapshot, workload: str | None = None) -> list[WorkloadRow]:
    """The workloads that can be steered now, or the one that is named; before the load all of them."""
    rows = [row for row in snapshot.workloads if row.active] or list(snapshot.workloads)
    return [row for row in rows if workload in (None, row.name)]


def by_rate(snapshot: RunSnapshot, workload: str | None = None) -> bool:
    """Whether the load that is under way is all set by rates."""
    rows = under_way(snapshot, workload)
    return all(row.open for row in rows) if rows else snapshot.info.open


def step(snapshot: RunSnapshot, workload: str | None = None) -> float:
    """What one press of + adds to the rate: a power of ten, 0.5 to 5 % of the plan's peak.

    In the scenario's own unit. One step up and one down come to the same, which no percentage does. Of one
    workload among several the plan of now stands for the peak, which is known of all of them alone.
    """
    rows = under_way(snapshot, workload)
    unit_s = rows[0].time_unit_s if workload and rows else rate_unit_s(snapshot)
    peak = max((level for _, level in snapshot.info.rate_plan), default=0.0) * unit_s
    if workload and sum(row.open for row in snapshot.workloads) > 1 and rows and rows[0].planned_rate > 0:
        peak = rows[0].planned_rate * unit_s
    return float(10.0 ** math.floor(math.log10(peak / 20) + 1e-9)) if peak > 0 else 1.0


def change_by(snapshot: RunSnapshot, steps: int, workload: str | None = None) -> SetVus | SetRate:
    """So many steps more, or less."""
    if by_rate(snapshot, workload):
        by = round(steps * step(snapshot, workload), 9)
        return SetRate(amount=by, unit="by", workload=workload)
    return SetVus(amount=steps, unit="by", workload=workload)


def vus_levels(snapshot: RunSnapshot, workload: str | None = None) -> list[Level]:
    """What `v` may mean now: VUs, and where all have rates how many each may have; several: one is chosen."""
    rows = under_way(snapshot, workload)
    rows = [row for row in rows if not row.open] or rows
    return [_most(row, _name(row, rows, workload)) if row.open else _vus(row, rows, workload) for row in rows]


def rate_levels(snapshot: RunSnapshot, workload: str | None = None) -> list[Level]:
    """What `r` may mean now; none where VUs set the load."""
    rows = [row for row in under_way(snapshot, workload) if row.open]
    return [_rate(row, _name(row, rows, workload)) for row in rows]


def all_levels(snapshot: RunSnapshot) -> list[Level]:
    """Everything that can be set by name: for the palette."""
    levels: list[Level] = []
    for row in under_way(snapshot):
        if row.open:
            levels += [_rate(row, row.name), _most(row, row.name)]
        else:
            levels.append(_vus(row, [], row.name))
    return levels


def _name(row: WorkloadRow, rows: list[WorkloadRow], workload: str | None) -> str | None:
    return row.name if workload or len(rows) > 1 else None


def _rate(row: WorkloadRow, name: str | None) -> Level:
    target, plan = (rate_words(value, row.time_unit_s) for value in (row.target_rate, row.planned_rate))
    return Level("rate", name, f"target {target}, plan {plan}, at most {row.max_vus} VUs for it")


def _most(row: WorkloadRow, name: str | None) -> Level:
    return Level("most", name, f"{row.vus} of {row.max_vus} busy")


def _vus(row: WorkloadRow, rows: list[WorkloadRow], workload: str | None) -> Level:
    words = f"{row.vus} now, target {row.target}, plan {row.planned}, its peak {row.peak}"
    return Level("vus", _name(row, rows, workload), words)
