"""A stand-in per test, in this process, with time and latency in the test's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from dmsperf_tui.standin.app import AppOptions, create_app
from dmsperf_tui.standin.faults import Knobs

from .bodies import CLIENT, ROOT, SECRET


class Clock:
    """Seconds that pass when a test says so; latency that is noted instead of slept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Starlette:
    options = AppOptions(CLIENT, SECRET, knobs=Knobs(token_ttl_s=60), seed=7)
    return create_app(options, clock=clock, sleep=clock.sleep)


Start = Callable[..., AbstractAsyncContextManager[tuple[httpx.AsyncClient, httpx.AsyncClient]]]


@pytest.fixture
def start(clock: Clock) -> Start:
    """Starts a stand-in with options of `AppOptions`: a client without a token, and one with, at the data."""

    @asynccontextmanager
    async def started(**options: Any) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
        app = create_app(AppOptions(CLIENT, SECRET, seed=7, **options), clock=clock, sleep=clock.sleep)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ROOT) as anonymous:
            yield anonymous, await _with_token(anonymous)

    return started


@pytest.fixture
async def anonymous(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT) as client:
        yield client


@pytest.fixture
async def dms(anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client with a token, at `/data/ed-fi/`."""
    return await _with_token(anonymous)


async def _with_token(anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """Another client over the same transport, which the first one closes."""
    grant = {"grant_type": "client_credentials"}
    granted = await anonymous.post("/oauth/token", auth=(CLIENT, SECRET), data=grant)
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    return httpx.AsyncClient(transport=anonymous._transport, base_url=f"{ROOT}/data/ed-fi/", headers=headers)


async def hung_up(app: ASGIApp, path: str, begun: bytes) -> list[Message]:
    """What a client is answered that hangs up in the middle of its body."""
    arriving: list[Message] = [
        {"type": "http.request", "body": begun, "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [],
    }
    with anyio.fail_after(5):
        await app(scope, receive, send)
    return sent
