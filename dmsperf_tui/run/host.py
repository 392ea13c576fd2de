"""The run host: prepares, starts the workers, keeps the time, ends the run and writes its record.

It owns the `Run`; only it, its crew and its helm change it. Nothing here waits for a viewer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.messages import Begin, Ping, Prepare
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.crew import Crew
from dmsperf_tui.run.helm import Helm
from dmsperf_tui.run.preparation import Preparation, SetupError
from dmsperf_tui.run.record import Record, new_run_id
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import RunInfo, RunState
from dmsperf_tui.run.summarize import summarize
from dmsperf_tui.run.workers import ProcessWorker, WorkerHandle
from dmsperf_tui.settings.config import RunConfig

START_DELAY_S = 0.25
"""Load starts so much later than it is ordered, so that all workers start in the same instant."""

OVERTIME_S = 5.0
"""Workers still at work so long after the last grace period are killed."""
CLOCK_STEP_S = 0.05
"""Times are monotonic and not hurt by a stepped clock, but other systems' logs no longer fit ours."""

WorkerFactory = Callable[[Record, int], Awaitable[WorkerHandle]]


async def process_worker(record: Record, index: int) -> WorkerHandle:
    """A worker in a process of its own; what it prints goes to a log in the record's folder."""
    return await ProcessWorker.start(record.log(f"worker-{index}.log"))


