from __future__ import annotations

import random
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from dmsperf_tui.standin.app import AppOptions, create_app

from .bodies import CLIENT, ROOT, SECRET, create, student
from .conftest import Clock

pytestmark = pytest.mark.anyio


async def stats(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.get("/_standin/stats")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


async def turn(client: httpx.AsyncClient, **knobs: object) -> httpx.Response:
    return await client.put("/_standin/faults", json=knobs)


async def test_counts_every_data_request_and_nothing_else(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    id = await create(dms, "students", student())
    await dms.get(f"students/{id}")
    await dms.get(f"{ROOT}/api/data/ed-fi/STUDENTS?limit=1")
    await dms.get("unicorns")
    await dms.delete(f"students/{id}")
    await anonymous.get("/data/ed-fi/students")
    await anonymous.get("/metadata/dependencies")
    await anonymous.get("/")
    assert await stats(anonymous) == {
        "requests": 6,
        "operations": {
            "POST students": 1,
            "GET students/{id}": 1,
            "GET students": 2,
            "GET (unknown)": 1,
            "DELETE students/{id}": 1,
        },
        "statuses": {"201": 1, "200": 2, "404": 1, "204": 1, "401": 1},
        "tokens_issued": 1,
        "unauthorized": 1,
    }


async def test_a_body_that_never_ends_is_not_counted(app: Starlette, anonymous: httpx.AsyncClient) -> None:
    arriving = [
        {"type": "http.request", "body": b'{"student', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return arriving.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/data/ed-fi/students",
        "query_string": b"",
        "headers": [],
    }
    with anyio.fail_after(5):
        await app(scope, receive, send)
    assert sent == []
    assert (await stats(anonymous))["requests"] == 0


async def test_latency_is_added_to_data_alone(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    assert (await turn(anonymous, latency_ms=25)).json() == {
        "latency_ms": 25.0,
        "error_rate": 0.0,
        "token_ttl_s": 60,
    }
    await dms.get("students")
    await anonymous.get("/health")
    assert clock.slept == [0.025]


async def test_errors_are_a_share_and_change_nothing(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await turn(anonymous, error_rate=0.25)
    responses = [await dms.post("students", json=student(str(number))) for number in range(200)]
    failed = [number for number, response in enumerate(responses) if response.status_code == 500]
    dice = random.Random(7)
    assert failed == [number for number in range(200) if dice.random() < 0.25]
    assert set(responses[failed[0]].json()) == {"message", "traceId"}
    await turn(anonymous, error_rate=0)
    response = await dms.get("students", params={"totalCount": "true"})
    assert int(response.headers["Total-Count"]) == 200 - len(failed)
    assert (await stats(anonymous))["statuses"]["500"] == len(failed)


async def test_the_life_of_the_next_token_can_change(anonymous: httpx.AsyncClient) -> None:
    await turn(anonymous, token_ttl_s=5)
    grant = {"grant_type": "client_credentials"}
    response = await anonymous.post("/oauth/token", auth=(CLIENT, SECRET), data=grant)
    assert response.json()["expires_in"] == 5


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"error_rate": 1.5}, "error_rate must be a number between 0 and 1."),
        ({"latency_ms": -1}, "latency_ms must be a number between 0 and 600000."),
        ({"token_ttl_s": "5"}, "token_ttl_s must be a number between 0 and 86400."),
        ({"error_rate": True}, "error_rate must be a number between 0 and 1."),
        (
            {"latency_ms": 5, "jitter": 1},
            "'jitter' is no knob; there are latency_ms, error_rate, token_ttl_s.",
        ),
    ],
)
async def test_a_bad_knob_turns_nothing(
    anonymous: httpx.AsyncClient, knobs: dict[str, object], message: str
) -> None:
    response = await turn(anonymous, **knobs)
    assert (response.status_code, response.json()) == (400, {"message": message})
    unchanged = {"latency_ms": 0.0, "error_rate": 0.0, "token_ttl_s": 60}
    assert (await turn(anonymous)).json() == unchanged
    assert (await anonymous.put("/_standin/faults", content=b"[]")).status_code == 400
    assert (await anonymous.put("/_standin/faults", content=b"{")).status_code == 400


async def test_two_applications_share_nothing(dms: httpx.AsyncClient, app: Starlette) -> None:
    await create(dms, "students", student())
    other = create_app(AppOptions(client_id=CLIENT, client_secret=SECRET))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://other") as client:
        assert (await stats(client))["requests"] == 0
