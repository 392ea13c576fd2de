"""A run's access to a DMS: a client where there is none, the shared token, and the data that it works on."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import httpx
from pydantic import SecretStr

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.cleanup import delete_left
from dmsperf_tui.run.load_data import find_data, list_row
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.run import Run
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.variables import DOTENV, keeper
from dmsperf_tui.systems.access import Access
from dmsperf_tui.systems.checks import PreflightRow, StepError, StepRow
from dmsperf_tui.systems.dms.load_phase import LoadPhaseError
from dmsperf_tui.systems.dms.preflight import Needs, preflight
from dmsperf_tui.systems.dms.setup.clients import ensure_client
from dmsperf_tui.systems.dms.token import TokenKeeper, TokenSource
from dmsperf_tui.systems.dms.uses import descriptors, uses
from dmsperf_tui.systems.machine import MachineNeeds


def machine_needs(config: RunConfig) -> MachineNeeds:
    """What the plan asks of this machine, for each worker."""
    plan = config.plan
    connections = sum(workload.peak_vus * workload.connections_per_vu for workload in plan.workloads)
    return MachineNeeds(
        connections=math.ceil(connections / config.workers),
        vus=math.ceil(plan.peak_vus / config.workers),
        results=config.results,
    )


def needs_of(config: RunConfig) -> Needs:
    """What the plan asks of its DMS and of this machine."""
    plan = config.plan
    flows = [flow.flow for workload in plan.workloads for flow in workload.flows]
    flows += [name for name in (plan.setup, plan.teardown) if name is not None]
    of_lists = {flow.flow for workload in plan.workloads if workload.entities for flow in workload.flows}
    needed = uses(flows)
    return Needs(
        uses=needed,
        spared=frozenset(needed) - frozenset(uses(flow for flow in flows if flow not in of_lists)),
        planned_rate=max((rate for _, rate in plan.rate_corners), default=None),
        descriptors=descriptors(flows),
        machine=machine_needs(config),
        school_year=int(config.profile.values["data.school_year"]),
    )


def token_source(client: httpx.AsyncClient, environment: Environment) -> TokenSource | None:
    """None where the environment has no credentials."""
    if not environment.client_id or environment.client_secret is None:
        return None
    return TokenSource(
        client, environment.oauth_url, environment.client_id, environment.client_secret.get_secret_value()
    )


@dataclass(frozen=True, slots=True)
class Attached:
    """What the access of a real run, as against a rehearsal, tells and keeps."""

    run: Run
    record: Record
    push_token: Callable[[str, int], None]


class DmsAccess(Access):
    """`attached` is None for a rehearsal: then nothing is made, kept or recorded."""

    def __init__(
        self,
        config: RunConfig,
        environment: Environment,
        client: httpx.AsyncClient,
        attached: Attached | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._environment = environment
        self._client = client
        self._attached = attached
        self._keeper: TokenKeeper | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def checks(self) -> AsyncIterator[PreflightRow]:
        """Raises LoadPhaseError where there is no list of entities to be made or read."""
        if self._attached is not None and (made := await self._make_client()):
            yield made
        source = token_source(self._client, self._environment)
        obtain = source.fetch if source is not None else None
        if source is not None and self._attached is not None:
            self._keeper = TokenKeeper(source, self._attached.push_token, self._token_event)
            obtain = self._keeper.start
        refused = False
        place, needs = self._environment.place(), needs_of(self._config)
        async for row in preflight(self._client, place, obtain, needs):
            refused = refused or (row.ok is False and row.fatal)
            yield row
        if refused:
            return
        if self._attached is None:
            if fits := await list_row(self._config, self._client, place):
                yield fits
            return
        try:
            self.context, rows = await find_data(
                self._attached.run, self._attached.record.entities, self._client, place
            )
        except LoadPhaseError as fault:
            yield PreflightRow("data of the load phase", False, str(fault))
            return
        for row in rows:
            yield row

    async def _make_client(self) -> PreflightRow | None:
        """A client of the DMS where there is none and the environment allows it."""
        place = self._environment.place()
        if place.client is not None:
            return None
        try:
            made = await ensure_client(self._client, place, keeper(place.url))
        except (StepError, ConfigError) as fault:
            mend = "run: dmsperf-tui setup client"
            return PreflightRow("client", False, str(fault), mend=mend, fatal=False)
        if made is None:
            return None
        credentials = {"client_id": made.client_id, "client_secret": SecretStr(made.client_secret)}
        self._environment = self._environment.model_copy(update=credentials)
        return PreflightRow("client", True, f"{made.client_id} made, and kept in {DOTENV}")

    def begin(self) -> None:
        if self._keeper is not None:
            self._keeping = asyncio.create_task(self._keeper.keep(), name="token keeper")

    def token_refused(self, generation: int) -> None:
        if self._keeper is not None:
            self._keeper.refused(generation)

    def _token_event(self, kind: str, text: str) -> None:
        assert self._attached is not None
        run = self._attached.run
        run.event(kind, text)
        if kind in ("token-failed", "token-refused", "token-limited"):
            run.message = f"token: {text}"
            run.verdict.fact("suspect", f"the token could not be renewed: {text}")
        elif run.message.startswith("token: "):
            run.message = ""

    async def clean_up(self) -> AsyncIterator[StepRow]:
        """Deletes what the run has created."""
        assert self._attached is not None
        row = StepRow("cleanup", True, "nothing was created")
        try:
            folder = self._attached.record.folder
            async for row in delete_left(self._client, self._environment.place(), folder):
                yield row
        except (OSError, ValueError, httpx.HTTPError) as fault:
            row = StepRow("cleanup", False, str(fault) or type(fault).__name__)
        mend = "go on with: dmsperf-tui setup clean" if row.ok is False else ""
        yield replace(row, mend=mend)

    async def close(self) -> None:
        """Ends the token's renewal."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
