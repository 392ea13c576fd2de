"""What a change of load means for each workload: the matrix of commands and executors."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from typing import Literal

from dmsperf_tui.plan.changes import Change
from dmsperf_tui.plan.errors import nearest
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import Action, LevelChange
from dmsperf_tui.plan.units import NS_PER_S, format_duration
from dmsperf_tui.run.commands import (
    Extend,
    HoldLevel,
    Release,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Steered,
    Weights,
)
from dmsperf_tui.run.run import Run

SPARE_FILES = 200
"""Open files of a worker that are not connections."""


def most_vus(workers: int) -> int:
    """How many VUs this machine can give a connection each: the limit on open files, of all workers."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return max(1, hard - SPARE_FILES) * workers


class RefusedError(Exception):
    """A command that cannot be done; one line says why, and the mend."""


def rate_text(per_second: float, time_unit_s: float) -> str:
    """A rate as its scenario writes it: `120/s`, `90/m`, `5/10s`, to three digits or the whole: `78.7/s`."""
    unit = {1.0: "s", 60.0: "m", 3600.0: "h"}.get(time_unit_s) or format_duration(time_unit_s)
    return f"{rate_number(per_second * time_unit_s)}/{unit}"


def rate_number(value: float) -> str:
    """`1200`, `57.3`, `0.25`."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"


def chosen(
    run: Run, name: str | None, fits: Callable[[WorkloadPlan], bool], why_not: str
) -> list[WorkloadPlan]:
    """The workloads under way that a command is for. Raises RefusedError where there is none."""
    workloads = run.config.plan.workloads
    if name is not None:
        known = [workload.name for workload in workloads]
        if name not in known:
            raise RefusedError(f"unknown workload {name!r}; {nearest(name, known)}")
        workloads = tuple(workload for workload in workloads if workload.name == name)
    active = [workload for workload in workloads if run.active(workload)]
    if not active:
        if name is not None and run.clock is not None:
            (workload,) = workloads
            early = run.starts[name] is None or run.elapsed_ns < run.start_ns(workload)
            raise RefusedError(
                f"{name} has {'not started' if early else 'ended'}: there is no load to change"
            )
        raise RefusedError("no workload is under way: there is no load to change")
    fitting = [workload for workload in active if fits(workload)]
    if not fitting:
        raise RefusedError(why_not)
    return fitting


def _one(workloads: list[WorkloadPlan], what: str) -> None:
    if len(workloads) > 1:
        names = ", ".join(workload.name for workload in workloads)
        raise RefusedError(f"more than one workload is under way ({names}); name one for {what}: --workload")


def steer_changes(run: Run, command: Steered) -> list[LevelChange]:
    """The changes that `command` makes now. Raises RefusedError."""
    match command:
        case SetVus():
            changes = _vus(run, command)
        case SetRate():
            changes = _rate(run, command)
        case Scale():
            changes = [_scale(run, workload, command) for workload in _any(run, command.workload)]
        case HoldLevel():
            changes = [_hold(run, workload) for workload in _any(run, command.workload)]
        case Release():
            changes = _release(run, command)
        case Skip():
            changes = _skip(run, command)
        case Extend():
            changes = _extend(run, command)
    return changes


def _any(run: Run, name: str | None) -> list[WorkloadPlan]:
    return chosen(run, name, lambda workload: True, "")


def change_of(
    run: Run, workload: WorkloadPlan, action: Action | Literal["cap"], value: float, over_s: float, text: str
) -> LevelChange:
    """One workload's change, at this instant, in words that name it where there are others."""
    of = f"{workload.name}: " if len(run.config.plan.workloads) > 1 else ""
    over = f" over {over_s:g} s" if over_s else ""
    return LevelChange(
        workload.name, action, value, int(over_s * NS_PER_S), run.own_ns(workload), f"{of}{text}{over}"
    )


def level_text(workload: WorkloadPlan, level: float) -> str:
    """VUs, or a rate as its scenario writes it."""
    return rate_text(level, workload.arrival.time_unit_s) if workload.arrival else f"{level:.0f}"


