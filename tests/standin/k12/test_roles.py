"""Every endpoint with those who may call it and the category that it is slowed and counted by."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.standin.conftest import Clock

from .conftest import Enter, credentials, refused, stats, turn

pytestmark = pytest.mark.anyio

A, S, T = "admin", "student", "teacher"
EVERYBODY = (A, S, T)
CATEGORIES = ("auth", "list", "detail", "write", "gradebook", "analytics", "ai", "search", "upload")
FILE = {"file": ("essay.txt", b"words")}

TABLE: list[tuple[str, str, str, tuple[str, ...], dict[str, Any]]] = [
    ("GET", "/me", "auth", EVERYBODY, {}),
    ("POST", "/auth/logout", "auth", EVERYBODY, {}),
    ("GET", "/notifications?unread=true", "list", EVERYBODY, {}),
    ("GET", "/unit_plans", "list", EVERYBODY, {}),
    ("GET", "/unit_plans/1", "detail", EVERYBODY, {}),
    ("POST", "/unit_plans", "write", (A, T), {"json": {"title": "Fractions"}}),
    ("GET", "/courses", "list", EVERYBODY, {}),
    ("GET", "/courses/1", "detail", EVERYBODY, {}),
    ("POST", "/courses", "write", (A,), {"json": {"title": "Latin"}}),
    ("POST", "/courses/1/enrollments", "write", (A, S), {"json": {"user_id": 5}}),
    ("GET", "/courses/1/gradebook", "gradebook", (A, T), {}),
    ("GET", "/courses/1/grades", "list", (S,), {}),
    ("GET", "/courses/1/assignments", "list", EVERYBODY, {}),
    ("POST", "/courses/1/assignments", "write", (T,), {"json": {"title": "Essay"}}),
    ("GET", "/assignments/1", "detail", EVERYBODY, {}),
    ("POST", "/assignments/1/submissions", "write", (S,), {"json": {"text": "It was the best of times."}}),
    ("GET", "/courses/1/submissions?state=submitted", "list", (T,), {}),
    ("POST", "/submissions/1/grade", "write", (T,), {"json": {"grade": 80, "feedback": "Good work."}}),
    ("POST", "/quizzes/1/attempts", "write", (S,), {"json": {}}),
    ("GET", "/analytics", "analytics", (A,), {}),
    ("GET", "/users?page=1", "list", (A,), {}),
    ("GET", "/integrations", "list", (A,), {}),
    ("POST", "/ai/generate", "ai", (A, T), {"json": {"kind": "quiz", "prompt": "On fractions"}}),
    ("GET", "/search?q=art", "search", EVERYBODY, {}),
    ("POST", "/files", "upload", EVERYBODY, {"files": FILE}),
]


@pytest.mark.parametrize(("method", "path", "category", "roles", "given"), TABLE)
async def test_an_endpoint(
    enter: Enter,
    stranger: httpx.AsyncClient,
    clock: Clock,
    method: str,
    path: str,
    category: str,
    roles: tuple[str, ...],
    given: dict[str, Any],
) -> None:
    """Those who may are answered after the latency of its category, the others at once."""
    clients = {role: await enter(role) for role in EVERYBODY}
    latency = {each: f"{place}s" for place, each in enumerate(CATEGORIES, 1)}
    await turn(stranger, latency=latency, ai_limit="9/1m")
    refused(await stranger.request(method, path, **given), 401, "unauthorized")
    for role, client in clients.items():
        answer = await client.request(method, path, **given)
        if role in roles:
            assert answer.status_code in (200, 201, 204), role
        else:
            assert refused(answer, 403, "forbidden") == f"This is not for a {role}."
    assert clock.slept == [CATEGORIES.index(category) + 1.0] * len(roles)


async def test_a_login_has_the_latency_of_its_category(stranger: httpx.AsyncClient, clock: Clock) -> None:
    await turn(stranger, latency={"auth": "250ms"})
    await stranger.post("/auth/login", json=credentials("teacher"))
    assert clock.slept == [0.25]


async def test_operations_are_counted_without_ids_and_queries(enter: Enter) -> None:
    teacher = await enter("teacher")
    for path in ("/courses/1", "/courses/2", "/courses/999", "/users?page=2"):
        await teacher.get(path)
    assert (await stats(teacher))["operations"] == {
        "POST /api/v1/auth/login": 1,
        "GET /api/v1/courses/{id}": 3,
        "GET /api/v1/users": 1,
    }
