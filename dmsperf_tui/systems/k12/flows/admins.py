"""What those do who run the platform: watch it, and open the school year."""

from __future__ import annotations

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get, api_post, check_response, signed_in
from dmsperf_tui.systems.k12.flows import pages
from dmsperf_tui.systems.k12.flows.teachers import SUBJECTS


@signed_in
async def admin_operations(vu: VirtualUser) -> None:
    """Analytics, the users, the integrations."""
    for path, name, category in (
        ("/analytics", "analytics", "analytics"),
        ("/users?page=1", "users", "list"),
        ("/integrations", "integrations", "list"),
    ):
        response = await api_get(vu, path, name=f"GET {name}", category=category)
        check_response(vu, response, name)
        await pages.read_page(vu)


@signed_in
async def admin_setup(vu: VirtualUser) -> None:
    """A new course."""
    await pages.fill_in(vu)
    title = f"{vu.random.choice(SUBJECTS)} {vu.random.randint(1, 12)}, group {vu.number}-{vu.iteration + 1}"
    response = await api_post(vu, "/courses", {"title": title}, name="POST courses", category="write")
    check_response(vu, response, "create_course", 201)
