"""What the stand-in does wrong on purpose, set when it starts or turned while it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from dmsperf_tui.standin.latency import Latency

_STATUSES = (400.0, 599.0)


@dataclass(slots=True)
class Knobs:
    """The settings. Rates are shares of the data requests, 0 to 1; times are seconds unless named otherwise.

    `latency` is the grammar of `Latency`. `error_rate` answers `error_status` and counts as a failure of the
    backend; `write_conflict_rate` strikes POST, PUT and DELETE; `reset_rate` resets the connection instead of
    answering; `truncate_rate` cuts the body short and closes; `slow_body_s` spreads each body over that time;
    `token_limit` is how many live tokens a client may hold (0: any number).
    """

    latency: str = "0"
    error_rate: float = 0.0
    error_status: int = 500
    write_conflict_rate: float = 0.0
    reset_rate: float = 0.0
    truncate_rate: float = 0.0
    slow_body_s: float = 0.0
    token_ttl_s: float = 1800.0
    token_limit: int = 0


_RANGES: dict[str, tuple[float, float]] = {
    "latency_ms": (0.0, 600_000.0),
    "error_rate": (0.0, 1.0),
    "error_status": _STATUSES,
    "write_conflict_rate": (0.0, 1.0),
    "reset_rate": (0.0, 1.0),
    "truncate_rate": (0.0, 1.0),
    "slow_body_s": (0.0, 600.0),
    "token_ttl_s": (0.0, 86_400.0),
    "token_limit": (0.0, 100_000.0),
    "stall_s": (0.0, 600.0),
}
_WHOLE = frozenset({"error_status", "token_limit"})
_NAMES = ("latency", *_RANGES)


class Faults:
    """The knobs and the dice. All dice are seeded: same seed and same requests, same faults.

    `clock` gives seconds, monotonic, for the stall.
    """

    def __init__(self, knobs: Knobs, seed: int, clock: Callable[[], float]) -> None:
        """Raises `ValueError` for a knob that cannot be turned so far."""
        self._seed = seed
        self._clock = clock
        self._error_dice = random.Random(seed)
        self._conflict_dice = random.Random(f"{seed} conflict")
        self._delivery_dice = random.Random(f"{seed} delivery")
        self._stalled_until = 0.0
        self.knobs = Knobs()
        """As they stand. They are turned by `turn` alone."""
        self._latency = self._latency_of("0")
        self.turn({field.name: getattr(knobs, field.name) for field in fields(Knobs)})

    def _latency_of(self, text: str) -> Latency:
        return Latency(text, random.Random(f"{self._seed} latency"))

    def wait_s(self) -> float:
        """How long this request waits: the rest of a stall, and the latency."""
        latency_s = 0.0 if self._latency.is_zero else self._latency.sample()
        if not self._stalled_until:
            return latency_s
        rest_s = self._stalled_until - self._clock()
        if rest_s <= 0:
            self._stalled_until = 0.0
            return latency_s
        return rest_s + latency_s

    def strikes_error(self) -> bool:
        """Whether this request is to fail. Dice are thrown only where some are to fail."""
        return _falls(self.knobs.error_rate, self._error_dice)

    def strikes_conflict(self) -> bool:
        return _falls(self.knobs.write_conflict_rate, self._conflict_dice)

    def strikes_reset(self) -> bool:
        return _falls(self.knobs.reset_rate, self._delivery_dice)

    def strikes_truncation(self) -> bool:
        return _falls(self.knobs.truncate_rate, self._delivery_dice)

    def turn(self, wanted: Mapping[str, object]) -> None:
        """Sets knobs by name. `stall_s` stops every data answer for that long, once; `latency_ms` is fixed.

        Raises `ValueError` before any change.
        """
        numbers: dict[str, float] = {}
        latency: Latency | None = None
        for name, value in wanted.items():
            if name == "latency":
                latency = self._latency_of(value if isinstance(value, str) else repr(value))
            elif name not in _RANGES:
                raise ValueError(f"'{name}' is no knob; there are {', '.join(_NAMES)}.")
            else:
                numbers[name] = _number(name, value)
        if "latency_ms" in numbers:
            latency = self._latency_of(f"{numbers.pop('latency_ms'):.6f}".rstrip("0").rstrip(".") + "ms")
        if latency is not None:
            self._latency = latency
            self.knobs.latency = latency.text
        if "stall_s" in numbers:
            self._stalled_until = self._clock() + numbers.pop("stall_s")
        for name, number in numbers.items():
            setattr(self.knobs, name, int(number) if name in _WHOLE else number)

    def as_json(self) -> dict[str, object]:
        return {field.name: getattr(self.knobs, field.name) for field in fields(Knobs)}


def _number(name: str, value: object) -> float:
    least, most = _RANGES[name]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not least <= value <= most
        or (name in _WHOLE and value != int(value))
    ):
        kind = "a whole number" if name in _WHOLE else "a number"
        raise ValueError(f"{name} must be {kind} between {least:g} and {most:g}.")
    return value


def _falls(rate: float, dice: random.Random) -> bool:
    return rate > 0 and dice.random() < rate
