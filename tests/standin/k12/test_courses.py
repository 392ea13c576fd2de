"""The school as it is found, and what people add to it."""

from __future__ import annotations

from typing import Any

import pytest

from dmsperf_tui.standin.k12.call import Call
from dmsperf_tui.standin.k12.course_api import CourseApi
from dmsperf_tui.standin.k12.people import Person, Role, person
from dmsperf_tui.standin.k12.school import School
from dmsperf_tui.standin.k12.shelf import Shelf
from dmsperf_tui.standin.k12.submissions import Submissions

from .conftest import Enter, got, refused

pytestmark = pytest.mark.anyio


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


async def test_courses_are_one_s_own(enter: Enter) -> None:
    assert ids(await got(await enter("admin"), "/courses")) == list(range(1, 31))
    assert ids(await got(await enter("teacher"), "/courses")) == [1, 11, 21]
    assert ids(await got(await enter("teacher13"), "/courses")) == [4, 14, 24]
    for number in ("", "1", "345"):
        enrolled = ids(await got(await enter(f"student{number}"), "/courses"))
        assert len(set(enrolled)) == 5


def test_every_process_begins_with_the_same_school() -> None:
    one, other = School(), School()
    assert [course.roster for course in one.courses] == [course.roster for course in other.courses]
    assert {len(course.roster) for course in one.courses} == {50}
    assert list(one.unit_plans) == list(other.unit_plans)


async def test_a_course_knows_its_quizzes_and_assignments(enter: Enter) -> None:
    student = await enter("student")
    courses = [await got(student, f"/courses/{id}") for id in range(1, 31)]
    quizzes = [id for course in courses for id in course["quiz_ids"]]
    assignments = [id for course in courses for id in course["assignment_ids"]]
    assert (quizzes, assignments) == (list(range(1, 61)), list(range(1, 181)))
    listed = await got(student, "/courses/2/assignments")
    assert ids(listed) == courses[1]["assignment_ids"]
    assert await got(student, f"/assignments/{listed[3]['id']}") == listed[3]
    assert listed[3]["course_id"] == 2


async def test_unit_plans_are_the_school_s_and_one_s_own(enter: Enter) -> None:
    teacher, other = await enter("teacher1"), await enter("teacher2")
    plans = await got(teacher, "/unit_plans")
    assert len(plans) == 40
    assert {"id", "title", "subject", "grade_level"} <= set(plans[0])
    assert await got(other, f"/unit_plans/{plans[7]['id']}") == plans[7]
    answer = await teacher.post("/unit_plans", json={"title": "Fractions", "course_id": 3})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["title"], made["course_id"]) == ("Fractions", 3)
    assert await got(other, f"/unit_plans/{made['id']}") == made
    assert (await got(teacher, "/unit_plans"))[40:] == [made]
    assert len(await got(other, "/unit_plans")) == 40


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"title": " "}, 422, "invalid"),
        ({"title": 5}, 422, "invalid"),
        ({"title": "x" * 201}, 422, "invalid"),
        ({"title": "Fractions", "subject": 5}, 422, "invalid"),
        ({"title": "Fractions", "course_id": "3"}, 422, "invalid"),
        ({"title": "Fractions", "course_id": True}, 422, "invalid"),
        ({"title": "Fractions", "course_id": 31}, 404, "not_found"),
        (["Fractions"], 400, "bad_request"),
    ],
)
async def test_what_is_no_unit_plan(enter: Enter, body: object, status: int, code: str) -> None:
    teacher = await enter("teacher")
    refused(await teacher.post("/unit_plans", json=body), status, code)
    assert len(await got(teacher, "/unit_plans")) == 40


async def test_a_course_is_opened_and_filled(enter: Enter) -> None:
    admin, teacher, student = await enter("admin"), await enter("teacher"), await enter("student3")
    made = await admin.post("/courses", json={"title": "Latin", "subject": "Languages"})
    assert made.status_code == 201
    id = made.json()["id"]
    assert (await got(student, f"/courses/{id}"))["title"] == "Latin"
    assert [(await student.post(f"/courses/{id}/enrollments")).status_code for _ in range(2)] == [201, 200]
    named = (await got(await enter("student4"), "/me"))["id"]
    enrol = [await admin.post(f"/courses/{id}/enrollments", json={"user_id": named}) for _ in range(2)]
    assert [answer.status_code for answer in enrol] == [201, 200]
    assert enrol[0].json() == {"course_id": id, "student_id": named}
    assert (await got(admin, f"/courses/{id}"))["student_count"] == 2
    assert id in ids(await got(student, "/courses"))
    assert id in ids(await got(admin, "/courses"))
    assignment = await teacher.post(f"/courses/{id}/assignments", json={"title": "Caesar"})
    assert assignment.status_code == 201
    assert await got(student, f"/courses/{id}/assignments") == [assignment.json()]


def test_what_the_school_has_dropped_is_listed_no_more() -> None:
    school = School()
    teacher, other = person(Role.TEACHER, 1), person(Role.TEACHER, 2)
    handlers = {
        one.path: one.handler
        for one in CourseApi(school, Submissions(school)).endpoints()
        if one.method == "GET"
    }

    def read(path: str, id: int = 0) -> Any:
        return handlers[path](Call(teacher, "", id, "", "", b"", True)).body

    def make(author: Person, course: int, count: int) -> None:
        for number in range(count):
            school.new_plan(author, f"Unit {number}", "Art", "7", None)
            school.new_assignment(school.course(course), f"Exercise {number}", "")

    make(teacher, 2, 70)
    assert len(read("/unit_plans")) == 40 + 60, "the newest"
    assert read("/courses/{id}", 2)["assignment_ids"] == [*range(7, 13), *range(191, 251)]
    make(other, 3, 1980)
    plans, listed = read("/unit_plans"), read("/courses/{id}", 2)["assignment_ids"]
    assert listed == [*range(7, 13), *range(231, 251)], "what was there from the start, and those kept"
    assert [one.id for one in read("/courses/{id}/assignments", 2)] == listed
    assert [read("/assignments/{id}", id).id for id in listed] == listed
    assert len(plans) == 40 + 20
    assert [read("/unit_plans/{id}", plan.id) for plan in plans] == plans


async def test_an_admin_must_name_a_student(enter: Enter) -> None:
    admin, teacher = await enter("admin"), await enter("teacher")
    own = (await got(teacher, "/me"))["id"]
    for body in ({}, {"user_id": own}, {"user_id": 10**9}, {"user_id": "5"}):
        refused(await admin.post("/courses/1/enrollments", json=body), 422, "invalid")


@pytest.mark.parametrize(
    "path",
    ["/unit_plans/41", "/courses/31", "/assignments/181", "/courses/31/assignments", "/courses/31/gradebook"],
)
async def test_what_there_is_not(enter: Enter, path: str) -> None:
    refused(await (await enter("teacher")).get(path), 404, "not_found")


def test_a_shelf_keeps_what_was_there_and_the_newest_added() -> None:
    shelf = Shelf(2, ["a", "b"])
    added = [shelf.add(lambda id: f"new {id}") for _ in range(3)]
    assert added == ["new 3", "new 4", "new 5"]
    assert [shelf.get(id) for id in range(7)] == [None, "a", "b", None, "new 4", "new 5", None]
    assert (list(shelf), len(shelf)) == (["a", "b", "new 4", "new 5"], 4)
