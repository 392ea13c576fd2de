"""What an exit code says: k6's codes, and 96, which is our own."""

from __future__ import annotations

from collections.abc import Iterable

OUTCOMES = {
    104: "bad configuration",
    107: "no load was made",
    105: "ended by a signal",
    103: "aborted",
    108: "a flow called abort",
    96: "the load generator did not keep up: the numbers are not to be trusted",
    99: "a threshold failed",
    0: "passed",
}
"""The first that applies is a run's; so it is of several runs."""


def worst(codes: Iterable[int]) -> int:
    """The code that comes first in `OUTCOMES`; one that it does not know comes before all. None at all: 0."""
    order = list(OUTCOMES)
    return min(codes, key=lambda code: order.index(code) if code in OUTCOMES else -1, default=0)


def outcome(code: int | None) -> str:
    """`a threshold failed`; None: it has no code, since it has not ended by itself."""
    if code is None:
        return "no end is recorded"
    return OUTCOMES.get(code, f"exit code {code}")
