"""A stand-in per test, in this process, with time and latency in the test's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from dmsperf_tui.standin.app import AppOptions, create_app

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
    options = AppOptions(client_id=CLIENT, client_secret=SECRET, token_ttl_s=60, seed=7)
    return create_app(options, clock=clock, sleep=clock.sleep)


@pytest.fixture
async def anonymous(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT) as client:
        yield client


@pytest.fixture
async def dms(app: Starlette, anonymous: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token, at `/data/ed-fi/`."""
    granted = await anonymous.post(
        "/oauth/token", auth=(CLIENT, SECRET), data={"grant_type": "client_credentials"}
    )
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"{ROOT}/data/ed-fi/", headers=headers
    ) as client:
        yield client
