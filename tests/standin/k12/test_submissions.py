"""Handing in, grading, and the books that are worked out from it."""

from __future__ import annotations

import pytest

from .conftest import Enter, got, refused

pytestmark = pytest.mark.anyio


async def test_the_school_begins_with_ungraded_work(enter: Enter) -> None:
    teacher = await enter("teacher")
    found = [await got(teacher, f"/courses/{id}/submissions?state=submitted") for id in range(1, 31)]
    assert [len(rows) for rows in found] == [10] * 30
    assert sorted(row["id"] for rows in found for row in rows) == list(range(1, 301))
    assert await got(teacher, "/courses/1/submissions?state=graded") == []
    for row in found[0]:
        assert (await got(teacher, f"/assignments/{row['assignment_id']}"))["course_id"] == 1


async def test_work_handed_in_again_is_a_new_revision(enter: Enter) -> None:
    student, other = await enter("student1"), await enter("student2")
    first = await student.post("/assignments/4/submissions", json={"text": "Draft"})
    again = await student.post("/assignments/4/submissions", json={"text": "Final"})
    elsewhere = await other.post("/assignments/4/submissions", json={"text": "Mine"})
    assert [each.status_code for each in (first, again, elsewhere)] == [201] * 3
    assert [each.json()["revision"] for each in (first, again, elsewhere)] == [1, 2, 1]
    assert first.json()["id"] == again.json()["id"] != elsewhere.json()["id"]
    assert first.json()["assignment_id"] == 4
    assert "text" not in first.json()


async def test_work_that_is_none(enter: Enter) -> None:
    student = await enter("student")
    refused(await student.post("/assignments/181/submissions", json={"text": "Lost"}), 404, "not_found")
    refused(await student.post("/assignments/1/submissions", json={}), 422, "invalid")


async def test_a_grade_reaches_the_student_and_the_gradebook(enter: Enter) -> None:
    teacher, student = await enter("teacher"), await enter("student330")
    me = (await got(student, "/me"))["id"]
    for assignment, grade in ((1, 70), (2, 95)):
        work = (await student.post(f"/assignments/{assignment}/submissions", json={"text": "Words"})).json()
        graded = await teacher.post(
            f"/submissions/{work['id']}/grade", json={"grade": grade, "feedback": "!"}
        )
        assert graded.status_code == 200
        assert (graded.json()["grade"], graded.json()["state"]) == (grade, "graded")
    grades = await got(student, "/courses/1/grades")
    assert [(row["assignment_id"], row["grade"], row["feedback"]) for row in grades] == [
        (1, 70, "!"),
        (2, 95, "!"),
    ]
    book = await got(teacher, "/courses/1/gradebook")
    rows = {row["student_id"]: row for row in book["rows"]}
    assert book["course_id"] == 1
    assert rows[me] == {
        "student_id": me,
        "grades": [{"assignment_id": 1, "grade": 70}, {"assignment_id": 2, "grade": 95}],
        "average": 82.5,
    }
    assert {row["average"] for id, row in rows.items() if id != me} == {None}
    assert (await got(await enter("admin"), "/courses/1/gradebook")) == book


async def test_a_grade_may_be_given_again(enter: Enter) -> None:
    teacher, admin = await enter("teacher"), await enter("admin")
    for grade in (0, 100, 60):
        assert (await teacher.post("/submissions/5/grade", json={"grade": grade})).status_code == 200
    summary = await got(admin, "/analytics")
    assert (summary["submissions"], summary["graded"], summary["average_grade"]) == (300, 1, 60)


async def test_what_is_graded_leaves_the_list_until_it_is_handed_in_again(enter: Enter) -> None:
    teacher, student = await enter("teacher"), await enter("student30")
    work = (await student.post("/assignments/1/submissions", json={"text": "Words"})).json()
    path = "/courses/1/submissions?state=submitted"
    assert work["id"] in [row["id"] for row in await got(teacher, path)]
    await teacher.post(f"/submissions/{work['id']}/grade", json={"grade": 50})
    assert work["id"] not in [row["id"] for row in await got(teacher, path)]
    assert [row["id"] for row in await got(teacher, "/courses/1/submissions?state=graded")] == [work["id"]]
    assert len(await got(teacher, "/courses/1/submissions")) == 11
    await student.post("/assignments/1/submissions", json={"text": "More"})
    assert (await got(teacher, path))[-1]["id"] == work["id"]
    assert (await got(student, "/courses/1/grades"))[0]["grade"] == 50
    refused(await teacher.get("/courses/1/submissions?state=lost"), 422, "invalid")


async def test_a_list_has_fifty_at_most(enter: Enter) -> None:
    teacher = await enter("teacher")
    for number in range(1, 46):
        student = await enter(f"student{number + 400}")
        await student.post("/assignments/1/submissions", json={"text": "Words"})
    assert len(await got(teacher, "/courses/1/submissions?state=submitted")) == 50


@pytest.mark.parametrize(
    ("id", "body", "status", "code"),
    [
        (301, {"grade": 50}, 404, "not_found"),
        (1, {"grade": 101}, 422, "invalid"),
        (1, {"grade": -1}, 422, "invalid"),
        (1, {"grade": 50.5}, 422, "invalid"),
        (1, {"grade": "50"}, 422, "invalid"),
        (1, {"feedback": "Nice"}, 422, "invalid"),
        (1, {"grade": 50, "feedback": 5}, 422, "invalid"),
    ],
)
async def test_what_is_no_grade(enter: Enter, id: int, body: object, status: int, code: str) -> None:
    teacher = await enter("teacher")
    refused(await teacher.post(f"/submissions/{id}/grade", json=body), status, code)
    assert (await got(await enter("admin"), "/analytics"))["graded"] == 0
