"""A plan in words: how long, how high, what each workload does."""

from __future__ import annotations

from dmsperf_tui.plan.scenario import Plan, WorkloadPlan
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.plan.units import NS_PER_S, format_duration
from dmsperf_tui.tui.preview import uncertain
from dmsperf_tui.tui.wording import rate_words

_MOST_STEPS = 6


def length_words(plan: Plan) -> str:
    """`34m`; with `at most` where it may be over sooner, all of its iterations done."""
    last = [workload for workload in plan.workloads if workload.end_ns == plan.duration_ns]
    bound = any(uncertain(workload, plan) for workload in last)
    return ("at most " if bound else "") + format_duration(plan.duration_ns / NS_PER_S)


def peak_words(plan: Plan) -> str:
    """The most that is asked for at once: `peak 50/s, at most 100 VUs`, `peak 100 VUs`."""
    parts = []
    units = {workload.arrival.time_unit_s for workload in plan.workloads if workload.arrival}
    if units:
        highest = max((level for _, level in plan.rate_corners), default=0.0)
        parts.append(f"peak {rate_words(highest, units.pop() if len(units) == 1 else 1.0)}")
    if closed := max((level for _, level in plan.corners), default=0):
        parts.append(f"peak {vus_words(closed)}" if closed > 1 or parts else vus_words(closed))
    if plan.open:
        parts.append(f"at most {vus_words(plan.peak_vus)}")
    return " · ".join(parts)


def vus_words(vus: float) -> str:
    return "1 VU" if vus == 1 else f"{vus:,.0f} VUs"


def load_words(workload: WorkloadPlan) -> str:
    """Its own load over its time: `10 → 500 → 10 VUs over 9m`, `50/s for 5m`."""
    shape, arrival = workload.shape, workload.arrival
    length = format_duration(shape.duration_ns / NS_PER_S)
    levels = [shape.start, *(stage.target for stage in shape.stages)]
    # What is held is no step.
    steps = [level for at, level in enumerate(levels) if not at or level != levels[at - 1]]
    if len(steps) > _MOST_STEPS:
        steps = [steps[0], shape.peak, steps[-1]]
    if arrival is not None:
        unit = arrival.time_unit_s
        last = rate_words(steps[-1], unit)
        shown = " → ".join([*(rate_words(step, unit).partition("/")[0] for step in steps[:-1]), last])
    else:
        shown = " → ".join([*(f"{step:,.0f}" for step in steps[:-1]), vus_words(steps[-1])])
    if workload.iterations is not None:
        return f"{shown}, {workload.iterations:,} iterations in at most {length}"
    if workload.iterations_per_vu is not None:
        return f"{shown}, {workload.iterations_per_vu:,} iterations each, in at most {length}"
    if workload.entities:
        return f"{shown} until its list is done, at most {length}"
    return f"{shown} over {length}" if len(steps) > 1 else f"{shown} for {length}"


def workload_words(workload: WorkloadPlan) -> str:
    """Its flow, its executor and all that bears on its load."""
    parts = [f"{workload.executor} · {workload.flow}", load_words(workload)]
    if workload.after:
        parts.append(f"after {workload.after}")
    elif workload.start_ns:
        parts.append(f"from {format_duration(workload.start_ns / NS_PER_S)} on")
    if arrival := workload.arrival:
        parts.append(f"at most {vus_words(arrival.max_vus)}")
        if arrival.poisson:
            parts.append("at random, as independent users arrive")
        parts.append("late iterations wait" if arrival.late == "queue" else "late iterations are dropped")
    if workload.think_time_s:
        parts.append(f"think time {format_duration(workload.think_time_s)}")
    return " · ".join(parts)


def judged_words(thresholds: tuple[Threshold, ...]) -> list[str]:
    """A line for each metric: its name, then all that is asked of it."""
    by_metric: dict[str, list[str]] = {}
    for row in thresholds:
        ends = " (ends the run)" if row.abort_on_fail else ""
        by_metric.setdefault(row.metric, []).append(f"{row.expression}{ends}")
    return [f"{metric}  {', '.join(expressions)}" for metric, expressions in by_metric.items()]
