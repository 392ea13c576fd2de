"""The stand-in's own side, outside the DMS contract: what was counted, and the faults it plays."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

_LIMITS = {"latency_ms": (0.0, 600_000.0), "error_rate": (0.0, 1.0), "token_ttl_s": (0.0, 86_400.0)}


class Stats:
    """Counts of requests to `/data/...` that arrived in full, and of tokens.

    A request is in `requests` and `operations` once its body is read, in `statuses` once its answer is
    known: while answers are delayed, the second lags behind the first.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.tokens_issued = 0

    def arrived(self, operation: str) -> None:
        self.requests += 1
        self.operations[operation] += 1

    def answered(self, status: int) -> None:
        self.statuses[status] += 1

    def as_json(self) -> dict[str, object]:
        return {
            "requests": self.requests,
            "operations": dict(self.operations),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "tokens_issued": self.tokens_issued,
            "unauthorized": self.statuses[401],
        }


class Faults:
    """The knobs, which may be turned while the stand-in runs. Its dice are seeded: same seed, same 500s."""

    def __init__(self, latency_s: float, error_rate: float, token_ttl_s: float, seed: int) -> None:
        self.latency_s = latency_s
        self.error_rate = error_rate
        self.token_ttl_s = token_ttl_s
        self._dice = random.Random(seed)

    def strike(self) -> bool:
        """Whether this request is to fail. Throws the dice only where some are to fail."""
        return self.error_rate > 0 and self._dice.random() < self.error_rate

    def turn(self, wanted: Mapping[str, object]) -> None:
        """Sets latency_ms, error_rate (a share) or token_ttl_s. Raises `ValueError` before any change."""
        values: dict[str, float] = {}
        for name, value in wanted.items():
            if name not in _LIMITS:
                raise ValueError(f"'{name}' is no knob; there are {', '.join(_LIMITS)}.")
            least, most = _LIMITS[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise ValueError(f"{name} must be a number between {least:g} and {most:g}.")
            values[name] = value
        self.latency_s = values.get("latency_ms", self.latency_s * 1000) / 1000
        self.error_rate = values.get("error_rate", self.error_rate)
        self.token_ttl_s = values.get("token_ttl_s", self.token_ttl_s)

    def as_json(self) -> dict[str, float]:
        return {
            "latency_ms": self.latency_s * 1000,
            "error_rate": self.error_rate,
            "token_ttl_s": self.token_ttl_s,
        }
