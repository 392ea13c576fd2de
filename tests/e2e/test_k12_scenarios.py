"""Every scenario for the K-12 platform, sped up, against its stand-in, whose counts must be the run's own."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dmsperf_tui.api import LoadRun
from dmsperf_tui.plan.objectives import RESPONSE_TIMES
from dmsperf_tui.report.summary import Counter, Summary
from tests.e2e.conftest import PASSED, WEB, serving

FAST = ("--k12-latency", "ai=20ms", "--k12-ai-limit", "100000/1m")
"""Generations that a run of seconds has time for."""
CATEGORIES = {
    "Auth (login, me)",
    "List endpoints (index)",
    "Detail endpoints (show)",
    "Create/Update",
    "Gradebook (computed)",
    "Analytics (aggregated)",
    "AI Generation",
    "Search (FTS)",
    "File upload",
}
SMALL = (("k12.teachers", "8"), ("k12.students", "12"), ("k12.admins", "2"))


@dataclass(frozen=True)
class School:
    """A running stand-in, and what it counted since it was asked last."""

    url: str
    password: str

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = WEB.get(f"{self.url}/_standin/k12/stats").json()
        return found

    def expire_sessions(self) -> None:
        WEB.post(f"{self.url}/_standin/k12/expire-sessions").raise_for_status()

    def turn(self, **knobs: Any) -> None:
        WEB.put(f"{self.url}/_standin/k12/faults", json=knobs).raise_for_status()


@contextmanager
def opened(*options: str) -> Iterator[School]:
    with serving(*options) as ready:
        yield School(ready["url"], ready["k12_password"])


@pytest.fixture(scope="module")
def school() -> Iterator[School]:
    with opened(*FAST) as made:
        yield made


@pytest.fixture(autouse=True)
def password(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K12_PASSWORD", school.password)
    for variable in ("API_URL", "BASE_URL", "ENV", "QUIZ_ID", "COURSE_ID", "SUBMISSION_ID"):
        monkeypatch.delenv(variable, raising=False)


@dataclass(frozen=True)
class Case:
    """A scenario, how it is made short and small, and what must be in its summary."""

    scenario: str
    speedup: float
    operations: set[str]
    settings: tuple[tuple[str, str], ...] = ()
    measured: int = 0
    """How many categories have samples, at least."""


QUIZ = {"POST quizzes/{id}/attempts", "POST attempts/{id}/answers", "POST attempts/{id}/submit"}
DAY = {
    "GET courses/{id}/gradebook",
    "POST assignments/{id}/submissions",
    "POST ai/generate",
    "GET search",
    "POST files",
    "GET analytics",
    "GET users",
    "GET integrations",
}
OPENING = {"POST courses", "POST courses/{id}/assignments", "POST courses/{id}/enrollments"}
CASES = (
    Case("smoke", 20, {"GET me", "GET unit_plans", "GET courses", "GET notifications"}, measured=2),
    Case("load", 300, DAY, SMALL, measured=9),
    Case("stress", 500, DAY, measured=9),
    Case("spike", 200, {"POST assignments/{id}/submissions"}, measured=5),
    Case("soak", 9000, DAY, SMALL, measured=9),
    Case("concurrent_quiz", 60, QUIZ, measured=2),
    Case("grading_rush", 300, {"POST submissions/{id}/grade"}, measured=4),
    Case("opening_day", 150, OPENING, (("k12.new_students", "40"),), measured=3),
    Case("ai_gateway", 200, {"POST ai/generate"}, measured=2),
)


def run(case: Case, school: School, results: Path) -> Summary:
    async def main() -> Summary:
        async with LoadRun(
            f"k12/{case.scenario}",
            environment=school.url,
            profile="k12-school",
            speedup=case.speedup,
            settings=dict(case.settings),
            results=results,
        ) as load:
            return await load.finished()

    return asyncio.run(main())


def since(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What came in between, of counts and of counts by name."""
    gone: dict[str, Any] = {}
    for key, value in after.items():
        if isinstance(value, dict):
            gone[key] = {name: n for name, n in since(before.get(key, {}), value).items() if n}
        else:
            gone[key] = value - before.get(key, 0)
    return gone


