"""Quiz attempts: twenty questions, answered in any order until they are handed in."""

from __future__ import annotations

from dataclasses import dataclass

from dmsperf_tui.standin.k12.answers import RefusedError, forbidden, not_found
from dmsperf_tui.standin.k12.people import Person
from dmsperf_tui.standin.k12.shelf import Shelf

QUESTIONS = 20

_KEPT = 100_000
_CHOICES = "ABCD"


@dataclass(slots=True)
class Attempt:
    """`answered` and `right` have a bit for each question."""

    id: int
    quiz_id: int
    student_id: int
    answered: int = 0
    right: int = 0
    submitted: bool = False

    def answer(self, question: int, given: str) -> None:
        """An answer may be changed until the attempt is submitted."""
        bit = 1 << question
        self.answered |= bit
        if given == _CHOICES[(self.quiz_id + question) % len(_CHOICES)]:
            self.right |= bit
        else:
            self.right &= ~bit

    @property
    def count(self) -> int:
        """Distinct questions answered."""
        return self.answered.bit_count()

    @property
    def score(self) -> int:
        return self.right.bit_count()


class Attempts:
    """The newest hundred thousand are kept; an older one is a 404."""

    def __init__(self) -> None:
        self._attempts: Shelf[Attempt] = Shelf(_KEPT)

    def start(self, quiz_id: int, student: Person) -> Attempt:
        return self._attempts.add(lambda id: Attempt(id, quiz_id, student.id))

    def open_one(self, id: int, student: Person) -> Attempt:
        """The student's own attempt, not submitted yet. Raises 404, 403 and 409, in this order."""
        found = self._attempts.get(id)
        if found is None:
            raise not_found("attempt")
        if found.student_id != student.id:
            raise forbidden("This is somebody else's attempt.")
        if found.submitted:
            raise RefusedError(409, "already_submitted", "This attempt was submitted already.")
        return found

    def __len__(self) -> int:
        return len(self._attempts)
