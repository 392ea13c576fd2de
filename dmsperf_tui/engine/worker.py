"""One engine worker: an event loop full of virtual users, told what to do through a channel.

It is given a plan, an index and a channel, nothing else, and runs the plan by itself; the host sends
only what people change. A worker that loses its host stops its load at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import orjson

from dmsperf_tui.engine.alarm import precise_alarm
from dmsperf_tui.engine.channel import WorkerChannel
from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.closed import ClosedRunner
from dmsperf_tui.engine.files import load_files
from dmsperf_tui.engine.http import Origin
from dmsperf_tui.engine.http_debug import print_exchange
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.messages import (
    Abort,
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
    Over,
    Prepare,
    Ready,
    Renew,
    Reshare,
    SetUp,
    SetUpDone,
    Start,
    Steer,
    Surrender,
    TearDown,
    TearDownDone,
    Thaw,
    Token,
    Want,
    Weigh,
)
from dmsperf_tui.engine.open import OpenRunner
from dmsperf_tui.engine.reporter import Reporter
from dmsperf_tui.engine.vu import Flow, VirtualUser
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.scenario import FlowPlan, WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S

TICK_S = 0.02
"""How often VUs are brought to their level, and how finely the loop's lag is sampled."""
_GAUGES_EVERY_S = 0.25
HOST_SILENCE_S = 4.0
"""A host that says nothing for so long is gone; it pings every second."""

STALL_S = 1.0
SETUP_TIMEOUT_S = 60.0
"""As in k6 (`setupTimeout`, `teardownTimeout`)."""

FlowOf = Callable[[FlowPlan, Path], Flow]
"""Finds a flow; raises ConfigError."""


