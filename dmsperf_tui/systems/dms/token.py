"""The bearer token of a run: obtained and renewed here, by the host, and never by a virtual user.

A DMS proxies its identity provider at `/oauth/token` and passes on a Basic header and
`grant_type=client_credentials`. Each token costs the provider 210,000 rounds of PBKDF2, so all VUs
share one (DMS FE/Modules/TokenEndpointModule.cs).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import stamina

TIMEOUT_S = 10.0
RETRY_S = 5.0
YOUNG_S = 10.0
_ATTEMPTS = 3


class TokenError(Exception):
    """No token; one line says why and what to do."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str = field(repr=False)
    expires_in_s: float

    @property
    def renew_after_s(self) -> float:
        """When to fetch the next one: ahead of expiry by the smaller of 60 s and a fifth of its life."""
        return max(0.5, self.expires_in_s - min(60.0, self.expires_in_s / 5))


def _refused(fault: Exception) -> bool:
    """Whether trying again may help: the network, 429 and 5xx."""
    if isinstance(fault, httpx.HTTPStatusError):
        return fault.response.status_code == 429 or fault.response.status_code >= 500
    return isinstance(fault, httpx.TransportError)


class TokenSource:
    """Client credentials and where to take them."""

    def __init__(self, client: httpx.AsyncClient, url: str, client_id: str, client_secret: str) -> None:
        self._client = client
        self._url = url
        self._auth = httpx.BasicAuth(client_id, client_secret)

    async def fetch(self) -> AccessToken:
        """A new token; the network and 5xx are tried three times. Raises TokenError."""
        try:
            async for attempt in stamina.retry_context(
                on=_refused, attempts=_ATTEMPTS, timeout=TIMEOUT_S * 2
            ):
                with attempt:
                    response = await self._client.post(
                        self._url,
                        data={"grant_type": "client_credentials"},
                        auth=self._auth,
                        timeout=TIMEOUT_S,
                    )
                    response.raise_for_status()
        except httpx.HTTPStatusError as fault:
            status = fault.response.status_code
            mend = "; check CLIENT_ID and CLIENT_SECRET" if status in (400, 401, 403) else ""
            raise TokenError(f"{self._url} answered {status}{mend}") from None
        except httpx.HTTPError as fault:
            raise TokenError(f"{self._url} cannot be reached ({type(fault).__name__})") from None
        try:
            document = response.json()
            return AccessToken(str(document["access_token"]), float(document.get("expires_in", 1800)))
        except (ValueError, KeyError, TypeError):
            raise TokenError(f"{self._url} answered without an access_token") from None


class TokenKeeper:
    """Keeps one token fresh for as long as it runs; each has a generation number."""

    def __init__(
        self,
        source: TokenSource,
        push: Callable[[str, int], None],
        say: Callable[[str, str], object],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`push` hands a token and its generation on; `say` records an event of a kind."""
        self._now_s = now_s
        self._source = source
        self._push = push
        self._say = say
        self._expired = asyncio.Event()
        self._renew_after_s = 0.0
        self._value = ""
        self._taken_at = 0.0
        self._patience_s = 0.5
        """A token refused sooner than this is not renewed; doubled each time that did not help."""
        self._failing = False
        self._tried_at = 0.0
        self._said_refused = False
        self.generation = 0

    async def start(self) -> AccessToken:
        """The first token. Raises TokenError."""
        token = await self._source.fetch()
        self._take(token)
        return token

    def refused(self, generation: int) -> None:
        """A request got 401: renews if that token is still the current one.

        A token that is refused when it is new is refused for another reason, such as a missing
        permission: then those who wait are told to go on without a newer one.
        """
        if generation != self.generation:
            return
        if self._failing:
            if self._now_s() - self._tried_at >= RETRY_S:
                self._expired.set()
            self._push(self._value, self.generation)
            return
        if self._now_s() - self._taken_at >= self._patience_s:
            self._expired.set()
            return
        if not self._said_refused:
            self._said_refused = True
            self._say("token-refused", "a new token was answered with 401 as well: is the client allowed to?")
        self._push(self._value, self.generation)

    async def keep(self) -> None:
        """Renews ahead of expiry and after refusals, until cancelled."""
        while True:
            cause = "ahead of expiry"
            try:
                await asyncio.wait_for(self._expired.wait(), self._renew_after_s)
                cause = "after 401"
            except TimeoutError:
                pass
            young = self._now_s() - self._taken_at < YOUNG_S
            self._patience_s = min(60.0, self._patience_s * 2) if cause == "after 401" and young else 0.5
            try:
                token = await self._source.fetch()
            except TokenError as fault:
                if not self._failing:
                    self._say("token-failed", str(fault))
                self._failing = True
                self._tried_at = self._now_s()
                self._renew_after_s = RETRY_S
                self._push(self._value, self.generation)
            else:
                self._failing = False
                self._take(token)
                self._say("token", f"renewed {cause}")
            self._expired.clear()

    def _take(self, token: AccessToken) -> None:
        self.generation += 1
        self._value, self._taken_at = token.value, self._now_s()
        self._renew_after_s = token.renew_after_s
        self._push(token.value, self.generation)
