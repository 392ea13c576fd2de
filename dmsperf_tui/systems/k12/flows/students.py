"""A student's day, and his first one."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get, api_post, check_response, signed_in
from dmsperf_tui.systems.k12.flows import pages
from dmsperf_tui.systems.k12.session import Session

_ANSWER = "Plants take in light, water and carbon dioxide, and give off oxygen. "


@signed_in
async def student_submitting(vu: VirtualUser) -> None:
    """Dashboard, a course, an assignment of it, the work for it, and the grades of the course."""
    own = await pages.dashboard(vu)
    await pages.read_page(vu)
    course = pages.some_course(vu, own)
    if not course:
        return
    content = await pages.course(vu, course)
    await pages.read_page(vu)
    if assignments := content.get("assignment_ids"):
        await _hand_in(vu, vu.random.choice(assignments))
    response = await api_get(vu, f"/courses/{course}/grades", name="GET courses/{id}/grades", category="list")
    check_response(vu, response, "grades")
    await pages.read_page(vu)


async def _hand_in(vu: VirtualUser, assignment: object) -> None:
    await pages.one(vu, f"/assignments/{assignment}", "assignment", "GET assignments/{id}")
    await pages.read_page(vu)
    response = await api_post(
        vu,
        f"/assignments/{assignment}/submissions",
        {"text": _ANSWER * vu.random.randint(1, 20)},
        name="POST assignments/{id}/submissions",
        category="write",
    )
    check_response(vu, response, "submission", 201)
    await pages.read_page(vu)


async def student_login(vu: VirtualUser) -> None:
    """A student's first day: logs in anew each time, looks around, and enrolls in a course."""
    Session.of(vu).leave(vu)
    await _arrive(vu)


@signed_in
async def _arrive(vu: VirtualUser) -> None:
    await pages.me(vu)
    own = await pages.courses(vu)
    await pages.read_page(vu)
    if course := pages.named(vu, "course"):
        response = await api_post(
            vu,
            f"/courses/{course}/enrollments",
            {},
            name="POST courses/{id}/enrollments",
            category="write",
        )
        # Who is enrolled already is told so with a 200.
        known = any(str(one.get("id")) == course for one in own)
        check_response(vu, response, "enroll", 200 if known else 201)
        await pages.read_page(vu)
