"""The entities of a list: each is leased to a worker until it is done with, and an order begins when the one
before it is done.

Counted are entities, not requests: one whose iteration was interrupted, or lost with its worker, is open
again and goes to another.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence

from dmsperf_tui.plan.entities import ListPart
from dmsperf_tui.plan.executors import lease_size

PACE_S = 30
"""Entities of late orders may take longer than early ones: the pace is of now, not of the whole."""

SPOILT, LEAST_FAILED = 0.5, 10
"""An order of which so much failed, and so many, ends the list."""

_OPEN, _CREATED, _FAILED, _BEGUN = 0, 1, 2, 3
"""Begun: open as well, but it may have been created by who did not live to say so."""


class WorkList:
    """One workload's list. It has one owner, the host."""

    def __init__(
        self, parts: Sequence[ListPart], workers: int, exists: Callable[[int], bool] | None = None
    ) -> None:
        """`parts` in the order of the list; `exists` says of an index that nothing is to be done for it."""
        self.parts = tuple(parts)
        self.total = sum(part.count for part in parts)
        self.created = self.failed = 0
        """Of the whole list, those that were there from the start included."""
        self._workers = workers
        self._state = bytearray(self.total)
        self._free: deque[range] = deque()
        self._free_count = 0
        self.halted = False
        """An order failed nearly whole: what comes after it refers to it, and would fail as well."""
        self._granted: defaultdict[int, list[range]] = defaultdict(list)
        self._unsettled = 0
        """How many of the present order are not done with."""
        self._by_part = [[0, 0] for _ in parts]
        self._orders = _orders(parts)
        self._order = -1
        if exists is not None:
            for part, counts in zip(self.parts, self._by_part, strict=True):
                for index in range(part.first, part.first + part.count):
                    if exists(index):
                        self._state[index] = _CREATED
                        counts[0] += 1
            self.created = sum(created for created, _ in self._by_part)
        self.before = self.created
        """How many were there from the start."""
        self._advance()

    @property
    def to_do(self) -> int:
        """How many this run is to create."""
        return self.total - self.before

    @property
    def left(self) -> int:
        """How many are not done with."""
        return self.total - self.created - self.failed

    @property
    def finished(self) -> bool:
        return not self.left

    @property
    def order(self) -> int | None:
        """The one that is being created; None when all are done with."""
        return None if self.finished else self.parts[self._place(self._orders[self._order].start)].order

    def counts(self) -> list[tuple[ListPart, int, int]]:
        """(part, created, failed) of each."""
        return [
            (part, created, failed) for part, (created, failed) in zip(self.parts, self._by_part, strict=True)
        ]

    def lease(self, worker: int) -> range | None:
        """The next entities for `worker`: an empty range when all are done with, None when it must wait."""
        if self.finished or self.halted:
            return range(0)
        if not self._free:
            return None
        first = self._free.popleft()
        size = min(len(first), lease_size(self._free_count, self._workers))
        self._free_count -= size
        if size < len(first):
            self._free.appendleft(first[size:])
        self._granted[worker].append(first[:size])
        return first[:size]

    def settle(self, index: int, created: bool) -> bool:
        """Entity `index` is done with. Whether another order has begun by that, or the end has come."""
        if self._state[index] in (_CREATED, _FAILED):
            return False
        self._state[index] = _CREATED if created else _FAILED
        self._by_part[self._place(index)][0 if created else 1] += 1
        if created:
            self.created += 1
        else:
            self.failed += 1
        self._unsettled -= 1
        if self._unsettled:
            return False
        self.halted = self._spoilt()
        return self.halted or self._advance()

    def begun(self, index: int) -> bool:
        """Whether entity `index` may exist, although nobody has said so; true of all of its lease."""
        return self._state[index] == _BEGUN

    def surrender(self, worker: int, ranges: Iterable[tuple[int, int]], begun: Iterable[int] = ()) -> None:
        """`worker` has no VU for these: they are free again. `begun`: those of them that may exist."""
        for index in begun:
            self._state[index] = _BEGUN
        back = [range(*bounds) for bounds in ranges]
        self._granted[worker] = [piece for one in self._granted[worker] for piece in _without(one, back)]
        self._release(piece for one in back for piece in self._open_in(one))

    def give_back(self, worker: int) -> None:
        """`worker` is lost: what it had and had not done is free again."""
        for granted in self._granted.pop(worker, []):
            for indexes in self._open_in(granted):
                self._state[indexes.start : indexes.stop] = bytes([_BEGUN]) * len(indexes)
                self._release([indexes])

    def _release(self, ranges: Iterable[range]) -> None:
        for indexes in ranges:
            self._free.append(indexes)
            self._free_count += len(indexes)

    def _spoilt(self) -> bool:
        """Whether of the order that has just been done with, nearly all could not be created."""
        done = self._orders[self._order]
        failed = self._state.count(_FAILED, done.start, done.stop)
        return failed >= LEAST_FAILED and failed >= SPOILT * len(done)

    def _advance(self) -> bool:
        """Opens the next order that has anything to do."""
        self._granted.clear()
        while self._order + 1 < len(self._orders):
            self._order += 1
            self._release(self._open_in(self._orders[self._order]))
            self._unsettled = self._free_count
            if self._unsettled:
                break
        return True

    def _open_in(self, indexes: range) -> list[range]:
        """The runs of entities within `indexes` that are not done with: each begun before, or not."""
        found: list[range] = []
        for state in (_OPEN, _BEGUN):
            start = self._state.find(state, indexes.start, indexes.stop)
            while start >= 0:
                stop = start
                while stop < indexes.stop and self._state[stop] == state:
                    stop += 1
                found.append(range(start, stop))
                start = self._state.find(state, stop, indexes.stop)
        return found

    def _place(self, index: int) -> int:
        return bisect_right(self.parts, index, key=lambda part: part.first) - 1


class Pace:
    """How fast a list is done with, over the newest 30 s."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=PACE_S)

    def mark(self, at_s: float, left: int) -> None:
        """Called each second."""
        self._marks.append((at_s, left))

    @property
    def rate(self) -> float:
        """Entities a second; 0 before it can be told."""
        if len(self._marks) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._marks[0], self._marks[-1]
        return (first - last) / (last_s - first_s) if last_s > first_s else 0.0


def _orders(parts: Sequence[ListPart]) -> list[range]:
    """The entities of each order, in turn."""
    found: list[range] = []
    last: int | None = None
    for part in parts:
        stop = part.first + part.count
        if part.order == last:
            found[-1] = range(found[-1].start, stop)
        else:
            found.append(range(part.first, stop))
        last = part.order
    return found


def _without(whole: range, holes: Iterable[range]) -> list[range]:
    """What is left of `whole`; each hole lies within it or beside it."""
    pieces: list[range] = []
    start = whole.start
    for hole in sorted((hole for hole in holes if hole.start in whole), key=lambda hole: hole.start):
        pieces.append(range(start, hole.start))
        start = hole.stop
    pieces.append(range(start, whole.stop))
    return [piece for piece in pieces if piece]
