"""The AI and its limit, search, files."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.standin.conftest import Clock

from .conftest import Enter, got, refused, stats, turn

pytestmark = pytest.mark.anyio

PROMPT = {"kind": "lesson", "prompt": "Fractions for the fourth grade"}


async def test_a_generation_takes_its_time(enter: Enter, clock: Clock) -> None:
    teacher = await enter("teacher")
    answer = await teacher.post("/ai/generate", json=PROMPT)
    assert (answer.status_code, answer.json()["id"]) == (200, 1)
    assert "Fractions for the fourth grade" in answer.json()["text"]
    assert clock.slept == [3.0]


async def test_above_the_limit_the_ai_says_when_to_come_back(enter: Enter, clock: Clock) -> None:
    teacher, admin = await enter("teacher"), await enter("admin")
    for client in (teacher, admin):
        assert (await client.post("/ai/generate", json=PROMPT)).status_code == 200
    clock.now += 12.5
    answer = await teacher.post("/ai/generate", json=PROMPT)
    refused(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "48"
    assert len(clock.slept) == 2, "a refusal does not wait"
    clock.now += 47.5
    await teacher.post("/auth/login", json={"email": "teacher@test.local", "password": "swordfish"})
    assert (await teacher.post("/ai/generate", json=PROMPT)).status_code == 200
    counted = await stats(teacher)
    assert (counted["limited"], counted["ai_generations"]) == (1, 3)


async def test_the_limit_can_be_turned(enter: Enter) -> None:
    teacher = await enter("teacher")
    assert (await turn(teacher, ai_limit="1/10s")).json()["ai_limit"] == "1/10s"
    statuses = [(await teacher.post("/ai/generate", json=PROMPT)).status_code for _ in range(2)]
    assert statuses == [200, 429]


@pytest.mark.parametrize("body", [{}, {"kind": "quiz"}, {"prompt": "x"}, {"kind": 1, "prompt": "x"}])
async def test_what_the_ai_does_not_take(enter: Enter, body: object) -> None:
    refused(await (await enter("teacher")).post("/ai/generate", json=body), 422, "invalid")


async def test_a_search_finds_titles_in_any_case(enter: Enter) -> None:
    student, teacher = await enter("student"), await enter("teacher")
    found = (await got(student, "/search?q=MATHEMATICS%202"))["items"]
    assert {item["kind"] for item in found} == {"course", "assignment"}
    assert all("Mathematics 2" in item["title"] for item in found)
    assert len((await got(student, "/search?q=art"))["items"]) == 20
    assert (await got(student, "/search?q=sanskrit"))["items"] == []
    await teacher.post("/unit_plans", json={"title": "Sanskrit"})
    [item] = (await got(student, "/search?q=sanskrit"))["items"]
    assert item == {"kind": "unit_plan", "id": 41, "title": "Sanskrit"}
    for query in ("", "?q=", "?q=%20"):
        refused(await student.get(f"/search{query}"), 422, "invalid")


async def test_a_file_is_taken(enter: Enter) -> None:
    student = await enter("student")
    content = bytes(range(256)) * 40
    files = {"file": ("Übung 1.pdf", content, "application/pdf")}
    answer = await student.post("/files", files=files, data={"course": "1"})
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": 1, "name": "Übung 1.pdf", "size": len(content)},
    )
    empty = await student.post("/files", files={"file": ("empty.txt", b"")})
    assert empty.json() == {"id": 2, "name": "empty.txt", "size": 0}
    assert (await stats(student))["uploads"] == 2


async def test_what_is_no_upload(enter: Enter) -> None:
    student = await enter("student")
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    answers = [
        await student.post("/files", json={"file": "essay"}),
        await student.post("/files"),
        await student.post("/files", files={"attachment": ("a.txt", b"a")}),
        await student.post("/files", files=two),
        await student.post("/files", files={"file": (None, b"a field")}),
    ]
    for answer in answers:
        refused(answer, 422, "invalid")
    assert "there are 2" in answers[3].json()["message"]
    assert (await stats(student))["uploads"] == 0


@pytest.mark.parametrize(("size", "status"), [(10_000_000, 201), (10_000_001, 413), (10 * 1024 * 1024, 413)])
async def test_a_file_has_ten_megabytes_at_most(enter: Enter, size: int, status: int) -> None:
    answer = await (await enter("student")).post(
        "/files", files={"file": ("big.bin", b"\r\n" * (size // 2) + b"x" * (size % 2))}
    )
    assert answer.status_code == status
    if status == 413:
        refused(answer, 413, "too_large")


async def test_a_body_without_end_is_refused_before_it_ends(enter: Enter) -> None:
    student = await enter("student")
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100:
            sent += 1
            yield b"x" * 1_000_000

    answer = await student.post(
        "/files", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    refused(answer, 413, "too_large")
    assert sent <= 12


async def test_an_announced_giant_is_not_read_at_all(enter: Enter) -> None:
    student = await enter("student")
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x"

    headers = {"Content-Length": str(10**12)}
    refused(await student.post("/unit_plans", content=body(), headers=headers), 403, "forbidden")
    refused(await student.post("/files", content=body(), headers=headers), 413, "too_large")
    assert read == 0


async def test_without_a_session_a_giant_is_a_stranger_s(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/files", files={"file": ("big.bin", b"x" * 11_000_000)})
    refused(answer, 401, "unauthorized")
