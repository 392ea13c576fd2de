"""Every scenario for a DMS, sped up, against a stand-in of each vintage: it sends nothing that is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dmsperf_tui.api import LoadRun
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.systems.dms.flows.resources import needed
from dmsperf_tui.systems.dms.population import Population, Sizes
from tests.e2e.conftest import PASSED, Standin, serving

MEASURED = {"errors", "api_errors", "crud_operations", "crud_operation_duration", "active_connections"}
SCHOOL = {"school_creates", "school_create_time"}
STUDENT = {"student_creates", "student_create_time", "entity_creation_time"}
QUERY = {"query_count", "query_response_time", "query_result_size"}


@dataclass(frozen=True)
class Case:
    """A scenario, how it is made short, and what must be in its summary."""

    scenario: str
    speedup: float
    metrics: set[str]
    operations: set[str]
    vus: int | None = None
    settings: tuple[tuple[str, str], ...] = ()
    methods: frozenset[str] = frozenset({"POST"})
    populated: bool = False
    """Its set-up makes what it reads."""
    loads: bool = False
    """It has a load phase."""


JOURNEY = {
    "POST schools",
    "POST students",
    "GET students/{id}",
    "POST studentSchoolAssociations",
    "GET students",
}
LIFECYCLE = {
    "POST gradeLevelDescriptors",
    "GET gradeLevelDescriptors/{id}",
    "PUT gradeLevelDescriptors/{id}",
    "DELETE gradeLevelDescriptors/{id}",
    "GET academicWeeks",
    "GET courses",
}
MIX = {"POST grades", "POST studentAssessments", "GET students/{id}"}
EVERY = frozenset({"POST", "GET", "PUT", "DELETE"})
SMALL = Population(Sizes(2, 2, 2, 2, 2), 0, "any")
"""What set-up makes, and the load phase of the profile, have so many of each."""
FAST = ("workloads.load.think_time", "0"), ("load.vus", "8")
CASES = (
    Case("smoke", 30, {"errors"}, LIFECYCLE),
    Case("baseline", 300, SCHOOL | {"api_errors", "active_connections"}, {"POST schools"}),
    Case("concurrent", 1300, SCHOOL | STUDENT, JOURNEY, vus=10),
    Case("spike", 500, SCHOOL | STUDENT, JOURNEY, vus=40),
    Case("sustained", 14_400, SCHOOL | STUDENT, JOURNEY, vus=10,
         settings=(("thresholds.http_reqs", "rate>1"),)),
    Case("bulk_load", 250, STUDENT, {"POST students"}, vus=2),
    Case("ramp", 2000, MEASURED | SCHOOL | STUDENT | QUERY, {"POST schools", "PUT students/{id}"}, vus=3,
         settings=(("thresholds.crud_operations", "count>20"), ("workloads.ramp.env.PAUSE_S", "0-0"))),
    Case("readwrite", 30, MEASURED, MIX, vus=12, methods=EVERY, populated=True),
    Case("mixed_crud", 1800, MEASURED | QUERY, MIX, settings=(("workloads.mixed_crud.rate", "400"),),
         methods=EVERY, populated=True),
    Case("query_performance", 30, QUERY, {"GET students", "GET studentSchoolAssociations"}, vus=4,
         methods=frozenset({"GET"}), populated=True),
    Case("load", 40, MEASURED | SCHOOL | STUDENT, {"POST grades"}, settings=FAST, loads=True),
    Case("full", 40, MEASURED | SCHOOL | STUDENT, MIX, settings=(*FAST, ("readwrite.vus", "12")),
         methods=EVERY, loads=True),
)  # fmt: skip


@pytest.fixture(scope="module", params=["v8", "v0.7"])
def vintage(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def dms(vintage: str) -> Iterator[Standin]:
    """One for all scenarios: each has keys of its own."""
    with serving("--vintage", vintage) as ready:
        yield Standin(ready["url"], ready["client_id"], ready["client_secret"])


@pytest.fixture
def client(dms: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in dms.variables.items():
        monkeypatch.setenv(name, value)


def run(case: Case, dms: Standin, results: Path) -> Summary:
    async def main() -> Summary:
        async with LoadRun(
            f"dms/{case.scenario}",
            environment=dms.url,
            profile="smoke",
            vus=case.vus,
            speedup=case.speedup,
            settings=dict(case.settings),
            results=results,
        ) as load:
            return await load.finished()

    return asyncio.run(main())


def succeeded(summary: Summary) -> None:
    assert summary.run.exit_code in PASSED, [one for one in summary.thresholds if not one.ok]
    assert [(one.name, one.failed) for one in summary.operations if one.failed] == []
    assert summary.errors == []
    assert [(check.name, check.fails) for check in summary.checks if check.fails] == []


def made_by(dms: Standin) -> Counter[str]:
    return Counter(dms.stats()["resources"])


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_scenario_does_its_work_and_nothing_is_refused(case: Case, dms: Standin, tmp_path: Path) -> None:
    before = made_by(dms)
    summary = run(case, dms, tmp_path)
    succeeded(summary)
    assert case.operations <= {one.name for one in summary.operations}
    assert case.methods <= {one.method for one in summary.operations}
    assert case.metrics <= summary.metrics.keys()
    made = made_by(dms)
    made.subtract(before)
    hold_counted(summary, case, made)


def hold_counted(summary: Summary, case: Case, made: Counter[str]) -> None:
    """The server has what was created and not deleted; an interrupted iteration may have made one more."""
    counts: Counter[str] = Counter()
    for one in summary.operations:
        counts[one.name] += one.count
    interrupted = sum(workload.interrupted for workload in summary.workloads.values())
    for resource in Population.resources:
        ours = counts[f"POST {resource}"] - counts[f"DELETE {resource}/{{id}}"]
        if case.populated and resource in needed():
            ours += SMALL.count(resource)
        assert abs(made[resource] - ours) <= interrupted, resource
        if case.loads:
            assert made[resource] >= SMALL.count(resource), "the whole list"
