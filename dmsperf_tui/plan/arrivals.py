"""Which iterations of an open workload are due when, and on which worker.

Arrival n is due when the rate's area reaches n: exact, so that nothing drifts (k6 docs, "Constant arrival
rate", "Ramping arrival rate"). Workers take turns: arrival n belongs to worker n modulo the workers.
"""

from __future__ import annotations

from collections import deque
from random import Random

from dmsperf_tui.plan.curve import Curve


class Arrivals:
    """The planned starts that are one worker's, in order.

    A constant rate's first arrival is due at once, a ramping rate's when its area reaches one: k6's rules.
    Poisson arrivals have gaps of random area, exponential with mean one; all workers draw the same ones.
    """

    def __init__(
        self, curve: Curve, end_ns: int, index: int, workers: int, *, first: int = 0, seed: str | None = None
    ) -> None:
        """`first` is the area at which arrival 0 is due. With a `seed` arrivals are Poisson."""
        self.next_ns: int | None = None
        """When the next one is due, in elapsed time; None: none is, under the present curve."""
        self._curve = curve
        self._end_ns = end_ns
        self._index = index
        self._workers = workers
        self._later: tuple[int, int, int] | None = None
        """(index, workers, from when on) that were told by `reshare` and are not in force yet."""
        self._first = first
        self._random = Random(seed) if seed is not None else None
        self._areas: deque[float] = deque()
        """Of Poisson arrivals from `_areas_from` on."""
        self._areas_from = 0
        self._drawn = 0.0
        self._number = index
        """Of the arrival that is due next."""
        self._taken = -1
        self._find()

    def take(self) -> int:
        """Takes the next arrival and returns when it is due."""
        due_ns = self.next_ns
        assert due_ns is not None
        self._taken = self._number
        if self._later is not None and due_ns >= self._later[2]:
            self._index, self._workers, _ = self._later
            self._later = None
        while self._areas and self._areas_from <= self._taken:
            self._areas.popleft()
            self._areas_from += 1
        self._find()
        return due_ns

    def replan(self, curve: Curve, end_ns: int) -> None:
        """The curve has changed; what was taken stays taken."""
        self._curve, self._end_ns = curve, end_ns
        self._find()

    def reshare(self, index: int, workers: int, from_ns: int) -> None:
        """Other workers were lost: from `from_ns` on the arrivals are shared anew, until then as they are."""
        if self._later is not None:
            self._index, self._workers, _ = self._later
        self._later = index, workers, from_ns
        self._find()

    def _area(self, number: int) -> float:
        if self._random is None:
            return float(number + self._first)
        while self._areas_from + len(self._areas) <= number:
            self._drawn += self._random.expovariate(1.0)
            self._areas.append(self._drawn)
        return self._areas[number - self._areas_from]

    def _due_ns(self, number: int) -> int | None:
        return self._curve.when(self._area(number))

    def _next(self) -> int:
        """The number of the next one that is this worker's."""
        after = self._taken + 1
        number = after + (self._index - after) % self._workers
        if self._later is None:
            return number
        index, workers, from_ns = self._later
        due_ns = self._due_ns(number)
        if due_ns is not None and due_ns < from_ns:
            return number
        number = after
        while (due_ns := self._due_ns(number)) is not None and due_ns < from_ns:
            number += 1
        return number + (index - number) % workers

    def _find(self) -> None:
        self._number = self._next()
        due_ns = self._due_ns(self._number)
        # A constant rate's are due before the end, a ramping rate's last one may be due at it.
        last_ns = self._end_ns if self._first else self._end_ns - 1
        self.next_ns = due_ns if due_ns is not None and due_ns <= last_ns else None
