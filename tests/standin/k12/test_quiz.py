"""Attempts: whose they are, what they hold, when they end."""

from __future__ import annotations

import pytest

from .conftest import Enter, refused, stats

pytestmark = pytest.mark.anyio


async def test_an_attempt_from_start_to_score(enter: Enter) -> None:
    student = await enter("student7")
    begun = await student.post("/quizzes/2/attempts", json={})
    assert (begun.status_code, begun.json()) == (200, {"id": 1, "quiz_id": 2, "questions": 20})
    for question in range(20):
        body = {"question_id": question, "answer": "C" if question == 0 else "?"}
        answer = await student.post("/attempts/1/answers", json=body)
        assert answer.json() == {"id": 1, "question_id": question, "answered": question + 1}
    done = await student.post("/attempts/1/submit", json={})
    assert (done.status_code, done.json()) == (200, {"id": 1, "answered": 20, "score": 1})


async def test_an_answer_changed_counts_once_as_it_was_last(enter: Enter) -> None:
    student = await enter("student")
    await student.post("/quizzes/1/attempts")
    for given in ("B", "C"):
        await student.post("/attempts/1/answers", json={"question_id": 0, "answer": given})
    assert (await student.post("/attempts/1/submit")).json() == {"id": 1, "answered": 1, "score": 0}


async def test_every_start_is_an_attempt_of_its_own(enter: Enter) -> None:
    student = await enter("student")
    begun = [(await student.post("/quizzes/60/attempts", json={})).json()["id"] for _ in range(2)]
    assert begun == [1, 2]
    refused(await student.post("/quizzes/61/attempts", json={}), 404, "not_found")


async def test_nobody_else_touches_an_attempt(enter: Enter) -> None:
    student = await enter("student1")
    await student.post("/quizzes/1/attempts", json={})
    for name in ("student2", "teacher", "admin"):
        other = await enter(name)
        answer = {"question_id": 0, "answer": "A"}
        refused(await other.post("/attempts/1/answers", json=answer), 403, "forbidden")
        refused(await other.post("/attempts/1/submit", json={}), 403, "forbidden")
    assert (await student.post("/attempts/1/submit")).json()["answered"] == 0


async def test_an_attempt_is_submitted_once(enter: Enter) -> None:
    student = await enter("student")
    await student.post("/quizzes/1/attempts", json={})
    assert (await student.post("/attempts/1/submit", json={})).status_code == 200
    refused(await student.post("/attempts/1/submit", json={}), 409, "already_submitted")
    late = await student.post("/attempts/1/answers", json={"question_id": 0, "answer": "A"})
    refused(late, 409, "already_submitted")
    refused(await student.post("/attempts/2/submit", json={}), 404, "not_found")
    assert (await stats(student))["attempts"] == {"started": 1, "submitted": 1, "answers": {"0": 1}}


@pytest.mark.parametrize(
    "body",
    [
        {"question_id": 20, "answer": "A"},
        {"question_id": -1, "answer": "A"},
        {"question_id": "0", "answer": "A"},
        {"answer": "A"},
        {"question_id": 0},
        {"question_id": 0, "answer": ""},
        {"question_id": 0, "answer": 3},
    ],
)
async def test_what_is_no_answer(enter: Enter, body: object) -> None:
    student = await enter("student")
    await student.post("/quizzes/1/attempts", json={})
    refused(await student.post("/attempts/1/answers", json=body), 422, "invalid")
    assert (await student.post("/attempts/1/submit", json={})).json()["answered"] == 0
