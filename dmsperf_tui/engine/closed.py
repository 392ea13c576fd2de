"""Closed workloads: as many VUs as the level says, each iterating on and on, or for a number of iterations.

constant-vus, ramping-vus, externally-controlled, shared-iterations, per-vu-iterations (k6 docs,
"Executors"). A VU that is wanted again while it leaves simply stays. A workload of entities takes those of
its list, each until it is done with: one whose iteration was interrupted goes to another VU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from dmsperf_tui.engine.iteration import Seat
from dmsperf_tui.engine.leases import Leases
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.vu import Flow, VirtualUser, yield_once
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.executors import share
from dmsperf_tui.plan.scenario import WorkloadPlan


class ClosedRunner(WorkloadRunner):
    """Keeps as many VUs as this worker's share of the level."""

    def __init__(
        self,
        load: Load,
        plan: WorkloadPlan,
        flows: Sequence[Flow],
        index: int,
        workers: int,
        changed: Callable[[], None] = lambda: None,
        numbers: tuple[int, int] | None = None,
        want: Callable[[], None] = lambda: None,
        surrender: Callable[[list[tuple[int, int]], list[int]], None] = lambda ranges, again: None,
    ) -> None:
        """`want` asks the host for shared iterations or entities, `surrender` gives entities back to it."""
        super().__init__(load, plan, flows, index, workers, changed, numbers)
        self.leases = Leases(want) if plan.leased else None
        self._surrender = surrender
        self._per_vu = plan.iterations_per_vu
        self._wanted = 0
        self._settled = False
        """Nothing has changed since the VUs were brought to the level."""
        self._followed = False
        """It has been brought to its level at least once: before, it has no VU because it has not begun."""
        self._finished_seats: set[Seat] = set()
        """Those that have done all their iterations: they are not started again."""

    @property
    def idle(self) -> bool:
        if self._closed or (self.leases is None and self._per_vu is None):
            return self._closed
        seats = self._seats[: self._wanted]
        return self._followed and all(seat in self._finished_seats and seat.task is None for seat in seats)

    def reshare(self, index: int, workers: int, elapsed_ns: int) -> None:
        super().reshare(index, workers, elapsed_ns)
        if self.leases is not None:
            self.leases.reopen()
            self._finished_seats.clear()
            self._settled = False

    def _reopen(self) -> None:
        super()._reopen()
        self._settled = False

    def follow(self, own_ns: int) -> None:
        self._followed = True
        wanted = share(int(self.steering.level(own_ns)), self._index, self._workers)
        if not wanted and self.plan.entities and self.leases is not None and self.leases.held:
            # With no VU here they would keep the others waiting at their barrier.
            self._surrender(*self.leases.surrender())
        if wanted == self._wanted and self._settled:
            return
        self._wanted, self._settled = wanted, True
        assert self.start_ns is not None
        grace_ns = self.plan.graceful_ramp_down_ns
        if grace_ns is None:
            grace_ns = self.plan.graceful_stop_ns
        while len(self._seats) < wanted:
            self._new_seat()
        for seat in self._seats[:wanted]:
            if seat.leaving:
                self._stay(seat)
            if seat.task is None and seat not in self._finished_seats:
                self._begin(seat)
        for seat in self._seats[wanted:]:
            self._leave(seat, self.start_ns + own_ns + grace_ns)

    def _begin(self, seat: Seat) -> None:
        if self._per_vu is not None:
            seat.left = self._per_vu
            self.gauge.planned += self._per_vu
            self.gauge.waiting += self._per_vu
        self._occupy(seat)

    def _left(self, seat: Seat) -> None:
        super()._left(seat)
        seat.vu.hang_up()
        self._settled = False
        if seat.left:
            self.gauge.dropped += seat.left
            self.gauge.waiting -= seat.left
            seat.left = 0
        self._tell_idle()

    async def _live(self, seat: Seat) -> None:
        vu, load = seat.vu, self._load
        while not seat.leaving:
            if load.held:
                await load.released()
                continue
            assert self.start_ns is not None
            if load.clock.elapsed_ns() - self.start_ns >= self.steering.end_ns:
                # The regular time ends between two ticks: no iteration starts after it.
                break
            if self.leases is not None:
                vu.index = await self.leases.take(self.gauge.vus, lambda: seat.leaving)
                self.gauge.taken = self.leases.taken
                if vu.index is None:
                    if not self.leases.exhausted:
                        continue
                    self._finished_seats.add(seat)
                    break
                if seat.leaving or load.held:
                    # Told to stop or halt while it waited for the host: the index is for another.
                    self.leases.put_back(vu.index)
                    self.gauge.taken = self.leases.taken
                    continue
            elif self._per_vu is not None:
                if not seat.left:
                    self._finished_seats.add(seat)
                    break
                seat.left -= 1
                self.gauge.waiting -= 1
                vu.index = self._per_vu - seat.left - 1
            else:
                self.gauge.planned += 1
            vu.again = self.leases is not None and vu.index is not None and self.leases.again(vu.index)
            requests = vu.requests
            self._iterations.start()
            try:
                await self._iterations.run(seat)
            except asyncio.CancelledError:
                self._interrupted(vu)
                raise
            if self.plan.entities and vu.index is not None:
                load.outcomes.settle(self.plan.name, vu.index, vu.outcome, vu.found)
            if vu.requests == requests:
                # An iteration that sent nothing may have awaited nothing: the others are to run, too.
                await yield_once()

    def _interrupted(self, vu: VirtualUser) -> None:
        """Its entity is another's now, unless it is known to exist."""
        if not self.plan.entities or vu.index is None or self.leases is None:
            return
        if vu.outcome is not None:
            self._load.outcomes.settle(self.plan.name, vu.index, vu.outcome, vu.found)
        else:
            self.leases.interrupted(vu.index)

    def _leave(self, seat: Seat, deadline_ns: int) -> None:
        super()._leave(seat, deadline_ns)
        if self.leases is not None and seat.task is not None:
            self.leases.wake()
