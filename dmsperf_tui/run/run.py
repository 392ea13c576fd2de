"""The state of one run, and what front ends see of it. Changed by the host only; no I/O here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import GENERATOR_KINDS
from dmsperf_tui.engine.messages import Gauges, Interval, Sample, WorkloadGauge
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import Steering
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.iterations import SharedIterations
from dmsperf_tui.run.judge import Counts, judge
from dmsperf_tui.run.snapshot import (
    CheckRow,
    ErrorRow,
    EventRow,
    HealthRow,
    OperationRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
    WorkloadRow,
)
from dmsperf_tui.run.statistics import DURATION, ErrorGroup, OperationTotals, Second, Statistics
from dmsperf_tui.run.timeline import Levels, Timeline
from dmsperf_tui.run.verdict import Verdict
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.systems.checks import PreflightRow

LOAD_CHANGING = {"start", "vus", "release", "pause", "resume", "stage", "worker-lost", "stop"}
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
        self.config = config
        self.info = info
        self.state = RunState.PREPARING
        self.message = ""
        self.exit_code: int | None = None
        self.clock: RunClock | None = None
        self.preflight: list[PreflightRow] = []
        self.events: list[EventRow] = []
        self.verdict = Verdict()
        self.timeline = Timeline(self._levels)
        self.statistics = Statistics(self._close_second, on_sample)
        self.steering = {workload.name: Steering(workload.shape) for workload in config.plan.workloads}
        self.shared = {
            workload.name: SharedIterations(workload.iterations, config.workers)
            for workload in config.plan.workloads
            if workload.iterations is not None
        }
        self.workers_alive = config.workers
        self.vus_max = 0
        self.workload_vus_max: dict[str, int] = {}
        self.changed = asyncio.Event()
        """Set whenever something that a viewer should see at once has changed."""
        self._on_second = on_second
        self._on_event = on_event
        self._pending: dict[int, _Pending] = {}
        self._version = 0
        self._last: Second | None = None
        self._thresholds: tuple[ThresholdRow, ...] = ()
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

    def event(self, kind: str, text: str) -> int:
        """Records an event now; returns its place among all events."""
        at_s = round(max(0.0, self.wall_s) if kind == "start" else self.wall_s, 3)
        row = EventRow(at_s, kind, text, max(0, int(at_s)))
        self.events.append(row)
        if kind in LOAD_CHANGING and at_s >= 0:
            self.timeline.open_segment(at_s, text, self._levels().target)
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
        for workload in self.config.plan.workloads:
            vus = self.gauge(workload).vus
            total += vus
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

    def _close_second(self, second: Second) -> None:
        row = self.timeline.close(second)
        if row.running:
            self.verdict.second(second.lag_p99_ms, second.cpu_share)
        self._last = second
        self._on_second(second, row)

    # --- what there is --------------------------------------------------------------------------

    def active(self, workload: WorkloadPlan) -> bool:
        """Whether the plan has `workload` under way now."""
        if self.clock is None or self.state in _ENDED or self.state is RunState.PREPARING:
            return False
        return workload.start_ns <= self.elapsed_ns < workload.end_ns and not self.gauge(workload).done

    def gauge(self, workload: WorkloadPlan) -> WorkloadGauge:
        return self.statistics.gauge(workload.name)

    def dropped(self, workload: WorkloadPlan) -> int:
        """Iterations that the plan had and that never started: known once the load is over."""
        shared = self.shared.get(workload.name)
        if shared is None or self._final_elapsed_ns is None:
            return 0
        return max(0, shared.total - self.gauge(workload).started)

    def counts(self) -> Counts:
        return Counts(
            duration_s=self.elapsed_ns / NS_PER_S,
            dropped=sum(self.dropped(workload) for workload in self.config.plan.workloads),
            vus=self._levels().vus,
            vus_max=self.vus_max,
        )

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        return judge(self.config.plan.thresholds, self.statistics, self.counts())

    def judge_now(self) -> None:
        """Thresholds are judged at each tick, not for each snapshot: percentiles cost."""
        self._thresholds = self.thresholds()

    def _levels(self) -> Levels:
        planned = target = vus = 0
        for workload in self.config.plan.workloads:
            vus += self.gauge(workload).vus
            if self.active(workload):
                elapsed_ns = self.elapsed_ns - workload.start_ns
                planned += self.steering[workload.name].planned(elapsed_ns)
                target += self.steering[workload.name].target(elapsed_ns)
        running = self.state is not RunState.PAUSED
        return Levels(planned, target, vus, running, self.elapsed_ns)

    def _workload_row(self, workload: WorkloadPlan) -> WorkloadRow:
        gauge, steering = self.gauge(workload), self.steering[workload.name]
        elapsed_ns = self.elapsed_ns - workload.start_ns
        active = self.active(workload)
        return WorkloadRow(
            name=workload.name,
            executor=workload.executor,
            flow=workload.flow,
            planned=steering.planned(elapsed_ns) if active else 0,
            target=steering.target(elapsed_ns) if active else 0,
            vus=gauge.vus,
            leaving=gauge.leaving,
            by_hand=steering.by_hand,
            peak=workload.shape.peak,
            iterations=gauge.completed,
            interrupted=gauge.interrupted,
            dropped=self.dropped(workload),
            total_iterations=workload.iterations,
        )

    def snapshot(self, first_row: int = 0) -> RunSnapshot:
        """The run as it is now, with the timeline rows from number `first_row` on."""
        workloads = tuple(self._workload_row(workload) for workload in self.config.plan.workloads)
        verdict, reasons = self.verdict.judge(over=self.state.over)
        levels = self._levels()
        rows = self.timeline.rows
        newest = rows[-1] if rows and not self.state.over else None
        heading = sum(
            self.steering[workload.name].heading(self.elapsed_ns - workload.start_ns)
            for workload in self.config.plan.workloads
            if self.active(workload)
        )
        seconds = max(self.elapsed_ns / NS_PER_S, 1e-9)
        return RunSnapshot(
            info=self.info,
            state=self.state,
            elapsed_s=self.elapsed_ns / NS_PER_S,
            planned=levels.planned,
            target=levels.target,
            heading=heading,
            vus=levels.vus,
            requests=self.statistics.requests,
            requests_sent=self.statistics.requests_sent,
            failed=self.statistics.failed,
            rate=float(newest.requests) if newest else self.statistics.requests / seconds,
            in_flight=self.statistics.in_flight,
            iterations=sum(row.iterations for row in workloads),
            interrupted=sum(row.interrupted for row in workloads),
            dropped=sum(row.dropped for row in workloads),
            p95_ms=self._p95_ms(),
            health=HealthRow(
                verdict=verdict,
                reasons=reasons,
                loop_lag_p99_ms=self._last.lag_p99_ms if self._last else 0.0,
                cpu_share=self._last.cpu_share if self._last else 0.0,
                workers=self.config.workers,
                workers_alive=self.workers_alive,
            ),
            workloads=workloads,
            operations=tuple(_operation_row(totals, seconds) for totals in self.statistics.select()),
            thresholds=self._thresholds,
            checks=tuple(CheckRow(name, *counts) for name, counts in self.statistics.checks.items()),
            errors=tuple(
                _error_row(group)
                for group in sorted(self.statistics.errors.values(), key=lambda group: -group.last_ns)
            ),
            events=tuple(self.events),
            preflight=tuple(self.preflight),
            rows=tuple(rows[first_row:]),
            exit_code=self.exit_code,
            message=self.message,
        )

    def _p95_ms(self) -> float | None:
        if self.state.over:
            total = self.statistics.trend(DURATION)
            return total.percentile_us(95) / 1000 if total.count else None
        # Two seconds back at most: an outage must not show the latency from before it.
        newest = reversed(self.timeline.rows[-2:])
        return next((row.p95_ms for row in newest if row.p95_ms is not None), None)


def _operation_row(totals: OperationTotals, seconds: float) -> OperationRow:
    durations = totals.trend(DURATION)
    p50, p95, p99 = durations.percentiles_us((50, 95, 99))
    return OperationRow(
        name=totals.name,
        workload=totals.workload,
        count=totals.requests,
        failed=totals.failed,
        rate=totals.requests / seconds,
        avg_ms=durations.mean_us / 1000,
        p50_ms=p50 / 1000,
        p95_ms=p95 / 1000,
        p99_ms=p99 / 1000,
        max_ms=durations.max_us / 1000,
    )


def _error_row(group: ErrorGroup) -> ErrorRow:
    sample = group.samples[0].detail if group.samples else ""
    # The kind stands beside it already.
    sample = sample.removeprefix(f"{group.failure}: ")
    return ErrorRow(
        operation=group.operation,
        phase=group.phase,
        kind=group.failure,
        count=group.count,
        first_s=group.first_ns / NS_PER_S,
        last_s=group.last_ns / NS_PER_S,
        sample=" ".join(sample.split())[:300],
    )
