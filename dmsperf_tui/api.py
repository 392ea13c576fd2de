"""Load from Python: a run in this process, steered by a test or a notebook.

    async with LoadRun(scenario, environment="http://127.0.0.1:8080") as run:
        await run.rate(200, over="2s")
        summary = await run.finished()

It has the same commands, snapshots and record as a run that the command line starts. Host and engine share
the caller's event loop: whatever blocks that loop is measured with the system, and the verdict says so.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dmsperf_tui.plan.changes import parse_rate_change, parse_vu_change
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import parse_duration_s
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.run.commands import (
    Command,
    Extend,
    HoldLevel,
    Note,
    Pause,
    Release,
    Resume,
    Scale,
    SetRate,
    SetVus,
    Skip,
    Stop,
    Undo,
    Weights,
)
from dmsperf_tui.run.host import RunHost, local_worker
from dmsperf_tui.run.preparation import SetupError
from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.systems.registry import forget_flow, keep_flow

__all__ = ["CommandRefusedError", "ConfigError", "LoadRun", "SetupError"]

Duration = str | float
"""`30s`, `1h30m`, or seconds."""


class CommandRefusedError(Exception):
    """The run could not do what it was told; one line says why, and the mend."""


class LoadRun:
    """One run. Entering returns when load has started; leaving ends what still runs, gracefully.

    `scenario` is a name, a file, or the content of one as a mapping, whose `flow`s may be async functions.
    Raises ConfigError for what is wrong with any of the arguments, and on entering SetupError when load
    cannot start.
    """

    def __init__(
        self,
        scenario: str | Path | Mapping[str, Any],
        *,
        environment: str = "embedded",
        profile: str = "dev",
        vus: int | None = None,
        duration: Duration | None = None,
        seed: int | None = None,
        speedup: float = 1.0,
        settings: Mapping[str, str] | None = None,
        results: str | Path = "results",
    ) -> None:
        self._flows: list[str] = []
        content = self._without_functions(scenario) if isinstance(scenario, Mapping) else None
        try:
            config = resolve(
                Options(
                    scenario="scenario" if content is not None else str(scenario),
                    content=content,
                    environment=environment,
                    profile=profile,
                    vus=vus,
                    duration_s=None if duration is None else parse_duration_s(duration),
                    seed=seed,
                    speedup=speedup,
                    settings=dict(settings or {}),
                    results=str(results),
                    in_process=True,
                )
            )
            self._host = RunHost(config, local_worker)
        except ConfigError:
            self._forget()
            raise
        self._running: asyncio.Task[int] | None = None

    # --- its life -------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._host.execute(), name="load run")
        run = self._host.run
        while run.state is RunState.PREPARING and not self._running.done():
            run.changed.clear()
            changed = asyncio.ensure_future(run.changed.wait())
            await asyncio.wait([self._running, changed], return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
        if self._running.done():
            # Raises what the host raised, should it have died of a bug.
            self._forget()
            self._running.result()
        if run.state is RunState.FAILED:
            await self._running
            self._forget()
            raise SetupError(run.message)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._running is not None
        if not self._running.done():
            self._host.helm.obey(Stop(at_once=fault is not None))
        try:
            await self._running
        finally:
            self._forget()

    async def finished(self) -> Summary:
        """Waits until the run is over. Its record's summary, whose `run.exit_code` is that of the command."""
        assert self._running is not None
        await asyncio.shield(self._running)
        return self.summary

    @property
    def folder(self) -> Path:
        """The record."""
        return self._host.record.folder

    @property
    def summary(self) -> Summary:
        """The record's summary as it is by now; whole once the run is over."""
        return Summary.model_validate_json((self.folder / "summary.json").read_bytes())

    @property
    def snapshot(self) -> RunSnapshot:
        """The run as it is now."""
        return self._host.run.snapshot()

    async def snapshots(self) -> AsyncIterator[RunSnapshot]:
        """One at each change and each second, until the run is over."""
        run = self._host.run
        while True:
            run.changed.clear()
            yield run.snapshot()
            if run.state.over:
                return
            await run.changed.wait()

    # --- what it can be told --------------------------------------------------------------------

    async def vus(self, change: int | str, *, over: Duration = 0, workload: str | None = None) -> str:
        """Set the VU target: 50, "+10", "-20%"; of an open workload the most VUs that it may have."""
        return await self._tell(SetVus.of(parse_vu_change(str(change)), workload, parse_duration_s(over)))

    async def rate(self, change: float | str, *, over: Duration = 0, workload: str | None = None) -> str:
        """Set an arrival rate: 200, "90/m", "+10%"."""
        return await self._tell(SetRate.of(parse_rate_change(str(change)), workload, parse_duration_s(over)))

    async def scale(self, factor: float, *, over: Duration = 0, workload: str | None = None) -> str:
        """So many times the plan from now on."""
        return await self._tell(Scale(factor=factor, over_s=parse_duration_s(over), workload=workload))

    async def hold(self, workload: str | None = None) -> str:
        """Freeze the load at its present level."""
        return await self._tell(HoldLevel(workload=workload))

    async def release(self, *, over: Duration = 0, workload: str | None = None) -> str:
        """Give the load back to the plan."""
        return await self._tell(Release(over_s=parse_duration_s(over), workload=workload))

    async def skip(self, stage: int | None = None, *, workload: str | None = None) -> str:
        """Go on with the plan's next stage, or with stage number `stage`, from 1."""
        return await self._tell(Skip(stage=stage, workload=workload))

    async def extend(self, by: Duration, *, workload: str | None = None) -> str:
        """Make the plan's last stage longer."""
        return await self._tell(Extend(by_s=parse_duration_s(by), workload=workload))

    async def weights(self, shares: Mapping[str, float], *, workload: str | None = None) -> str:
        """Set the shares of a mix."""
        return await self._tell(Weights(weights=dict(shares), workload=workload))

    async def undo(self) -> str:
        """Take the newest change of the load back; again: the one before it. A pause is not undone."""
        return await self._tell(Undo())

    async def pause(self) -> str:
        """Start no further request; returns at once: `snapshot.state` is `paused` when none is in flight."""
        return await self._tell(Pause())

    async def resume(self) -> str:
        return await self._tell(Resume())

    async def note(self, text: str) -> str:
        """Put a line of text on the timeline."""
        return await self._tell(Note(text=text))

    async def stop(self) -> str:
        """End the run gracefully: iterations may finish within their grace period."""
        return await self._tell(Stop())

    async def abort(self) -> str:
        """End the run at once; its record is whole all the same."""
        return await self._tell(Stop(at_once=True))

    async def _tell(self, command: Command) -> str:
        """What was done, in words. Raises CommandRefusedError. The workers hear of it before it returns."""
        reply = self._host.helm.obey(command)
        if not reply.ok:
            raise CommandRefusedError(reply.text)
        await asyncio.sleep(0)
        return reply.text

    # --- flows that are functions ---------------------------------------------------------------

    def _without_functions(self, scenario: Mapping[str, Any]) -> dict[str, Any]:
        """The scenario with each function replaced by a name under which the worker finds it."""
        content: dict[str, Any] = {
            key: value if callable(value) else copy.deepcopy(value)
            for key, value in scenario.items()
            if key != "workloads"
        }
        for key in ("setup", "teardown"):
            if callable(content.get(key)):
                content[key] = self._keep(content[key])
        workloads = scenario.get("workloads", {})
        content["workloads"] = {name: self._workload(spec) for name, spec in workloads.items()}
        return content

    def _workload(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        spec = dict(spec)
        if callable(spec.get("flow")):
            spec["flow"] = self._keep(spec["flow"])
        if isinstance(spec.get("mix"), Mapping):
            spec["mix"] = {name: self._workload(part) for name, part in spec["mix"].items()}
        return spec

    def _keep(self, function: Any) -> str:
        name = keep_flow(function)
        self._flows.append(name)
        return name

    def _forget(self) -> None:
        for name in self._flows:
            forget_flow(name)
        self._flows.clear()