def _named(workload: WorkloadPlan) -> str:
    return "rate" if workload.arrival else "VUs"


def set_text(run: Run, workload: WorkloadPlan, level: float) -> str:
    """`VUs 38 → 50`, from where it is heading."""
    present = level_text(workload, run.heading(workload))
    return f"{_named(workload)} {present} → {level_text(workload, level)}"


def scale_text(run: Run, workload: WorkloadPlan, factor: float) -> str:
    """`VUs 38 → 2 times the plan (76)`."""
    target = run.steering[workload.name].plan_level(run.own_ns(workload)) * factor
    if workload.arrival is None:
        target = int(target + 0.5)
    present = level_text(workload, run.heading(workload))
    return f"{_named(workload)} {present} → {factor:g} times the plan ({level_text(workload, target)})"


def release_text(run: Run, workload: WorkloadPlan) -> str:
    """`VUs 50 → plan (38)`."""
    plan = run.steering[workload.name].plan_level(run.own_ns(workload))
    present = level_text(workload, run.heading(workload))
    return f"{_named(workload)} {present} → plan ({level_text(workload, plan)})"


def shares_text(weights: Mapping[str, float]) -> str:
    """`shares read 80%, write 20%`."""
    total = sum(weights.values())
    return "shares " + ", ".join(f"{name} {share / total:.0%}" for name, share in weights.items())


def _vus(run: Run, command: SetVus) -> list[LevelChange]:
    workloads = _any(run, command.workload)
    closed = [workload for workload in workloads if workload.arrival is None]
    if closed:
        # Without a name VUs are those of closed workloads; an open one's cap is set by name.
        workloads = closed
    if command.unit != "percent":
        _one(workloads, "a number of VUs")
    typed = Change(command.amount, command.unit, command.over_s)
    changes: list[LevelChange] = []
    for workload in workloads:
        open_ = workload.arrival is not None
        present = run.max_vus[workload.name] if open_ else run.heading(workload)
        target = typed.apply(present, whole=True)
        most = most_vus(run.workers_alive)
        if target > most:
            raise RefusedError(
                f"{target:g} VUs are more than the open files allow: {most} here; use more --workers"
            )
        if workload.most_vus is not None and target > workload.most_vus:
            raise RefusedError(f"{target:g} VUs are more than max_vus, {workload.most_vus}")
        if open_:
            if target < run.workers_alive:
                raise RefusedError(
                    f"arrivals go to {run.workers_alive} workers in turn, each needs at least one VU; pause "
                    f"or stop it instead"
                )
            text = f"most VUs {present:g} → {target:g}"
            changes.append(change_of(run, workload, "cap", target, 0, text))
        else:
            text = set_text(run, workload, target)
            changes.append(change_of(run, workload, "set", target, command.over_s, text))
    return changes


def _rate(run: Run, command: SetRate) -> list[LevelChange]:
    workloads = chosen(
        run,
        command.workload,
        lambda workload: workload.arrival is not None,
        "VUs set the load here, each starting its next iteration when the last one ends: there is no rate to "
        "set; use vus, or an arrival-rate executor",
    )
    if command.unit != "percent":
        _one(workloads, "a rate")
    changes: list[LevelChange] = []
    for workload in workloads:
        assert workload.arrival is not None
        per_s = workload.arrival.time_unit_s
        present = run.heading(workload)
        amount = command.amount
        if command.unit != "percent":
            amount /= command.per_s or per_s
        target = Change(amount, command.unit).apply(present, whole=False)
        text = set_text(run, workload, target)
        changes.append(change_of(run, workload, "set", target, command.over_s, text))
    return changes


def _scale(run: Run, workload: WorkloadPlan, command: Scale) -> LevelChange:
    if workload.arrival is None:
        peak = workload.shape.peak * command.factor
        most = workload.most_vus or most_vus(run.workers_alive)
        if peak > most:
            raise RefusedError(f"{peak:g} VUs are more than {most}, the most that are allowed here")
    text = scale_text(run, workload, command.factor)
    return change_of(run, workload, "scale", command.factor, command.over_s, text)


