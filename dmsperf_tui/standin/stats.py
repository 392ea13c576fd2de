"""What the stand-in counted: the referee of every test that asks whether a request got lost."""

from __future__ import annotations

from collections import Counter


class Stats:
    """Counts of requests to `/data/...` that arrived in full, and of tokens.

    A request is in `requests` and `operations` once its body is read, in `statuses` once its answer is
    known: while answers are delayed, the second lags behind the first. What the rate limiter turns away is in
    `limited` alone; an answer that a reset or a cut kept from its client counts like any other. Requests of
    the tool's set-up, by their User-Agent, are in `setup_requests` alone: they are no load.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.tokens_issued = 0
        self.limited = 0
        self.setup_requests = 0

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
            "limited": self.limited,
            "setup_requests": self.setup_requests,
        }
