"""A teacher's day: looking around, and getting the school year ready."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_post, check_response, signed_in
from dmsperf_tui.systems.k12.flows import pages

SUBJECTS = ("English", "Mathematics", "Science", "History", "Art", "Music")


@signed_in
async def smoke(vu: VirtualUser) -> None:
    """The four requests that everything begins with (seed 004, `smoke.js`)."""
    await pages.me(vu)
    await pages.unit_plans(vu)
    await pages.courses(vu)
    await pages.notifications(vu)
    await vu.sleep(1)


@signed_in
async def teacher_browsing(vu: VirtualUser) -> None:
    """Dashboard, unit plans, one of them, the gradebook of a course, notifications."""
    own = await pages.dashboard(vu)
    await pages.read_page(vu)
    plans = await pages.unit_plans(vu)
    await pages.read_page(vu)
    if plans:
        plan = vu.random.choice(plans).get("id")
        await pages.one(vu, f"/unit_plans/{plan}", "unit_plan", "GET unit_plans/{id}")
        await pages.read_page(vu)
    if course := pages.some_course(vu, own):
        await pages.gradebook(vu, course)
        await pages.read_page(vu)
    await pages.notifications(vu)
    await pages.read_page(vu)


@signed_in
async def teacher_setup(vu: VirtualUser) -> None:
    """A teacher before the first lesson: a unit plan and an assignment for a course."""
    own = await pages.courses(vu)
    await pages.fill_in(vu)
    course = pages.some_course(vu, own)
    subject = vu.random.choice(SUBJECTS)
    plan: dict[str, object] = {
        "title": f"{subject}, unit {vu.iteration + 1}",
        "subject": subject,
        "grade_level": str(vu.random.randint(1, 12)),
    }
    if course:
        plan["course_id"] = course
    response = await api_post(vu, "/unit_plans", plan, name="POST unit_plans", category="write")
    check_response(vu, response, "create_unit_plan", 201)
    if not course:
        return
    await pages.fill_in(vu)
    response = await api_post(
        vu,
        f"/courses/{course}/assignments",
        {"title": f"{subject}, exercise {vu.iteration + 1}"},
        name="POST courses/{id}/assignments",
        category="write",
    )
    check_response(vu, response, "create_assignment", 201)
