"""The run host: prepares, starts the workers, obeys commands, notices what is lost, ends the run.

It owns the `Run` and is the only one to change it. Nothing here waits for a viewer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.messages import (
    Ack,
    Begin,
    Down,
    Drained,
    End,
    Finished,
    Freeze,
    Gauges,
    Grant,
    Hold,
    Interval,
    Ping,
    Prepare,
    Ready,
    Renew,
    Reshare,
    Steer,
    Thaw,
    Up,
    Want,
)
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.commands import Command, Note, Pause, Release, Reply, Resume, SetVus, Stop
from dmsperf_tui.run.control import steer_changes
from dmsperf_tui.run.preparation import Preparation, SetupError
from dmsperf_tui.run.record import Record, new_run_id
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import RunInfo, RunState
from dmsperf_tui.run.summarize import summarize
from dmsperf_tui.run.workers import ProcessWorker, WorkerHandle
from dmsperf_tui.settings.config import RunConfig

READY_TIMEOUT_S = 30.0
START_DELAY_S = 0.25
"""Load starts so much later than it is ordered, so that all workers start in the same instant."""
LONGEST_PAUSE_S = 8 * 3600.0
"""A run that stays paused for longer is stopped: nobody is watching it."""

WorkerFactory = Callable[["RunHost", int], Awaitable[WorkerHandle]]


async def process_worker(host: RunHost, index: int) -> WorkerHandle:
    """A worker in a process of its own; what it prints goes to a log in the record's folder."""
    return await ProcessWorker.start(host.record.log(f"worker-{index}.log"))


