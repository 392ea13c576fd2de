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
_SLIP_MS = (_Rule("invalid", 50.0, 0.05), _Rule("suspect", 10.0, 0.01))
_CPU = (_Rule("invalid", 0.98, 0.20), _Rule("suspect", 0.90, 0.05))
_TEXTS = (
    ("lag", _LAG_MS, "event loop lagged over {bound:g} ms in {share:.0f} % of seconds"),
    ("slip", _SLIP_MS, "starts over {bound:g} ms late in {share:.0f} % of seconds, with VUs free"),
    ("cpu", _CPU, "a worker used over {percent:g} % of a core in {share:.0f} % of seconds"),
)
"""Figures first: where there is little room the end of a line is cut. Lag and slip are a second's p99."""
_PROMPT = (("invalid", 0.90), ("suspect", 0.98))
"""Starts within 100 ms of their time, of those that were due while a VU was free."""


class Verdict:
    """Gathers the signals of a run."""

    def __init__(self) -> None:
        self._seconds = 0
        self._measured_s = 0.0
        self._above = {(name, rule): 0 for name, rules, _ in _TEXTS for rule in rules}
        """How many seconds were above each rule's bound."""
        self.worst = {"lag": 0.0, "slip": 0.0, "cpu": 0.0}
        """The worst second of each signal."""
        self._due = self._prompt = 0
        self._facts: dict[str, str] = {}
        """Reason -> level, for what happened once."""

    def second(
        self,
        lag_p99_ms: float,
        cpu_share: float,
        slip_p99_ms: float = 0.0,
        due: int = 0,
        prompt: int = 0,
        length_s: float = 1.0,
    ) -> None:
        """One second under load: the worst worker's loop lag and start slip, the busiest one's share of a
        core, how many starts were due with a VU free, and how many of them were prompt. The last one of a
        run, and one with a pause in it, has less than its full length."""
        self._seconds += 1
        self._measured_s += length_s
        self._due += due
        self._prompt += prompt
        values = {"lag": lag_p99_ms, "slip": slip_p99_ms, "cpu": cpu_share}
        self.worst = {name: max(worst, values[name]) for name, worst in self.worst.items()}
        for name, rule in self._above:
            self._above[name, rule] += values[name] > rule.bound

    def fact(self, level: str, reason: str) -> None:
        """Something that happened: a lost worker, exhausted ports."""
        self._facts[reason] = level

    def judge(self, *, over: bool) -> tuple[str, tuple[str, ...]]:
        """(verdict, reasons). A run is called too short only when it is `over`."""
        found: list[tuple[str, str]] = [(level, reason) for reason, level in self._facts.items()]
        measured_s = round(self._measured_s, 1)
        if over and measured_s < TOO_SHORT_S:
            found.append(("suspect", f"too short: {measured_s:g} s measured, {TOO_SHORT_S} s needed"))
        for name, rules, text in _TEXTS if measured_s >= TOO_SHORT_S else ():
            for rule in rules:
                share = self._above[name, rule] / self._seconds
                if share > rule.share:
                    values = {"bound": rule.bound, "percent": 100 * rule.bound, "share": 100 * share}
                    found.append((rule.level, text.format(**values)))
                    break
        if self._due and measured_s >= TOO_SHORT_S:
            share = self._prompt / self._due
            level = next((level for level, bound in _PROMPT if share < bound), None)
            if level is not None:
                found.append(
                    (level, f"only {100 * share:.1f} % of starts were in time, though VUs were free")
                )
        worst = max((_LEVELS.index(level) for level, _ in found), default=0)
        return _LEVELS[worst], tuple(reason for _, reason in found)
