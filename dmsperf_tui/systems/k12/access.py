"""The way into a K-12 platform: who the VUs are, whether they are let in, and what the flows must know."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import GENERIC, Plan, WorkloadPlan
from dmsperf_tui.systems.access import Access
from dmsperf_tui.systems.answers import explain, unreachable
from dmsperf_tui.systems.checks import PreflightRow, timed
from dmsperf_tui.systems.k12.dealing import deal, role_of
from dmsperf_tui.systems.k12.site import IDS, ROLES, Account, Site
from dmsperf_tui.systems.k12.visit import Visit
from dmsperf_tui.systems.machine import MachineNeeds, machine_rows
from dmsperf_tui.systems.reach import reach

NEEDS = {"k12.quiz_attempt": "quiz", "k12.grading": "course", "k12.student_login": "course"}
"""What a flow cannot do without."""


class K12Access(Access):
    """Deals the pool's users to the plan's workloads, and logs in as the first of each role."""

    def __init__(self, client: httpx.AsyncClient, site: Site, plan: Plan, machine: MachineNeeds) -> None:
        super().__init__()
        self._client, self._site, self._plan, self._machine = client, site, plan, machine
        self._ids = {kind: site.ids.get(kind, "") for kind in IDS}
        self._visits: dict[str, Visit] = {}
        """By role, of those who could log in."""

    async def checks(self) -> AsyncIterator[PreflightRow]:
        site = self._site
        root, rows = await reach(self._client, site.url, insecure=site.insecure)
        for row in rows:
            yield row
        if root is None:
            return
        if site.base_url:
            _, rows = await reach(self._client, site.base_url, insecure=site.insecure, name="web")
            yield replace(rows[0], fatal=False)
        try:
            roles = {w.name: role for w in self._plan.workloads if (role := role_of(w)) is not None}
        except ConfigError as fault:
            yield PreflightRow("users", False, str(fault))
            return
        dealt = deal(roles, {w.name: w.peak_vus for w in self._plan.workloads}, site.accounts)
        for role in ROLES:
            if workloads := [w for w in self._plan.workloads if roles.get(w.name) == role]:
                yield self._users(role, workloads, dealt)
        for workload in self._plan.workloads:
            if workload.name not in roles and any(flow.flow != GENERIC for flow in workload.flows):
                detail = f"workload {workload.name} has none: set its env ROLE if its flow logs in"
                yield PreflightRow("users", None, detail, fatal=False)
        stopped = False
        for role in (role for role in ROLES if role in roles.values()):
            if login := await self._login(role):
                stopped = stopped or login.ok is False
                yield login
        if stopped:
            return
        async for row in self._look_for_ids():
            yield row
        self.context = {
            "users": {
                name: [[one.email, one.password] for one in dealt[name] or self._accounts(role)]
                for name, role in roles.items()
            },
            "shared": [name for name in roles if not dealt[name]],
            "roles": roles,
            "ids": self._ids,
            "origin": site.origin,
        }
        for row in machine_rows(self._machine):
            yield row

    def _accounts(self, role: str) -> Iterator[Account]:
        return (account for account in self._site.accounts if account.role == role)

    def _users(
        self, role: str, workloads: list[WorkloadPlan], dealt: dict[str, list[Account]]
    ) -> PreflightRow:
        """Whether there is a user for each VU; where there are fewer, some are several VUs'. A workload for
        which none is left has all of its role."""
        name, mend = f"users {role}", f"add rows with the role {role} to the environment's file of users"
        there, wanted = sum(1 for _ in self._accounts(role)), sum(w.peak_vus for w in workloads)
        if not there:
            return PreflightRow(name, False, f"none for {_vus(wanted)}", mend=mend)
        detail = f"{there} for {_vus(wanted)}"
        if any(len(dealt[w.name]) < max(1, w.peak_vus) for w in workloads):
            return PreflightRow(name, False, f"{detail}: VUs share them", mend=mend, fatal=False)
        return PreflightRow(name, True, detail)

    async def _login(self, role: str) -> PreflightRow | None:
        """Logs in as the first user of a role; None where there is none."""
        account = next(self._accounts(role), None)
        if account is None:
            return None
        name, begun = f"login {role}", time.perf_counter()
        visit = Visit(self._client, self._site, account)
        try:
            response = await visit.log_in()
        except httpx.HTTPError as fault:
            return timed(PreflightRow(name, False, unreachable(fault)), begun)
        if response.is_success:
            self._visits[role] = visit
            return timed(PreflightRow(name, True, account.email), begun)
        said = explain(response).replace(account.password, "***")
        mend = "is it an API below /api/v1? Check the environment's url"
        if response.status_code == 401:
            mend = "check the e-mail, and the variable that holds the password"
        return timed(PreflightRow(name, False, f"{account.email}: {said}", mend=mend), begun)

    async def _look_for_ids(self) -> AsyncIterator[PreflightRow]:
        """What the plan needs and the environment does not name, as the users see it."""
        flows = {flow.flow for workload in self._plan.workloads for flow in workload.flows}
        needed = {NEEDS[flow] for flow in flows & NEEDS.keys()}
        begun = time.perf_counter()
        found = {kind: await self._found(kind) for kind in sorted(needed) if not self._ids[kind]}
        self._ids.update({kind: identity for kind, identity in found.items() if identity})
        for kind in sorted(needed):
            if not self._ids[kind]:
                mend = f"set {kind.upper()}_ID, or [ids] of the environment"
                why = f"no {kind} is named, and the users have none"
                yield timed(PreflightRow("ids", False, why, mend=mend), begun)
        if (wrong := await self._wrong_course()) is not None:
            yield timed(wrong, begun)
        elif there := [f"{kind} {self._ids[kind]}{self._as_named(kind)}" for kind in IDS if self._ids[kind]]:
            yield timed(PreflightRow("ids", True, ", ".join(there)), begun)

    async def _wrong_course(self) -> PreflightRow | None:
        """Whether the course that the environment names is there; no path tells of a quiz or submission."""
        course, visit = self._site.ids.get("course"), next(iter(self._visits.values()), None)
        if not course or visit is None:
            return None
        try:
            response = await visit.look_at(course)
        except httpx.HTTPError as fault:
            return PreflightRow("ids", False, f"course {course}: {unreachable(fault)}", fatal=False)
        if response.is_success:
            return None
        mend = "set COURSE_ID to one that is there, or leave it out: one is looked for"
        return PreflightRow("ids", False, f"course {course}: {explain(response)}", mend=mend)

    def _as_named(self, kind: str) -> str:
        return " (as named)" if kind != "course" and self._site.ids.get(kind) else ""

    async def _found(self, kind: str) -> str | None:
        """The first that one of the users sees: of the plan's roles, and then of the others."""
        for role in (*self._visits, *(role for role in ROLES if role not in self._visits)):
            try:
                if role not in self._visits:
                    await self._login(role)
                if (visit := self._visits.get(role)) is None:
                    continue
                identity = await (visit.quiz() if kind == "quiz" else visit.course())
            except httpx.HTTPError:
                continue
            if identity:
                return identity
        return None


def _vus(number: int) -> str:
    return "1 VU" if number == 1 else f"{number} VUs"
