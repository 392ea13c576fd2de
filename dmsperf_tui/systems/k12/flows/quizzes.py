"""A class writes a quiz."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_post, check_response, document_of, signed_in
from dmsperf_tui.systems.k12.flows import pages

QUESTIONS = 20
_START = "POST quizzes/{id}/attempts"
_SUBMIT = "POST attempts/{id}/submit"


@signed_in
async def quiz_attempt(vu: VirtualUser) -> None:
    """An attempt at the environment's quiz: 20 questions, each thought about for 2 to 5 s, and the end.

    Raises LookupError where the environment names no quiz and the checks have found none.
    """
    quiz = pages.named(vu, "quiz")
    if quiz is None:
        raise LookupError("no quiz is known: set QUIZ_ID")
    response = await api_post(vu, f"/quizzes/{quiz}/attempts", {}, name=_START, category="write")
    check_response(vu, response, "start_attempt")
    attempt = document_of(vu, response, _START).get("id")
    if attempt is None:
        await pages.read_page(vu)
        return
    for question in range(QUESTIONS):
        await vu.sleep(vu.random.uniform(2, 5))
        response = await api_post(
            vu,
            f"/attempts/{attempt}/answers",
            {"question_id": question, "answer": vu.random.choice("ABCD")},
            name="POST attempts/{id}/answers",
            category="write",
        )
        check_response(vu, response, "answer")
    response = await api_post(vu, f"/attempts/{attempt}/submit", {}, name=_SUBMIT, category="write")
    check_response(vu, response, "submit")
    vu.check("all answers are kept", document_of(vu, response, _SUBMIT).get("answered") == QUESTIONS)
