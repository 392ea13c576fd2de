"""Whether the load generator itself kept up: `valid`, `suspect` or `invalid`, with the reasons.

Sampled each second, judged over the measured seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

TOO_SHORT_S = 5
_LEVELS = ("valid", "suspect", "invalid")


@dataclass(frozen=True, slots=True)
class _Rule:
    """More than `share` of the seconds above `bound` gives `level`."""

    level: str
    bound: float
    share: float


_LAG_MS = (_Rule("invalid", 50.0, 0.05), _Rule("suspect", 10.0, 0.01))
_CPU = (_Rule("invalid", 0.98, 0.20), _Rule("suspect", 0.90, 0.05))


def _share_above(values: list[float], bound: float) -> float:
    return sum(value > bound for value in values) / len(values) if values else 0.0


class Verdict:
    """Gathers the signals of a run."""

    def __init__(self) -> None:
        self._lags_ms: list[float] = []
        self._cpu: list[float] = []
        self._facts: dict[str, str] = {}
        """Reason -> level, for what happened once."""

    def second(self, lag_p99_ms: float, cpu_share: float) -> None:
        """One second under load: the worst worker's loop lag and the busiest worker's share of a core."""
        self._lags_ms.append(lag_p99_ms)
        self._cpu.append(cpu_share)

    def fact(self, level: str, reason: str) -> None:
        """Something that happened: a lost worker, exhausted ports."""
        self._facts[reason] = level

    def judge(self, *, over: bool) -> tuple[str, tuple[str, ...]]:
        """(verdict, reasons). A run is called too short only when it is `over`."""
        found: list[tuple[str, str]] = [(level, reason) for reason, level in self._facts.items()]
        if over and 0 < len(self._lags_ms) < TOO_SHORT_S:
            found.append(("suspect", f"too short: {len(self._lags_ms)} s measured, {TOO_SHORT_S} s needed"))
        for values, rules, text in (
            (
                self._lags_ms,
                _LAG_MS,
                "the generator's event loop lagged more than {bound:g} ms (p99 of a second)",
            ),
            (self._cpu, _CPU, "a worker used more than {bound:.0%} of a core"),
        ):
            for rule in rules if len(values) >= TOO_SHORT_S else ():
                share = _share_above(values, rule.bound)
                if share > rule.share:
                    found.append((rule.level, f"{text.format(bound=rule.bound)} in {share:.0%} of seconds"))
                    break
        worst = max((_LEVELS.index(level) for level, _ in found), default=0)
        return _LEVELS[worst], tuple(reason for _, reason in found)
