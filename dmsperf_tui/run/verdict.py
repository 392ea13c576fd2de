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


class Verdict:
    """Gathers the signals of a run."""

    def __init__(self) -> None:
        self._seconds = 0
        self._above = dict.fromkeys((*_LAG_MS, *_CPU), 0)
        """How many seconds were above each rule's bound."""
        self._facts: dict[str, str] = {}
        """Reason -> level, for what happened once."""

    def second(self, lag_p99_ms: float, cpu_share: float) -> None:
        """One second under load: the worst worker's loop lag and the busiest worker's share of a core."""
        self._seconds += 1
        for value, rules in ((lag_p99_ms, _LAG_MS), (cpu_share, _CPU)):
            for rule in rules:
                self._above[rule] += value > rule.bound

    def fact(self, level: str, reason: str) -> None:
        """Something that happened: a lost worker, exhausted ports."""
        self._facts[reason] = level

    def judge(self, *, over: bool) -> tuple[str, tuple[str, ...]]:
        """(verdict, reasons). A run is called too short only when it is `over`."""
        found: list[tuple[str, str]] = [(level, reason) for reason, level in self._facts.items()]
        if over and 0 < self._seconds < TOO_SHORT_S:
            found.append(("suspect", f"too short: {self._seconds} s measured, {TOO_SHORT_S} s needed"))
        for rules, text in (
            (_LAG_MS, "the generator's event loop lagged more than {bound:g} ms (p99 of a second)"),
            (_CPU, "a worker used more than {bound:.0%} of a core"),
        ):
            for rule in rules if self._seconds >= TOO_SHORT_S else ():
                share = self._above[rule] / self._seconds
                if share > rule.share:
                    found.append((rule.level, f"{text.format(bound=rule.bound)} in {share:.0%} of seconds"))
                    break
        worst = max((_LEVELS.index(level) for level, _ in found), default=0)
        return _LEVELS[worst], tuple(reason for _, reason in found)