class RunHost:
    """One run, from its configuration to its exit code."""

    def __init__(self, config: RunConfig, make_worker: WorkerFactory = process_worker) -> None:
        """Makes the record's folder. Raises ConfigError when it cannot."""
        run_id = new_run_id()
        environment = config.environment
        self.record = Record.create(config.results, run_id, config.plan.name)
        self.record.complain = self._record_failed
        self.run = Run(
            config,
            RunInfo(
                id=run_id,
                scenario=config.plan.name,
                title=config.plan.title,
                profile=config.profile.name,
                environment=environment.name,
                url=environment.url,
                try_out=environment.embedded,
                insecure=environment.insecure,
                results=str(self.record.folder),
                planned_s=config.plan.duration_ns / NS_PER_S,
                speedup=config.speedup,
            ),
            on_second=self.record.second,
            on_event=self.record.event,
            on_sample=self.record.error,
        )
        self.record.scenario(config.scenario_source)
        self._make_worker = make_worker
        self._preparation = Preparation(self.run, self.record, self._send_all)
        self._workers: dict[int, WorkerHandle] = {}
        self._ready: dict[int, asyncio.Future[Ready]] = {}
        self._finished: set[int] = set()
        self._drained: set[int] = set()
        self._all_done = asyncio.Event()
        self._ending: Stop | None = None
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._paused_since_ns = 0

    # --- life -----------------------------------------------------------------------------------

    async def execute(self) -> int:
        """Runs the run; returns its exit code. Everything that was started has ended by then."""
        run = self.run
        try:
            try:
                await self._preparation.run()
                await self._start_workers()
            except SetupError as fault:
                run.exit_code, run.message = 107, str(fault)
            if self._ending is not None:
                self._end_state()
            elif run.exit_code is None:
                await self._under_load()
                self._end_state()
            else:
                run.go(RunState.FAILED)
        finally:
            for worker in self._workers.values():
                await worker.close()
            await self._preparation.close()
            self.record.summary(summarize(run, self._started_at, self._ended_at), run.config.summary)
            self.record.close()
        run.changed.set()
        assert run.exit_code is not None
        return run.exit_code

    async def _start_workers(self) -> None:
        config, loop = self.run.config, asyncio.get_running_loop()
        environment = self._preparation.environment
        listeners = []
        for index in range(config.workers):
            self._ready[index] = loop.create_future()
            self._workers[index] = await self._make_worker(self, index)
            listeners.append(asyncio.create_task(self._listen(index), name=f"worker {index}"))
            self._workers[index].send(
                Prepare(
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
            )
        self._listeners = listeners
        try:
            answers = await asyncio.wait_for(asyncio.gather(*self._ready.values()), READY_TIMEOUT_S)
        except TimeoutError:
            raise SetupError("a worker did not become ready; see worker-*.log in its results") from None
        for answer in answers:
            if answer.problem:
                raise SetupError(answer.problem)
        self._preparation.send_token()

    async def _under_load(self) -> None:
        run = self.run
        start_ns = perf_counter_ns() + int(START_DELAY_S * NS_PER_S)
        run.clock = RunClock(start_ns)
        self._send_all(Begin(start_ns))
        self._started_at = time.time() + START_DELAY_S
        await asyncio.sleep(START_DELAY_S)
        run.go(RunState.RUNNING)
        run.event("start", f"start: {run.info.scenario}")
        ticking = asyncio.create_task(self._tick(), name="tick")
        done = asyncio.create_task(self._all_done.wait(), name="all done")
        await asyncio.wait([ticking, done], return_when=asyncio.FIRST_COMPLETED)
        for task in (ticking, done):
            task.cancel()
        await asyncio.gather(*self._listeners)
        run.stop_clock()
        self._ended_at = time.time()
        run.statistics.close_all()
        if ticking.done() and not ticking.cancelled() and (fault := ticking.exception()):
            raise fault

    async def _tick(self) -> None:
        run, clock = self.run, self.run.clock
        assert clock is not None
        stages = {workload.name: 0 for workload in run.config.plan.workloads}
        second = 0
        while True:
            await asyncio.sleep(max(0.0, (second + 1) - clock.wall_ns() / NS_PER_S))
            run.tick(second)
            second += 1
            self._send_all(Ping())
            self._mark_stages(stages)
            run.judge_now()
            paused_s = (perf_counter_ns() - self._paused_since_ns) / NS_PER_S
            if run.state is RunState.PAUSED and paused_s > LONGEST_PAUSE_S:
                self.obey(Stop())
            if self.record.summary_due():
                self.record.summary(summarize(run, self._started_at, None))
            run.changed.set()

    def _mark_stages(self, stages: dict[str, int]) -> None:
        for workload in self.run.config.plan.workloads:
            if not self.run.active(workload):
                continue
            stage = workload.shape.stage_at(self.run.elapsed_ns - workload.start_ns)
            if stage != stages[workload.name]:
                stages[workload.name] = stage
                target = workload.shape.stages[stage].target
                count = len(workload.shape.stages)
                self.run.event("stage", f"stage {stage + 1}/{count}: to {target} VUs")

    def _end_state(self) -> None:
        run, ending = self.run, self._ending
        run.judge_now()
        failed = any(row.ok is False for row in run.thresholds())
        state = RunState.FINISHED
        if ending is not None:
            state = RunState.ABORTED if ending.at_once else RunState.STOPPED
        lost = not self._live
        if lost and self._started_at is not None:
            state, run.message = RunState.ABORTED, "all workers were lost"
            run.verdict.fact("invalid", "all workers were lost")
        verdict, _ = run.verdict.judge(over=True)
        if ending is not None and ending.signal:
            run.exit_code = 105
        elif ending is not None and ending.at_once:
            run.exit_code = 103
        elif verdict == "invalid":
            run.exit_code = 96
        else:
            run.exit_code = 99 if failed else 0
        run.event("end", f"end: {state.value}")
        run.go(state)

    # --- workers --------------------------------------------------------------------------------

    @property
    def _live(self) -> set[int]:
        """Workers that were not lost, finished ones included."""
        return set(self._workers)

    def _send_all(self, message: Down) -> None:
        for index, worker in self._workers.items():
            if index not in self._finished:
                worker.send(message)

    async def _listen(self, index: int) -> None:
        worker = self._workers[index]
        while (message := await worker.receive()) is not None:
            self._take(index, message)
            if isinstance(message, Finished):
                return
        self._lose(index)

    def _take(self, index: int, message: Up) -> None:
        run = self.run
        match message:
            case Interval():
                run.statistics.take(index, message)
                if message.errors:
                    run.changed.set()
            case Gauges():
                run.statistics.take_gauges(index, message)
            case Ack(version, at_ns):
                run.acknowledge(version, index, at_ns)
            case Drained():
                self._drained.add(index)
                self._freeze_if_drained()
            case Want(workload):
                indexes = run.shared[workload].lease(index)
                self._workers[index].send(Grant(workload, indexes.start, indexes.stop))
            case Renew(generation):
                self._preparation.token_refused(generation)
            case Ready():
                if not self._ready[index].done():
                    self._ready[index].set_result(message)
            case Finished():
                self._finished.add(index)
                self._check_done()

    def _lose(self, index: int) -> None:
        run = self.run
        worker = self._workers.pop(index)
        if not self._ready[index].done():
            self._ready[index].set_result(Ready(worker.pid, "a worker ended before it was ready"))
            return
        run.workers_alive -= 1
        for name, shared in run.shared.items():
            shared.give_back(index, run.statistics.taken(index, name))
        run.forget_worker(index)
        said = f"worker {index + 1} of {run.config.workers} was lost (pid {worker.pid})"
        others = sorted(set(self._workers) - self._finished)
        if others:
            said += f"; {len(others)} take over its share"
            for place, other in enumerate(others):
                self._workers[other].send(Reshare(place, len(others)))
        run.verdict.fact("suspect", f"worker {index + 1} was lost")
        run.event("worker-lost", said)
        self._freeze_if_drained()
        self._check_done()

    def _check_done(self) -> None:
        if set(self._workers) <= self._finished:
            self._all_done.set()

    # --- commands -------------------------------------------------------------------------------

    def obey(self, command: Command) -> Reply:
        """Does what a person asked for, or says why not."""
        match command:
            case SetVus() | Release():
                return self._steer(command)
            case Pause():
                return self._pause()
            case Resume():
                return self._resume()
            case Stop():
                return self._stop(command)
            case Note(text=text):
                self.run.event("note", text)
                return Reply(ok=True, text="noted")
            case _:
                return Reply(ok=True)

    def _steer(self, command: SetVus | Release) -> Reply:
        run = self.run
        if run.state not in (RunState.RUNNING, RunState.PAUSING, RunState.PAUSED):
            return Reply(ok=False, text=f"the run is {run.state.value}: its load cannot be changed")
        changes = steer_changes(run, command)
        if isinstance(changes, Reply):
            return changes
        said = "; ".join(change.text for change in changes)
        event = run.event(command.command, said)
        for change in changes:
            version = run.await_acks(event, self._live - self._finished, perf_counter_ns())
            change.apply(run)
            self._send_all(Steer(change.workload, change.vus, change.over_ns, change.elapsed_ns, version))
        return Reply(ok=True, text=said)

    def _pause(self) -> Reply:
        run = self.run
        if run.state is not RunState.RUNNING:
            return Reply(ok=False, text=f"the run is {run.state.value}: it cannot be paused")
        self._drained.clear()
        event = run.event("pause", "pause")
        run.go(RunState.PAUSING)
        self._send_all(Hold(run.await_acks(event, self._live - self._finished, perf_counter_ns())))
        return Reply(ok=True, text="pausing: no request starts any more")

    def _freeze_if_drained(self) -> None:
        run = self.run
        if run.state is RunState.PAUSING and self._live - self._finished <= self._drained:
            now = perf_counter_ns()
            assert run.clock is not None
            run.clock.freeze(now)
            self._paused_since_ns = now
            self._send_all(Freeze(now))
            run.go(RunState.PAUSED)

    def _resume(self) -> Reply:
        run = self.run
        if run.state not in (RunState.PAUSING, RunState.PAUSED):
            return Reply(ok=False, text=f"the run is {run.state.value}: there is nothing to resume")
        event = run.event("resume", "resume")
        self._thaw(run.await_acks(event, self._live - self._finished, perf_counter_ns()))
        run.go(RunState.RUNNING)
        return Reply(ok=True, text="resumed")

    def _thaw(self, version: int) -> None:
        now = perf_counter_ns()
        assert self.run.clock is not None
        self.run.clock.thaw(now)
        self._send_all(Thaw(now, version))

    def _stop(self, command: Stop) -> Reply:
        run = self.run
        if run.state.over:
            return Reply(ok=False, text=f"the run is {run.state.value} already")
        again = self._ending is not None
        if again and not command.at_once:
            return Reply(ok=True, text="stopping already; abort ends it at once")
        before = self._ending
        self._ending = replace_stop(command, before)
        if run.clock is None:
            run.message = "stopped before load had started"
            self._preparation.cancel()
            return Reply(ok=True, text="stopping")
        said = "abort: at once" if command.at_once else "stop: no iteration starts any more"
        event = run.event("abort" if command.at_once else "stop", said)
        if run.state in (RunState.PAUSING, RunState.PAUSED):
            self._thaw(run.await_acks(event, set(), perf_counter_ns()))
        run.go(RunState.STOPPING)
        version = run.await_acks(event, self._live - self._finished, perf_counter_ns())
        self._send_all(End(command.at_once, version))
        return Reply(ok=True, text=said)

    def signalled(self) -> None:
        """SIGINT, SIGTERM or SIGHUP: the first one drains, a second one ends at once."""
        self.obey(Stop(at_once=self._ending is not None, signal=True))

    def _record_failed(self, text: str) -> None:
        self.run.message = text
        self.run.verdict.fact("suspect", text)
        self.run.event("record-failed", text)


def replace_stop(command: Stop, before: Stop | None) -> Stop:
    """A second stop keeps the first one's cause: a signal stays a signal."""
    return (
        command if before is None else command.model_copy(update={"signal": command.signal or before.signal})
    )
