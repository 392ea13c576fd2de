"""The run's clock: monotonic nanoseconds under load, standing still while the run is paused."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns


class RunClock:
    """Started once; frozen and thawed at instants that the host names, so that all workers agree.

    `perf_counter_ns` is one clock for all processes of a machine (CLOCK_MONOTONIC).
    """

    def __init__(self, start_ns: int, now: Callable[[], int] = perf_counter_ns) -> None:
        self.start_ns = start_ns
        self._now = now
        self._paused_ns = 0
        self._frozen_at: int | None = None

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def paused_ns(self) -> int:
        """All paused time so far."""
        waiting = self._now() - self._frozen_at if self._frozen_at is not None else 0
        return self._paused_ns + waiting

    def elapsed_ns(self) -> int:
        """Time under load: since the start, pauses left out; negative before the start."""
        now = self._frozen_at if self._frozen_at is not None else self._now()
        return now - self.start_ns - self._paused_ns

    def wall_ns(self) -> int:
        """Time since the start, pauses included: what statistics seconds are counted in."""
        return self._now() - self.start_ns

    def freeze(self, at_ns: int) -> None:
        if self._frozen_at is None:
            self._frozen_at = at_ns

    def thaw(self, at_ns: int) -> None:
        if self._frozen_at is not None:
            self._paused_ns += max(0, at_ns - self._frozen_at)
            self._frozen_at = None
