"""The suites' own metrics, as far as a scenario declares them."""

from __future__ import annotations

from time import perf_counter_ns

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.meters import measure

_CONNECTIONS = "dms.connections"
_ERRORS = "dms.errors"
_EVERY_NS = 100_000_000


def count_error(vu: VirtualUser, failed: bool) -> None:
    """`errors`, and `api_errors`, which is 0 and not unknown where there are none."""
    measure(vu, "errors", failed)
    if failed or _ERRORS not in vu.shared:
        vu.shared[_ERRORS] = True
        measure(vu, "api_errors", 1 if failed else 0)


class Connections:
    """`active_connections`: the requests of a worker that are in flight, each on a connection of its own.

    Told ten times a second, with the most since the last time, and whenever there are none.
    """

    def __init__(self) -> None:
        self._now = 0
        self._most = 0
        self._due_ns = 0

    @classmethod
    def of(cls, vu: VirtualUser) -> Connections:
        found = vu.shared.get(_CONNECTIONS)
        if not isinstance(found, Connections):
            found = vu.shared[_CONNECTIONS] = cls()
        return found

    def change(self, vu: VirtualUser, by: int) -> None:
        self._now += by
        self._most = max(self._most, self._now)
        now_ns = perf_counter_ns()
        if self._now and now_ns < self._due_ns:
            return
        self._due_ns = now_ns + _EVERY_NS
        worker = str(vu.worker[0])
        if self._most > self._now:
            measure(vu, "active_connections", self._most, worker=worker)
        measure(vu, "active_connections", self._now, worker=worker)
        self._most = self._now
