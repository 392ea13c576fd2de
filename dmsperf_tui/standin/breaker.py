"""The circuit breaker before DMS's database (section `CircuitBreaker` of its settings; Polly's rules)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dmsperf_tui.standin.vintage import Vintage


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Opens for `break_s` once `failure_ratio` of the calls in `sampling_s` failed, if there were enough."""

    failure_ratio: float
    minimum_throughput: int
    sampling_s: float
    break_s: float

    @classmethod
    def of(cls, vintage: Vintage) -> BreakerSettings:
        """The defaults: one failure in traffic opens that of v0.7; 8.x (main of 2026) bears more."""
        return cls(0.01, 2, 10.0, 30.0) if vintage is Vintage.V0_7 else cls(0.1, 20, 120.0, 30.0)


class Breaker:
    """Closed, open, or half open: then one call tries it. `clock` gives seconds, monotonic."""

    def __init__(self, settings: BreakerSettings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self._clock = clock
        self._calls: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._open_until: float | None = None
        self._is_trying = False

    def refuses(self) -> bool:
        """Whether this call is turned away. One that is not must be told of by `record`."""
        if self._open_until is None:
            return False
        if self._clock() < self._open_until or self._is_trying:
            return True
        self._is_trying = True
        return False

    def record(self, failed: bool) -> None:
        """How a call went that was let through."""
        now = self._clock()
        if self._is_trying:
            self._is_trying = False
            self._forget()
            self._open_until = now + self.settings.break_s if failed else None
            return
        self._calls.append((now, failed))
        self._failures += failed
        while self._calls[0][0] < now - self.settings.sampling_s:
            self._failures -= self._calls.popleft()[1]
        calls = len(self._calls)
        is_many = calls >= self.settings.minimum_throughput
        if failed and is_many and self._failures >= self.settings.failure_ratio * calls:
            self._open_until = now + self.settings.break_s
            self._forget()

    def _forget(self) -> None:
        self._calls.clear()
        self._failures = 0
