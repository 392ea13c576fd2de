"""Open workloads: iterations start when they are due, whatever became of those before.

constant-arrival-rate, ramping-arrival-rate (k6 docs, "Executors"). A due iteration takes the VU that has
been idle for longest; with all of them busy it waits (`late = "queue"`) or is dropped (k6). What waits is
timed from its planned start, so that a slow system cannot hide behind its own slowness (G. Tene, "How not
to measure latency": coordinated omission).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from dmsperf_tui.engine.iteration import Seat
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.vu import Flow, yield_once
from dmsperf_tui.engine.workload import WorkloadRunner
from dmsperf_tui.plan.arrivals import Arrivals
from dmsperf_tui.plan.executors import share
from dmsperf_tui.plan.scenario import WorkloadPlan

_MOST_AT_ONCE = 2000
"""So many arrivals, and the loop may turn to others: one that is due more often than a worker can count must
still hear a stop."""


class OpenRunner(WorkloadRunner):
    """Starts this worker's share of the arrivals, each at its time."""

    def __init__(
        self,
        load: Load,
        plan: WorkloadPlan,
        flows: Sequence[Flow],
        index: int,
        workers: int,
        changed: Callable[[], None] = lambda: None,
        numbers: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(load, plan, flows, index, workers, changed, numbers)
        assert plan.arrival is not None
        self._arrival = arrival = plan.arrival
        self._arrivals = Arrivals(
            self.steering.target,
            self.steering.end_ns,
            index,
            workers,
            first=1 if arrival.ramping else 0,
            seed=f"{load.seed}/{plan.name}" if arrival.poisson else None,
        )
        self._max_vus = arrival.max_vus
        self._idle: deque[Seat] = deque()
        self._backlog: deque[int] = deque()
        """Planned starts of what waits, in its own time."""
        self._alarm = load.make_alarm(load.loop, self._dispatch)
        self._deadline_ns = 0
        """When the grace is over, once the regular time is."""
        self._reserve(share(arrival.pre_allocated_vus, index, workers))
        if self.start_ns is not None:
            # The first arrival does not wait for the tick after its start.
            self._arm()

    @property
    def idle(self) -> bool:
        return self._closed and not self._backlog

    def start(self, elapsed_ns: int) -> None:
        super().start(elapsed_ns)
        self._arm()

    def cap(self, max_vus: int) -> None:
        self._max_vus = max_vus
        while self._idle and len(self._seats) > self._room:
            seat = self._idle.popleft()
            seat.vu.hang_up()
            self._seats.remove(seat)

    def hang_up(self) -> None:
        super().hang_up()
        self._alarm.close()

    def replan(self) -> None:
        self._arrivals.replan(self.steering.target, self.steering.end_ns)
        self._dispatch()

    def reshare(self, index: int, workers: int, elapsed_ns: int) -> None:
        super().reshare(index, workers, elapsed_ns)
        # Where it is not known yet when it starts, all its arrivals are shared so.
        self._arrivals.reshare(index, workers, elapsed_ns - self.start_ns if self.start_ns is not None else 0)
        self._dispatch()

    def follow(self, own_ns: int) -> None:
        self._dispatch()

    def end(self, at_once: bool) -> None:
        self._dispatch()
        super().end(at_once)
        self._cut()

    def _expire(self, deadline_ns: int) -> None:
        """What was due within the regular time and waits may still start within the grace."""
        self._dispatch()
        self._closed = True
        self._deadline_ns = deadline_ns
        self._alarm.cancel()
        for seat in self._seats:
            seat.hasten()
            if seat.task is not None:
                seat.deadline_ns = deadline_ns
                self._departing.add(seat)

    def _interrupt_late(self, elapsed_ns: int) -> None:
        super()._interrupt_late(elapsed_ns)
        if self._closed and self._backlog:
            if elapsed_ns >= self._deadline_ns:
                self._cut()
            else:
                self._serve_backlog()

    def _cut(self) -> None:
        self.gauge.cut += len(self._backlog)
        self.gauge.waiting -= len(self._backlog)
        self._backlog.clear()
        self._alarm.cancel()

    # --- seats ----------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """How many VUs this worker may have."""
        return share(self._max_vus, self._index, self._workers)

    def _reserve(self, count: int) -> None:
        while len(self._seats) < count:
            self._idle.append(self._new_seat())

    def _free_seat(self) -> Seat | None:
        if self._idle:
            return self._idle.popleft()
        return self._new_seat() if len(self._seats) < self._room else None

    def _left(self, seat: Seat) -> None:
        super()._left(seat)
        if seat.due_ns is not None:
            seat.due_ns = None
            self._iterations.never_ran()
        if len(self._seats) > self._room:
            seat.vu.hang_up()
            self._seats.remove(seat)
        else:
            self._idle.append(seat)
            # An iteration that came due in this very moment found no VU free.
            self._serve_backlog()
        self._tell_idle()

    def _give(self, seat: Seat, due_ns: int, *, waited: bool) -> None:
        """The seat's next iteration is the one that is, or was, due at `due_ns`."""
        seat.due_ns, seat.waited = due_ns, waited
        if waited:
            self.gauge.waiting -= 1
        self._iterations.start()

    async def _live(self, seat: Seat) -> None:
        vu = seat.vu
        while seat.due_ns is not None:
            late_ns = max(0, self._own_ns() - seat.due_ns)
            if not seat.waited:
                self.slips.ns.append(late_ns)
            seat.due_ns = None
            requests = vu.requests
            await self._iterations.run(seat, late_ns)
            if vu.requests == requests:
                await yield_once()
            going = not seat.leaving and not self._load.held and len(self._seats) <= self._room
            if self._backlog and going:
                self._give(seat, self._backlog.popleft(), waited=True)

    # --- arrivals -------------------------------------------------------------------------------

    def _own_ns(self) -> int:
        assert self.start_ns is not None
        return self._load.clock.elapsed_ns() - self.start_ns

    def _dispatch(self) -> None:
        """Everything that is due by now starts, waits, or is dropped. Nothing starts before it is due."""
        if self.start_ns is None or self._closed:
            return
        arrivals, gauge, now = self._arrivals, self.gauge, self._own_ns()
        held = self._load.held
        most_waiting = share(self._arrival.max_backlog, self._index, self._workers)
        most = _MOST_AT_ONCE
        while arrivals.next_ns is not None and arrivals.next_ns <= now and most:
            most -= 1
            due_ns = arrivals.take()
            gauge.planned += 1
            seat = None if held or self._backlog else self._free_seat()
            if seat is not None:
                self._give(seat, due_ns, waited=False)
                self._occupy(seat)
            elif self._arrival.late == "queue" and len(self._backlog) < most_waiting:
                self._backlog.append(due_ns)
                gauge.waiting += 1
                gauge.queued += not held
            else:
                gauge.dropped += 1
        self._serve_backlog()
        self._arm()

    def _serve_backlog(self) -> None:
        """What waits takes the VUs that are free: after a pause, or when there may be more of them."""
        while self._backlog and not self._load.held and (seat := self._free_seat()) is not None:
            self._give(seat, self._backlog.popleft(), waited=True)
            self._occupy(seat)
            if self._closed:
                seat.deadline_ns = self._deadline_ns
                self._departing.add(seat)

    def _arm(self) -> None:
        """For the next arrival; a pause ends with a tick, which arms it anew."""
        if self._arrivals.next_ns is None or self._load.clock.frozen:
            self._alarm.cancel()
        else:
            self._alarm.set(self._arrivals.next_ns - self._own_ns())
