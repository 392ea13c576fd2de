"""Which access a run has to its system: the one place of a run that knows the kinds of systems by name."""

from __future__ import annotations

import httpx

from dmsperf_tui.run.dms_access import Attached, DmsAccess, machine_needs
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.access import Access, PlainAccess


def access_of(
    config: RunConfig,
    environment: Environment,
    client: httpx.AsyncClient,
    attached: Attached | None = None,
) -> Access:
    """The access to `environment` that the plan's system has; a rehearsal without `attached`."""
    match config.plan.system:
        case "dms":
            return DmsAccess(config, environment, client, attached)
        case "k12":
            # Only now: most runs are not of one.
            from dmsperf_tui.systems.k12.access import K12Access

            return K12Access(client, environment.site(), config.plan, machine_needs(config))
        case _:
            machine = machine_needs(config)
            return PlainAccess(client, environment.load_url, machine, insecure=environment.insecure)
