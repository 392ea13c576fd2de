from __future__ import annotations

import httpx
import pytest

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
