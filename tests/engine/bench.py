"""One workload on one worker under virtual time, ticked, steered and paused as the worker does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.closed import ClosedRunner
from dmsperf_tui.engine.http import Origin
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.messages import Steer, WorkloadGauge
from dmsperf_tui.engine.open import OpenRunner
from dmsperf_tui.engine.vu import Flow, VirtualUser
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.scenario import parse_plan
from dmsperf_tui.plan.steering import Action
from dmsperf_tui.plan.units import NS_PER_S
from tests.engine.virtual_time import virtual_loop

TICK_S = 0.02


def conserved(gauge: WorkloadGauge, *, shared: bool = False) -> bool:
    """The design's two equations; of shared iterations the host alone knows what was planned."""
    begun = gauge.started == gauge.completed + gauge.interrupted + gauge.running
    due = gauge.planned == gauge.started + gauge.dropped + gauge.cut + gauge.waiting
    return begun and (shared or due) and min(gauge.vus, gauge.running, gauge.waiting, gauge.leaving) >= 0


class Bench:
    """The runner of workload `w`, whose counts are held against the equations whenever anything happens."""

    def __init__(
        self,
        flows: Flow | Sequence[Flow],
        index: int = 0,
        workers: int = 1,
        *,
        load: dict[str, Any] | None = None,
        speedup: float = 1.0,
        **options: Any,
    ) -> None:
        self.loop = virtual_loop()
        clock = RunClock(self.loop.now_ns(), self.loop.now_ns)
        self.load = Load(Origin("http", "127.0.0.1", 1), "", clock, speedup=speedup, **(load or {}))
        spec = options if "mix" in options else {"flow": "dms.create_school", **options}
        if options.get("after"):
            spec = {**spec, "executor": options["executor"]}
        plan = parse_plan("t", {"workloads": {"w": spec}}, speedup=speedup)
        given = [flows] if callable(flows) else list(flows)
        self.tick_s = TICK_S
        self.wanted = 0
        self.starts: list[float] = []
        """When each iteration began, in seconds of the run's clock."""
        self.history: list[tuple[float, int]] = []
        """(when, VUs) at each tick."""
        watched = [self._watched(flow) for flow in given]
        workload = plan.workloads[0]
        self.runner: WorkloadRunner
        if workload.arrival is not None:
            self.runner = OpenRunner(self.load, workload, watched, index, workers)
        else:
            self.runner = ClosedRunner(self.load, workload, watched, index, workers, want=self._want)

    def _want(self) -> None:
        self.wanted += 1

    def _watched(self, flow: Flow) -> Flow:
        async def watched(vu: VirtualUser) -> None:
            self.starts.append(self.now_s)
            self.check()
            await flow(vu)

        return watched

    # --- what it shows --------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return self.load.clock.elapsed_ns() / NS_PER_S

    @property
    def gauge(self) -> WorkloadGauge:
        return self.runner.gauge

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """(planned, started, dropped, cut, waiting)."""
        gauge = self.gauge
        return gauge.planned, gauge.started, gauge.dropped, gauge.cut, gauge.waiting

    @property
    def closed(self) -> ClosedRunner:
        assert isinstance(self.runner, ClosedRunner)
        return self.runner

    def check(self) -> None:
        assert conserved(self.gauge, shared=self.runner.plan.leased), self.gauge

    def starts_between(self, from_s: float, to_s: float) -> int:
        return sum(from_s <= at_s < to_s for at_s in self.starts)

    # --- what is done with it -------------------------------------------------------------------

    def adjust(self) -> None:
        self.runner.adjust(self.load.clock.elapsed_ns())
        self.check()

    async def until(self, at_s: float, each: Callable[[], None] = lambda: None) -> None:
        """Ticks until the run's clock shows `at_s`."""
        while self.now_s < at_s - 1e-9:
            self.adjust()
            self.history.append((self.now_s, self.gauge.vus))
            each()
            await asyncio.sleep(min(self.tick_s, at_s - self.now_s))
        self.adjust()
        await asyncio.sleep(0)
        self.check()

    async def until_finished(self, each: Callable[[], None] = lambda: None) -> None:
        while not self.runner.finished:
            await self.until(self.now_s + self.tick_s, each)

    async def until_finished_or_idle(self, each: Callable[[], None] = lambda: None) -> None:
        """Where the number of iterations ends it, the host says when: all that is here has been done."""
        while not (self.runner.finished or self.gauge.done):
            await self.until(self.now_s + self.tick_s, each)

    def steer(self, action: Action, value: float = 0, over_s: float = 0) -> None:
        """A change that applies now, as the host sends it."""
        start_ns = self.runner.start_ns
        assert start_ns is not None
        own_ns = self.load.clock.elapsed_ns() - start_ns
        self.runner.steer(Steer("w", action, value, int(over_s * NS_PER_S), own_ns, 1))
        self.adjust()

    def cap(self, max_vus: int) -> None:
        self.runner.steer(Steer("w", "cap", max_vus, 0, self.load.clock.elapsed_ns(), 1))
        self.adjust()

    def end(self, *, at_once: bool = False) -> None:
        self.load.release()
        self.runner.end(at_once)
        self.check()

    async def pause(self, seconds: float, draining_s: float = 0.0) -> None:
        """Halts for `draining_s` with the clock going on, then stands still for `seconds`."""
        self.load.hold()
        if draining_s:
            await self.until(self.now_s + draining_s)
        self.load.clock.freeze(self.loop.now_ns())
        frozen_s, begun = self.now_s, self.gauge.started
        for _ in range(round(seconds / TICK_S)):
            self.adjust()
            await asyncio.sleep(TICK_S)
        assert (self.now_s, self.gauge.started) == (frozen_s, begun)
        self.load.clock.thaw(self.loop.now_ns())
        self.load.release()
        self.adjust()


async def together(benches: Sequence[Bench], until_s: float | None = None) -> None:
    """Ticks several workers at once until their clocks show `until_s`, or all have finished."""
    first = benches[0]
    while True:
        for bench in benches:
            bench.adjust()
        left_s = TICK_S if until_s is None else until_s - first.now_s
        if left_s < 1e-9 or (until_s is None and all(bench.runner.finished for bench in benches)):
            break
        await asyncio.sleep(min(TICK_S, left_s))
    await asyncio.sleep(0)


def flow_of(seconds: float) -> Flow:
    async def flow(vu: VirtualUser) -> None:
        await vu.sleep(seconds)

    return flow
