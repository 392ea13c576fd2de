"""The workers of one run: started together, spoken to as one, missed when they are lost."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

from dmsperf_tui.engine.ids import NO_ID
from dmsperf_tui.engine.messages import (
    Abort,
    Ack,
    Down,
    Drained,
    Finished,
    Gauges,
    Grant,
    Interval,
    Outcomes,
    Prepare,
    Ready,
    Renew,
    Reshare,
    SetUp,
    SetUpDone,
    Surrender,
    TearDown,
    TearDownDone,
    Up,
    Want,
)
from dmsperf_tui.engine.outcomes import entries
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.entity_store import EntityStore
from dmsperf_tui.run.preparation import SetupError
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.workers import WorkerHandle

READY_TIMEOUT_S = 30.0
AROUND_TIMEOUT_S = 65.0
"""`setup` and `teardown` have 60 s in the worker."""
SILENCE_S = 5.0
"""A worker under load says something four times a second; one that is silent for so long is lost."""
AWAY_S = 3.0
"""If the host itself was suspended for longer, the silence was its own."""

_SOON_NS = 50_000_000
"""Arrivals are shared anew from so far ahead, so that all workers hear of it before."""

MakeWorker = Callable[[int], Awaitable[WorkerHandle]]


class Crew:
    """What the workers measure goes into the `Run`; what they ask of the host goes to callbacks."""

    def __init__(
        self, run: Run, make_worker: MakeWorker, refused: Callable[[int], None], store: EntityStore
    ) -> None:
        self.store = store
        """Where what flows have created is kept."""
        self.order_opened: Callable[[str], None] = lambda workload: None
        """Called when another order of a workload's list begins, and at its end."""
        self.all_done = asyncio.Event()
        """No worker is left at work."""
        self.all_drained: Callable[[], None] = lambda: None
        """Called when no request of any worker is in flight any more, after a `Hold`."""
        self.abort: Callable[[str], None] = lambda reason: None
        """Called when a flow asks for the end of the run."""
        self.progress: Callable[[], None] = lambda: None
        """Called when a worker has told how things stand."""
        self.cut_short = ""
        """Why a worker ended its load by itself, if one did."""
        self._run = run
        self._make_worker = make_worker
        self._refused = refused
        self._workers: dict[int, WorkerHandle] = {}
        self._ready: dict[int, asyncio.Future[Ready]] = {}
        self._listeners: list[asyncio.Task[None]] = []
        self._finished: set[int] = set()
        self._drained: set[int] = set()
        self._closing = False
        self._hold = 0
        self._why: dict[int, str] = {}
        self._heard_ns: dict[int, int] = {}
        self._watched_ns = perf_counter_ns()
        self._end_by_ns: int | None = None
        self._waiting: dict[str, list[int]] = {}
        """Workers with VUs that an order's barrier holds up, by workload."""
        self._around: asyncio.Future[SetUpDone | TearDownDone] | None = None

    @property
    def alive(self) -> bool:
        """Whether any worker was not lost."""
        return bool(self._workers)

    @property
    def at_work(self) -> set[int]:
        """Workers that are neither lost nor finished."""
        return set(self._workers) - self._finished

    async def start(self, prepare: Callable[[int], Prepare]) -> None:
        """Starts all workers and returns when they are ready. Raises SetupError."""
        loop = asyncio.get_running_loop()
        for index in range(self._run.config.workers):
            self._ready[index] = loop.create_future()
            self._workers[index] = await self._make_worker(index)
            self._listeners.append(asyncio.create_task(self._listen(index), name=f"worker {index}"))
            self._workers[index].send(prepare(index))
        try:
            answers = await asyncio.wait_for(asyncio.gather(*self._ready.values()), READY_TIMEOUT_S)
        except TimeoutError:
            raise SetupError("a worker did not become ready; see worker-*.log in its results") from None
        for answer in answers:
            if answer.problem:
                raise SetupError(answer.problem)

    async def set_up(self) -> object:
        """What the scenario's `setup` returned. Raises SetupError."""
        done = await self._do_once(SetUp())
        if done.problem:
            raise SetupError(done.problem)
        return done.result if isinstance(done, SetUpDone) else None

    async def tear_down(self, setup: object) -> str:
        """Runs the scenario's `teardown`; what went wrong, in one line."""
        return (await self._do_once(TearDown(setup))).problem

    async def _do_once(self, message: Down) -> SetUpDone | TearDownDone:
        """One worker does it, the first that is left."""
        if not self._workers:
            return TearDownDone("no worker is left to do it")
        self._around = asyncio.get_running_loop().create_future()
        self._workers[min(self._workers)].send(message)
        try:
            return await asyncio.wait_for(self._around, AROUND_TIMEOUT_S)
        except TimeoutError:
            return TearDownDone(f"no end in {AROUND_TIMEOUT_S:g} s")

    def send_all(self, message: Down) -> None:
        """To every worker at work."""
        for index in self.at_work:
            self._workers[index].send(message)

    def expect_drained(self, hold: int) -> None:
        """`Hold` number `hold` is going out: who drained for another does not count."""
        self._drained.clear()
        self._hold = hold

    async def close(self) -> None:
        """Ends every worker that has not ended by itself: none of them counts as lost."""
        self._closing = True
        for worker in list(self._workers.values()):
            await worker.close()
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    async def _listen(self, index: int) -> None:
        worker = self._workers[index]
        try:
            while (message := await worker.receive()) is not None:
                self._heard_ns[index] = perf_counter_ns()
                self._take(index, message)
        except Exception as fault:  # whatever is wrong with one worker must not hang the run
            self._why[index] = f"it sent what the host cannot take: {type(fault).__name__}"
            worker.kill()
        if self._around is not None and not self._around.done():
            self._around.set_result(TearDownDone(f"worker {index + 1} ended in the middle of it"))
        if not self._closing and index not in self._finished:
            self._lose(index)

    def watch(self) -> None:
        """Kills workers that have fallen silent, or that should have ended by now. Called each second."""
        now = perf_counter_ns()
        host_was_away = now - self._watched_ns > AWAY_S * NS_PER_S
        self._watched_ns = now
        if host_was_away:
            self._heard_ns = dict.fromkeys(self._workers, now)
        for index in self.at_work:
            if now - self._heard_ns.get(index, now) > SILENCE_S * NS_PER_S:
                self._why[index] = f"it had said nothing for {SILENCE_S:g} s"
            elif self._end_by_ns is not None and now > self._end_by_ns:
                self._why[index] = "it did not end in time"
            else:
                continue
            self._workers[index].kill()

    def end_by(self, patience_s: float) -> None:
        """Workers that have not finished in `patience_s` from now, or sooner, are killed."""
        end_by_ns = perf_counter_ns() + int(patience_s * NS_PER_S)
        if self._end_by_ns is None or end_by_ns < self._end_by_ns:
            self._end_by_ns = end_by_ns

    def _take(self, index: int, message: Up) -> None:
        run = self._run
        match message:
            case Interval():
                run.take_interval(index, message)
            case Gauges():
                run.take_gauges(index, message)
                self.progress()
            case SetUpDone() | TearDownDone():
                if self._around is not None and not self._around.done():
                    self._around.set_result(message)
            case Abort(reason):
                self.abort(reason)
            case Ack(version, at_ns):
                run.acknowledge(version, index, at_ns)
            case Drained(version):
                if version == self._hold:
                    self._drained.add(index)
                    self._check_drained()
            case Want(workload):
                self._grant(workload, index)
            case Surrender(workload, ranges, again):
                run.lists[workload].surrender(index, ranges, again)
                self._serve(workload)
            case Outcomes(settled, made):
                for workload, encoded in settled.items():
                    self._settle(workload, encoded)
                for kind, ids in made.items():
                    self.store.made(kind, b64decode(ids))
            case Renew(generation):
                self._refused(generation)
            case Ready():
                if not self._ready[index].done():
                    self._ready[index].set_result(message)
            case Finished(cut_short):
                self._finished.add(index)
                run.statistics.finish(index)
                self.cut_short = self.cut_short or cut_short
                self._check_drained()
                self._check_done()

    def _grant(self, workload: str, index: int) -> None:
        """More of what the workload's VUs on worker `index` are to do, or later, when there is any."""
        work = self._run.lists.get(workload)
        indexes = self._run.shared[workload].lease(index) if work is None else work.lease(index)
        if indexes is None:
            self._waiting.setdefault(workload, []).append(index)
            return
        again = work is not None and bool(indexes) and work.begun(indexes.start)
        self._workers[index].send(Grant(workload, indexes.start, indexes.stop, again))

    def _serve(self, workload: str) -> None:
        """There is more to do: those who wait for it ask again."""
        for index in self._waiting.pop(workload, []):
            if index in self._workers:
                self._grant(workload, index)

    def _settle(self, workload: str, encoded: str) -> None:
        work, moved = self._run.lists[workload], False
        for index, identity, found in entries(encoded):
            if identity != NO_ID:
                # Before the next order begins, whose entities may refer to it.
                self.store.put(index, identity, found)
            moved |= work.settle(index, identity != NO_ID)
        if moved:
            self.order_opened(workload)
            self._serve(workload)

    def _lose(self, index: int) -> None:
        run = self._run
        worker = self._workers.pop(index)
        if not self._ready[index].done():
            self._ready[index].set_result(Ready(worker.pid, "a worker ended before it was ready"))
            return
        run.workers_alive -= 1
        for name, shared in run.shared.items():
            shared.give_back(index, run.statistics.taken(index, name))
        for name, work in run.lists.items():
            work.give_back(index)
            self._serve(name)
        run.forget_worker(index)
        why = self._why.get(index, f"pid {worker.pid} is gone")
        said = (
            f"worker {index + 1} of {run.config.workers} was lost ({why}), with up to a second of its numbers"
        )
        others = sorted(self.at_work)
        if others:
            said += f"; {len(others)} take over its share"
            # One instant for all: an arrival between two of them would be lost, or made twice.
            from_ns = run.elapsed_ns + _SOON_NS
            for place, other in enumerate(others):
                self._workers[other].send(Reshare(place, len(others), from_ns))
        run.verdict.fact("suspect", f"worker {index + 1} was lost")
        run.event("worker-lost", said)
        self._check_drained()
        self._check_done()

    def _check_drained(self) -> None:
        if self.at_work <= self._drained:
            self.all_drained()

    def _check_done(self) -> None:
        if not self.at_work:
            self.all_done.set()
