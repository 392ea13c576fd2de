"""What the platform counted: the referee of runs against it."""

from __future__ import annotations

from collections import Counter

ROOT = "/api/v1"
LOGIN = f"POST {ROOT}/auth/login"
START = f"POST {ROOT}/quizzes/{{id}}/attempts"
HAND_IN = f"POST {ROOT}/attempts/{{id}}/submit"
SUBMISSION = f"POST {ROOT}/assignments/{{id}}/submissions"
GRADE = f"POST {ROOT}/submissions/{{id}}/grade"
FILE = f"POST {ROOT}/files"
GENERATION = f"POST {ROOT}/ai/generate"


class K12Stats:
    """Counts of load. Requests of the tool's set-up, by their User-Agent, are in `setup_requests` alone.

    A request is in `requests` and `operations` once its body is read (or was too large), in `statuses` once
    its answer is known. What was done is counted by the operations that did it.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.setup_requests = 0
        self._operations: Counter[str] = Counter()
        self._outcomes: Counter[tuple[str, int]] = Counter()
        self._answers: Counter[int] = Counter()

    def arrived(self, operation: str) -> None:
        self.requests += 1
        self._operations[operation] += 1

    def answered(self, operation: str, status: int) -> None:
        self._outcomes[operation, status] += 1

    def handed_in(self, answers: int) -> None:
        """An attempt with so many distinct answers was submitted."""
        self._answers[answers] += 1

    def as_json(self, live_sessions: int) -> dict[str, object]:
        done = self._outcomes
        statuses: Counter[int] = Counter()
        for (_, status), count in done.items():
            statuses[status] += count
        return {
            "requests": self.requests,
            "operations": dict(self._operations),
            "statuses": {str(status): count for status, count in statuses.items()},
            "logins": done[LOGIN, 200],
            "sessions": live_sessions,
            "unauthorized": statuses[401],
            "limited": statuses[429],
            "setup_requests": self.setup_requests,
            "attempts": {
                "started": done[START, 200],
                "submitted": done[HAND_IN, 200],
                "answers": {str(answers): count for answers, count in sorted(self._answers.items())},
            },
            "submissions": done[SUBMISSION, 201],
            "grades": done[GRADE, 200],
            "uploads": done[FILE, 201],
            "ai_generations": done[GENERATION, 200],
        }
