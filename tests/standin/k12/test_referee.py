"""What is counted, what can be turned, and that the DMS beside it has no part in it."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from dmsperf_tui.standin.app import AppOptions, create_app
from dmsperf_tui.standin.faults import Knobs
from dmsperf_tui.standin.k12 import K12Options
from dmsperf_tui.standin.k12.knobs import Category, K12Knobs
from dmsperf_tui.standin.rate_limit import RateLimit
from tests.standin.conftest import Clock, hung_up

from .conftest import ORIGIN, PASSWORD, Enter, credentials, got, refused, stats, turn, visitor

pytestmark = pytest.mark.anyio

NOTHING = {
    "requests": 0,
    "operations": {},
    "statuses": {},
    "logins": 0,
    "sessions": 0,
    "unauthorized": 0,
    "limited": 0,
    "setup_requests": 0,
    "attempts": {"started": 0, "submitted": 0, "answers": {}},
    "submissions": 0,
    "grades": 0,
    "uploads": 0,
    "ai_generations": 0,
}
CATEGORIES = ("auth", "list", "detail", "write", "gradebook", "analytics", "ai", "search", "upload")


async def a_day(teacher: httpx.AsyncClient, student: httpx.AsyncClient) -> None:
    """One of everything that is counted."""
    attempt = (await student.post("/quizzes/1/attempts", json={})).json()["id"]
    for question in range(3):
        await student.post(f"/attempts/{attempt}/answers", json={"question_id": question, "answer": "A"})
    await student.post(f"/attempts/{attempt}/submit", json={})
    await student.post("/assignments/1/submissions", json={"text": "Words"})
    await student.post("/files", files={"file": ("essay.txt", b"Words")})
    await teacher.post("/submissions/1/grade", json={"grade": 90})
    await teacher.post("/submissions/999/grade", json={"grade": 90})
    await teacher.post("/ai/generate", json={"kind": "quiz", "prompt": "Art"})


async def test_what_was_done_is_counted(enter: Enter, stranger: httpx.AsyncClient) -> None:
    assert await stats(stranger) == NOTHING
    await a_day(await enter("teacher"), await enter("student"))
    await stranger.get("/me")
    assert await stats(stranger) == {
        "requests": 13,
        "operations": {
            "POST /api/v1/auth/login": 2,
            "POST /api/v1/quizzes/{id}/attempts": 1,
            "POST /api/v1/attempts/{id}/answers": 3,
            "POST /api/v1/attempts/{id}/submit": 1,
            "POST /api/v1/assignments/{id}/submissions": 1,
            "POST /api/v1/files": 1,
            "POST /api/v1/submissions/{id}/grade": 2,
            "POST /api/v1/ai/generate": 1,
            "GET /api/v1/me": 1,
        },
        "statuses": {"200": 9, "201": 2, "404": 1, "401": 1},
        "logins": 2,
        "sessions": 2,
        "unauthorized": 1,
        "limited": 0,
        "setup_requests": 0,
        "attempts": {"started": 1, "submitted": 1, "answers": {"3": 1}},
        "submissions": 1,
        "grades": 1,
        "uploads": 1,
        "ai_generations": 1,
    }


async def test_the_set_up_is_no_load(app: Starlette, clock: Clock) -> None:
    teacher, student = visitor(app), visitor(app)
    await turn(teacher, error_rate=1, latency={"all": "1s"}, ai_limit="1/1m")
    for client, name in ((teacher, "teacher"), (student, "student")):
        client.headers["User-Agent"] = "dmsperf-tui/1 (set-up)"
        assert (await client.post("/auth/login", json=credentials(name))).status_code == 200
    for _ in range(2):
        await a_day(teacher, student)
    assert (await got(student, "/courses/1/grades"))[-1]["revision"] == 2
    assert clock.slept == []
    assert await stats(teacher) == NOTHING | {"setup_requests": 23, "sessions": 2}


async def test_the_dms_is_another_service(clock: Clock) -> None:
    options = AppOptions(
        "key",
        "secret",
        knobs=Knobs(latency="1s", error_rate=1),
        rate_limit=RateLimit(1, 10),
        tenant="north",
        k12=K12Options(PASSWORD),
    )
    app = create_app(options, clock=clock, sleep=clock.sleep)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        for _ in range(3):
            answer = await client.post("/api/v1/auth/login", json=credentials("teacher"))
            assert answer.status_code == 200
        assert clock.slept == []
        assert (await client.get("/_standin/stats")).json()["requests"] == 0
        assert (await client.get("/health")).status_code == 200, "the platform used none of its permits"
        assert (await stats(client))["requests"] == 3


async def test_errors_are_a_share_and_change_nothing(enter: Enter) -> None:
    student = await enter("student")
    await turn(student, error_rate=0.25, error_status=503)
    answers = [await student.post("/assignments/1/submissions", json={"text": "x"}) for _ in range(100)]
    failed = [answer for answer in answers if answer.status_code == 503]
    assert 10 < len(failed) < 45
    refused(failed[0], 503, "out_of_order")
    await turn(student, error_rate=0)
    last = await student.post("/assignments/1/submissions", json={"text": "x"})
    assert last.json()["revision"] == 101 - len(failed)
    counted = await stats(student)
    assert counted["submissions"] == 101 - len(failed)
    assert counted["statuses"]["503"] == len(failed)


async def test_one_category_is_slowed_and_no_other(enter: Enter, clock: Clock) -> None:
    teacher = await enter("teacher")
    turned = (await turn(teacher, latency={"gradebook": "2s"})).json()["latency"]
    assert turned == dict.fromkeys(CATEGORIES, "0") | {"gradebook": "2s", "ai": "3s"}
    for path in ("/me", "/courses", "/courses/1", "/search?q=art", "/courses/1/gradebook"):
        await teacher.get(path)
    assert clock.slept == [2.0]


@pytest.mark.parametrize("first", ["all", "list"])
def test_all_is_every_category_but_ai_and_one_of_its_own_goes_before_it(first: str) -> None:
    pairs = sorted({"all": "5ms", "list": "1s"}.items(), key=lambda pair: pair[0] != first)
    knobs = K12Knobs(K12Options(latency=tuple(pairs)), 7, Clock())
    expected = dict.fromkeys(CATEGORIES, "5ms") | {"list": "1s", "ai": "lognormal 2s p99 8s"}
    assert knobs.as_json()["latency"] == expected


def test_errors_can_begin_with_the_platform() -> None:
    knobs = K12Knobs(K12Options(error_rate=0.5, error_status=502), 7, Clock())
    struck = sum(knobs.strikes_error() for _ in range(200))
    assert 70 < struck < 130
    assert (knobs.as_json()["error_rate"], knobs.as_json()["error_status"]) == (0.5, 502)


async def test_the_next_session_can_be_shorter(enter: Enter, clock: Clock) -> None:
    long = await enter("teacher")
    await turn(long, session_ttl_s=5)
    short = await enter("teacher")
    clock.now += 5
    refused(await short.get("/me"), 401, "session_expired")
    await got(long, "/me")


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"error_rate": 1.5}, "error_rate must be a number between 0 and 1."),
        ({"error_rate": True}, "error_rate must be a number between 0 and 1."),
        ({"error_status": 200}, "error_status must be a whole number between 400 and 599."),
        ({"error_status": 500.5}, "error_status must be a whole number between 400 and 599."),
        ({"session_ttl_s": "5"}, "session_ttl_s must be a number between 0 and 86400."),
        ({"ai_limit": "many"}, "'many' is no rate limit; write how many in how long, such as 5000/10s."),
        ({"latency": "2s"}, "latency must be an object, of latencies by category."),
        (
            {"latency": {"quiz": "2s"}},
            "'quiz' is no category; there are auth, list, detail, write, gradebook, analytics, ai, search, "
            "upload, and all.",
        ),
        (
            {"latency": {"list": 2}},
            "'2' is no latency; write '20ms', '20ms..80ms' or 'lognormal 20ms p99 200ms'.",
        ),
        (
            {"error_rate": 0.5, "jitter": 1},
            "'jitter' is no knob; there are latency, session_ttl_s, error_rate, error_status, ai_limit.",
        ),
    ],
)
async def test_a_bad_knob_turns_nothing(
    stranger: httpx.AsyncClient, knobs: dict[str, object], message: str
) -> None:
    before = (await turn(stranger)).json()
    answer = await turn(stranger, latency={"auth": "1s"}, **knobs) if "latency" not in knobs else None
    answer = answer or await turn(stranger, session_ttl_s=1, **knobs)
    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert (await turn(stranger)).json() == before
    for content in (b"[]", b"{"):
        assert (await stranger.put(f"{ORIGIN}/_standin/k12/faults", content=content)).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/me/",
        "/me/1",
        "/courses/",
        "/courses/0",
        "/courses/01",
        "/courses/-1",
        "/courses/{id}",
        "/courses/²",
        "/courses/one",
        "/courses/1/nowhere",
        "/courses/1/gradebook/1",
        "/courses/9999999999999999",
        "//courses",
    ],
)
async def test_a_path_that_nobody_declared(enter: Enter, path: str) -> None:
    teacher = await enter("teacher")
    refused(await teacher.get(f"{ORIGIN}/api/v1{path}"), 404, "not_found")
    assert (await stats(teacher))["operations"]["GET (unknown)"] == 1


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("DELETE", "/courses", "GET, POST"), ("PUT", "/me", "GET"), ("GET", "/submissions/1/grade", "POST")],
)
async def test_a_method_that_a_path_does_not_take(
    stranger: httpx.AsyncClient, method: str, path: str, allow: str
) -> None:
    answer = await stranger.request(method, path)
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == allow


async def test_a_body_that_never_ends_is_not_counted(app: Starlette, stranger: httpx.AsyncClient) -> None:
    assert await hung_up(app, "/api/v1/auth/login", b'{"email') == []
    assert await stats(stranger) == NOTHING


def test_a_password_is_not_in_the_options_repr() -> None:
    assert PASSWORD not in repr(AppOptions("key", "secret", k12=K12Options(PASSWORD)))


def test_the_dice_are_seeded() -> None:
    def drawn(seed: int) -> list[float]:
        knobs = K12Knobs(K12Options(latency=(("list", "1s..2s"),)), seed, Clock())
        return [knobs.wait_s(Category.LIST) for _ in range(5)]

    assert drawn(7) == drawn(7) != drawn(8)
