"""A teacher at the end of term."""

from __future__ import annotations

from collections.abc import Sequence

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get, api_post, check_response, items_of, signed_in
from dmsperf_tui.systems.k12.flows import pages

GRADES = 10
"""Of an iteration."""
_COURSE = "k12.graded_course"
_LIST = "GET courses/{id}/submissions"


@signed_in
async def grading(vu: VirtualUser) -> None:
    """The gradebook, then ten grades, each after 3 to 8 s of reading.

    The submissions are those that the environment names, or what waits to be graded in the course; where all
    are done with, those of the course that were graded before.
    """
    course = await _course(vu)
    if not vu.check("has a course", course is not None):
        await pages.read_page(vu)
        return
    await pages.gradebook(vu, course)
    submissions = await _submissions(vu, course)
    if not vu.check("has submissions to grade", bool(submissions)):
        await pages.read_page(vu)
        return
    first = vu.random.randrange(len(submissions))
    for step in range(GRADES):
        await vu.sleep(vu.random.uniform(3, 8))
        response = await api_post(
            vu,
            f"/submissions/{submissions[(first + step) % len(submissions)]}/grade",
            {"grade": vu.random.randrange(60, 100), "feedback": "Good work. See comments."},
            name="POST submissions/{id}/grade",
            category="write",
        )
        check_response(vu, response, "grade_submission")


async def _course(vu: VirtualUser) -> object:
    """The environment's course where this teacher has it, else one of his own: the same one always."""
    found: object = vu.memory.get(_COURSE)
    if found is None:
        own = await pages.courses(vu)
        preferred = pages.named(vu, "course")
        if any(str(course.get("id")) == preferred for course in own):
            found = preferred
        else:
            found = pages.some_course(vu, own)
        vu.memory[_COURSE] = found
    return found


async def _submissions(vu: VirtualUser, course: object) -> Sequence[object]:
    if given := pages.named(vu, "submission"):
        return [one.strip() for one in given.split(",") if one.strip()]
    for query in ("?state=submitted", ""):
        response = await api_get(vu, f"/courses/{course}/submissions{query}", name=_LIST, category="list")
        check_response(vu, response, "submissions")
        if found := [one["id"] for one in items_of(vu, response, _LIST) if "id" in one]:
            return found
    return ()
