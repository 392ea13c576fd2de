"""Which users of the pool a workload's VUs are: those of its role, and no user is two VUs' at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.systems.k12.listing import FLOWS, ROLES_OF
from dmsperf_tui.systems.k12.site import ROLES, Account

ANYONE = "teacher"
"""Who does flows that are for anyone, where nothing else says it."""


def role_of(workload: WorkloadPlan) -> str | None:
    """Who its VUs are: as its env `ROLE` says, else whom its flows are for; None where none of them logs in.

    Raises ConfigError for a role that there is not, and for flows of two roles in one workload.
    """
    key = f"workloads.{workload.name}"
    if (given := workload.env.get("ROLE")) is not None:
        if given not in ROLES:
            raise ConfigError(f"unknown role {given!r}", key=f"{key}.env.ROLE", mend=nearest(given, ROLES))
        return given
    shipped = [flow.flow for flow in workload.flows if flow.flow in FLOWS]
    roles = sorted({ROLES_OF[flow] for flow in shipped if flow in ROLES_OF})
    if len(roles) > 1:
        raise ConfigError(
            f"its flows are for {' and '.join(roles)}",
            key=f"{key}.mix",
            mend="make a workload for each role, or set env ROLE",
        )
    if roles:
        return roles[0]
    return ANYONE if shipped else None


def deal(roles: Mapping[str, str], accounts: Iterable[Account]) -> dict[str, list[Account]]:
    """The users of each workload, in the order in which its VUs take them; `roles` are the workloads' own.

    Workloads of one role take turns. One for which none is left has all of its role.
    """
    pool: dict[str, list[Account]] = {role: [] for role in ROLES}
    for account in accounts:
        pool[account.role].append(account)
    dealt: dict[str, list[Account]] = {}
    for workload, role in roles.items():
        alike = [name for name, other in roles.items() if other == role]
        dealt[workload] = pool[role][alike.index(workload) :: len(alike)] or pool[role]
    return dealt
