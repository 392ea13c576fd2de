"""What a DMS answers, asked of the stand-in in both vintages, or of a real one.

A real service is asked instead where the environment names it:

    DMSPERF_CONTRACT_URL            its root, with path base, tenant and qualifiers if it has them
    DMSPERF_CONTRACT_CLIENT_ID      a client whose claim set may do everything with the resources of the tests
    DMSPERF_CONTRACT_CLIENT_SECRET  and its secret

Its vintage is read from discovery. The tests are the same: their keys are new in each run, whatever they
create is deleted at the end of each test in reverse order, and descriptors that they need are made only
where they are missing. Never aim them at a service that holds data of worth.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cache

import httpx
import pytest
from starlette.applications import Starlette

from dmsperf_tui.standin.app import AppOptions, create_app
from dmsperf_tui.standin.vintage import Vintage

from ..bodies import CLIENT, DESCRIPTORS, ROOT, SECRET

URL = os.environ.get("DMSPERF_CONTRACT_URL", "").rstrip("/")
_PATIENCE_S = 30


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        metafunc.parametrize("target", ["real"] if URL else [str(vintage) for vintage in Vintage])


@cache
def _standin(target: str) -> Starlette:
    """One for all tests, as a real service is."""
    return create_app(AppOptions(CLIENT, SECRET, vintage=Vintage(target)))


@pytest.fixture
def root(target: str) -> str:
    """The URL before `/data`."""
    return URL if target == "real" else ROOT


@pytest.fixture
async def anonymous(target: str, root: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport: httpx.AsyncBaseTransport | None = None
    if target != "real":
        transport = httpx.ASGITransport(_standin(target))
    async with httpx.AsyncClient(transport=transport, base_url=root, timeout=_PATIENCE_S) as client:
        yield client


@pytest.fixture
async def vintage(anonymous: httpx.AsyncClient) -> Vintage:
    """As discovery tells it: only 8.x says where change queries are."""
    urls = (await anonymous.get("/")).json()["urls"]
    return Vintage.V8 if "changeQueries" in urls else Vintage.V0_7


@pytest.fixture
def credentials(target: str) -> tuple[str, str]:
    if target != "real":
        return CLIENT, SECRET
    return os.environ["DMSPERF_CONTRACT_CLIENT_ID"], os.environ["DMSPERF_CONTRACT_CLIENT_SECRET"]


@pytest.fixture
async def dms(
    target: str, root: str, anonymous: httpx.AsyncClient, credentials: tuple[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token, at `/data/ed-fi/`, that cleans up behind the test."""
    grant = {"grant_type": "client_credentials"}
    granted = await anonymous.post("/oauth/token", auth=credentials, data=grant)
    created: list[str] = []

    async def remember(response: httpx.Response) -> None:
        if response.status_code == 201:
            created.append(response.headers["Location"])

    client = httpx.AsyncClient(
        transport=anonymous._transport,
        base_url=f"{root}/data/ed-fi/",
        headers={"Authorization": f"Bearer {granted.json()['access_token']}"},
        event_hooks={"response": [remember]},
        timeout=_PATIENCE_S,
    )
    async with AsyncExitStack() as stack:
        # The transport is the other client's, which closes it.
        if target == "real":
            await stack.enter_async_context(client)
            await _make_descriptors(client)
        yield client
        for location in reversed(created):
            assert (await client.delete(location)).status_code in (204, 404)


async def _make_descriptors(client: httpx.AsyncClient) -> None:
    for kind, value in DESCRIPTORS:
        endpoint = f"{kind[0].lower()}{kind[1:]}Descriptors"
        if not (await client.get(endpoint, params={"codeValue": value})).json():
            namespace = f"uri://ed-fi.org/{kind}Descriptor"
            body = {"namespace": namespace, "codeValue": value, "shortDescription": value}
            (await client.post(endpoint, json=body)).raise_for_status()
