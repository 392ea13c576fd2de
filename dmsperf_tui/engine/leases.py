"""Indexes of shared iterations, or of a list's entities, that the host has granted to this worker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

_LOW_WATER = 2
"""Shared iterations a VU still in hand when more are asked for, so that none waits for the host."""


class Leases:
    """Handed out in the order in which they were granted; more are asked for ahead of time."""

    def __init__(self, want: Callable[[], None]) -> None:
        self._ranges: deque[range] = deque()
        self._want = want
        self._asked = False
        self._exhausted = False
        self._granted = asyncio.Event()
        self._again: set[int] = set()
        """What was begun once already, without an end."""
        self.taken = 0
        """How many were handed out, in the order in which they were granted."""

    @property
    def exhausted(self) -> bool:
        """The host has said that there are no more."""
        return self._exhausted

    @property
    def held(self) -> bool:
        """Whether some are there to be taken."""
        return bool(self._ranges)

    def grant(self, start: int, stop: int, again: bool = False) -> None:
        """The host's answer; an empty range says that none are left. `again`: they may have been begun."""
        self._asked = False
        if stop > start:
            self._ranges.append(range(start, stop))
            if again:
                self._again.update(range(start, stop))
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

    def interrupted(self, index: int) -> None:
        """`index` was begun and did not come to its end."""
        self._again.add(index)
        self.put_back(index)

    def again(self, index: int) -> bool:
        """Whether `index`, which was just taken, had been begun before."""
        if index in self._again:
            self._again.remove(index)
            return True
        return False

    def surrender(self) -> tuple[list[tuple[int, int]], list[int]]:
        """What was granted and not taken: no longer this worker's. And which of it had been begun."""
        ranges, self._ranges = self._ranges, deque()
        again, self._again = self._again, set()
        return [(indexes.start, indexes.stop) for indexes in ranges], sorted(again)

    def wake(self) -> None:
        """Those who wait look whether they are still to."""
        self._granted.set()

    async def take(self, vus: int, unwanted: Callable[[], bool] = lambda: False) -> int | None:
        """The next index, or None when there are no more, or the VU is `unwanted` by now.

        Asks ahead for `vus` VUs.
        """
        while not unwanted():
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
            self._granted.clear()
            await self._granted.wait()
        return None
