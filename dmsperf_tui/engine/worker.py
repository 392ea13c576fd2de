"""One engine worker: an event loop full of virtual users, told what to do through a channel.

It is given a plan, an index and a channel, nothing else, and runs the plan by itself; the host sends
only what people change. A worker that loses its host stops its load at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter_ns

from dmsperf_tui.engine.channel import WorkerChannel
from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import Origin
from dmsperf_tui.engine.load import Load
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
    Prepare,
    Ready,
    Renew,
    Reshare,
    Steer,
    Thaw,
    Token,
    Want,
)
from dmsperf_tui.engine.vu import Flow
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S

TICK_S = 0.02
"""How often VUs are brought to their target, and how finely the loop's lag is sampled."""
_GAUGES_EVERY_S = 0.25
HOST_SILENCE_S = 4.0
"""A host that says nothing for so long is gone; it pings every second."""

STALL_S = 1.0

FlowOf = Callable[[WorkloadPlan, Path], Flow]
"""Finds a workload's flow; raises ConfigError."""


class Worker:
    """Runs its share of one plan from `Prepare` to `Finished`."""

    def __init__(self, channel: WorkerChannel, flow_of: FlowOf) -> None:
        self._channel = channel
        self._flow_of = flow_of
        self._plan: Prepare | None = None
        self._token: Token | None = None
        self._load: Load | None = None
        self._runners: dict[str, WorkloadRunner] = {}
        self._begun = asyncio.Event()
        self._heard_ns = perf_counter_ns()
        self._share = (0, 1)
        self._flows: dict[str, Flow] = {}
        self._pausing: int | None = None
        """The version of the `Hold` that asked for quiet, until there is."""
        self._lags_ms: list[float] = []
        self._second = 0
        self._cpu_s = 0.0
        self._cpu_at_ns = 0
        self._sent_bytes = 0
        self._received_bytes = 0

    async def run(self) -> None:
        """Returns when the load is over or the host is gone."""
        listening = asyncio.create_task(self._listen(), name="listen")
        begun = asyncio.create_task(self._begun.wait(), name="begun")
        await asyncio.wait([listening, begun], return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():
            begun.cancel()
            return
        ticking = asyncio.create_task(self._drive(), name="drive")
        await asyncio.wait([listening, ticking], return_when=asyncio.FIRST_COMPLETED)
        if not ticking.done():
            # The host is gone: nobody wants this load any more.
            self._end(at_once=True)
        await ticking
        listening.cancel()
        await asyncio.wait([listening])
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
            case Begin(at_ns):
                self._begin(at_ns)
            case Token():
                self._token = message
                if self._load is not None:
                    self._load.set_token(message.value, message.generation)
            case Grant(workload, start, stop):
                leases = self._runners[workload].leases
                assert leases is not None
                leases.grant(start, stop)
            case Reshare(index, workers):
                self._share = (index, workers)
                for runner in self._runners.values():
                    runner.reshare(index, workers)
            case _:
                if self._load is not None:
                    self._steer(self._load, message)

    def _steer(self, load: Load, message: Down) -> None:
        match message:
            case Steer(workload, vus, over_ns, elapsed_ns, version):
                runner = self._runners[workload]
                if vus is None:
                    runner.steering.release()
                else:
                    runner.steering.set_vus(vus, elapsed_ns, over_ns)
                runner.adjust(load.clock.elapsed_ns())
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
                self._ack(version)
            case End(at_once, version):
                self._end(at_once)
                self._ack(version)
            case _:
                # A ping: hearing it was the point.
                return

    def _ack(self, version: int) -> None:
        self._channel.send(Ack(version, perf_counter_ns()))
        self._channel.send(self._gauges())

    def _prepare(self, message: Prepare) -> None:
        problem = ""
        try:
            Origin.parse(message.url, message.ca_file, message.insecure)
            for workload in message.plan.workloads:
                self._flows[workload.name] = self._flow_of(workload, Path(message.flow_folder))
            self._plan = message
            self._share = (message.index, message.workers)
        except Exception as fault:  # a flow's file is a stranger's code: whatever it raises is said
            problem = f"{type(fault).__name__}: {fault}" if not str(fault) else str(fault)
        self._channel.send(Ready(os.getpid(), problem))

    def _begin(self, at_ns: int) -> None:
        plan = self._plan
        assert plan is not None
        origin, base_path = Origin.parse(plan.url, plan.ca_file, plan.insecure)
        load = Load(
            origin,
            base_path,
            RunClock(at_ns),
            seed=plan.seed,
            data=plan.data,
            speedup=plan.speedup,
            renew=lambda generation: self._channel.send(Renew(generation)),
        )
        if self._token is not None:
            load.set_token(self._token.value, self._token.generation)
        for workload in plan.plan.workloads:
            self._runners[workload.name] = WorkloadRunner(
                load,
                workload,
                self._flows[workload.name],
                *self._share,
                want=self._want(workload.name),
                numbers=(plan.index, plan.workers),
            )
        self._load = load
        self._begun.set()
        self._cpu_s, self._cpu_at_ns = time.process_time(), perf_counter_ns()
        gc.collect()
        gc.freeze()

    def _want(self, workload: str) -> Callable[[], None]:
        return lambda: self._channel.send(Want(workload))

    def _end(self, at_once: bool) -> None:
        if self._load is not None:
            self._load.release()
        for runner in self._runners.values():
            runner.end(at_once)

    # --- the tick -------------------------------------------------------------------------------

    async def _drive(self) -> None:
        load = self._load
        assert load is not None
        next_gauges_ns = 0
        cut_short = ""
        while True:
            elapsed_ns = load.clock.elapsed_ns()
            for runner in self._runners.values():
                runner.adjust(elapsed_ns)
            if self._pausing is not None and not load.wire.in_flight:
                self._channel.send(Drained(self._pausing))
                self._pausing = None
            wall_ns = load.clock.wall_ns()
            while wall_ns >= (self._second + 1) * NS_PER_S:
                self._report(load)
            if wall_ns >= next_gauges_ns:
                self._channel.send(self._gauges())
                next_gauges_ns = wall_ns + int(_GAUGES_EVERY_S * NS_PER_S)
            if all(runner.finished for runner in self._runners.values()):
                break
            if not cut_short and perf_counter_ns() - self._heard_ns > HOST_SILENCE_S * NS_PER_S:
                cut_short = f"the host had said nothing for {HOST_SILENCE_S:g} s"
                self._end(at_once=True)
            before_ns = perf_counter_ns()
            await asyncio.sleep(TICK_S)
            lag_s = (perf_counter_ns() - before_ns) / NS_PER_S - TICK_S
            self._lags_ms.append(max(0.0, lag_s * 1000))
            if lag_s > STALL_S:
                # This worker was suspended: what the host said meanwhile has not been read yet.
                self._heard_ns = perf_counter_ns()
        self._report(load)
        self._channel.send(Finished(cut_short))

    def _gauges(self) -> Gauges:
        load = self._load
        assert load is not None
        return Gauges(
            workloads={name: replace(runner.gauge) for name, runner in self._runners.items()},
            in_flight=load.wire.in_flight,
            requests_sent=load.wire.requests_sent,
        )

    def _report(self, load: Load) -> None:
        """One second's statistics, all taken in the same instant."""
        now_ns = perf_counter_ns()
        cpu_s = time.process_time()
        share = (cpu_s - self._cpu_s) / max((now_ns - self._cpu_at_ns) / 1e9, 1e-6)
        lags = sorted(self._lags_ms)
        wire, recorder = load.wire, load.recorder
        self._channel.send(
            Interval(
                second=self._second,
                operations=recorder.take_operations(),
                iterations=recorder.take_iterations(),
                checks=recorder.take_checks(),
                errors=recorder.take_errors(),
                gauges=self._gauges(),
                data_sent=wire.data_sent - self._sent_bytes,
                data_received=wire.data_received - self._received_bytes,
                lag_p99_ms=lags[min(len(lags) - 1, int(len(lags) * 0.99))] if lags else 0.0,
                cpu_share=share,
            )
        )
        self._second += 1
        self._cpu_s, self._cpu_at_ns = cpu_s, now_ns
        self._sent_bytes, self._received_bytes = wire.data_sent, wire.data_received
        self._lags_ms.clear()
