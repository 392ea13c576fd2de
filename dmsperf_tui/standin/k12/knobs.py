"""How slow and how unreliable the platform is, set when it starts or turned while it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dmsperf_tui.standin.latency import Latency
from dmsperf_tui.standin.rate_limit import Limiter, RateLimit


class Category(StrEnum):
    """What an endpoint is like, which is what its objectives are set for."""

    AUTH = "auth"
    LIST = "list"
    DETAIL = "detail"
    WRITE = "write"
    GRADEBOOK = "gradebook"
    ANALYTICS = "analytics"
    AI = "ai"
    SEARCH = "search"
    UPLOAD = "upload"


ALL = "all"
"""Every category but ai, which is slow by nature."""

_AI_LATENCY = "lognormal 2s p99 8s"
_AI_LIMIT = RateLimit(300, 60.0)


@dataclass(frozen=True, slots=True)
class K12Options:
    """What the platform is told.

    `password` is everybody's; `latency` are pairs of category (or `all`) and a text of `Latency`'s grammar;
    a session lasts `session_ttl_s`; `ai_limit` is how many generations may be asked for; `error_rate` is the
    share of requests, 0 to 1, that are answered `error_status`.
    """

    password: str = field(default="", repr=False)
    latency: tuple[tuple[str, str], ...] = ()
    session_ttl_s: float = 1800.0
    ai_limit: RateLimit = _AI_LIMIT
    error_rate: float = 0.0
    error_status: int = 500


class K12Knobs:
    """The settings as they stand, and the dice, which are seeded."""

    def __init__(self, options: K12Options, seed: int, clock: Callable[[], float]) -> None:
        """Raises `ValueError` for what cannot be set so."""
        self._seed = seed
        self._clock = clock
        self._dice = random.Random(f"{seed} k12 error")
        self._latency = {each: self._latency_of(each, "0") for each in Category}
        self._latency[Category.AI] = self._latency_of(Category.AI, _AI_LATENCY)
        self._latency |= self._latencies(options.latency)
        self.session_ttl_s = _number("session_ttl_s", options.session_ttl_s, 0, 86_400)
        self.error_rate = options.error_rate
        self.error_status = options.error_status
        self._ai_limit = options.ai_limit
        self._ai_limiter = Limiter(options.ai_limit, clock)

    def wait_s(self, category: Category) -> float:
        """How long this request waits."""
        latency = self._latency[category]
        return 0.0 if latency.is_zero else latency.sample()

    def strikes_error(self) -> bool:
        """Whether this request is to fail."""
        return self.error_rate > 0 and self._dice.random() < self.error_rate

    def refuse_generation(self) -> int:
        """0 where the AI takes one more, else the whole seconds until it does."""
        return self._ai_limiter.refuse("")

    def turn(self, wanted: Mapping[str, object]) -> None:
        """Sets knobs by name. Raises `ValueError` before any change.

        A session's length holds for the log-ins that follow; a new `ai_limit` begins a new window.
        """
        latency = self._latency
        numbers: dict[str, float] = {}
        limit: RateLimit | None = None
        for name, value in wanted.items():
            if name == "latency":
                if not isinstance(value, dict):
                    raise ValueError("latency must be an object, of latencies by category.")
                latency = latency | self._latencies(tuple((key, str(text)) for key, text in value.items()))
            elif name == "ai_limit":
                limit = RateLimit.read(str(value))
            elif name in _RANGES:
                numbers[name] = _number(name, value, *_RANGES[name])
            else:
                names = ", ".join(("latency", *_RANGES, "ai_limit"))
                raise ValueError(f"'{name}' is no knob; there are {names}.")
        self._latency = latency
        self.session_ttl_s = numbers.get("session_ttl_s", self.session_ttl_s)
        self.error_rate = numbers.get("error_rate", self.error_rate)
        self.error_status = int(numbers.get("error_status", self.error_status))
        if limit is not None:
            self._ai_limit = limit
            self._ai_limiter = Limiter(limit, self._clock)

    def as_json(self) -> dict[str, object]:
        return {
            "latency": {str(category): latency.text for category, latency in self._latency.items()},
            "session_ttl_s": self.session_ttl_s,
            "error_rate": self.error_rate,
            "error_status": self.error_status,
            "ai_limit": f"{self._ai_limit.permits}/{self._ai_limit.window_s:g}s",
        }

    def _latencies(self, wanted: tuple[tuple[str, str], ...]) -> dict[Category, Latency]:
        """Those that are named; `all` first, so that one of its own holds wherever it stands."""
        found: dict[Category, Latency] = {}
        for name, text in sorted(wanted, key=lambda pair: pair[0] != ALL):
            if name != ALL and name not in Category.__members__.values():
                names = ", ".join(Category)
                raise ValueError(f"'{name}' is no category; there are {names}, and all.")
            named = (
                [each for each in Category if each is not Category.AI] if name == ALL else [Category(name)]
            )
            found |= {each: self._latency_of(each, text) for each in named}
        return found

    def _latency_of(self, category: Category, text: str) -> Latency:
        return Latency(text, random.Random(f"{self._seed} k12 {category}"))


_RANGES: dict[str, tuple[float, float]] = {
    "session_ttl_s": (0, 86_400),
    "error_rate": (0, 1),
    "error_status": (400, 599),
}


def _number(name: str, value: object, least: float, most: float) -> float:
    whole = name == "error_status"
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not least <= value <= most
        or (whole and value != int(value))
    ):
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} must be {kind} between {least:g} and {most:g}.")
    return value
