"""One workload on one worker: starts and stops its VUs so that they follow the steering.

A VU's task is one loop of iterations. Leaving is graceful: a VU finishes its iteration and has the
grace period for it; then it is interrupted, which counts as such and records no iteration (k6 docs,
"Graceful stop"). A VU that is wanted again while it leaves simply stays.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.messages import Sample, WorkloadGauge
from dmsperf_tui.engine.vu import Flow, VirtualUser, yield_once
from dmsperf_tui.plan.executors import share
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import Steering
from dmsperf_tui.plan.units import NS_PER_S

_LOW_WATER = 2
"""Shared iterations a VU still in hand when more are asked for, so that none waits for the host."""


class Leases:
    """Indexes of shared iterations that the host has granted to this worker."""

    def __init__(self, want: Callable[[], None]) -> None:
        self._ranges: deque[range] = deque()
        self._want = want
        self._asked = False
        self._exhausted = False
        self._granted = asyncio.Event()
        self.taken = 0
        """How many were handed out, in the order in which they were granted."""

    def grant(self, start: int, stop: int) -> None:
        """The host's answer; an empty range says that none are left."""
        self._asked = False
        if stop > start:
            self._ranges.append(range(start, stop))
        else:
            self._exhausted = True
        self._granted.set()

    def reopen(self) -> None:
        """A lost worker's iterations came back: asking may help again."""
        self._exhausted = False

    def put_back(self, index: int) -> None:
        """`index` was taken but not begun."""
        self.taken -= 1
        self._ranges.appendleft(range(index, index + 1))
        self._granted.set()

    async def take(self, vus: int) -> int | None:
        """The next index, or None when there are no more. Asks ahead for `vus` VUs."""
        while True:
            held = sum(len(r) for r in self._ranges)
            if held <= vus * _LOW_WATER and not self._asked and not self._exhausted:
                self._asked = True
                self._granted.clear()
                self._want()
            if self._ranges:
                first = self._ranges[0]
                index = first.start
                if len(first) == 1:
                    self._ranges.popleft()
                else:
                    self._ranges[0] = range(index + 1, first.stop)
                self.taken += 1
                return index
            if self._exhausted and not self._asked:
                return None
            await self._granted.wait()


class _Runner:
    """A VU's task and whether it has been asked to leave."""

    __slots__ = ("deadline_ns", "leaving", "nap", "task", "vu")

    def __init__(self, vu: VirtualUser) -> None:
        self.vu = vu
        self.task: asyncio.Task[None] | None = None
        self.leaving = False
        self.deadline_ns: int | None = None
        """Run-clock time at which a leaving VU is interrupted."""
        self.nap: asyncio.Future[None] | None = None
        """The think time it is in: cut short when it leaves."""


