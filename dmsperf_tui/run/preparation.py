"""Before load starts: the embedded system, then the access to the system. It also ends what it started."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx

from dmsperf_tui import __version__
from dmsperf_tui.engine.messages import Down, Token
from dmsperf_tui.run.access import access_of
from dmsperf_tui.run.dms_access import Attached
from dmsperf_tui.run.embedded import EmbeddedError, EmbeddedSystem
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.run import Run
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.access import Access
from dmsperf_tui.systems.checks import PreflightRow, StepRow, at_environment


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
    headers = {"User-Agent": f"dmsperf-tui/{__version__} (set-up)"}
    return httpx.AsyncClient(verify=verify, trust_env=False, headers=headers)


async def check(client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[PreflightRow]:
    """What a run of `config` would check first, without the run."""
    async for row in access_of(config, config.environment, client).checks():
        yield row


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
        self._access: Access | None = None
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
        attached = Attached(run, self._record, self._take_token)
        self._access = access_of(run.config, self.environment, self._client, attached)
        async for row in self._access.checks():
            row = replace(row, mend=at_environment(row.mend, self._named))
            run.preflight.append(row)
            run.changed.set()
            if row.ok is False and row.fatal:
                raise SetupError(f"{row.name}: {row.detail}" + (f"; {row.mend}" if row.mend else ""))
        self._access.begin()

    @property
    def context(self) -> dict[str, Any]:
        """What was found about the system, for its flows."""
        return self._access.context if self._access is not None else {}

    @property
    def _named(self) -> str:
        """How a command names the environment: one that was given as a URL has no other name."""
        name, url = self.environment.name, self.environment.url
        return url if name in url else name

    async def clean_up(self) -> None:
        """Deletes what the run has created, where the environment says so (`cleanup = true`)."""
        run, environment = self._run, self.environment
        if not environment.cleanup or environment.embedded or self._access is None:
            return
        last: StepRow | None = None
        async for last in self._access.clean_up():
            run.message = f"cleaning up: {last.detail}"
            run.changed.set()
        run.message = ""
        if last is not None:
            run.event("cleanup", f"cleanup: {last.detail}" + (f"; {last.mend}" if last.mend else ""))

    def _take_token(self, value: str, generation: int) -> None:
        self._token = Token(value, generation)
        self.send_all(self._token)

    def send_token(self) -> None:
        """To workers that started after it came."""
        if self._token is not None:
            self.send_all(self._token)

    def token_refused(self, generation: int) -> None:
        if self._access is not None:
            self._access.token_refused(generation)

    async def close(self) -> None:
        """Ends what was kept going, and the embedded system."""
        if self._access is not None:
            await self._access.close()
        if self._client is not None:
            await self._client.aclose()
        if self._embedded is not None:
            await self._embedded.stop()
