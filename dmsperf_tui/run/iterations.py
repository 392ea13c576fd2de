"""Shared iterations: counted here, leased to the workers in ranges, taken back from those that are lost."""

from __future__ import annotations

from collections import defaultdict, deque

from dmsperf_tui.plan.executors import lease_size


class SharedIterations:
    """One workload's iterations, each handed out once."""

    def __init__(self, total: int, workers: int) -> None:
        self.total = total
        self._workers = workers
        self._free: deque[range] = deque([range(total)])
        self._granted: defaultdict[int, list[range]] = defaultdict(list)

    @property
    def left(self) -> int:
        """How many nobody has been given."""
        return sum(len(indexes) for indexes in self._free)

    def lease(self, worker: int) -> range:
        """The next indexes for `worker`; an empty range when none are left."""
        if not self._free:
            return range(0)
        first = self._free.popleft()
        size = min(len(first), lease_size(self.left + len(first), self._workers))
        if size < len(first):
            self._free.appendleft(first[size:])
        granted = first[:size]
        self._granted[worker].append(granted)
        return granted

    def give_back(self, worker: int, taken: int) -> int:
        """`worker` is lost after it began `taken` of its indexes: the others are free again. How many."""
        returned = 0
        for granted in self._granted.pop(worker, []):
            rest = granted[min(taken, len(granted)) :]
            taken = max(0, taken - len(granted))
            if rest:
                self._free.append(rest)
                returned += len(rest)
        return returned
