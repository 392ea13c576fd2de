"""How many requests a plan will make: exact where it says so itself, else from a recorded run or a guess.

Iterations are areas: under the rate of an open workload (exact), or VU-seconds by the time of one iteration
(Little's law). That time, and the requests of an iteration, come from the newest recorded run of the
scenario; without one from its think time and an assumed time of an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import GENERIC, THINK_TIME_FLOOR_S, Plan, WorkloadPlan, parse_plan
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.systems.dms.population import Population, Sizes
from dmsperf_tui.systems.registry import USUAL

ANSWER_S = 0.05
"""What an answer is assumed to take where no run tells."""
LOOKED_AT = 20
"""How many of a scenario's newest records are read, at most, to find one of the same environment."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One iteration of a workload."""

    requests: float
    busy_s: float
    """How long it takes, its think time aside."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of a whole run."""

    requests: float
    entities: int | None
    """How many a list is to create; None: there is no list."""
    exact: bool
    """By the plan alone, whatever the service does."""
    basis: str
    """What it rests on, in words."""

    @property
    def number(self) -> str:
        """`about 12,000 requests`."""
        if self.exact:
            return "1 request" if round(self.requests) == 1 else f"{self.requests:,.0f} requests"
        return f"about {two_digits(self.requests):,} requests"

    @property
    def words(self) -> str:
        """With what is created, and what it rests on: `about 12,000 requests, as in run 7f3a`."""
        listed = f"{self.entities:,} entities to create · " if self.entities is not None else ""
        return f"{listed}{self.number}" + (f", {self.basis}" if self.basis else "")


def two_digits(number: float) -> int:
    """Rounded to its first two digits: 12,391 is 12,000."""
    whole = round(number)
    places = max(0, len(str(abs(whole))) - 2)
    return int(round(whole / 10**places) * 10**places)


def estimate(config: RunConfig) -> Estimate:
    """Of a run of `config`; reads the newest records of its scenario."""
    plan, entities = config.plan, None
    if any(workload.entities for workload in plan.workloads):
        entities = listed(config.profile.values)
    found = recorded(config.results, plan.name, config.environment.name, config.speedup)
    run, paces = found if found is not None else ("", {})
    requests, exact, timed = 0.0, True, False
    for workload in plan.workloads:
        pace = paces.get(workload.name) or assumed(workload, config.speedup)
        count = iterations(workload, pace, speedup=config.speedup, entities=entities)
        certain = all(flow.flow == GENERIC for flow in workload.flows)
        requests += count * (1 if certain else pace.requests)
        timed = timed or not (workload.arrival or workload.iterations or workload.iterations_per_vu)
        exact = exact and certain and not timed
    answer = f"if an answer takes {ANSWER_S * 1000:g} ms" if timed else ""
    basis = "" if exact else f"as in run {run}" if run else answer
    return Estimate(requests, entities, exact, basis)


def listed(profile: Mapping[str, Any]) -> int:
    """How many entities a load phase of these sizes creates, on a server that has all of their kinds."""
    population = Population(Sizes.of(profile), 0, "x")
    return sum(population.count(resource) for resource in population.resources)


def iterations(
    workload: WorkloadPlan, pace: Pace, *, speedup: float = 1.0, entities: int | None = None
) -> float:
    """How many it starts, at most `entities` where it works through a list."""
    if workload.arrival is not None:
        area = workload.shape.curve().area(workload.shape.duration_ns)
        # A ramping rate's first is due when its area reaches one, a constant one's at once (k6).
        return math.floor(area + 1e-6) if workload.arrival.ramping else math.ceil(area - 1e-6)
    if workload.iterations is not None:
        return workload.iterations
    if workload.iterations_per_vu is not None:
        return workload.iterations_per_vu * workload.shape.peak
    cycle_s = max(pace.busy_s + thinking_s(workload, speedup), workload.min_iteration_s, 1e-6)
    possible = vu_seconds(workload) / cycle_s
    return min(possible, entities) if workload.entities and entities is not None else possible


def vu_seconds(workload: WorkloadPlan) -> float:
    """The area under a closed workload's planned VUs."""
    return workload.shape.curve().area(workload.shape.duration_ns)


