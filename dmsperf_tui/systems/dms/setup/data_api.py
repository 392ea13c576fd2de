"""The data API of a DMS for set-up: a token of its own, patience with limits, nothing measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx

from dmsperf_tui.systems.answers import explain, objects
from dmsperf_tui.systems.checks import StepError
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.token import AccessToken, TokenError, TokenSource

TIMEOUT_S = 30.0
PAGE = 500
"""The largest page that a DMS gives (AppSettings:MaximumPageSize)."""
_ATTEMPTS = 6
_LIMITED = (429, 503)


def source_of(client: httpx.AsyncClient, place: Place) -> TokenSource | None:
    """Where the place's client takes its tokens; None without credentials."""
    if place.client is None:
        return None
    return TokenSource(client, place.token_url, place.client.client_id, place.client.client_secret)


class DataApi:
    """Requests to `/data/ed-fi` with a bearer token that is renewed when it is refused."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        place: Place,
        obtain: Callable[[], Awaitable[AccessToken]],
        token: str = "",
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._root = f"{place.load_url}/data/ed-fi"
        self._obtain = obtain
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._token = token
        self._renewing = asyncio.Lock()

    @classmethod
    async def open(cls, client: httpx.AsyncClient, place: Place) -> DataApi:
        """Logs in with the place's client. Raises StepError."""
        source = source_of(client, place)
        if source is None:
            raise StepError("no client credentials", "run: dmsperf-tui setup client")
        api = cls(client, place, source.fetch)
        await api.log_in()
        return api

    async def log_in(self, refused: str = "") -> None:
        """A token, unless another one than `refused` has come meanwhile. Raises StepError."""
        async with self._renewing:
            if self._token != refused:
                return
            try:
                self._token = (await self._obtain()).value
            except TokenError as fault:
                raise StepError(str(fault)) from None

    async def send(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str | int] | None = None
    ) -> httpx.Response:
        """The answer to a request for `path` below `/data/ed-fi/`.

        A 401 renews the token once; 429 and 503 are waited out, as long as they ask for, up to six times.
        """
        renewed = False
        response = None
        for attempt in range(_ATTEMPTS):
            token = self._token
            response = await self._client.request(
                method,
                f"{self._root}/{path}",
                json=json,
                params=params,
                headers={"Authorization": f"Bearer {token}"},
                timeout=self._timeout_s,
            )
            if response.status_code == 401 and not renewed:
                renewed = True
                await self.log_in(token)
            elif response.status_code in _LIMITED:
                await self._sleep(_wait_s(response, attempt))
            else:
                return response
        assert response is not None
        return response

    async def pages(self, resource: str) -> AsyncIterator[list[dict[str, Any]]]:
        """All items of `resource`, a page at a time. Raises StepError."""
        offset = 0
        while True:
            response = await self.send("GET", resource, params={"limit": PAGE, "offset": offset})
            items = objects(response)
            if response.status_code != 200 or items is None:
                raise StepError(f"GET {resource}: {explain(response)}", mend_of(response))
            yield items
            if len(items) < PAGE:
                return
            offset += PAGE


def mend_of(response: httpx.Response) -> str:
    """What to do about an answer that set-up often meets."""
    if response.status_code == 403:
        if "No database instances" in response.text:
            return "its client has no data store; run: dmsperf-tui setup client --new"
        return "run: dmsperf-tui setup claimset"
    if response.status_code == 401:
        return "run: dmsperf-tui setup client"
    return "run: dmsperf-tui setup claimset" if "configuration:security" in response.text else ""


def _wait_s(response: httpx.Response, attempt: int) -> float:
    try:
        return min(60.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return float(min(10, 2**attempt))
