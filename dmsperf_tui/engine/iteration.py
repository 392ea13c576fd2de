"""One iteration of a virtual user: the flow, its pauses, and what is counted of it."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path

from dmsperf_tui.engine.load import Load, RunAbortError
from dmsperf_tui.engine.messages import Sample, WorkloadGauge
from dmsperf_tui.engine.mix import Mix
from dmsperf_tui.engine.vu import Cast, VirtualUser
from dmsperf_tui.plan.metrics import FLOW_ERRORS
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S


class Seat:
    """A VU's place in a workload: its task while it has one, and whether it has been asked to leave."""

    __slots__ = ("deadline_ns", "due_ns", "hurry", "leaving", "left", "nap", "task", "vu", "waited")

    def __init__(self, vu: VirtualUser) -> None:
        self.vu = vu
        self.task: asyncio.Task[None] | None = None
        self.leaving = False
        self.deadline_ns: int | None = None
        """Run-clock time at which a leaving VU is interrupted."""
        self.nap: asyncio.Future[None] | None = None
        """The think time it is in: cut short when it leaves."""
        self.left = 0
        """per-vu-iterations: how many it has still to do."""
        self.due_ns: int | None = None
        """Of an open workload: the planned start of what it is about to begin."""
        self.hurry = False
        """The regular time is over: it finishes what it does, without thinking."""
        self.waited = False
        """Whether that had to wait for a free VU."""

    def leave(self, deadline_ns: int) -> None:
        """It finishes its iteration, until `deadline_ns` at most."""
        if self.deadline_ns is None or deadline_ns < self.deadline_ns:
            self.deadline_ns = deadline_ns
        self.leaving = True
        if self.nap is not None and not self.nap.done():
            self.nap.set_result(None)

    def hasten(self) -> None:
        """It goes on, but no think time holds it up any more."""
        self.hurry = True
        if self.nap is not None and not self.nap.done():
            self.nap.set_result(None)

    def stay(self) -> None:
        self.leaving, self.deadline_ns = False, None


class Iterations:
    """Runs the iterations of one workload on one worker and counts them in its gauge.

    An iteration that is interrupted counts as such and records nothing (k6 docs, "Graceful stop"). One
    whose flow raises is completed, and an error of phase `flow`, with its traceback in the first sample.
    """

    def __init__(self, load: Load, plan: WorkloadPlan, mix: Mix, cast: Cast, gauge: WorkloadGauge) -> None:
        self.mix = mix
        self._load = load
        self._plan = plan
        self._cast = cast
        self._gauge = gauge
        measures = load.recorder.measures
        self._durations = measures.trend_of("iteration_duration", cast.scenario)
        self._responses = measures.trend_of("iteration_response_time", cast.scenario)
        self._traced: set[tuple[str, str]] = set()
        """Failures whose traceback has been told."""

    def start(self) -> None:
        """Counts an iteration that is about to run."""
        self._gauge.started += 1
        self._gauge.running += 1

    def never_ran(self) -> None:
        """The task of one that was counted was interrupted before its first step."""
        self._gauge.running -= 1
        self._gauge.interrupted += 1

    async def run(self, seat: Seat, late_ns: int = -1) -> None:
        """One iteration that `start` has counted, so long after its planned start (-1: none was planned)."""
        vu, gauge, load = seat.vu, self._gauge, self._load
        vu.begin(late_ns)
        flow = self.mix.only or self.mix.choose()
        expected, requests = flow.cost, vu.requests
        begun_ns = load.clock.elapsed_ns()
        try:
            await flow.flow(vu)
            if self._plan.think_time_s:
                await self._pause(seat, self._plan.think_time_s)
        except asyncio.CancelledError as fault:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                gauge.interrupted += 1
                raise
            # Nobody cancelled us: the flow raised it by itself.
            self._report(flow.plan.flow, vu, fault)
        except RunAbortError:
            gauge.interrupted += 1
            return
        except (Exception, SystemExit) as fault:
            self._report(flow.plan.flow, vu, fault)
        finally:
            gauge.running -= 1
            vu.iteration += 1
            if self.mix.only is None:
                self.mix.settle(flow, expected, vu.requests - requests)
        gauge.completed += 1
        duration_us = (load.clock.elapsed_ns() - begun_ns + 500) // 1000
        self._durations.add(duration_us)
        if late_ns >= 0:
            self._responses.add(duration_us + (late_ns + 500) // 1000)
        if self._plan.min_iteration_s:
            left_s = self._plan.min_iteration_s - duration_us / 1e6
            if left_s > 0:
                await self._pause(seat, left_s)

    def _report(self, flow: str, vu: VirtualUser, fault: BaseException) -> None:
        load, operation, failure = self._load, f"flow {flow}", type(fault).__name__
        trace = ""
        if (operation, failure) not in self._traced:
            self._traced.add((operation, failure))
            trace = load.without_secrets("".join(traceback.format_exception(fault, limit=-8)))
        frames = traceback.extract_tb(fault.__traceback__)
        where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        detail = load.without_secrets(f"{failure}: {fault}{where}")
        self._load.recorder.measures.counter(FLOW_ERRORS, self._cast.scenario, 1)
        load.recorder.error(operation, "flow", failure, Sample(repr(vu), 0, detail, trace))

    async def _pause(self, seat: Seat, seconds: float) -> None:
        """Think time: cut short when the VU leaves."""
        load = self._load
        until_ns = load.clock.elapsed_ns() + int(seconds * NS_PER_S)
        while not (seat.leaving or seat.hurry) and (left_ns := until_ns - load.clock.elapsed_ns()) > 0:
            if load.clock.frozen:
                await load.released()
                continue
            seat.nap = load.loop.create_future()
            timer = load.loop.call_later(left_ns / NS_PER_S, _wake, seat.nap)
            try:
                await seat.nap
            finally:
                timer.cancel()
                seat.nap = None


def _wake(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)
