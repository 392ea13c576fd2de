"""Before load starts: the embedded system, the pre-flight checks, the token. It also ends what it started."""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
from pydantic import SecretStr

from dmsperf_tui import __version__
from dmsperf_tui.engine.messages import Down, Token
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.cleanup import delete_left
from dmsperf_tui.run.embedded import EmbeddedError, EmbeddedSystem
from dmsperf_tui.run.load_data import find_data, list_row
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.run import Run
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.variables import DOTENV, keeper
from dmsperf_tui.systems.checks import PreflightRow, StepError, StepRow, at_environment
from dmsperf_tui.systems.dms.load_phase import LoadPhaseError
from dmsperf_tui.systems.dms.preflight import Needs, preflight
from dmsperf_tui.systems.dms.setup.clients import ensure_client
from dmsperf_tui.systems.dms.token import TokenKeeper, TokenSource
from dmsperf_tui.systems.dms.uses import descriptors, uses


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


def token_source(client: httpx.AsyncClient, environment: Environment) -> TokenSource | None:
    """None where the environment has no credentials."""
    if not environment.client_id or environment.client_secret is None:
        return None
    return TokenSource(
        client, environment.oauth_url, environment.client_id, environment.client_secret.get_secret_value()
    )


def needs_of(config: RunConfig) -> Needs:
    """What the plan asks of its environment and of this machine."""
    plan = config.plan
    flows = [flow.flow for workload in plan.workloads for flow in workload.flows]
    flows += [name for name in (plan.setup, plan.teardown) if name is not None]
    of_lists = {flow.flow for workload in plan.workloads if workload.entities for flow in workload.flows}
    needed = uses(flows)
    return Needs(
        uses=needed,
        spared=frozenset(needed) - frozenset(uses(flow for flow in flows if flow not in of_lists)),
        planned_rate=max((rate for _, rate in plan.rate_corners), default=None),
        connections=math.ceil(
            sum(workload.peak_vus * workload.connections_per_vu for workload in plan.workloads)
            / config.workers
        ),
        descriptors=descriptors(flows),
        results=config.results,
        vus=math.ceil(plan.peak_vus / config.workers),
        school_year=int(config.profile.values["data.school_year"]),
    )


async def check(client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[PreflightRow]:
    """What a run of `config` would check first, without the run."""
    environment, dms = config.environment, config.plan.system == "dms"
    source, refused = token_source(client, environment), False
    obtain = source.fetch if source is not None else None
    async for row in preflight(client, environment.place(), obtain, dms=dms, needs=needs_of(config)):
        refused = refused or (row.ok is False and row.fatal)
        yield row
    if dms and not refused and (fits := await list_row(config, client, environment.place())):
        yield fits


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
        self.context: dict[str, Any] = {}
        """What was found about the system, for its flows."""

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
        if dms:
            await self._make_client(self._client)
        source = token_source(self._client, self.environment)
        obtain = None
        if dms and source is not None:
            self._keeper = TokenKeeper(source, self._take_token, self._token_event)
            obtain = self._keeper.start
        place, needs = self.environment.place(), needs_of(run.config)
        async for row in preflight(self._client, place, obtain, dms=dms, needs=needs):
            row = replace(row, mend=at_environment(row.mend, self._named))
            run.preflight.append(row)
            run.changed.set()
            if row.ok is False and row.fatal:
                raise SetupError(f"{row.name}: {row.detail}" + (f"; {row.mend}" if row.mend else ""))
        if dms:
            place = self.environment.place()
            try:
                self.context = await find_data(run, self._record.entities, self._client, place)
            except LoadPhaseError as fault:
                raise SetupError(f"data of the load phase: {fault}") from None
        if self._keeper is not None:
            self._keeping = asyncio.create_task(self._keeper.keep(), name="token keeper")

    @property
    def _named(self) -> str:
        """How a command names the environment: one that was given as a URL has no other name."""
        name, url = self.environment.name, self.environment.url
        return url if name in url else name

    async def _make_client(self, client: httpx.AsyncClient) -> None:
        """A client of the DMS where there is none and the environment allows it."""
        place = self.environment.place()
        if place.client is not None:
            return
        try:
            made = await ensure_client(client, place, keeper(place.url))
        except (StepError, ConfigError) as fault:
            mend = "run: dmsperf-tui setup client"
            self._run.preflight.append(PreflightRow("client", False, str(fault), mend=mend, fatal=False))
            return
        if made is not None:
            secret = SecretStr(made.client_secret)
            self.environment = self.environment.model_copy(
                update={"client_id": made.client_id, "client_secret": secret}
            )
            self._run.preflight.append(
                PreflightRow("client", True, f"{made.client_id} made, and kept in {DOTENV}")
            )

    async def clean_up(self) -> None:
        """Deletes what the run has created, where the environment says so (`cleanup = true`)."""
        run, environment = self._run, self.environment
        if not environment.cleanup or environment.embedded or self._client is None:
            return
        row = StepRow("cleanup", True, "nothing was created")
        try:
            async for row in delete_left(self._client, environment.place(), self._record.folder):
                run.message = f"cleaning up: {row.detail}"
                run.changed.set()
        except (OSError, ValueError, httpx.HTTPError) as fault:
            row = StepRow("cleanup", False, str(fault) or type(fault).__name__)
        run.message = ""
        failed = "; go on with: dmsperf-tui setup clean" if row.ok is False else ""
        run.event("cleanup", f"cleanup: {row.detail}{failed}")

    def _token_event(self, kind: str, text: str) -> None:
        self._run.event(kind, text)
        if kind in ("token-failed", "token-refused", "token-limited"):
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
