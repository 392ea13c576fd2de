"""One workload on one worker: what all executors have in common. `closed` and `open` say when VUs iterate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.iteration import Iterations, Seat
from dmsperf_tui.engine.load import Load
from dmsperf_tui.engine.messages import Steer, WorkloadGauge
from dmsperf_tui.engine.mix import Mix
from dmsperf_tui.engine.vu import Cast, Flow, VirtualUser
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.steering import Steering


class Slips:
    """How punctual the starts were for which a VU was free, since last taken."""

    PROMPT_NS = 100_000_000

    def __init__(self) -> None:
        self.ns: list[int] = []

    def take(self) -> tuple[Histogram, int]:
        """(all of them, how many were within 100 ms)."""
        slips, self.ns = self.ns, []
        histogram = Histogram()
        histogram.record_all([(slip + 500) // 1000 for slip in slips])
        return histogram, sum(slip <= self.PROMPT_NS for slip in slips)


class WorkloadRunner:
    """Keeps its VUs' seats, interrupts those that leave too slowly, and ends when its time is over.

    Leaving is graceful: a VU finishes its iteration and has the grace period for it; then it is interrupted
    (k6 docs, "Graceful stop").
    """

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
        """This worker is `index` of `workers`; `numbers` is what it was when the run was prepared.

        `changed` is called when something has ended that others may be waiting for.
        """
        self.plan = plan
        self.steering = Steering(plan.shape, whole=plan.arrival is None)
        self.gauge = WorkloadGauge()
        self.mix = Mix(list(zip(plan.flows, flows, strict=True)))
        self.slips = Slips()
        self.start_ns: int | None = None if plan.after else plan.start_ns
        """When it starts on the run's clock; None: not known yet."""
        self._load = load
        self._cast = Cast(plan.name, plan.tags, plan.env, plan.connections_per_vu, plan.connect_timeout_s)
        self._iterations = Iterations(load, plan, self.mix, self._cast, self.gauge)
        self._index = index
        self._workers = workers
        self._changed = changed
        self._numbers = numbers or (index, workers)
        self._seats: list[Seat] = []
        self._made = 0
        self._departing: set[Seat] = set()
        """Seats whose task has a deadline."""
        self._closed = False
        self._expired = False
        """Closed because its regular time was over."""

    # --- told by the host -----------------------------------------------------------------------

    def start(self, elapsed_ns: int) -> None:
        """What it waited for has ended: it starts at `elapsed_ns` of the run's clock."""
        self.start_ns = elapsed_ns

    def steer(self, change: Steer) -> None:
        """A person changed its level."""
        if change.action == "cap":
            self.cap(int(change.value))
        else:
            self.steering.apply(change.action, change.value, change.elapsed_ns, change.over_ns)
            if self._expired and change.elapsed_ns < self.steering.end_ns:
                self._reopen()
        self.replan()

    def cap(self, max_vus: int) -> None:
        """Only an open workload has a cap."""
        raise NotImplementedError

    def reshare(self, index: int, workers: int, elapsed_ns: int) -> None:
        """Other workers were lost: take a larger share."""
        self._index, self._workers = index, workers

    def close(self) -> None:
        """All its iterations are done, on all workers."""
        self._closed = True

    def hang_up(self) -> None:
        """Closes the connections of VUs that are ready for more."""
        for seat in self._seats:
            seat.vu.hang_up()

    def end(self, at_once: bool) -> None:
        """No iteration starts any more; at once: those that run are interrupted."""
        self._closed = True
        now = self._load.clock.elapsed_ns()
        self._leave_all(now + (0 if at_once else self.plan.graceful_stop_ns))
        if at_once:
            self._interrupt_late(now)

    # --- called at each tick --------------------------------------------------------------------

    def adjust(self, elapsed_ns: int) -> None:
        """Brings the load to its level at `elapsed_ns` of the run's clock."""
        if self.start_ns is not None:
            own_ns = elapsed_ns - self.start_ns
            if not self._closed and own_ns >= self.steering.end_ns:
                self._expired = True
                self._expire(self.start_ns + self.steering.end_ns + self.plan.graceful_stop_ns)
            if not self._closed and own_ns >= 0:
                self.follow(own_ns)
        self._interrupt_late(elapsed_ns)
        self.gauge.leaving = len(self._departing)
        self.gauge.made = len(self._seats) if self.plan.arrival else self.gauge.vus
        self._tell_idle()

    @property
    def finished(self) -> bool:
        """Its time is over, or its iterations are, and no VU is left."""
        return self._closed and not self.gauge.vus and not self.gauge.waiting

    @property
    def idle(self) -> bool:
        """No iteration starts any more on this worker, unless it is steered or shared anew."""
        return self._closed

    def follow(self, own_ns: int) -> None:
        """Within its regular time: have what is due at `own_ns` of its own time."""
        raise NotImplementedError

    def replan(self) -> None:
        """The steering has changed."""

    def _expire(self, deadline_ns: int) -> None:
        """The regular time is over; what runs may finish until `deadline_ns`."""
        self._closed = True
        self._leave_all(deadline_ns)

    def _reopen(self) -> None:
        """It was made longer in the very moment in which it ended."""
        self._closed = self._expired = False
        for seat in self._seats:
            seat.hurry = False
            self._stay(seat)

    def _tell_idle(self) -> None:
        done = self.idle and not self.gauge.vus
        if done != self.gauge.done:
            self.gauge.done = done
            self._changed()

    # --- seats ----------------------------------------------------------------------------------

    def _new_seat(self) -> Seat:
        # Numbered by the first sharing, so that no two VUs of a run ever have the same number.
        first, step = self._numbers
        seat = Seat(VirtualUser(self._load, self._cast, self._made * step + first + 1))
        self._made += 1
        self._seats.append(seat)
        return seat

    def _occupy(self, seat: Seat) -> None:
        """Starts the seat's task."""
        self._stay(seat)
        self.gauge.vus += 1
        seat.task = task = self._load.loop.create_task(self._live(seat), name=repr(seat.vu))
        # Not in the coroutine: one that is cancelled before its first step never runs its `finally`.
        task.add_done_callback(lambda task: self._left(seat))

    async def _live(self, seat: Seat) -> None:
        raise NotImplementedError

    def _left(self, seat: Seat) -> None:
        """The seat's task has ended."""
        self.gauge.vus -= 1
        self._departing.discard(seat)
        seat.task, seat.deadline_ns, seat.nap = None, None, None

    def _leave(self, seat: Seat, deadline_ns: int) -> None:
        if seat.task is not None:
            seat.leave(deadline_ns)
            self._departing.add(seat)

    def _leave_all(self, deadline_ns: int) -> None:
        for seat in self._seats:
            self._leave(seat, deadline_ns)

    def _stay(self, seat: Seat) -> None:
        seat.stay()
        self._departing.discard(seat)

    def _interrupt_late(self, elapsed_ns: int) -> None:
        for seat in self._departing:
            if seat.deadline_ns is not None and elapsed_ns >= seat.deadline_ns and seat.task is not None:
                seat.task.cancel()
