"""A platform per test, and people at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from dmsperf_tui.standin.k12 import K12, ROOT, K12Options
from dmsperf_tui.standin.rate_limit import RateLimit
from tests.standin.conftest import Clock

PASSWORD = "swordfish"
ORIGIN = "http://k12.test"

Enter = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def app(clock: Clock) -> Starlette:
    """The platform without the DMS, which takes ten times as long to make."""
    options = K12Options(PASSWORD, (("ai", "3s"),), session_ttl_s=60, ai_limit=RateLimit(2, 60))
    k12 = K12(options, 7, clock, clock.sleep)
    return Starlette(routes=[*k12.routes(), Mount(ROOT, k12)])


@pytest.fixture
def stranger(app: Starlette) -> httpx.AsyncClient:
    """Nobody yet, at `/api/v1`."""
    return visitor(app)


@pytest.fixture
def enter(app: Starlette) -> Enter:
    """Logs in: `teacher12` is teacher12@test.local."""

    async def entered(name: str) -> httpx.AsyncClient:
        client = visitor(app)
        answer = await client.post("/auth/login", json=credentials(name))
        assert answer.status_code == 200
        return client

    return entered


def visitor(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"{ORIGIN}/api/v1")


def credentials(name: str) -> dict[str, str]:
    return {"email": f"{name}@test.local", "password": PASSWORD}


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Checks the form of a refusal and returns its message."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    body: dict[str, str] = answer.json()
    assert list(body) == ["error", "message"]
    assert body["error"] == code
    assert body["message"].endswith(".")
    return body["message"]


async def got(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def stats(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{ORIGIN}/_standin/k12/stats")).json()
    return found


async def turn(client: httpx.AsyncClient, **knobs: object) -> httpx.Response:
    return await client.put(f"{ORIGIN}/_standin/k12/faults", json=knobs)
