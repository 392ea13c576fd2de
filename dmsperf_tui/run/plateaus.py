"""Stretches of a run in which the service itself refused: rate limiting, and an open circuit breaker.

A DMS limits by fixed windows of 10 s, 500 requests/s by default in v0.7 and v8.0.0, and answers 429. Its
breaker opens for 30 s, in those versions at the first backend failure, and then every data call fails with
500 or 503 (DMS, sections `RateLimit` and `CircuitBreaker` of its configuration).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dmsperf_tui.plan.units import format_clock

TOO_MANY = 429
NO_ANSWER = 0
_REFUSALS = frozenset({NO_ANSWER, 401, 500, 502, 503, 504})
_MENDS = {
    NO_ANSWER: "is the service running, and not restarting?",
    401: "its client is refused: was it revoked? dmsperf-tui setup client makes another",
}
LEAST_S = 3
"""A plateau is at least so long: a single bad second is an error like others."""
LEAST_SHARE = 0.9
BREAK_S = 30
_BREAK_SLACK_S = 3
QUIET_S = 12
"""Longer than a window: rate limiting that comes back within it has not ended."""
MOST_EVENTS = 20


@dataclass(slots=True, eq=False)
class _Stretch:
    """Seconds `first` to `last`, both included."""

    first: int
    last: int
    refused: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    """Of the refusals."""
    passed: int = 0
    since: int = 0
    """Passed since the last refusal: in it if another one follows."""

    @property
    def seconds(self) -> int:
        return self.last - self.first + 1


class Plateaus:
    """Sees each second once, in order."""

    def __init__(self) -> None:
        self._limits: list[_Stretch] = []
        self._outages: list[_Stretch] = []
        self._limited = False
        self._bad: _Stretch | None = None
        """Bad seconds in a row, until now."""
        self._told = 0

    def second(self, number: int, statuses: dict[int, int]) -> list[tuple[str, str]]:
        """What begins or ends with this second, as (kind, text) of events. `statuses`: answers by status."""
        news = [*self._rate_limit(number, statuses), *self._outage(number, statuses)]
        kept = news[: max(0, MOST_EVENTS - self._told)]
        self._told += len(kept)
        return kept

    def _rate_limit(self, number: int, statuses: dict[int, int]) -> list[tuple[str, str]]:
        refused, total = statuses.get(TOO_MANY, 0), sum(statuses.values())
        if refused:
            news = [] if self._limited else [("rate-limit", "the service limits the rate: it answers 429")]
            if not self._limited:
                self._limits.append(_Stretch(number, number))
            self._limited = True
            stretch = self._limits[-1]
            stretch.last = number
            stretch.refused += refused
            stretch.passed += stretch.since + total - refused
            stretch.since = 0
            return news
        if self._limited:
            self._limits[-1].since += total
            if number - self._limits[-1].last >= QUIET_S:
                self._limited = False
                return [("rate-limit", f"no more 429 since {format_clock(self._limits[-1].last + 1)}")]
        return []

    def _outage(self, number: int, statuses: dict[int, int]) -> list[tuple[str, str]]:
        refused, total = sum(statuses.get(status, 0) for status in _REFUSALS), sum(statuses.values())
        if total and refused >= LEAST_SHARE * total:
            if self._bad is None:
                self._bad = _Stretch(number, number)
            self._bad.last = number
            self._bad.refused += refused
            self._bad.statuses.update({s: n for s, n in statuses.items() if s in _REFUSALS})
            if self._bad.seconds >= LEAST_S and self._bad not in self._outages[-1:]:
                self._outages.append(self._bad)
                began = format_clock(self._bad.first)
                return [("outage", f"since {began} nearly everything is {_how(self._bad)}")]
            return []
        if not total:
            # Nobody asked: that ends no outage.
            return []
        ended, self._bad = self._bad, None
        if ended is not None and ended.seconds >= LEAST_S:
            return [("outage", f"the service answers again, after {ended.seconds} s{_breaker(ended)}")]
        return []

    def findings(self) -> list[str]:
        """What they amount to, one line each."""
        found: list[str] = []
        if self._limits:
            refused = sum(one.refused for one in self._limits)
            passed = sum(one.passed for one in self._limits)
            seconds = sum(one.seconds for one in self._limits)
            found.append(
                f"rate limiting: {refused} requests were answered 429 within {seconds} s, in which about "
                f"{passed / seconds:.0f}/s got through; plan less, or raise the service's "
                "RateLimit__PermitLimit (5000 in 10 s by default)"
            )
        if self._outages:
            shown = self._outages[:5]
            lengths = ", ".join(f"{one.seconds} s from {format_clock(one.first)}" for one in shown)
            more = f" and {len(self._outages) - 5} more" if len(self._outages) > 5 else ""
            status = _status(self._outages[0])
            why = _MENDS.get(status, "see the service's own log")
            if any(_breaker(one) for one in self._outages):
                why = (
                    f"plateaus of {BREAK_S} s are its circuit breaker, which one backend failure can open: "
                    "see the service's own log for what failed first"
                )
            found.append(f"nearly everything was {_how(self._outages[0])} for {lengths}{more}: {why}")
        return found


def _status(stretch: _Stretch) -> int:
    """By what most was refused."""
    return stretch.statuses.most_common(1)[0][0]


def _how(stretch: _Stretch) -> str:
    status = _status(stretch)
    return "without an answer" if status == NO_ANSWER else f"answered {status}"


def _breaker(stretch: _Stretch) -> str:
    if abs(stretch.seconds - BREAK_S) <= _BREAK_SLACK_S:
        return f": a circuit breaker that was open for {BREAK_S} s looks like this"
    return ""