def thinking_s(workload: WorkloadPlan, speedup: float) -> float:
    """The pauses of an iteration: its think time, and the middle of `PAUSE_S = "0.5-2"`."""
    least, _, most = workload.env.get("PAUSE_S", "").partition("-")
    try:
        pause_s = (float(least or 0) + float(most or least or 0)) / 2
    except ValueError:
        pause_s = 0.0
    return workload.think_time_s + max(pause_s / speedup, min(pause_s, THINK_TIME_FLOOR_S))


def assumed(workload: WorkloadPlan, speedup: float = 1.0) -> Pace:
    """Without a record. A mix's weights are shares of the requests, not of the iterations."""
    usual = [(flow.weight, *USUAL.get(flow.flow, (1, 1, 0))) for flow in workload.flows]
    shares = [weight / requests for weight, requests, *_ in usual]
    whole = sum(shares)
    requests = sum(weight for weight, *_ in usual) / whole
    busy_s = [answers * ANSWER_S + thinks_s / speedup for *_, answers, thinks_s in usual]
    return Pace(requests, sum(share * one for share, one in zip(shares, busy_s, strict=True)) / whole)


def recorded(
    results: Path, scenario: str, environment: str, speedup: float = 1.0
) -> tuple[str, dict[str, Pace]] | None:
    """(run, its paces) of the newest record of the scenario that tells anything; one of the same
    environment where the newest ones have it. At another speed users think for another time: it tells
    nothing."""
    slug = re.sub(r"[^0-9A-Za-z]+", "-", scenario)
    other: tuple[str, dict[str, Pace]] | None = None
    for path in sorted(results.glob(f"*-{slug}-*/summary.json"), reverse=True)[:LOOKED_AT]:
        try:
            summary = orjson.loads(path.read_bytes())
            run = summary["run"]
            if run["scenario"] != scenario or float(summary["manifest"]["speedup"]) != speedup:
                continue
            same = run["environment"] == environment
            if (same or other is None) and (paces := _paces(summary, path.parent)):
                if same:
                    return str(run["id"]), paces
                other = str(run["id"]), paces
        except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, ConfigError):
            # Of another version, or cut off: it tells nothing.
            continue
    return other


def _paces(summary: Mapping[str, Any], folder: Path) -> dict[str, Pace]:
    """What a record says of each workload's iterations; nothing of one that has started none."""
    manifest = summary["manifest"]
    speedup = float(manifest["speedup"])
    plan = parse_plan(summary["run"]["scenario"], manifest["scenario"], speedup=speedup)
    rows = [row for row in _rows(folder) if row.get("running", True)]
    measured = sum(operation["count"] for operation in summary["operations"])
    # The requests of the warm-up are in no operation.
    whole = sum(row["requests"] for row in rows) / measured if measured else 0.0
    spent = _spent(plan, sum(row["vus"] - row.get("open_vus", 0) for row in rows))
    found: dict[str, Pace] = {}
    for workload in plan.workloads:
        started = summary["workloads"][workload.name]["started"]
        requests = sum(one["count"] for one in summary["operations"] if one["workload"] == workload.name)
        if not started or not requests:
            continue
        busy_s = (
            spent[workload.name] / started - thinking_s(workload, speedup) if workload.name in spent else 0.0
        )
        found[workload.name] = Pace(max(1.0, whole) * requests / started, max(0.0, busy_s))
    return found


def _spent(plan: Plan, in_all: float) -> dict[str, float]:
    """The VU-seconds of each closed workload: `in_all` as a run has spent them, dealt by its plan."""
    planned = {workload.name: vu_seconds(workload) for workload in plan.workloads if not workload.arrival}
    # What ends when its work is done has what the others, who last as planned, leave.
    limited = {w.name for w in plan.workloads if w.leased or w.iterations_per_vu is not None}
    dealt = limited & planned.keys() or planned.keys()
    rest = max(0.0, in_all - sum(area for name, area in planned.items() if name not in dealt))
    whole = sum(planned[name] for name in dealt)
    # Where the plan has none at all, people have set them by hand.
    shares = {name: planned[name] / whole if whole else 1 / len(dealt) for name in dealt}
    return {name: rest * shares[name] if name in shares else area for name, area in planned.items()}


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for line in (folder / "timeline.jsonl").read_bytes().splitlines():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            break
        if isinstance(row, dict):
            rows.append(row)
    return rows