class Worker:
    """Runs its share of one plan from `Prepare` to `Finished`."""

    def __init__(self, channel: WorkerChannel, flow_of: FlowOf) -> None:
        self._channel = channel
        self._flow_of = flow_of
        self._plan: Prepare | None = None
        self._token: Token | None = None
        self._load: Load | None = None
        self._around: Load | None = None
        """What `setup` and `teardown` send with: nothing of it is measured."""
        self._runners: dict[str, WorkloadRunner] = {}
        self._begun = asyncio.Event()
        self._heard_ns = perf_counter_ns()
        self._share = (0, 1)
        self._flows: dict[str, list[Flow]] = {}
        self._data: dict[str, Any] = {}
        self._pausing: int | None = None
        """The version of the `Hold` that asked for quiet, until there is."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Returns when the load is over and nothing more is wanted, or the host is gone."""
        listening = asyncio.create_task(self._listen(), name="listen")
        begun = asyncio.create_task(self._begun.wait(), name="begun")
        await asyncio.wait([listening, begun], return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():
            begun.cancel()
            return
        ticking = asyncio.create_task(self._drive(), name="drive")
        try:
            await asyncio.wait([listening, ticking], return_when=asyncio.FIRST_COMPLETED)
            if not ticking.done():
                # The host is gone: nobody wants this load any more.
                self._end(at_once=True)
            await ticking
        except asyncio.CancelledError:
            # Killed, in the host's own process: no request of a flow that will not end may go out.
            self._end(at_once=True)
            if self._load is not None:
                self._load.hold()
            for task in (ticking, listening):
                task.cancel()
            raise
        for runner in self._runners.values():
            runner.hang_up()
        # The host may want the teardown; it closes the channel when it wants nothing more.
        await asyncio.wait([listening])
        for task in self._tasks:
            task.cancel()
        gc.unfreeze()
        await self._channel.close()

    # --- commands -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while (message := await self._channel.receive()) is not None:
            self._heard_ns = perf_counter_ns()
            self._obey(message)

    def _obey(self, message: Down) -> None:
        match message:
            case Prepare():
                self._prepare(message)
            case SetUp():
                self._spawn(self._set_up())
            case Begin(at_ns, setup):
                self._begin(at_ns, setup)
            case TearDown(setup):
                self._spawn(self._tear_down(setup))
            case Token():
                self._token = message
                for load in (self._load, self._around):
                    if load is not None:
                        load.set_token(message.value, message.generation)
            case Grant(workload, start, stop, again):
                runner = self._runners[workload]
                assert isinstance(runner, ClosedRunner)
                assert runner.leases is not None
                runner.leases.grant(start, stop, again)
            case Reshare(index, workers, elapsed_ns):
                self._share = (index, workers)
                for runner in self._runners.values():
                    runner.reshare(index, workers, elapsed_ns)
            case Start(workload, elapsed_ns):
                self._runners[workload].start(elapsed_ns)
            case Over(workload):
                self._runners[workload].close()
            case _:
                if self._load is not None:
                    self._steer(self._load, message)

    def _steer(self, load: Load, message: Down) -> None:
        match message:
            case Steer():
                runner = self._runners[message.workload]
                runner.steer(message)
                runner.adjust(load.clock.elapsed_ns())
                self._ack(message.version)
            case Weigh(workload, weights, version):
                self._runners[workload].mix.weigh(weights)
                self._ack(version)
            case Hold(version):
                load.hold()
                self._pausing = version
                self._ack(version)
            case Freeze(at_ns):
                load.clock.freeze(at_ns)
            case Thaw(at_ns, version):
                self._pausing = None
                load.clock.thaw(at_ns)
                load.release()
                self._adjust(load)
                self._ack(version)
            case End(at_once, version):
                self._end(at_once)
                self._ack(version)
            case _:
                # A ping: hearing it was the point.
                return

    def _ack(self, version: int) -> None:
        self._channel.send(Ack(version, perf_counter_ns()))
        self._tell_gauges()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- around the load ------------------------------------------------------------------------

    def _prepare(self, message: Prepare) -> None:
        problem = ""
        try:
            Origin.parse(message.url, message.ca_file, message.insecure)
            folder = Path(message.folder)
            for workload in message.plan.workloads:
                self._flows[workload.name] = [self._flow_of(flow, folder) for flow in workload.flows]
            self._data = load_files(message.plan.data, folder)
            self._plan = message
            self._share = (message.index, message.workers)
        except Exception as fault:  # a flow's file is a stranger's code: whatever it raises is said
            problem = f"{type(fault).__name__}: {fault}" if not str(fault) else str(fault)
        self._channel.send(Ready(os.getpid(), problem))

    def _make_load(self, at_ns: int, setup: Any = None) -> Load:
        plan = self._plan
        assert plan is not None
        origin, base_path = Origin.parse(plan.url, plan.ca_file, plan.insecure)
        load = Load(
            origin,
            base_path,
            RunClock(at_ns),
            seed=plan.seed,
            profile=plan.profile,
            data=self._data,
            context=plan.context,
            share=(plan.index, plan.workers),
            setup=setup,
            metrics=plan.plan.metrics,
            speedup=plan.speedup,
            renew=lambda generation: self._channel.send(Renew(generation)),
            abort=lambda reason: self._channel.send(Abort(reason)),
            make_alarm=precise_alarm,
        )
        load.abort_on_4xx = plan.abort_on_4xx
        if plan.http_debug:
            load.tap = lambda request, response: print_exchange(request, response, load.without_secrets)
        if self._token is not None:
            load.set_token(self._token.value, self._token.generation)
        return load

    async def _set_up(self) -> None:
        assert self._plan is not None
        result, problem = await self._run_once("setup", self._plan.plan.setup)
        self._channel.send(SetUpDone(result, problem))

    async def _tear_down(self, setup: Any) -> None:
        assert self._plan is not None
        _, problem = await self._run_once("teardown", self._plan.plan.teardown, setup)
        self._channel.send(TearDownDone(problem))

    async def _run_once(self, name: str, flow: str | None, setup: Any = None) -> tuple[Any, str]:
        """(what the function returned, what went wrong in one line)."""
        plan = self._plan
        assert plan is not None
        assert flow is not None
        self._around = load = self._make_load(perf_counter_ns(), setup)
        # It fails by what it raises; there is no run yet, or none any more, to be ended.
        load.abort = lambda reason: None
        vu = VirtualUser(load, name, 0)
        try:
            function = self._flow_of(FlowPlan(name, flow), Path(plan.folder))
            async with asyncio.timeout(SETUP_TIMEOUT_S):
                result = await function(vu)
            return orjson.loads(orjson.dumps(result)), ""
        except TimeoutError:
            return None, f"{name} took longer than {SETUP_TIMEOUT_S:g} s"
        except Exception as fault:
            return None, load.without_secrets(f"{name} failed: {type(fault).__name__}: {fault}")
        finally:
            vu.hang_up()
            self._tell_outcomes(load)
            self._around = None

    def _begin(self, at_ns: int, setup: Any) -> None:
        plan = self._plan
        assert plan is not None
        self._load = load = self._make_load(at_ns, setup)
        for workload in plan.plan.workloads:
            self._runners[workload.name] = self._runner(load, workload, (plan.index, plan.workers))
        self._reporter = Reporter(load, self._runners, plan.plan.warm_up_ns)
        self._begun.set()
        gc.collect()
        gc.freeze()

    def _runner(self, load: Load, workload: WorkloadPlan, numbers: tuple[int, int]) -> WorkloadRunner:
        flows = self._flows[workload.name]
        if workload.arrival is not None:
            return OpenRunner(load, workload, flows, *self._share, self._tell_gauges, numbers)

        def want() -> None:
            self._channel.send(Want(workload.name))

        def surrender(ranges: list[tuple[int, int]], again: list[int]) -> None:
            self._channel.send(Surrender(workload.name, ranges, again))

        changed = self._tell_gauges
        return ClosedRunner(load, workload, flows, *self._share, changed, numbers, want, surrender)

    def _end(self, at_once: bool) -> None:
        if self._load is not None:
            self._load.release()
        for runner in self._runners.values():
            runner.end(at_once)

    # --- the tick -------------------------------------------------------------------------------

    def _adjust(self, load: Load) -> None:
        elapsed_ns = load.clock.elapsed_ns()
        for runner in self._runners.values():
            runner.adjust(elapsed_ns)

    async def _drive(self) -> None:
        load = self._load
        assert load is not None
        reporter = self._reporter
        next_gauges_ns = 0
        cut_short = ""
        while True:
            self._adjust(load)
            if self._pausing is not None and not load.wire.in_flight:
                self._channel.send(Drained(self._pausing))
                self._pausing = None
            self._tell_outcomes(load)
            wall_ns = load.clock.wall_ns()
            while wall_ns >= (reporter.second + 1) * NS_PER_S:
                self._channel.send(reporter.interval())
            if wall_ns >= next_gauges_ns:
                self._tell_gauges()
                next_gauges_ns = wall_ns + int(_GAUGES_EVERY_S * NS_PER_S)
            if all(runner.finished for runner in self._runners.values()):
                break
            if not cut_short and perf_counter_ns() - self._heard_ns > HOST_SILENCE_S * NS_PER_S:
                cut_short = f"the host had said nothing for {HOST_SILENCE_S:g} s"
                self._end(at_once=True)
            before_ns = perf_counter_ns()
            await asyncio.sleep(TICK_S)
            lag_s = (perf_counter_ns() - before_ns) / NS_PER_S - TICK_S
            reporter.lags_ms.append(max(0.0, lag_s * 1000))
            if lag_s > STALL_S:
                # This worker was suspended: what the host said meanwhile has not been read yet.
                self._heard_ns = perf_counter_ns()
        self._tell_outcomes(load)
        self._channel.send(reporter.interval())
        self._channel.send(Finished(cut_short))

    def _tell_outcomes(self, load: Load) -> None:
        if load.outcomes:
            self._channel.send(load.outcomes.take())

    def _tell_gauges(self) -> None:
        load = self._load
        if load is not None:
            self._channel.send(
                Gauges(
                    workloads={name: replace(runner.gauge) for name, runner in self._runners.items()},
                    in_flight=load.wire.in_flight,
                    requests_sent=load.wire.requests_sent,
                )
            )
