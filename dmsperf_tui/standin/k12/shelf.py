"""Things by number: those that were there from the start, and the newest of those made since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Shelf(Generic[_T]):
    """Numbers from 1 on. Of what is added at most `limit` stay, the newest; what is there from the start
    stays for good. So a soak of hours holds no more than one of minutes.
    """

    def __init__(self, limit: int, first: Iterable[_T] = ()) -> None:
        self._limit = limit
        self._first = dict(enumerate(first, 1))
        self._added: OrderedDict[int, _T] = OrderedDict()
        self._last = len(self._first)

    def add(self, make: Callable[[int], _T]) -> _T:
        """Puts what `make` makes of the next number; the oldest added goes where there are too many."""
        self._last += 1
        thing = self._added[self._last] = make(self._last)
        if len(self._added) > self._limit:
            self._added.popitem(last=False)
        return thing

    def get(self, id: int) -> _T | None:
        found = self._first.get(id)
        return self._added.get(id) if found is None else found

    def __iter__(self) -> Iterator[_T]:
        yield from self._first.values()
        yield from self._added.values()

    def __len__(self) -> int:
        return len(self._first) + len(self._added)