class RunHost:
    """One run, from its configuration to its exit code."""

    def __init__(self, config: RunConfig, make_worker: WorkerFactory = process_worker) -> None:
        """Makes the record's folder. Raises ConfigError when it cannot."""
        run_id = new_run_id()
        self.record = Record.create(config.results, run_id, config.plan.name, config.summary)
        self.record.complain = self._record_failed
        self.run = Run(
            config,
            RunInfo(
                id=run_id,
                scenario=config.plan.name,
                title=config.plan.title,
                profile=config.profile.name,
                environment=config.environment.name,
                url=config.environment.url,
                try_out=config.environment.embedded,
                insecure=config.environment.insecure,
                results=str(self.record.folder),
                planned_s=config.plan.duration_ns / NS_PER_S,
                speedup=config.speedup,
                plan=config.plan.corners,
            ),
            on_second=self.record.second,
            on_event=self.record.event,
            on_sample=self.record.error,
        )
        self.record.scenario(config.scenario_source)
        self._preparation = Preparation(self.run, self.record)
        self._crew = Crew(
            self.run, lambda index: make_worker(self.record, index), self._preparation.token_refused
        )
        self._preparation.send_all = self._crew.send_all
        self.helm = Helm(self.run, self._crew, self._cancel_getting_ready)
        self._getting_ready: asyncio.Task[None] | None = None
        self._under_way: set[str] = set()
        self._started_at: float | None = None
        self._ended_at: float | None = None

    async def execute(self) -> int:
        """Runs the run; returns its exit code. Everything that was started has ended by then."""
        run = self.run
        try:
            self._getting_ready = asyncio.create_task(self._get_ready(), name="get ready")
            await asyncio.wait([self._getting_ready])
            if self.helm.ending is None:
                try:
                    self._getting_ready.result()
                except SetupError as fault:
                    run.exit_code, run.message = 107, str(fault)
            if run.exit_code is None and self.helm.ending is None:
                await self._under_load()
        finally:
            await self._crew.close()
            await self._preparation.close()
        # Without a pause between them: who sees that the run is over finds its whole record.
        exit_code = self._end()
        self.record.summary(summarize(run, self._started_at, self._ended_at), run.config.summary)
        self.record.close()
        return exit_code

    async def _get_ready(self) -> None:
        await self._preparation.run()
        await self._crew.start(self._prepare)
        self._preparation.send_token()

    def _cancel_getting_ready(self) -> None:
        """A person changed their mind before load had started."""
        if self._getting_ready is not None:
            self._getting_ready.cancel()

    def _prepare(self, index: int) -> Prepare:
        config, environment = self.run.config, self._preparation.environment
        return Prepare(
            plan=config.plan,
            index=index,
            workers=config.workers,
            url=environment.url,
            ca_file=environment.ca_file,
            insecure=environment.insecure,
            seed=config.seed,
            data=dict(config.profile.values),
            flow_folder=str(config.scenario_folder),
            speedup=config.speedup,
        )

    async def _under_load(self) -> None:
        run = self.run
        start_ns = perf_counter_ns() + int(START_DELAY_S * NS_PER_S)
        run.clock = RunClock(start_ns)
        self._started_at = time.time() + START_DELAY_S
        self._crew.send_all(Begin(start_ns))
        await asyncio.sleep(START_DELAY_S)
        if run.state is RunState.PREPARING:
            run.go(RunState.RUNNING)
            run.event("start", f"start: {run.info.scenario}")
        ticking = asyncio.create_task(self._tick(), name="tick")
        done = asyncio.create_task(self._crew.all_done.wait(), name="all done")
        try:
            await asyncio.wait([ticking, done], return_when=asyncio.FIRST_COMPLETED)
            if ticking.done():
                # It never returns: this raises the bug that ended it. Nobody would wait for the workers.
                ticking.result()
            await self._crew.heard_out()
        finally:
            ticking.cancel()
            done.cancel()
            run.stop_clock()
            self._ended_at = time.time()
            run.statistics.close_all()

    async def _tick(self) -> None:
        run, clock = self.run, self.run.clock
        assert clock is not None
        stages = dict.fromkeys((workload.name for workload in run.config.plan.workloads), 0)
        second = 0
        last_ns = max(w.end_ns + w.graceful_stop_ns for w in run.config.plan.workloads)
        offset_s = time.time() - perf_counter_ns() / NS_PER_S
        while True:
            await asyncio.sleep(max(0.0, (second + 1) - clock.wall_ns() / NS_PER_S))
            run.tick(second)
            second += 1
            self._crew.send_all(Ping())
            self._mark_stages(stages)
            run.judge_now()
            self.helm.end_long_pause()
            self._crew.watch()
            if run.elapsed_ns > last_ns:
                self._crew.end_by(OVERTIME_S)
            before_s, offset_s = offset_s, time.time() - perf_counter_ns() / NS_PER_S
            if abs(offset_s - before_s) > CLOCK_STEP_S:
                run.verdict.fact("suspect", "the system's clock was stepped")
            if self.record.summary_due():
                self.record.summary(summarize(run, self._started_at, None))
            run.changed.set()

    def _mark_stages(self, stages: dict[str, int]) -> None:
        """An event where a workload, or a stage of its plan, begins or ends."""
        for workload in self.run.config.plan.workloads:
            active = self.run.active(workload)
            if active != (workload.name in self._under_way):
                self._under_way ^= {workload.name}
                # The first ones start with the run, and the last one ends with it.
                if active and workload.start_ns:
                    self.run.event("stage", f"{workload.name} starts")
                elif not active and self._under_way:
                    self.run.event("stage", f"{workload.name} has ended")
            if not active:
                continue
            stage = workload.shape.stage_at(self.run.elapsed_ns - workload.start_ns)
            if stage != stages[workload.name]:
                stages[workload.name] = stage
                target, count = workload.shape.stages[stage].target, len(workload.shape.stages)
                self.run.event("stage", f"stage {stage + 1}/{count}: to {target} VUs")

    def _end(self) -> int:
        """State, verdict and exit code: k6's codes, the first that applies."""
        run, ending = self.run, self.helm.ending
        if run.exit_code == 107:
            run.go(RunState.FAILED)
            return run.exit_code
        state = RunState.FINISHED
        if ending is not None:
            state = RunState.ABORTED if ending.at_once else RunState.STOPPED
        if self._started_at is not None and not self._crew.alive:
            state, run.message = RunState.ABORTED, "all workers were lost"
            run.verdict.fact("invalid", run.message)
        elif self._crew.cut_short and ending is None:
            state, run.message = RunState.ABORTED, f"the load was cut short: {self._crew.cut_short}"
            run.verdict.fact("suspect", run.message)
        run.judge_now()
        verdict, _ = run.verdict.judge(over=True)
        if (ending is None and self._crew.cut_short) or (ending is not None and ending.signal):
            run.exit_code = 105
        elif ending is not None and ending.at_once:
            run.exit_code = 103
        elif verdict == "invalid":
            run.exit_code = 96
        else:
            run.exit_code = 99 if any(row.ok is False for row in run.thresholds()) else 0
        run.event("end", f"end: {state.value}")
        run.go(state)
        return run.exit_code

    def _record_failed(self, text: str) -> None:
        self.run.message = text
        self.run.verdict.fact("suspect", text)
        self.run.event("record-failed", text)
