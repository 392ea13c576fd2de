from __future__ import annotations

import base64
from dataclasses import dataclass

import httpx
import orjson
import pytest

from dmsperf_tui.standin.oauth import Client, Clients, Tokens
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

from .bodies import CLIENT, SECRET, problem, student
from .conftest import Clock

pytestmark = pytest.mark.anyio

GRANT = {"grant_type": "client_credentials"}


async def ask(client: httpx.AsyncClient) -> str:
    response = await client.post("/oauth/token", auth=(CLIENT, SECRET), data=GRANT)
    assert response.status_code == 200, response.text
    token: str = response.json()["access_token"]
    return token


async def read(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get("/data/ed-fi/students", headers={"Authorization": f"Bearer {token}"})


async def test_grants_a_token_for_a_form(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.post("/oauth/token", auth=(CLIENT, SECRET), data=GRANT)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(response.json()) == ["access_token", "expires_in", "token_type"]
    assert response.json()["expires_in"] == 60
    assert response.json()["token_type"] == "Bearer"


async def test_grants_a_token_for_json_below_the_prefix(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.post("/api/oauth/token", auth=(CLIENT, SECRET), json=GRANT)
    assert response.status_code == 200


async def test_refuses_credentials_in_the_body(anonymous: httpx.AsyncClient) -> None:
    body = {**GRANT, "client_id": CLIENT, "client_secret": SECRET}
    response = await anonymous.post("/oauth/token", data=body)
    assert problem(response, 400, "bad-request")["detail"] == "Malformed Authorization header"


@pytest.mark.parametrize("body", [b"grant_type=password", b"", b"{"])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
async def test_refuses_other_grants(anonymous: httpx.AsyncClient, body: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = await anonymous.post("/oauth/token", auth=(CLIENT, SECRET), content=body, headers=headers)
    assert problem(response, 400, "bad-request")["detail"] == "Unsupported grant type"


@pytest.mark.parametrize("credentials", ["Basic a2V5Ondyb25n", "Basic !!!", "Basic"])
async def test_refuses_wrong_credentials(anonymous: httpx.AsyncClient, credentials: str) -> None:
    response = await anonymous.post("/oauth/token", headers={"Authorization": credentials}, data=GRANT)
    assert problem(response, 401, "unauthorized")["title"] == "invalid_client"


async def test_a_token_ends_on_time(anonymous: httpx.AsyncClient, clock: Clock) -> None:
    token = await ask(anonymous)
    clock.now += 59.9
    assert (await read(anonymous, token)).status_code == 200
    clock.now += 0.1
    assert (await read(anonymous, token)).status_code == 401


async def test_tokens_can_be_ended_from_outside(anonymous: httpx.AsyncClient) -> None:
    first, second = await ask(anonymous), await ask(anonymous)
    assert (await anonymous.post("/_standin/expire-tokens")).json() == {"expired": 2}
    assert (await read(anonymous, first)).status_code == 401
    assert (await read(anonymous, second)).status_code == 401
    assert (await read(anonymous, await ask(anonymous))).status_code == 200


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, "Authorization header is missing."),
        ({"Authorization": "Basic a2V5OnNlY3JldA=="}, "Invalid Authorization header."),
        ({"Authorization": "Bearer nonsense"}, "Invalid token"),
    ],
)
async def test_401_is_the_documented_one(
    anonymous: httpx.AsyncClient, headers: dict[str, str], error: str
) -> None:
    headers = {**headers, "correlationid": "trace-1"}
    response = await anonymous.post("/data/ed-fi/students", json=student(), headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "detail": "The caller could not be authenticated.",
        "type": "urn:ed-fi:api:security:authentication",
        "title": "Authentication Failed",
        "status": 401,
        "correlationId": "trace-1",
        "errors": [error],
    }


@dataclass
class Faults:
    token_ttl_s: float = 60.0
    token_limit: int = 0


class Desk:
    """Tokens without a server around them, for two clients."""

    def __init__(self, clock: Clock, vintage: Vintage = Vintage.V8) -> None:
        self.vintage = vintage
        self.faults = Faults()
        self.clients = Clients()
        for name in ("one", "two"):
            self.clients.add(Client(name, "SISVendor", has_data_store=True), f"{name}:%41")
        self.tokens = Tokens(self.clients, self.faults, clock, vintage)

    def ask(self, client_id: str = "one", secret: str = "") -> str:
        basic = base64.b64encode(f"{client_id}:{secret or self.secret(client_id)}".encode()).decode()
        granted = self.tokens.grant(f"Basic {basic}", "application/json", orjson.dumps(GRANT))
        return f"Bearer {granted['access_token']}"

    def secret(self, client_id: str) -> str:
        """As it stands in the header."""
        return f"{client_id}:%2541" if self.vintage is Vintage.V8 else f"{client_id}:%41"

    def refused(self, authorization: str | None) -> dict[str, object]:
        with pytest.raises(ApiError) as refused:
            self.tokens.admit(authorization)
        body: dict[str, object] = orjson.loads(refused.value.response("trace-1").body)
        return body


@pytest.mark.parametrize("vintage", list(Vintage))
def test_a_token_stands_for_its_client(clock: Clock, vintage: Vintage) -> None:
    """The secret holds a colon and a percent sign: only 8.x reads the header's parts as URL-encoded."""
    desk = Desk(clock, vintage)
    assert desk.tokens.admit(desk.ask()) == Client("one", "SISVendor", has_data_store=True)
    assert desk.tokens.admit(desk.ask("TWO", desk.secret("two"))).client_id == "two"


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        (None, "Bearer token required"),
        ("Basic a2V5OnNlY3JldA==", "Bearer token required"),
        ("Bearer nonsense", "Invalid token"),
    ],
)
def test_401_of_v0_7(clock: Clock, authorization: str | None, error: str) -> None:
    assert Desk(clock, Vintage.V0_7).refused(authorization) == {
        "detail": "Authorization failed",
        "type": "urn:ed-fi:api:unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "correlationId": "trace-1",
        "errors": [error],
    }


