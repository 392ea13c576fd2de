"""Which users of the pool a workload's VUs are: those of its role, and no user is two workloads'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

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


def deal(
    roles: Mapping[str, str], vus: Mapping[str, int], accounts: Iterable[Account]
) -> dict[str, list[Account]]:
    """The users of each workload, in the order in which its VUs take them; no user is two workloads'.

    `roles` are the workloads' own, `vus` the most that each has by plan. A role's users go to its workloads
    in proportion to their VUs: where there are enough, each has at least as many users as VUs, and where
    there are twice as many, each can be doubled. A workload has none only where there are too few.
    """
    pool: dict[str, list[Account]] = {role: [] for role in ROLES}
    for account in accounts:
        pool[account.role].append(account)
    dealt: dict[str, list[Account]] = {}
    for role, users in pool.items():
        alike = [name for name, other in roles.items() if other == role]
        left = iter(users)
        for name, size in zip(alike, _sizes(len(users), [vus[name] for name in alike]), strict=True):
            dealt[name] = list(islice(left, size))
    return dealt


def _sizes(users: int, vus: Sequence[int]) -> list[int]:
    """How many users each gets: by the largest remainder, and then one for who has none and may get some."""
    shares = vus if any(vus) else [1] * len(vus)
    quotas = [divmod(users * share, sum(shares)) for share in shares]
    sizes = [whole for whole, _ in quotas]
    by_remainder = sorted(range(len(sizes)), key=lambda index: -quotas[index][1])
    for index in by_remainder[: users - sum(sizes)]:
        sizes[index] += 1
    kept = vus if users >= sum(vus) else [1] * len(vus)
    while 0 in sizes:
        giver = max(range(len(sizes)), key=lambda index: sizes[index] - kept[index])
        if sizes[giver] <= max(1, kept[giver]):
            break
        sizes[giver] -= 1
        sizes[sizes.index(0)] += 1
    return sizes
