"""The state of one run. Changed by the host only; no I/O here. `view` makes of it what front ends see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import GENERATOR_KINDS
from dmsperf_tui.engine.messages import Gauges, Interval, Sample, WorkloadGauge
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import LevelChange, Steering
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.iterations import SharedIterations
from dmsperf_tui.run.judge import Counts, Judge, Readings
from dmsperf_tui.run.objectives import held_to, objective_rows
from dmsperf_tui.run.plateaus import Plateaus
from dmsperf_tui.run.snapshot import (
    EventRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
)
from dmsperf_tui.run.statistics import ErrorGroup, Second, Statistics
from dmsperf_tui.run.timeline import Levels, Timeline
from dmsperf_tui.run.totals import Totals
from dmsperf_tui.run.verdict import Verdict
from dmsperf_tui.run.view import snapshot_of
from dmsperf_tui.run.worklist import Pace, WorkList
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.systems.checks import PreflightRow

LOAD_CHANGING = {
    "start",
    "vus",
    "rate",
    "scale",
    "hold",
    "release",
    "skip",
    "extend",
    "weights",
    "undo",
    "pause",
    "resume",
    "stage",
    "worker-lost",
    "stop",
}
_ENDED = (RunState.STOPPING, RunState.FINISHED, RunState.STOPPED, RunState.ABORTED)


@dataclass(slots=True)
class _Pending:
    """A command that not all workers have acknowledged yet."""

    event: int
    asked_ns: int
    waiting: set[int]
    latest_ns: int = 0


class Run:
    """One run from preparation to its end."""

    def __init__(
        self,
        config: RunConfig,
        info: RunInfo,
        *,
        on_second: Callable[[Second, TimelineRow], None],
        on_event: Callable[[EventRow], None],
        on_sample: Callable[[ErrorGroup, Sample], None],
    ) -> None:
        plan = config.plan
        self.config = config
        self.info = info
        self.state = RunState.PREPARING
        self.message = ""
        self.exit_code: int | None = None
        self.clock: RunClock | None = None
        self.preflight: list[PreflightRow] = []
        self.events: list[EventRow] = []
        self.verdict = Verdict()
        self.plateaus = Plateaus()
        self._tags = {workload.name: workload.tags for workload in plan.workloads}
        self.judge = Judge(plan.thresholds, self._tags)
        self.timeline = Timeline(self.levels, warm_up=plan.warm_up_ns > 0)
        self.statistics = Statistics(
            self._close_second,
            on_sample,
            workers=config.workers,
            opened=frozenset(workload.name for workload in plan.workloads if workload.arrival),
        )
        self.steering = {
            workload.name: Steering(workload.shape, whole=workload.arrival is None)
            for workload in plan.workloads
        }
        self.starts: dict[str, int | None] = {
            workload.name: None if workload.after else workload.start_ns for workload in plan.workloads
        }
        """When each workload starts on the run's clock; None: when another has ended."""
        self.over: set[str] = set()
        """Workloads whose iterations are done, on all workers."""
        self.stages = {workload.name: 0 for workload in plan.workloads}
        """The stage of each that an event has told."""
        self.max_vus = {
            workload.name: workload.arrival.max_vus for workload in plan.workloads if workload.arrival
        }
        self.weights = {
            workload.name: {flow.name: flow.weight for flow in workload.flows} for workload in plan.workloads
        }
        self.shared = {
            workload.name: SharedIterations(workload.iterations, config.workers)
            for workload in plan.workloads
            if workload.iterations is not None
        }
        self.lists: dict[str, WorkList] = {}
        """The entities that workloads work through, once they are known."""
        self.paces: dict[str, Pace] = {}
        """How fast they are done with."""
        self.workers_alive = config.workers
        self.vus_max = 0
        self.workload_vus_max: dict[str, int] = {}
        self.last: Second | None = None
        """The newest closed second."""
        self.thresholds_now: tuple[ThresholdRow, ...] = ()
        self.objectives_now = objective_rows(config.objectives, Readings(Totals(), Counts(0.0)))
        self.changed = asyncio.Event()
        """Set whenever something that a viewer should see at once has changed."""
        self._on_second = on_second
        self._on_event = on_event
        self._pending: dict[int, _Pending] = {}
        self._version = 0
        self._dropped_before: dict[str, int] = {}
        """What had been dropped when the newest second closed, by workload."""
        self._dropped_warm: dict[str, int] = {}
        self.late: set[str] = set()
        """Open workloads of which an iteration had to wait for a VU."""
        self._final_elapsed_ns: int | None = None

    # --- time -----------------------------------------------------------------------------------

    @property
    def elapsed_ns(self) -> int:
        """The run's clock; 0 before the start, standing still after the end."""
        if self._final_elapsed_ns is not None:
            return self._final_elapsed_ns
        return max(0, self.clock.elapsed_ns()) if self.clock else 0

    @property
    def wall_s(self) -> float:
        """Seconds since the start of load, pauses included; negative before it."""
        return self.clock.wall_ns() / NS_PER_S if self.clock else 0.0

    def stop_clock(self) -> None:
        """Load is over: elapsed time stands still from here on."""
        self._final_elapsed_ns = self.elapsed_ns

    # --- changes --------------------------------------------------------------------------------

    def go(self, state: RunState) -> None:
        self.state = state
        self.changed.set()

    def event(self, kind: str, text: str, elapsed_ns: int | None = None) -> int:
        """Records an event of now, or of when the run's clock showed `elapsed_ns`; returns its place."""
        at_s = max(0.0, self.wall_s) if kind == "start" else self.wall_s
        if elapsed_ns is not None and self.clock is not None:
            at_s = min(at_s, (elapsed_ns + self.clock.paused_ns) / NS_PER_S)
        at_s = round(at_s, 3)
        row = EventRow(at_s, kind, text, max(0, int(at_s)))
        self.events.append(row)
        if kind in LOAD_CHANGING and at_s >= 0:
            levels = self.levels()
            self.timeline.open_segment(at_s, text, levels.target, levels.target_rate)
        self._on_event(row)
        self.changed.set()
        return len(self.events) - 1

    def await_acks(self, event: int, workers: set[int], now_ns: int) -> int:
        """A version number for a command that `workers` are to acknowledge."""
        self._version += 1
        self._pending[self._version] = _Pending(event, now_ns, set(workers))
        return self._version

    def acknowledge(self, version: int, worker: int, at_ns: int) -> None:
        pending = self._pending.get(version)
        if pending is None:
            return
        pending.waiting.discard(worker)
        pending.latest_ns = max(pending.latest_ns, at_ns)
        if not pending.waiting:
            del self._pending[version]
            applied_s = max(0.0, (pending.latest_ns - pending.asked_ns) / NS_PER_S)
            event = replace(self.events[pending.event], applied_s=round(applied_s, 4))
            self.events[pending.event] = event
            self._on_event(replace(event, at_s=round(self.wall_s, 3), kind="applied"))
            self.changed.set()

    def forget_worker(self, worker: int) -> None:
        """`worker` will acknowledge nothing any more."""
        self.statistics.lose(worker)
        for version in list(self._pending):
            self.acknowledge(version, worker, self._pending[version].asked_ns)

    def take_gauges(self, worker: int, gauges: Gauges) -> None:
        """How things stand on one worker now."""
        self.statistics.take_gauges(worker, gauges)
        total = 0
        gauges_of = self.statistics.gauge
        for workload in self.config.plan.workloads:
            gauge = gauges_of(workload.name)
            vus = gauge.made
            total += vus
            if gauge.queued and workload.name not in self.late:
                self.late.add(workload.name)
                self.event("busy", f"{workload.name}: all its VUs are busy, so iterations wait")
            self.workload_vus_max[workload.name] = max(self.workload_vus_max.get(workload.name, 0), vus)
        self.vus_max = max(self.vus_max, total)

    def take_interval(self, worker: int, interval: Interval) -> None:
        """One worker's second; what ran out on this machine makes the run invalid."""
        for error in interval.errors:
            if error.failure in GENERATOR_KINDS:
                self.verdict.fact("invalid", f"the load generator ran out of resources: {error.failure}")
        self.statistics.take(worker, interval)

    def tick(self, second: int) -> None:
        """Second `second` has just ended."""
        self.timeline.mark(second)
        for name, work in self.lists.items():
            self.paces[name].mark(self.elapsed_ns / NS_PER_S, work.left)

    def _close_second(self, second: Second) -> None:
        measured_before_s = self.timeline.measured_s
        row = self.timeline.close(second)
        dropped = {name: self.gauge(name).dropped for name in self.steering}
        if second.warm_up:
            self._dropped_warm = dropped
        else:
            length_s = self.timeline.measured_s - measured_before_s
            if row.running:
                self.verdict.second(
                    second.lag_p99_ms,
                    second.cpu_share,
                    second.slip_p99_ms,
                    second.due_free,
                    second.due_prompt,
                    length_s,
                )
            counts = Counts(
                length_s,
                {name: count - self._dropped_before.get(name, 0) for name, count in dropped.items()},
                row.vus,
                self.vus_max,
            )
            segment = self.timeline.segment_of(second.number)
            self.judge.second(second.totals, counts, float(second.number + 1), segment)
        self._dropped_before = dropped
        self.last = second
        for kind, text in self.plateaus.second(second.number, second.totals.statuses()):
            self.event(kind, text)
        self._on_second(second, row)

    def apply(self, change: LevelChange) -> None:
        """The host's own account of a change that the workers are told as well."""
        if change.action == "cap":
            self.max_vus[change.workload] = int(change.value)
        else:
            self.steering[change.workload].apply(
                change.action, change.value, change.elapsed_ns, change.over_ns
            )
        if change.action == "skip":
            self.stages[change.workload] = int(change.value)
        if change.action in ("skip", "extend", "unextend"):
            self.replan()

    def replan(self) -> None:
        """The plan has another end, or bends elsewhere, than before."""
        ends_ns = [self.end_ns(workload) for workload in self.config.plan.workloads]
        closed = [w for w in self.config.plan.workloads if w.arrival is None]
        opened = [w for w in self.config.plan.workloads if w.arrival is not None]
        self.info = replace(
            self.info,
            planned_s=max(ends_ns) / NS_PER_S,
            plan=tuple((at_s, int(level)) for at_s, level in self._corners(closed)),
            rate_plan=tuple(self._corners(opened)),
        )

    def _corners(self, workloads: list[WorkloadPlan]) -> list[tuple[float, float]]:
        instants: set[int] = set()
        for workload in workloads:
            start_ns, steering = self.start_ns(workload), self.steering[workload.name]
            own = (at for at in steering.planned.corners_ns if at <= steering.end_ns)
            instants |= {start_ns, start_ns + steering.end_ns, *(start_ns + at for at in own)}
        points: list[tuple[float, float]] = []
        for at_ns in sorted(instants):
            points += [
                (at_ns / NS_PER_S, self._planned(workloads, instant))
                for instant in (at_ns - 1, at_ns)
                if instant >= 0
            ]
        return points

    def _planned(self, workloads: list[WorkloadPlan], elapsed_ns: int) -> float:
        level = 0.0
        for workload in workloads:
            own_ns = elapsed_ns - self.start_ns(workload)
            if 0 <= own_ns < self.steering[workload.name].end_ns:
                level += self.steering[workload.name].plan_level(own_ns)
        return level

    def take_list(self, workload: str, work: WorkList) -> None:
        """What the workload is to work through is known: its workers lease it like shared iterations."""
        self.lists[workload], self.paces[workload] = work, Pace()
        plan = self.config.plan
        known = tuple(
            replace(one, iterations=work.to_do) if one.name == workload else one for one in plan.workloads
        )
        self.config = self.config.model_copy(update={"plan": replace(plan, workloads=known)})

    # --- workloads ------------------------------------------------------------------------------

    def start_ns(self, workload: WorkloadPlan) -> int:
        """When it starts on the run's clock, or will at the latest."""
        start_ns = self.starts[workload.name]
        return workload.start_ns if start_ns is None else start_ns

    def end_ns(self, workload: WorkloadPlan) -> int:
        """When its regular time is over, on the run's clock."""
        return self.start_ns(workload) + self.steering[workload.name].end_ns

    def own_ns(self, workload: WorkloadPlan) -> int:
        """Its own time: since it started."""
        return self.elapsed_ns - self.start_ns(workload)

    def active(self, workload: WorkloadPlan) -> bool:
        """Whether iterations of it may start now."""
        return (
            self.state not in (*_ENDED, RunState.PREPARING)
            and self.clock is not None
            and self.starts[workload.name] is not None
            and workload.name not in self.over
            and 0 <= self.own_ns(workload) < self.steering[workload.name].end_ns
        )

    def heading(self, workload: WorkloadPlan) -> float:
        """Where its level is going."""
        return self.steering[workload.name].heading(self.own_ns(workload))

    def gauge(self, name: str) -> WorkloadGauge:
        """Its counts over all workers. planned = started + dropped + cut + waiting.

        Of shared iterations what was planned is known here alone: those not begun wait, until they cannot.
        """
        gauge = self.statistics.gauge(name)
        shared, work = self.shared.get(name), self.lists.get(name)
        if work is not None:
            # One that was interrupted is open, and so planned, once more. Of what a lost worker did after its
            # last gauge the list knows more.
            unheard = max(0, work.to_do - work.left - gauge.completed)
            gauge.started += unheard
            gauge.completed += unheard
            gauge.planned = work.to_do + gauge.interrupted
            rest = max(0, gauge.planned - gauge.started)
            if self._final_elapsed_ns is not None or name in self.over:
                gauge.dropped = rest
            else:
                gauge.waiting = rest
        if shared is not None:
            gauge.planned = shared.total
            rest = shared.total - gauge.started
            if self._final_elapsed_ns is not None or name in self.over:
                gauge.dropped = rest
            else:
                gauge.waiting = rest
        return gauge

    def levels(self) -> Levels:
        """The load of all workloads at this instant."""
        planned = target = vus = open_vus = waiting = 0
        planned_rate = target_rate = 0.0
        for workload in self.config.plan.workloads:
            gauge = self.gauge(workload.name)
            vus += gauge.vus
            if workload.arrival:
                open_vus += gauge.vus
                waiting += gauge.waiting
            if self.active(workload):
                steering, own_ns = self.steering[workload.name], self.own_ns(workload)
                if workload.arrival:
                    planned_rate += steering.plan_level(own_ns)
                    target_rate += steering.level(own_ns)
                else:
                    planned += int(steering.plan_level(own_ns))
                    target += int(steering.level(own_ns))
        running = self.state is not RunState.PAUSED
        return Levels(
            planned,
            target,
            vus,
            running,
            self.elapsed_ns,
            planned_rate,
            target_rate,
            waiting,
            open_vus,
        )

    # --- judgement ------------------------------------------------------------------------------

    def counts(self) -> Counts:
        """Of the measured time."""
        dropped = {name: self.gauge(name).dropped - self._dropped_warm.get(name, 0) for name in self.steering}
        return Counts(self.measured_s, dropped, self.levels().vus, self.vus_max)

    @property
    def measured_s(self) -> float:
        """Time under load of the closed seconds, warm-up and pauses left out."""
        return self.timeline.measured_s

    def readings(self) -> Readings:
        """What thresholds and objectives are judged by."""
        return Readings(self.statistics.totals, self.counts(), self._tags)

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        return self._judged(self.readings())

    def _judged(self, readings: Readings) -> tuple[ThresholdRow, ...]:
        rows = self.judge.rows(readings)
        held = self.config.objectives if self.config.objectives_gate else None
        return held_to(held, self.config.plan.thresholds, rows, readings)

    def judge_now(self) -> ThresholdRow | None:
        """Thresholds and objectives are judged at each tick, not for each snapshot: percentiles cost.

        Returns the one that is to end the run, if any is.
        """
        readings = self.readings()
        self.thresholds_now = self._judged(readings)
        self.objectives_now = objective_rows(self.config.objectives, readings)
        return self.judge.aborting(self.thresholds_now, self.elapsed_ns / NS_PER_S)

    def snapshot(self, first_row: int = 0) -> RunSnapshot:
        """The run as it is now, with the timeline rows from number `first_row` on."""
        return snapshot_of(self, first_row)
