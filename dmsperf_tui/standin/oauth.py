"""Client credentials and bearer tokens.

The rules are those of DMS's token proxy (FE/Modules/TokenEndpointModule.cs, CORE/OAuth/OAuthManager.cs): the
client authenticates by a Basic header alone, and `grant_type` may come as a form or as JSON.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs

import orjson

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.control import Faults

_MEDIA_TYPE = "application/json; charset=utf-8"


class TokenOffice:
    """Gives out opaque tokens and knows which of them still hold. `clock` gives seconds, monotonic.

    A real DMS forgives 30 s of clock skew after the expiry; here a token ends on time, so that a short life
    is as short as it says.
    """

    def __init__(
        self, client_id: str, client_secret: str, faults: Faults, clock: Callable[[], float]
    ) -> None:
        self._client = f"{client_id}:{client_secret}".encode()
        self._faults = faults
        self._clock = clock
        self._expiry: dict[str, float] = {}

    def grant(self, authorization: str, content_type: str, body: bytes) -> dict[str, object]:
        """The body of a successful token request. Raises the 400 or 401 of another."""
        if "basic" not in authorization.lower():
            raise problems.bad_request("Malformed Authorization header", media_type=_MEDIA_TYPE)
        if _grant_type(content_type, body).lower() != "client_credentials":
            raise problems.bad_request("Unsupported grant type", media_type=_MEDIA_TYPE)
        if not secrets.compare_digest(_credentials(authorization), self._client):
            raise problems.refused_client()
        return {
            "access_token": self._issue(),
            "expires_in": int(self._faults.token_ttl_s),
            "token_type": "Bearer",
        }

    def _issue(self) -> str:
        now = self._clock()
        self._expiry = {token: expiry for token, expiry in self._expiry.items() if expiry > now}
        token = secrets.token_urlsafe(32)
        self._expiry[token] = now + self._faults.token_ttl_s
        return token

    def admit(self, authorization: str | None) -> None:
        """Raises the 401 of CORE/Middleware/JwtAuthenticationMiddleware.cs unless the header holds."""
        if authorization is None:
            raise problems.unauthenticated("Authorization header is missing.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise problems.unauthenticated("Invalid Authorization header.")
        if self._expiry.get(token, 0.0) <= self._clock():
            raise problems.unauthenticated("Invalid token")

    def expire_all(self) -> int:
        """Ends every token given out so far; returns how many that were."""
        count = len(self._expiry)
        self._expiry.clear()
        return count


def _grant_type(content_type: str, body: bytes) -> str:
    if "json" not in content_type.lower():
        return parse_qs(body.decode("utf-8", "replace")).get("grant_type", [""])[0]
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(parsed.get("grant_type", "")) if isinstance(parsed, dict) else ""


def _credentials(authorization: str) -> bytes:
    """What the Basic header encodes; nothing where it is not Base64."""
    try:
        return base64.b64decode(authorization.partition(" ")[2].strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
