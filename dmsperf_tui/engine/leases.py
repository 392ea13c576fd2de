"""Indexes of shared iterations that the host has granted to this worker."""

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
