"""The bearer token of a run: obtained and renewed here, by the host, and never by a virtual user.

A DMS proxies its identity provider at `/oauth/token` and passes on a Basic header and
`grant_type=client_credentials`. Each token costs the provider 210,000 rounds of PBKDF2, so all VUs
share one (DMS FE/Modules/TokenEndpointModule.cs).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import stamina

TIMEOUT_S = 10.0
RETRY_S = 5.0
YOUNG_S = 10.0
LONGEST_WAIT_S = 330.0
"""How long a first token is waited for where the provider names a time: hosted ODS/API asks for 300 s."""
STORM = 3
"""So many new tokens refused in a row are no coincidence."""
_ATTEMPTS = 3


class TokenError(Exception):
    """No token; one line says why and what to do."""


class TokenLimitError(TokenError):
    """The provider gives out no token for the moment: 429 with Retry-After."""

    def __init__(self, url: str, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"{url} limits tokens (429): a hosted Ed-Fi API allows 15 live ones for a client; "
            f"it asks to wait {retry_after_s:.0f} s"
        )


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str = field(repr=False)
    expires_in_s: float

    @property
    def renew_after_s(self) -> float:
        """When to fetch the next one: ahead of expiry by the smaller of 60 s and a fifth of its life."""
        return max(0.5, self.expires_in_s - min(60.0, self.expires_in_s / 5))


def _worth_another(fault: Exception) -> bool:
    """Whether trying again at once may help: the network, 5xx, and 429 that names no time."""
    if isinstance(fault, httpx.HTTPStatusError):
        status = fault.response.status_code
        return status >= 500 or (status == 429 and _retry_after_s(fault.response) is None)
    return isinstance(fault, httpx.TransportError)


def _retry_after_s(response: httpx.Response) -> float | None:
    try:
        return max(1.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


class TokenSource:
    """Client credentials and where to take them."""

    def __init__(self, client: httpx.AsyncClient, url: str, client_id: str, client_secret: str) -> None:
        self._client = client
        self._url = url
        self._client_id = client_id
        self._auth = httpx.BasicAuth(client_id, client_secret)

    async def fetch(self) -> AccessToken:
        """A new token; the network and 5xx are tried three times.

        Raises TokenLimitError where the provider names a time to wait, else TokenError.
        """
        try:
            async for attempt in stamina.retry_context(
                on=_worth_another, attempts=_ATTEMPTS, timeout=TIMEOUT_S * 2
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
            raise self._explained(fault.response) from None
        except httpx.HTTPError as fault:
            raise TokenError(f"{self._url} cannot be reached ({type(fault).__name__})") from None
        try:
            document = response.json()
            return AccessToken(str(document["access_token"]), float(document.get("expires_in", 1800)))
        except (ValueError, KeyError, TypeError):
            raise TokenError(f"{self._url} answered without an access_token") from None

    def _explained(self, response: httpx.Response) -> TokenError:
        status = response.status_code
        wait_s = _retry_after_s(response)
        if status == 429 and wait_s is not None:
            return TokenLimitError(self._url, wait_s)
        if status == 429:
            return TokenError(f"{self._url} answered 429: a rate limit; raise RateLimit__PermitLimit")
        if status == 401:
            # The DMS passes on its provider's invalid_client (CORE/OAuth/OAuthManager.cs).
            return TokenError(
                f"{self._url} answered 401: client {self._client_id} is unknown, revoked or has another "
                "secret; check CLIENT_ID and CLIENT_SECRET, or run: dmsperf-tui setup client --new"
            )
        if status == 502:
            return TokenError(f"{self._url} answered 502: the identity provider behind it does not answer")
        mend = "; check CLIENT_ID and CLIENT_SECRET" if status in (400, 403) else ""
        return TokenError(f"{self._url} answered {status}{mend}")


class TokenKeeper:
    """Keeps one token fresh for as long as it runs; each has a generation number."""

    def __init__(
        self,
        source: TokenSource,
        push: Callable[[str, int], None],
        say: Callable[[str, str], object],
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`push` hands a token and its generation on; `say` records an event of a kind."""
        self._now_s = now_s
        self._sleep = sleep
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
        self._said: set[str] = set()
        """What is said once in a run."""
        self._refused_young = 0
        """New tokens in a row that were refused."""
        self.generation = 0

    async def start(self) -> AccessToken:
        """The first token; waits for it once where the provider names a time. Raises TokenError."""
        try:
            token = await self._source.fetch()
        except TokenLimitError as limit:
            if limit.retry_after_s > LONGEST_WAIT_S:
                raise
            self._say("token-limited", str(limit))
            await self._sleep(limit.retry_after_s)
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
            if self._now_s() - self._tried_at >= self._renew_after_s:
                self._expired.set()
            self._push(self._value, self.generation)
            return
        if self._now_s() - self._taken_at >= self._patience_s:
            self._expired.set()
            return
        self._say_once("a new token was answered with 401 as well: is the client allowed to?")
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
            again = cause == "after 401" and young
            self._patience_s = min(60.0, self._patience_s * 2) if again else 0.5
            self._refused_young = self._refused_young + 1 if again else 0
            if self._refused_young == STORM:
                self._say_once(
                    f"{STORM} new tokens in a row were answered with 401: the DMS does not accept what its "
                    "provider gives out; was the client revoked, do their clocks differ by 30 s, does the "
                    "DMS trust another issuer?"
                )
            try:
                token = await self._source.fetch()
            except TokenError as fault:
                if not self._failing:
                    self._say("token-failed", str(fault))
                self._failing = True
                self._tried_at = self._now_s()
                self._renew_after_s = fault.retry_after_s if isinstance(fault, TokenLimitError) else RETRY_S
                self._push(self._value, self.generation)
            else:
                self._failing = False
                self._take(token)
                self._say("token", f"renewed {cause}")
            self._expired.clear()

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say("token-refused", text)

    def _take(self, token: AccessToken) -> None:
        self.generation += 1
        self._value, self._taken_at = token.value, self._now_s()
        self._renew_after_s = token.renew_after_s
        self._push(token.value, self.generation)
