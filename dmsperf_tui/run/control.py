"""What a change of VUs means for each workload."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from dmsperf_tui.plan.errors import nearest
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import VuChange
from dmsperf_tui.run.commands import Release, Reply, SetVus
from dmsperf_tui.run.run import Run

SPARE_FILES = 200
"""Open files of a worker that are not connections."""


def most_vus(workers: int) -> int:
    """How many VUs this machine can give a connection each: the limit on open files, of all workers."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return max(1, hard - SPARE_FILES) * workers


@dataclass(frozen=True, slots=True)
class Change:
    """One workload's new target; `vus` None: back to its plan."""

    workload: str
    vus: int | None
    over_ns: int
    elapsed_ns: int
    text: str

    def apply(self, run: Run) -> None:
        """Makes the host's own steering follow; the workers' are told the same."""
        steering = run.steering[self.workload]
        if self.vus is None:
            steering.release()
        else:
            steering.set_vus(self.vus, self.elapsed_ns, self.over_ns)


def _chosen(run: Run, name: str | None) -> list[WorkloadPlan] | Reply:
    workloads = run.config.plan.workloads
    if name is not None:
        known = [workload.name for workload in workloads]
        if name not in known:
            return Reply(ok=False, text=f"unknown workload {name!r}; {nearest(name, known)}")
        workloads = tuple(workload for workload in workloads if workload.name == name)
    active = [workload for workload in workloads if run.active(workload)]
    return active or Reply(ok=False, text="no workload is under way: there is no load to change")


def steer_changes(run: Run, command: SetVus | Release) -> list[Change] | Reply:
    """The changes that `command` makes now, or the reason why it makes none."""
    chosen = _chosen(run, command.workload)
    if isinstance(chosen, Reply):
        return chosen
    if isinstance(command, SetVus) and command.unit != "percent" and len(chosen) > 1:
        names = ", ".join(workload.name for workload in chosen)
        return Reply(ok=False, text=f"more than one workload is under way ({names}); name one: --workload")
    changes: list[Change] = []
    for workload in chosen:
        elapsed_ns = run.elapsed_ns - workload.start_ns
        steering = run.steering[workload.name]
        present = steering.heading(elapsed_ns)
        of = f" of {workload.name}" if len(run.config.plan.workloads) > 1 else ""
        if isinstance(command, Release):
            if steering.by_hand:
                text = f"VUs{of} {present} → plan ({steering.planned(elapsed_ns)})"
                changes.append(Change(workload.name, None, 0, elapsed_ns, text))
            continue
        change = VuChange(command.amount, command.unit, command.over_s)
        target = change.apply(present)
        most = most_vus(run.workers_alive)
        if target > most:
            said = f"{target} VUs are more than the open files allow: {most} here; use more --workers"
            return Reply(ok=False, text=said)
        over = f" over {command.over_s:g} s" if command.over_s else ""
        text = f"VUs{of} {present} → {target}{over}"
        changes.append(Change(workload.name, target, change.over_ns, elapsed_ns, text))
    return changes or Reply(ok=False, text="the plan holds already: nothing was set by hand")
