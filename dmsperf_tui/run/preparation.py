"""Before load starts: the embedded system, the pre-flight checks, the token. It also ends what it started."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import replace

import httpx

from dmsperf_tui.engine.messages import Down, Token
from dmsperf_tui.run.embedded import EmbeddedError, EmbeddedSystem
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.run import Run
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.dms.preflight import preflight
from dmsperf_tui.systems.dms.token import TokenKeeper, TokenSource


class SetupError(Exception):
    """Load cannot start; one line says why. Exit code 107."""


def control_client(environment: Environment) -> httpx.AsyncClient:
    """A client for set-up calls, with the environment's TLS settings.

    Raises SetupError for an unusable CA file.
    """
    verify: ssl.SSLContext | bool = True
    if environment.insecure:
        verify = False
    elif environment.ca_file:
        try:
            verify = ssl.create_default_context(cafile=environment.ca_file)
        except (OSError, ssl.SSLError) as fault:
            raise SetupError(f"ca_file {environment.ca_file} cannot be used: {fault}") from None
    # The proxies of the shell are for browsing: load and its set-up go straight to the environment.
    return httpx.AsyncClient(verify=verify, trust_env=False)


def token_source(client: httpx.AsyncClient, environment: Environment) -> TokenSource | None:
    """None where the environment has no credentials."""
    if not environment.client_id or environment.client_secret is None:
        return None
    return TokenSource(
        client, environment.oauth_url, environment.client_id, environment.client_secret.get_secret_value()
    )


class Preparation:
    """Everything around the load itself."""

    def __init__(self, run: Run, record: Record) -> None:
        self.environment = run.config.environment
        """Where load goes; of the embedded system known once it runs."""
        self.send_all: Callable[[Down], None] = lambda message: None
        """To all workers at work."""
        self._run = run
        self._record = record
        self._embedded: EmbeddedSystem | None = None
        self._client: httpx.AsyncClient | None = None
        self._keeper: TokenKeeper | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._token: Token | None = None

    async def run(self) -> None:
        """Prepares; raises SetupError."""
        run = self._run
        if self.environment.embedded:
            run.message = "starting the embedded system"
            run.changed.set()
            try:
                self._embedded = await EmbeddedSystem.start(self.environment, self._record.log("standin.log"))
            except EmbeddedError as fault:
                raise SetupError(str(fault)) from None
            self.environment = self._embedded.environment
            run.info = replace(run.info, url=self.environment.url)
            run.message = ""
        self._client = control_client(self.environment)
        dms = run.config.plan.system == "dms"
        source = token_source(self._client, self.environment)
        obtain = None
        if dms and source is not None:
            self._keeper = TokenKeeper(source, self._take_token, self._token_event)
            obtain = self._keeper.start
        async for row in preflight(self._client, self.environment.url, obtain, dms=dms):
            run.preflight.append(row)
            run.changed.set()
            if row.ok is False:
                raise SetupError(f"{row.name}: {row.detail}" + (f"; {row.mend}" if row.mend else ""))
        if self._keeper is not None:
            self._keeping = asyncio.create_task(self._keeper.keep(), name="token keeper")

    def _token_event(self, kind: str, text: str) -> None:
        self._run.event(kind, text)
        if kind in ("token-failed", "token-refused"):
            self._run.message = f"token: {text}"
            self._run.verdict.fact("suspect", f"the token could not be renewed: {text}")
        elif self._run.message.startswith("token: "):
            self._run.message = ""

    def _take_token(self, value: str, generation: int) -> None:
        self._token = Token(value, generation)
        self.send_all(self._token)

    def send_token(self) -> None:
        """To workers that started after it came."""
        if self._token is not None:
            self.send_all(self._token)

    def token_refused(self, generation: int) -> None:
        if self._keeper is not None:
            self._keeper.refused(generation)

    async def close(self) -> None:
        """Ends the token's renewal and the embedded system."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self._client is not None:
            await self._client.aclose()
        if self._embedded is not None:
            await self._embedded.stop()
