"""Who may come in, for how long, and what is kept of it."""

from __future__ import annotations

import httpx
import pytest

from dmsperf_tui.standin.k12.people import Role, person, person_of
from dmsperf_tui.standin.k12.sessions import Sessions
from tests.standin.conftest import Clock

from .conftest import ORIGIN, Enter, credentials, got, refused, stats

pytestmark = pytest.mark.anyio


async def test_a_login_tells_who_one_is_and_sets_the_cookie(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/auth/login", json=credentials("teacher12"))
    user = {"id": 37, "email": "teacher12@test.local", "name": "Teacher 12", "role": "teacher"}
    assert (answer.status_code, answer.json()) == (200, {"user": user, "expires_in": 60})
    token, _, attributes = answer.headers["Set-Cookie"].partition("; ")
    assert token.startswith("session=")
    assert len(token) > 30
    assert attributes == "Path=/; HttpOnly; SameSite=Lax"
    assert await got(stranger, "/me") == user
    again = await stranger.post("/auth/login", json=credentials("teacher12"))
    assert again.json()["user"] == user
    assert again.headers["Set-Cookie"] != answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "teacher@test.local", "password": "guess"}, 401, "invalid_credentials"),
        ({"email": "nobody@test.local", "password": "swordfish"}, 401, "invalid_credentials"),
        ({"email": "teacher0@test.local", "password": "swordfish"}, 401, "invalid_credentials"),
        ({"email": "stranger@test.local", "password": "swordfish"}, 401, "invalid_credentials"),
        ({"email": "teacher@test.local.org", "password": "swordfish"}, 401, "invalid_credentials"),
        ({"email": "teacher@test.local"}, 400, "bad_request"),
        ({"email": "teacher@test.local", "password": ""}, 400, "bad_request"),
        ({"email": 5, "password": "swordfish"}, 400, "bad_request"),
        ([], 400, "bad_request"),
    ],
)
async def test_who_does_not_come_in(
    stranger: httpx.AsyncClient, body: object, status: int, code: str
) -> None:
    answer = await stranger.post("/auth/login", json=body)
    assert "swordfish" not in refused(answer, status, code)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("content", [b"", b"{", b"email=teacher@test.local"])
async def test_a_login_without_json(stranger: httpx.AsyncClient, content: bytes) -> None:
    refused(await stranger.post("/auth/login", content=content), 400, "bad_request")


@pytest.mark.parametrize(
    ("email", "role", "number"),
    [
        ("teacher@test.local", Role.TEACHER, 0),
        (" Student345@TEST.local", Role.STUDENT, 345),
        ("admin2@test.local", Role.ADMIN, 2),
    ],
)
def test_an_address_says_role_and_number(email: str, role: Role, number: int) -> None:
    found = person_of(email)
    assert found == person(role, number)
    assert found is not None
    assert found.number == number


def test_nobody_shares_an_id() -> None:
    people = [
        person(role, number) for role in (Role.TEACHER, Role.STUDENT, Role.ADMIN) for number in range(50)
    ]
    assert len({each.id for each in people}) == 150


async def test_a_session_ends_with_its_time_and_a_new_one_begins(enter: Enter, clock: Clock) -> None:
    teacher = await enter("teacher")
    clock.now += 59.9
    await got(teacher, "/me")
    clock.now += 0.1
    refused(await teacher.get("/me"), 401, "session_expired")
    await teacher.post("/auth/login", json=credentials("teacher"))
    await got(teacher, "/me")


async def test_a_logout_ends_one_session_of_a_user(enter: Enter) -> None:
    here, there = await enter("teacher"), await enter("teacher")
    token = here.cookies["session"]
    answer = await here.post("/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "session" not in here.cookies
    refused(await here.get("/me", headers={"Cookie": f"session={token}"}), 401, "unauthorized")
    await got(there, "/me")


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("theme=dark; session={}; lang=en", 200),
        ("session={};theme=dark", 200),
        ("old_session=1; session={}", 200),
        ("my-session={}", 401),
        ("session=", 401),
        ("session={}x", 401),
    ],
)
async def test_the_session_is_one_cookie_among_others(
    enter: Enter, stranger: httpx.AsyncClient, cookie: str, status: int
) -> None:
    token = (await enter("teacher")).cookies["session"]
    answer = await stranger.get("/me", headers={"Cookie": cookie.format(token)})
    assert answer.status_code == status


async def test_all_sessions_can_be_ended(enter: Enter) -> None:
    teacher, student = await enter("teacher"), await enter("student")
    assert (await stats(teacher))["sessions"] == 2
    ended = await teacher.post(f"{ORIGIN}/_standin/k12/expire-sessions")
    assert ended.json() == {"expired": 2}
    assert (await stats(teacher))["sessions"] == 0
    for client in (teacher, student):
        refused(await client.get("/me"), 401, "session_expired")


def test_log_ins_over_hours_hold_no_more_than_those_of_one_life() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    for _ in range(5000):
        sessions.open(person(Role.TEACHER, 1), 60)
        clock.now += 1
    assert sessions.live == 59
    assert len(sessions) <= 60 + 600


async def test_people_come_into_being_when_they_log_in(enter: Enter) -> None:
    admin = await enter("admin")
    before = await got(admin, "/users")
    assert (len(before["items"]), before["page"], before["pages"]) == (50, 1, 7)
    assert list(before["items"][0]) == ["id", "email", "name", "role"]
    await enter("student98765")
    assert (await enter("student98765")).cookies
    last = await got(admin, "/users?page=7")
    assert [user["email"] for user in last["items"]][-2:] == ["admin@test.local", "student98765@test.local"]
    assert (await got(admin, "/users?page=8"))["items"] == []
    for page in ("0", "-1", "two", "²"):
        refused(await admin.get("/users", params={"page": page}), 422, "invalid")


async def test_notifications_can_be_the_unread_alone(enter: Enter) -> None:
    teacher = await enter("teacher")
    everything = await got(teacher, "/notifications")
    unread = await got(teacher, "/notifications?unread=true")
    assert 0 < len(unread) < len(everything)
    assert unread == [row for row in everything if row["unread"]]
