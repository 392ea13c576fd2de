from __future__ import annotations

import random
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from dmsperf_tui.standin.app import AppOptions, create_app
from dmsperf_tui.standin.vintage import Vintage

from .bodies import CLIENT, ROOT, SECRET, create, problem, student
from .conftest import Clock, Start, hung_up

pytestmark = pytest.mark.anyio


UNTURNED = {
    "latency": "0",
    "error_rate": 0.0,
    "error_status": 500,
    "write_conflict_rate": 0.0,
    "reset_rate": 0.0,
    "truncate_rate": 0.0,
    "slow_body_s": 0.0,
    "token_ttl_s": 60.0,
    "token_limit": 0,
}


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
    before = await stats(anonymous)
    assert (before["resources"]["gradeLevelDescriptors"], before["created"]) == (26, {})
    id = await create(dms, "students", student())
    await dms.get(f"students/{id}")
    await dms.get(f"{ROOT}/api/data/ed-fi/STUDENTS?limit=1")
    await dms.get("unicorns")
    await dms.delete(f"students/{id}")
    await anonymous.get("/data/ed-fi/students")
    await dms.get("students", headers={"User-Agent": "dmsperf-tui/1 (set-up)"})
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
        "limited": 0,
        "setup_requests": 1,
        "created": {"students": 1},
        "updated": {},
        "deleted": {"students": 1},
        "resources": before["resources"],
    }


async def test_a_body_that_never_ends_is_not_counted(app: Starlette, anonymous: httpx.AsyncClient) -> None:
    assert await hung_up(app, "/data/ed-fi/students", b'{"student') == []
    assert (await stats(anonymous))["requests"] == 0


async def test_latency_is_added_to_data_alone(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    assert (await turn(anonymous, latency_ms=25)).json() == {**UNTURNED, "latency": "25ms"}
    await dms.get("students")
    await anonymous.get("/health")
    assert clock.slept == [0.025]


async def test_latency_can_be_spread(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await turn(anonymous, latency="20ms..80ms")
    for _ in range(20):
        await dms.get("students?limit=0")
    assert len(set(clock.slept)) == 20
    assert 0.02 <= min(clock.slept) < max(clock.slept) <= 0.08
    refused = await turn(anonymous, latency=5)
    assert (refused.status_code, refused.json()["message"][:21]) == (400, "'5' is no latency; wr")


async def test_a_stall_holds_up_whoever_comes_in_it_once(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    await turn(anonymous, stall_s=2)
    await dms.get("students?limit=0")
    clock.now += 1.5
    await dms.get("students?limit=0")
    clock.now += 0.5
    await dms.get("students?limit=0")
    assert clock.slept == [2, 0.5]


async def test_errors_can_have_another_status(dms: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await turn(anonymous, error_rate=1, error_status=503)
    response = await dms.get("students")
    assert (response.status_code, response.content) == (503, b"")


async def test_write_conflicts_spare_reads(start: Start) -> None:
    async with start() as (anonymous, dms):
        await turn(anonymous, write_conflict_rate=1)
        conflict = await dms.post("students", json=student())
        assert problem(conflict, 500, "system")["detail"] == "An unexpected problem has occurred."
        assert (await dms.get("students")).json() == []
    async with start(vintage=Vintage.V0_7) as (anonymous, dms):
        await turn(anonymous, write_conflict_rate=1)
        conflict = await dms.post("students", json=student())
        assert (conflict.status_code, conflict.content) == (409, b"")


async def test_a_slow_body_comes_whole(
    dms: httpx.AsyncClient, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    id = await create(dms, "students", student())
    await turn(anonymous, slow_body_s=2)
    assert (await dms.get(f"students/{id}")).json()["firstName"] == "Traci"
    assert len(clock.slept) > 10
    assert sum(clock.slept) == pytest.approx(2, rel=0.1)


async def test_a_client_may_be_shut_out(dms: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    revoked = await anonymous.post("/_standin/revoke", json={"client_id": CLIENT})
    assert revoked.json() == {"ended": 1}
    assert (await dms.get("students")).status_code == 401
    grant = {"grant_type": "client_credentials"}
    again = await anonymous.post("/oauth/token", auth=(CLIENT, SECRET), data=grant)
    assert again.status_code == 401
    assert (await anonymous.post("/_standin/revoke", json={})).status_code == 400


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
        ({"error_status": 200}, "error_status must be a whole number between 400 and 599."),
        ({"token_limit": 1.5}, "token_limit must be a whole number between 0 and 100000."),
        ({"error_rate": True}, "error_rate must be a number between 0 and 1."),
        (
            {"latency_ms": 5, "jitter": 1},
            "'jitter' is no knob; there are latency, latency_ms, error_rate, error_status, "
            "write_conflict_rate, reset_rate, truncate_rate, slow_body_s, token_ttl_s, token_limit, stall_s.",
        ),
    ],
)
async def test_a_bad_knob_turns_nothing(
    anonymous: httpx.AsyncClient, knobs: dict[str, object], message: str
) -> None:
    response = await turn(anonymous, **knobs)
    assert (response.status_code, response.json()) == (400, {"message": message})
    assert (await turn(anonymous)).json() == UNTURNED
    assert (await anonymous.put("/_standin/faults", content=b"[]")).status_code == 400
    assert (await anonymous.put("/_standin/faults", content=b"{")).status_code == 400


async def test_two_applications_share_nothing(dms: httpx.AsyncClient, app: Starlette) -> None:
    await create(dms, "students", student())
    other = create_app(AppOptions(client_id=CLIENT, client_secret=SECRET))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://other") as client:
        assert (await stats(client))["requests"] == 0
