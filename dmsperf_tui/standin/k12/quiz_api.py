"""Endpoints of a quiz: begin an attempt, answer, hand in."""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.standin.k12.answers import Answer, not_found
from dmsperf_tui.standin.k12.attempts import QUESTIONS, Attempts
from dmsperf_tui.standin.k12.call import Call, text, whole
from dmsperf_tui.standin.k12.knobs import Category
from dmsperf_tui.standin.k12.routes import EVERYBODY, STUDENTS, Endpoint
from dmsperf_tui.standin.k12.school import quiz_exists
from dmsperf_tui.standin.k12.stats import K12Stats

_LONGEST_ANSWER = 1000


class QuizApi:
    def __init__(self, attempts: Attempts, stats: K12Stats) -> None:
        self._attempts = attempts
        self._stats = stats

    def endpoints(self) -> Iterator[Endpoint]:
        yield Endpoint("POST", "/quizzes/{id}/attempts", Category.WRITE, STUDENTS, self._start)
        # A teacher's is refused as anybody's is that did not begin the attempt.
        yield Endpoint("POST", "/attempts/{id}/answers", Category.WRITE, EVERYBODY, self._answer)
        yield Endpoint("POST", "/attempts/{id}/submit", Category.WRITE, EVERYBODY, self._submit)

    def _start(self, call: Call) -> Answer:
        call.fields()
        if not quiz_exists(call.id):
            raise not_found("quiz")
        attempt = self._attempts.start(call.id, call.person)
        return Answer({"id": attempt.id, "quiz_id": attempt.quiz_id, "questions": QUESTIONS})

    def _answer(self, call: Call) -> Answer:
        attempt = self._attempts.open_one(call.id, call.person)
        fields = call.fields()
        question = whole(fields, "question_id", 0, QUESTIONS - 1)
        attempt.answer(question, text(fields, "answer", _LONGEST_ANSWER))
        return Answer({"id": attempt.id, "question_id": question, "answered": attempt.count})

    def _submit(self, call: Call) -> Answer:
        attempt = self._attempts.open_one(call.id, call.person)
        attempt.submitted = True
        if call.is_load:
            self._stats.handed_in(attempt.count)
        return Answer({"id": attempt.id, "answered": attempt.count, "score": attempt.score})
