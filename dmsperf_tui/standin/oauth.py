"""Clients, and the tokens that they get.

The rules are those of DMS's token proxy (FE/Modules/TokenEndpointModule.cs, CORE/OAuth/OAuthManager.cs): the
client authenticates by a Basic header alone, and `grant_type` may come as a form or as JSON. CMS gives out
the same tokens at `/connect/token`.
"""

from __future__ import annotations

import base64
import binascii
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, unquote

import orjson

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

_MEDIA_TYPE = "application/json; charset=utf-8"
_PROBLEM_JSON = "application/problem+json"
# What the hosted ODS asks for once a client has its share of live tokens.
_LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Client:
    """Who may log in, as the token says it: a change reaches only tokens that are given out later.

    `claim_set` is the token's scope. `is_admin` clients are for CMS: their scope is one of CMS's own, and DMS
    has no rights for them.
    """

    client_id: str
    claim_set: str
    has_data_store: bool
    is_admin: bool = False


class Clients:
    """All clients with their secrets, shared by the token endpoints of DMS and CMS. Ids ignore case."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Client, str]] = {}

    def __contains__(self, client_id: str) -> bool:
        return client_id.lower() in self._entries

    def add(self, client: Client, secret: str) -> None:
        """Takes in a new client, or puts it in the place of the one with its id."""
        self._entries[client.client_id.lower()] = client, secret

    def replace(self, client: Client) -> None:
        """New rights for a client; its secret stays. One that was shut out stays out."""
        if client.client_id in self:
            self.add(client, self._entries[client.client_id.lower()][1])

    def change_secret(self, client_id: str, secret: str) -> None:
        """A new secret for a client; one that was shut out stays out."""
        if client_id in self:
            self.add(self._entries[client_id.lower()][0], secret)

    def remove(self, client_id: str) -> None:
        """No token for it from now on. Those it has stay good: DMS looks at their signatures only."""
        self._entries.pop(client_id.lower(), None)

    def authenticate(self, client_id: str, secret: str) -> Client | None:
        known = self._entries.get(client_id.lower())
        if known is None or not secrets.compare_digest(secret.encode(), known[1].encode()):
            return None
        return known[0]


class TokenFaults(Protocol):
    """The knobs that tokens obey: their life in seconds, and how many a client may hold (0: any number)."""

    token_ttl_s: float
    token_limit: int


class Grant(NamedTuple):
    """What a live token stands for; `expiry` is a time of the clock."""

    client: Client
    expiry: float


class Tokens:
    """Gives out opaque tokens and knows which of them still hold. `clock` gives seconds, monotonic.

    A real DMS forgives 30 s of clock skew after the expiry; here a token ends on time, so that a short life
    is as short as it says.
    """

    def __init__(
        self,
        clients: Clients,
        faults: TokenFaults,
        clock: Callable[[], float],
        vintage: Vintage = Vintage.V8,
    ) -> None:
        self._clients = clients
        self._faults = faults
        self._clock = clock
        self._vintage = vintage
        self._live: dict[str, Grant] = {}

    def grant(self, authorization: str, content_type: str, body: bytes) -> dict[str, object]:
        """The answer of DMS's `/oauth/token`. Raises its 400, 401, or 429 where `token_limit` is reached."""
        if "basic" not in authorization.lower():
            raise problems.bad_request("Malformed Authorization header", media_type=_MEDIA_TYPE)
        if _grant_type(content_type, body).lower() != "client_credentials":
            raise problems.bad_request("Unsupported grant type", media_type=_MEDIA_TYPE)
        client = self._clients.authenticate(*credentials(authorization, self._vintage))
        if client is None:
            raise problems.refused_client()
        self._check_limit(client)
        return self.issue(client)

    def issue(self, client: Client) -> dict[str, object]:
        """A new token for an authenticated client, as both token endpoints answer it."""
        now = self._clock()
        self._live = {token: grant for token, grant in self._live.items() if grant.expiry > now}
        token = secrets.token_urlsafe(32)
        self._live[token] = Grant(client, now + self._faults.token_ttl_s)
        return {
            "access_token": token,
            "expires_in": int(self._faults.token_ttl_s),
            "token_type": "Bearer",
        }

    def admit(self, authorization: str | None) -> Client:
        """The client of a data request. Raises the 401 of CORE/Middleware/JwtAuthenticationMiddleware.cs."""
        if authorization is None:
            raise _unauthenticated(self._vintage, "Authorization header is missing.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated(self._vintage, "Invalid Authorization header.")
        grant = self.look_up(token)
        if grant is None:
            raise _unauthenticated(self._vintage, "Invalid token")
        return grant.client

    def look_up(self, token: str) -> Grant | None:
        """What a token stands for, unless it is unknown or has ended."""
        grant = self._live.get(token)
        return grant if grant is not None and grant.expiry > self._clock() else None

    def end(self, token: str) -> None:
        """Ends one token, if it is there."""
        self._live.pop(token, None)

    def revoke(self, client_id: str) -> int:
        """Shuts a client out: no more tokens, and those it holds end now. Returns how many it held."""
        self._clients.remove(client_id)
        held = [token for token, grant in self._live.items() if _is(grant.client, client_id)]
        for token in held:
            del self._live[token]
        return len(held)

    def expire_all(self) -> int:
        """Ends every token given out so far; returns how many that were."""
        count = len(self._live)
        self._live.clear()
        return count

    def _check_limit(self, client: Client) -> None:
        """The hosted ODS's cap on live tokens; DMS itself has none."""
        limit = self._faults.token_limit
        now = self._clock()
        ends = [
            grant.expiry
            for grant in self._live.values()
            if grant.expiry > now and _is(grant.client, client.client_id)
        ]
        if not limit or len(ends) < limit:
            return
        wait_s = math.ceil(min(_LONGEST_WAIT_S, min(ends) - now))
        raise ApiError(
            429,
            "urn:ed-fi:api:too-many-requests",
            "Too Many Requests",
            "The client holds as many access tokens as it may.",
            headers={"Retry-After": str(wait_s)},
            media_type=_PROBLEM_JSON,
        )


def require_data_store(client: Client, vintage: Vintage) -> None:
    """Raises the 403 for a client whose application names no data store (`ResolveDataStoreMiddleware.cs`)."""
    if client.has_data_store:
        return
    message = "No database instances are authorized for this client"
    is_old = vintage is Vintage.V0_7
    raise ApiError(
        403,
        "urn:ed-fi:api:authorization-denied",
        "Authorization Denied",
        message,
        errors=[message],
        media_type=_PROBLEM_JSON if is_old else "application/json",
        with_validation=not is_old,
    )


def credentials(authorization: str, vintage: Vintage) -> tuple[str, str]:
    """Id and secret of a Basic header, empty where it holds none. 8.x URL-decodes them (RFC 6749)."""
    try:
        decoded = base64.b64decode(authorization.partition(" ")[2].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    client_id, _, secret = decoded.partition(":")
    return (client_id, secret) if vintage is Vintage.V0_7 else (unquote(client_id), unquote(secret))


def _is(client: Client, client_id: str) -> bool:
    return client.client_id.lower() == client_id.lower()


def _unauthenticated(vintage: Vintage, error: str) -> ApiError:
    """v0.7 asks for a bearer token whatever came instead, and has a type and title of its own."""
    if vintage is Vintage.V8:
        return problems.unauthenticated(error)
    return ApiError(
        401,
        "urn:ed-fi:api:unauthorized",
        "Unauthorized",
        "Authorization failed",
        errors=[error if error == "Invalid token" else "Bearer token required"],
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        media_type=_PROBLEM_JSON,
        with_validation=False,
    )


def _grant_type(content_type: str, body: bytes) -> str:
    if "json" not in content_type.lower():
        return parse_qs(body.decode("utf-8", "replace")).get("grant_type", [""])[0]
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(parsed.get("grant_type", "")) if isinstance(parsed, dict) else ""