class WorkloadRunner:
    """Keeps as many VUs as this worker's share of the target."""

    def __init__(
        self,
        load: Load,
        plan: WorkloadPlan,
        flow: Flow,
        index: int,
        workers: int,
        want: Callable[[], None],
        numbers: tuple[int, int] | None = None,
    ) -> None:
        """This worker is `index` of `workers`; `numbers` is what it was when the run was prepared."""
        self.plan = plan
        self.steering = Steering(plan.shape)
        self.leases = Leases(want) if plan.iterations is not None else None
        self.gauge = WorkloadGauge()
        self._load = load
        self._flow = flow
        self._index = index
        self._workers = workers
        self._numbers = numbers or (index, workers)
        self._runners: list[_Runner] = []
        self._made = 0
        self._ending = False
        self._done = False

    @property
    def finished(self) -> bool:
        """Its time is over, or its iterations are, and no VU is left."""
        return self._done and not self.gauge.vus

    def reshare(self, index: int, workers: int) -> None:
        """Other workers were lost: take a larger share."""
        self._index, self._workers = index, workers
        if self.leases is not None:
            self.leases.reopen()
            if not self._ending:
                self._done = False

    def end(self, at_once: bool) -> None:
        """No iteration starts any more; at once: those that run are interrupted."""
        self._ending = self._done = True
        now = self._load.clock.elapsed_ns()
        for runner in self._runners:
            self._leave(runner, now + (0 if at_once else self.plan.graceful_stop_ns))
        if at_once:
            self._interrupt_late(now)

    def adjust(self, elapsed_ns: int) -> None:
        """Brings the number of VUs to the target at `elapsed_ns`."""
        if not self._done and elapsed_ns >= self.plan.end_ns:
            self._ending = self._done = True
            for runner in self._runners:
                self._leave(runner, self.plan.end_ns + self.plan.graceful_stop_ns)
        if not self._done and elapsed_ns >= self.plan.start_ns:
            target = self.steering.target(elapsed_ns - self.plan.start_ns)
            self._go_to(share(target, self._index, self._workers), elapsed_ns)
        self._interrupt_late(elapsed_ns)
        self.gauge.done = self._done
        self.gauge.leaving = sum(runner.leaving for runner in self._runners if runner.task is not None)
        if self.leases is not None:
            self.gauge.taken = self.leases.taken

    def _go_to(self, wanted: int, elapsed_ns: int) -> None:
        grace_ns = self.plan.graceful_ramp_down_ns
        if grace_ns is None:
            grace_ns = self.plan.graceful_stop_ns
        for position, runner in enumerate(self._runners[:wanted]):
            if runner.leaving:
                runner.leaving, runner.deadline_ns = False, None
            if runner.task is None:
                self._start(position)
        while len(self._runners) < wanted:
            # Numbered by the first sharing, so that no two VUs of a run ever have the same number.
            first, step = self._numbers
            number = self._made * step + first + 1
            self._made += 1
            self._runners.append(_Runner(VirtualUser(self._load, self.plan.name, number)))
            self._start(len(self._runners) - 1)
        for runner in self._runners[wanted:]:
            self._leave(runner, elapsed_ns + grace_ns)

    def _start(self, position: int) -> None:
        runner = self._runners[position]
        runner.leaving, runner.deadline_ns = False, None
        self.gauge.vus += 1
        runner.task = self._load.loop.create_task(self._live(runner), name=repr(runner.vu))
        # Not in the coroutine: one that is cancelled before its first step never runs its `finally`.
        runner.task.add_done_callback(lambda task: self._left(runner))

    def _left(self, runner: _Runner) -> None:
        self.gauge.vus -= 1
        runner.task, runner.deadline_ns, runner.nap = None, None, None
        runner.vu.hang_up()

    def _leave(self, runner: _Runner, deadline_ns: int) -> None:
        if runner.task is None:
            return
        if runner.deadline_ns is None or deadline_ns < runner.deadline_ns:
            runner.deadline_ns = deadline_ns
        runner.leaving = True
        if runner.nap is not None and not runner.nap.done():
            runner.nap.set_result(None)

    def _interrupt_late(self, elapsed_ns: int) -> None:
        for runner in self._runners:
            late = runner.deadline_ns is not None and elapsed_ns >= runner.deadline_ns
            if late and runner.task is not None:
                runner.task.cancel()

    async def _live(self, runner: _Runner) -> None:
        vu, load = runner.vu, self._load
        while not runner.leaving:
            if load.held:
                await load.released()
                continue
            if load.clock.elapsed_ns() >= self.plan.end_ns:
                # The regular time ends between two ticks: no iteration starts after it.
                break
            if self.leases is not None:
                vu.index = await self.leases.take(self.gauge.vus)
                if vu.index is None:
                    self._done = True
                    break
                if runner.leaving or load.held:
                    # Told to stop or halt while it waited for the host: the index is for another.
                    self.leases.put_back(vu.index)
                    continue
            sent = load.wire.requests_sent
            await self._iterate(runner)
            if load.wire.requests_sent == sent:
                # An iteration that sent nothing may have awaited nothing: the others are to run, too.
                await yield_once()

    async def _iterate(self, runner: _Runner) -> None:
        vu, gauge, load = runner.vu, self.gauge, self._load
        gauge.started += 1
        gauge.running += 1
        begun_ns = load.clock.elapsed_ns()
        try:
            await self._flow(vu)
            if self.plan.think_time_s:
                await self._think(runner)
        except asyncio.CancelledError:
            gauge.interrupted += 1
            raise
        except (Exception, SystemExit) as fault:
            sample = Sample(repr(vu), 0, load.without_secrets(f"{type(fault).__name__}: {fault}"))
            load.recorder.error(f"flow {self.plan.flow}", "flow", type(fault).__name__, sample)
        finally:
            gauge.running -= 1
            vu.iteration += 1
        gauge.completed += 1
        load.recorder.iteration(self.plan.name, load.clock.elapsed_ns() - begun_ns)

    async def _think(self, runner: _Runner) -> None:
        """The pause between two iterations: part of the first one, and cut short when the VU leaves."""
        load = self._load
        until_ns = load.clock.elapsed_ns() + int(self.plan.think_time_s * NS_PER_S)
        while not runner.leaving and (left_ns := until_ns - load.clock.elapsed_ns()) > 0:
            if load.clock.frozen:
                await load.released()
                continue
            runner.nap = load.loop.create_future()
            timer = load.loop.call_later(left_ns / NS_PER_S, _wake, runner.nap)
            try:
                await runner.nap
            finally:
                timer.cancel()
                runner.nap = None


def _wake(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)