def _hold(run: Run, workload: WorkloadPlan) -> LevelChange:
    level = run.steering[workload.name].level(run.own_ns(workload))
    return change_of(run, workload, "hold", 0, 0, f"{_named(workload)} held at {level_text(workload, level)}")


def _release(run: Run, command: Release) -> list[LevelChange]:
    changes: list[LevelChange] = []
    for workload in _any(run, command.workload):
        if run.steering[workload.name].by_hand:
            text = release_text(run, workload)
            changes.append(change_of(run, workload, "release", 0, command.over_s, text))
    if not changes:
        raise RefusedError("the plan holds already: nothing was set by hand")
    return changes


def _skip(run: Run, command: Skip) -> list[LevelChange]:
    workloads = chosen(
        run,
        command.workload,
        lambda workload: (
            bool(workload.entities) or (not workload.iterations and not workload.iterations_per_vu)
        ),
        "it has a number of iterations and no stages: there is nothing to skip to",
    )
    changes: list[LevelChange] = []
    problem = ""
    for workload in workloads:
        steering, own_ns = run.steering[workload.name], run.own_ns(workload)
        count = len(steering.shape.stages)
        now = steering.stage_at(own_ns)
        stage = command.stage - 1 if command.stage is not None else now + 1
        if stage >= count:
            problem = f"stage {now + 1} of {count} is its last: stop ends it, extend makes it longer"
            if command.stage is not None:
                problem = f"there is no stage {command.stage}: {workload.name} has {count}"
            continue
        target = level_text(workload, steering.shape.stages[stage].target)
        held = "; the level set by hand goes on holding, release gives it back" if steering.by_hand else ""
        text = f"skip to stage {stage + 1}/{count}: to {target}{'' if workload.arrival else ' VUs'}{held}"
        end_ns = own_ns + sum(part.duration_ns for part in steering.shape.stages[stage:])
        _check_length(run, workload, end_ns)
        changes.append(change_of(run, workload, "skip", stage, 0, text))
    if not changes:
        raise RefusedError(problem)
    return changes


def _extend(run: Run, command: Extend) -> list[LevelChange]:
    changes: list[LevelChange] = []
    by_ns = int(command.by_s * NS_PER_S)
    for workload in _any(run, command.workload):
        end_ns = run.steering[workload.name].end_ns + by_ns
        _check_length(run, workload, end_ns)
        text = f"extended by {format_duration(command.by_s)}, to {format_duration(end_ns / NS_PER_S)}"
        changes.append(change_of(run, workload, "extend", by_ns, 0, text))
    return changes


def _check_length(run: Run, workload: WorkloadPlan, own_end_ns: int) -> None:
    most_ns = run.config.plan.max_duration_ns
    end_ns = own_end_ns + (run.starts[workload.name] or 0)
    if end_ns > most_ns:
        raise RefusedError(
            f"the run would last {format_duration(end_ns / NS_PER_S)}, longer than its max_duration, "
            f"{format_duration(most_ns / NS_PER_S)}; set max_duration in the scenario"
        )


def weighed(run: Run, command: Weights) -> tuple[WorkloadPlan, str]:
    """Whose shares change, in words. Raises RefusedError."""
    workloads = chosen(
        run,
        command.workload,
        lambda workload: len(workload.flows) > 1,
        "it has one flow, not a mix of them: there are no shares to set",
    )
    _one(workloads, "its shares")
    (workload,) = workloads
    known = [flow.name for flow in workload.flows]
    for name in command.weights:
        if name not in known:
            raise RefusedError(f"unknown flow {name!r} of {workload.name}; {nearest(name, known)}")
    now = {**run.weights[workload.name], **command.weights}
    if not any(now.values()):
        raise RefusedError("all shares would be 0; give at least one a share")
    return workload, shares_text(now)