def hold_counted(summary: Summary, counted: dict[str, Any]) -> None:
    """The platform has what the run has; an iteration that was interrupted may have sent one more."""
    interrupted = sum(workload.interrupted for workload in summary.workloads.values())
    ours: Tally[str] = Tally()
    for one in summary.operations:
        method, path = one.name.removesuffix(" (again)").split(" ", 1)
        ours[f"{method} /api/v1/{path}"] += one.count
    theirs = Tally(counted["operations"])
    assert ours.keys() == theirs.keys()
    assert 0 <= theirs.total() - ours.total() <= interrupted
    assert all(0 <= theirs[name] - ours[name] <= interrupted for name in ours)
    assert counted["requests"] == theirs.total()
    assert summary.generator["requests_sent"] == counted["requests"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_scenario_is_green_and_the_platform_counts_the_same(
    case: Case, school: School, tmp_path: Path
) -> None:
    before = school.stats()
    summary = run(case, school, tmp_path)
    counted = since(before, school.stats())
    assert summary.run.exit_code in PASSED, [one for one in summary.thresholds if not one.ok]
    assert [(one.name, one.failed) for one in summary.operations if one.failed] == []
    assert summary.errors == []
    assert case.operations <= {one.name for one in summary.operations}
    hold_counted(summary, counted)
    assert {one.name for one in summary.checks if one.fails and "status" in one.name} == set()
    measured = {one.title for one in summary.objectives if one.group == RESPONSE_TIMES and one.value}
    assert len(measured) >= case.measured
    assert measured <= CATEGORIES
    if case.scenario == "concurrent_quiz":
        assert counted["attempts"] == {"started": 35, "submitted": 35, "answers": {"20": 35}}
        assert counted["logins"] == 35, "one for each student"


def missed(summary: Summary) -> set[str]:
    return {one.title for one in summary.objectives if one.group == RESPONSE_TIMES and one.ok is False}


def test_slow_category_is_the_one_that_is_missed(school: School, tmp_path: Path) -> None:
    few = (("k12.teachers", "4"), ("k12.students", "3"), ("k12.admins", "1"))
    school.turn(latency={"gradebook": "1200ms"})
    try:
        summary = run(Case("soak", 6000, set(), few), school, tmp_path)
    finally:
        school.turn(latency={"gradebook": "0"})
    assert missed(summary) == {"Gradebook (computed)"}
    p95 = next(
        one
        for one in summary.objectives
        if "category:gradebook" in one.metric and one.expression.startswith("p(95)")
    )
    assert p95.value is not None
    assert p95.value >= 1200
    assert p95.level, "it is beyond the first level"


def test_personas_are_steered_apart_and_log_in_again_when_their_sessions_expire(
    school: School, tmp_path: Path
) -> None:
    before = school.stats()

    async def logins(wanted: int) -> None:
        for _ in range(400):
            if school.stats()["logins"] - before["logins"] >= wanted:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"waited 20 s for {wanted} logins")

    async def main() -> tuple[Summary, dict[str, int]]:
        async with LoadRun(
            "k12/soak", environment=school.url, speedup=400, settings=dict(SMALL), results=tmp_path
        ) as load:
            await logins(8 + 12 + 2)
            await load.scale(2, workload="students")
            await logins(8 + 24 + 2)
            vus = {one.name: one.vus for one in load.snapshot.workloads}
            school.expire_sessions()
            await logins(2 * (8 + 24 + 2))
            await load.stop()
            return await load.finished(), vus

    summary, vus = asyncio.run(main())
    assert vus == {"teachers": 8, "students": 24, "admins": 2}
    counted = since(before, school.stats())
    expired = 8 + 24 + 2
    assert counted["logins"] == 2 * expired
    assert counted["unauthorized"] == expired
    relogins = summary.metrics["relogins"]
    assert isinstance(relogins, Counter)
    assert relogins.count == expired
    again = [one for one in summary.operations if one.name == "POST auth/login (again)"]
    assert sum(one.count for one in again) == expired
    assert sum(one.failed for one in summary.operations) == expired, "each request that was answered 401"
    assert {one.name for one in summary.checks if one.fails and "status" in one.name} == set()
    hold_counted(summary, counted)
