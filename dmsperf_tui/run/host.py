"""The run host: prepares, starts the workers, keeps the time, ends the run and writes its record.

It owns the `Run`; only it, its crew and its helm change it. Nothing here waits for a viewer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.messages import Begin, Over, Ping, Prepare, Start
from dmsperf_tui.plan.metrics import FLOW_ERRORS
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.control import rate_text
from dmsperf_tui.run.crew import Crew
from dmsperf_tui.run.helm import Helm
from dmsperf_tui.run.preparation import Preparation, SetupError
from dmsperf_tui.run.record import Record, new_run_id
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import RunInfo, RunState
from dmsperf_tui.run.summarize import summarize
from dmsperf_tui.run.workers import LocalWorker, ProcessWorker, WorkerHandle
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


async def local_worker(record: Record, index: int) -> WorkerHandle:
    """The worker in this very event loop (`--in-process`)."""
    return LocalWorker()


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
                try_out=config.environment.try_out,
                insecure=config.environment.insecure,
                results=str(self.record.folder),
                planned_s=config.plan.duration_ns / NS_PER_S,
                speedup=config.speedup,
                plan=config.plan.corners,
                rate_plan=config.plan.rate_corners,
                open=config.plan.open,
                warm_up_s=config.plan.warm_up_ns / NS_PER_S,
                objectives=config.objectives.name if config.objectives else "",
                objectives_gate=config.objectives_gate,
            ),
            on_second=self.record.second,
            on_event=self.record.event,
            on_sample=self.record.error,
        )
        self.record.scenario(config.scenario_source)
        self._preparation = Preparation(self.run, self.record)
        self._crew = Crew(
            self.run,
            lambda index: make_worker(self.record, index),
            self._preparation.token_refused,
            self.record.entities,
        )
        self._crew.order_opened = self._order_opened
        self._preparation.send_all = self._crew.send_all
        self._crew.progress = self._progress
        self.helm = Helm(self.run, self._crew, self._cancel_getting_ready)
        self._crew.abort = lambda reason: self.helm.end(reason, 108)
        self._getting_ready: asyncio.Task[None] | None = None
        self._broken = False
        """A threshold has ended the run."""
        self._setup: object = None
        """What the scenario's `setup` returned."""
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
        run = self.run
        await self._preparation.run()
        await self._crew.start(self._prepare)
        self._preparation.send_token()
        if run.config.plan.setup is not None:
            run.message = f"setup: {run.config.plan.setup}"
            run.changed.set()
            self._setup = await self._crew.set_up()
            run.message = ""

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
            url=environment.load_url,
            ca_file=environment.ca_file,
            insecure=environment.insecure,
            seed=config.seed,
            profile=dict(config.profile.values),
            folder=str(config.scenario_folder),
            speedup=config.speedup,
            http_debug=config.http_debug,
            abort_on_4xx=config.abort_on_4xx,
            context=self._preparation.context,
        )

    async def _under_load(self) -> None:
        run = self.run
        start_ns = perf_counter_ns() + int(START_DELAY_S * NS_PER_S)
        run.clock = RunClock(start_ns)
        self._started_at = time.time() + START_DELAY_S
        self.record.load_starts(self._started_at)
        self._crew.send_all(Begin(start_ns, self._setup))
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
        finally:
            ticking.cancel()
            done.cancel()
            run.stop_clock()
            self._ended_at = time.time()
            run.statistics.close_all()
        self.helm.load_over = True
        if run.config.plan.teardown is not None:
            run.message = f"teardown: {run.config.plan.teardown}"
            run.changed.set()
            problem = await self._crew.tear_down(self._setup)
            run.message = problem
            if problem:
                run.event("teardown-failed", problem)
        await self._preparation.clean_up()

    async def _tick(self) -> None:
        run, clock = self.run, self.run.clock
        assert clock is not None
        second = 0
        offset_s = time.time() - perf_counter_ns() / NS_PER_S
        while True:
            # uvloop's timers can fire early: a second is over when the clock says so.
            while (left_s := second + 1 - clock.wall_ns() / NS_PER_S) > 0:  # noqa: ASYNC110 - a clock, no event
                await asyncio.sleep(left_s)
            run.tick(second)
            second += 1
            self._crew.send_all(Ping())
            broken = run.judge_now()
            if broken is not None:
                self._broken = True
                self.helm.end(f"threshold broken: {broken.metric} {broken.expression}", None)
            self.helm.end_long_pause()
            self._crew.watch()
            self._progress()
            waiting = None in run.starts.values()
            ends_ns = max(run.end_ns(w) + w.graceful_stop_ns for w in run.config.plan.workloads)
            if run.elapsed_ns > ends_ns and not waiting:
                self._crew.end_by(OVERTIME_S)
            before_s, offset_s = offset_s, time.time() - perf_counter_ns() / NS_PER_S
            if abs(offset_s - before_s) > CLOCK_STEP_S:
                run.verdict.fact("suspect", "the system's clock was stepped")
            if self.record.summary_due():
                self.record.summary(summarize(run, self._started_at, None))
            run.changed.set()

    def _progress(self) -> None:
        """A workload whose iterations are done on all workers is over, and what waits for it begins.

        Called at each tick and whenever a worker has told how things stand, some four times a second.
        """
        run = self.run
        for workload in run.config.plan.workloads:
            name = workload.name
            shared, work = run.shared.get(name), run.lists.get(name)
            none_left = (shared is None or not shared.left) and (work is None or work.finished or work.halted)
            all_leased = none_left or run.elapsed_ns >= run.end_ns(workload)
            started = run.starts[name] is not None
            if name not in run.over and started and all_leased and run.statistics.gauge(name).done:
                run.over.add(name)
                self._crew.send_all(Over(name))
        for workload in run.config.plan.workloads:
            if run.starts[workload.name] is None and workload.after in run.over:
                starts_ns = run.elapsed_ns + workload.after_ns
                run.starts[workload.name] = starts_ns
                run.replan()
                self._crew.send_all(Start(workload.name, starts_ns))
        self._mark_stages()

    def _order_opened(self, workload: str) -> None:
        """Another order of the workload's list begins, or the list has come to its end."""
        run, work = self.run, self.run.lists[workload]
        if work.halted:
            run.event(
                "list",
                f"{workload}: most of order {work.order} could not be created, and the rest refers to it: "
                "the list ends here; see the errors",
            )
        elif work.order is not None:
            names = ", ".join(part.name for part in work.parts if part.order == work.order)
            run.event("order", f"{workload}: order {work.order} begins: {names}")
        elif work.failed:
            run.event("list", f"{workload}: {work.created:,} entities created, {work.failed:,} not")
        else:
            run.event("order", f"{workload}: all {work.total:,} entities are created")

    @property
    def _more_to_come(self) -> bool:
        """Whether a workload goes on, or will start by itself."""
        run = self.run
        return run.state in (RunState.RUNNING, RunState.PAUSING, RunState.PAUSED) and any(
            run.starts[workload.name] is None or run.elapsed_ns < run.end_ns(workload)
            for workload in run.config.plan.workloads
            if workload.name not in run.over
        )

    def _mark_stages(self) -> None:
        """An event where a workload, or a stage of its plan, begins or ends."""
        run = self.run
        for workload in run.config.plan.workloads:
            active = run.active(workload)
            if active != (workload.name in self._under_way):
                self._under_way ^= {workload.name}
                # The first ones start with the run, and the last ones end with it.
                if active and run.start_ns(workload):
                    run.event("stage", f"{workload.name} starts", run.start_ns(workload))
                elif not active and self._more_to_come:
                    run.event("stage", f"{workload.name} has ended")
            if not active:
                continue
            steering, own_ns = run.steering[workload.name], run.own_ns(workload)
            stage = steering.stage_at(own_ns)
            if stage != run.stages[workload.name]:
                run.stages[workload.name] = stage
                target, count = steering.shape.stages[stage].target, len(steering.shape.stages)
                arrival = workload.arrival
                to = rate_text(target, arrival.time_unit_s) if arrival else f"{target:g} VUs"
                began_ns = run.start_ns(workload) + steering.stage_began_ns(own_ns)
                run.event("stage", f"stage {stage + 1}/{count}: to {to}", began_ns)

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
        run.judge.finish(run.wall_s)
        run.judge_now()
        verdict, _ = run.verdict.judge(over=True)
        if ending is None and self._crew.cut_short:
            run.exit_code = 105
        elif self.helm.ending_code is not None:
            run.exit_code = self.helm.ending_code
        elif self._nothing_but_errors:
            run.exit_code = 107
            run.message = "no request was made: the flow raised, see the errors of phase flow"
        elif verdict == "invalid":
            run.exit_code = 96
        else:
            broken = self._broken or any(row.ok is False for row in run.thresholds())
            run.exit_code = 99 if broken else 0
        run.event("end", f"end: {state.value}")
        run.go(state)
        return run.exit_code

    @property
    def _nothing_but_errors(self) -> bool:
        """Flows raised before their first request, and nothing else came of the run: it must not pass."""
        totals = self.run.statistics.totals
        return not self.run.statistics.requests_sent and any(one.total for one in totals.of(FLOW_ERRORS))

    def _record_failed(self, text: str) -> None:
        self.run.message = text
        self.run.verdict.fact("suspect", text)
        self.run.event("record-failed", text)