def test_a_client_may_hold_so_many_tokens(clock: Clock) -> None:
    desk = Desk(clock)
    desk.faults.token_limit = 2
    desk.ask()
    clock.now += 19.5
    desk.ask()
    with pytest.raises(ApiError) as refused:
        desk.ask()
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "41"}
    desk.ask("two")
    clock.now += 41
    assert desk.tokens.admit(desk.ask())


def test_the_wait_for_a_token_is_five_minutes_at_most(clock: Clock) -> None:
    desk = Desk(clock)
    desk.faults.token_ttl_s, desk.faults.token_limit = 1800, 1
    desk.ask()
    with pytest.raises(ApiError) as refused:
        desk.ask()
    assert refused.value.headers == {"Retry-After": "300"}


def test_a_revoked_client_is_out(clock: Clock) -> None:
    desk = Desk(clock)
    first, second, other = desk.ask(), desk.ask(), desk.ask("two")
    assert desk.tokens.revoke("One") == 2
    for token in (first, second):
        assert desk.refused(token)["errors"] == ["Invalid token"]
    with pytest.raises(ApiError) as refused:
        desk.ask()
    assert refused.value.status == 401
    assert desk.tokens.admit(other).client_id == "two"
    assert desk.tokens.expire_all() == 1
    desk.clients.replace(Client("one", "EdFiSandbox", has_data_store=True))
    desk.clients.change_secret("one", "new")
    assert "one" not in desk.clients


def test_a_removed_client_keeps_its_tokens(clock: Clock) -> None:
    desk = Desk(clock)
    token = desk.ask()
    desk.clients.remove("one")
    assert desk.tokens.admit(token).client_id == "one"
    with pytest.raises(ApiError):
        desk.ask()
