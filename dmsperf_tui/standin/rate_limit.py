"""The fixed window that ASP.NET's rate limiter counts requests in (section `RateLimit` of DMS's settings)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

_SPELLING = re.compile(r"(\d+)/(\d+(?:\.\d+)?)(s|m)")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in each window; the real service starts with 5000 in 10 s (20000 from 2026 on)."""

    permits: int = 5000
    window_s: float = 10.0

    @classmethod
    def read(cls, text: str) -> RateLimit:
        """`5000/10s`. Raises `ValueError` with what is taken instead."""
        found = _SPELLING.fullmatch(text.strip())
        if not found or int(found[1]) < 1 or float(found[2]) <= 0:
            raise ValueError(f"'{text}' is no rate limit; write how many in how long, such as 5000/10s.")
        return cls(int(found[1]), float(found[2]) * (60 if found[3] == "m" else 1))


class Limiter:
    """Counts by partition, which for DMS is the Host header as it came. `clock` gives seconds, monotonic."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def refuse(self, partition: str) -> int:
        """0 where the request may pass, else the whole seconds until the window ends."""
        now = self._clock()
        start, count = self._windows.get(partition, (now, 0))
        if now - start >= self._limit.window_s:
            start, count = now, 0
        if count >= self._limit.permits:
            return max(1, math.ceil(start + self._limit.window_s - now))
        self._windows[partition] = (start, count + 1)
        return 0
