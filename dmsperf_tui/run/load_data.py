"""What a run of a DMS creates or works on: its own list, another run's, or what its flows make themselves."""

from __future__ import annotations

from typing import Any

import httpx

from dmsperf_tui.engine.ids import NO_ID
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S, format_clock
from dmsperf_tui.run.entity_store import EntityStore, ids_of, read_manifest
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.worklist import WorkList
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.profile_tables import DATA
from dmsperf_tui.systems.checks import PreflightRow, StepError
from dmsperf_tui.systems.dms.load_phase import USUAL_LIMIT, LoadPhase, LoadPhaseError, make_load_phase
from dmsperf_tui.systems.dms.order import contradictions
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.discovery import discover


async def find_data(
    run: Run, store: EntityStore, client: httpx.AsyncClient, place: Place
) -> tuple[dict[str, Any], list[PreflightRow]]:
    """The context of the run's flows; a workload of entities gets its list, told in rows of the pre-flight.

    Raises LoadPhaseError where there is no list to be made or read.
    """
    config, origin, values = run.config, run.config.origin, run.config.profile.values
    listed = next((one for one in config.plan.workloads if one.entities is not None), None)
    context = {
        "vintage": await _vintage(client, place),
        "prefix": run.info.id,
        "updates": bool(values["data.updates"]),
        "resumed": origin is not None and origin.resume,
    }
    if origin is None and listed is None:
        return context, []
    try:
        if origin is not None:
            # Much may have happened since the configuration was made.
            origin.check()
            phase = LoadPhase.from_json(read_manifest(origin.folder))
        else:
            phase = await make_load_phase(client, place.url, values, config.seed, run.info.id)
        context |= phase.to_json()
        if listed is None:
            assert origin is not None
            return {**context, "ids": str(ids_of(origin.folder))}, []
        folder = origin.folder if origin is not None else None
        ids = store.open_list(_manifest(run, place, phase), phase.catalog.total, folder)
    except (ConfigError, OSError, ValueError) as fault:
        raise LoadPhaseError(str(fault)) from None
    exists = (lambda index: ids[index] != NO_ID) if origin is not None else None
    work = WorkList(phase.parts, config.workers, exists)
    run.take_list(listed.name, work)
    rows = [_fits(phase, work.to_do, listed)]
    rows += [
        PreflightRow("order", False, text, mend="these may be answered 409", fatal=False)
        for text in contradictions(phase.order)
    ]
    return {**context, "ids": str(store.ids_path)}, rows


async def _vintage(client: httpx.AsyncClient, place: Place) -> str:
    """What does not say which it is is taken for the newest."""
    try:
        return (await discover(client, place)).vintage
    except (StepError, httpx.HTTPError):
        return "v8"


def _manifest(run: Run, place: Place, phase: LoadPhase) -> dict[str, Any]:
    config = run.config
    return {
        "schema": "dmsperf.load-phase/1",
        "run": run.info.id,
        "scenario": config.plan.name,
        "origin": config.origin.run if config.origin is not None else None,
        "environment": config.environment.name,
        "url": place.url,
        "load_url": place.load_url,
        "seed": config.seed,
        "sizes": {key: value for key, value in config.profile.values.items() if key in DATA},
        **phase.to_json(),
    }


async def list_row(config: RunConfig, client: httpx.AsyncClient, place: Place) -> PreflightRow | None:
    """Whether the list that a run of `config` would make fits into its limit; None where it makes none."""
    listed = next((one for one in config.plan.workloads if one.entities is not None), None)
    if listed is None:
        return None
    try:
        phase = await make_load_phase(client, place.url, config.profile.values, config.seed, "check")
    except (ConfigError, LoadPhaseError) as fault:
        return PreflightRow("entities", False, str(fault))
    return _fits(phase, phase.catalog.total, listed)


def _fits(phase: LoadPhase, to_do: int, workload: WorkloadPlan) -> PreflightRow:
    """What a load phase has to do, and a warning where its limit cannot be enough."""
    limit_s, least_s = workload.shape.duration_ns / NS_PER_S, to_do / USUAL_LIMIT
    orders = len({part.order for part in phase.parts})
    detail = f"{to_do:,} entities of {len(phase.parts)} kinds in {orders} orders"
    if before := phase.catalog.total - to_do:
        detail += f"; {before:,} are there already"
    if phase.catalog.left_out:
        detail += f"; not on this server: {', '.join(phase.catalog.left_out)}"
    if least_s <= limit_s:
        return PreflightRow("entities", True, detail)
    return PreflightRow(
        "entities",
        False,
        f"{detail}; at {USUAL_LIMIT} requests/s, the usual rate limit, they take {format_clock(least_s)}, "
        f"and {workload.name} is limited to {format_clock(limit_s)}",
        mend="give it longer (--set load.duration=2h), make it smaller, or resume it afterwards (--resume)",
        fatal=False,
    )
