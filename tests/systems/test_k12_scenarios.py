"""The K-12 scenarios as the profile's defaults make them: seed 004's executors, stages and thresholds."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.systems.k12.dealing import role_of
from dmsperf_tui.systems.k12.listing import FLOWS

FOLDER = Path(__file__).parents[2] / "scenarios" / "k12"
NAMES = sorted(file.stem for file in FOLDER.glob("*.toml"))
SHAPES = {
    "smoke": {"smoke": ("constant-vus", 1, [(30, 1)])},
    "load": {
        "teachers_browsing": ("ramping-vus", 0, [(120, 30), (300, 30), (120, 0)]),
        "students_submitting": ("ramping-vus", 0, [(120, 100), (300, 100), (120, 0)]),
        "admins": ("constant-vus", 3, [(540, 3)]),
    },
    "concurrent_quiz": {"quiz_start": ("shared-iterations", 35, [(300, 35)])},
    "grading_rush": {"grading": ("constant-vus", 20, [(600, 20)])},
    "opening_day": {
        "admin_setup": ("constant-vus", 2, [(300, 2)]),
        "teacher_setup": ("ramping-vus", 0, [(180, 20), (120, 20)]),
        "student_flood": ("ramping-vus", 0, [(60, 50), (120, 200), (120, 200)]),
    },
    "ai_gateway": {"ai_generation": ("ramping-vus", 0, [(60, 5), (180, 15), (60, 0)])},
}
"""Workload -> executor, VUs at first, and stages of (seconds, VUs)."""
THRESHOLDS = {
    "smoke": ["p(95)<500", "rate<0.01"],
    "load": ["p(95)<1000", "p(99)<2000", "rate<0.05"],
    "concurrent_quiz": ["p(95)<2000", "rate<0.01"],
    "grading_rush": ["p(95)<1000", "rate<0.02"],
    "opening_day": ["p(95)<2000", "rate<0.05"],
    "ai_gateway": ["p(95)<10000", "rate<0.1"],
}


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("BASE_URL", "QUIZ_ID", "COURSE_ID", "SUBMISSION_ID"):
        monkeypatch.delenv(variable, raising=False)


def plan(name: str) -> Plan:
    return resolve(Options(scenario=f"k12/{name}")).plan


@pytest.mark.parametrize("name", SHAPES)
def test_scenario_is_the_documents(name: str) -> None:
    found = plan(name)
    assert {
        one.name: (
            one.executor,
            int(one.shape.start),
            [(stage.duration_ns // NS_PER_S, int(stage.target)) for stage in one.shape.stages],
        )
        for one in found.workloads
    } == SHAPES[name]
    assert [one.expression for one in found.thresholds] == THRESHOLDS[name]
    assert {one.name for one in found.thresholds} == {"http_req_duration", "http_req_failed"}
    if name == "concurrent_quiz":
        assert found.workloads[0].iterations == 35


def test_every_scenario_is_of_the_platform_and_every_flow_is_in_one() -> None:
    assert set(NAMES) == {*SHAPES, "stress", "spike", "soak"}
    used = set()
    for name in NAMES:
        found = plan(name)
        content = tomllib.loads((FOLDER / f"{name}.toml").read_text())
        assert (content["system"], content["objectives"]) == ("k12", "k12")
        assert content["description"].endswith((".", "?"))
        assert all(role_of(workload) for workload in found.workloads)
        used |= {flow.flow for workload in found.workloads for flow in workload.flows}
        assert "relogins" in found.metrics
        generates = any(flow.flow == "k12.ai_generation" for w in found.workloads for flow in w.flows)
        assert ("ai_generations" in found.metrics) == generates
    assert used == set(FLOWS)
