"""The files that ship with the tool, against the k6 suites that they take over from."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.profile import load_profile
from dmsperf_tui.settings.variables import Variables

SHIPPED = Places((DEFAULTS,))
NOTHING = Variables({}, {})
S = 1_000_000_000


def plan_of(scenario: str, profile: str = "dev") -> Plan:
    return resolve(Options(scenario=scenario, profile=profile), SHIPPED, NOTHING).plan


def thresholds_of(plan: Plan) -> list[tuple[str, str]]:
    return [(threshold.metric, threshold.expression) for threshold in plan.thresholds]


def test_baseline_has_the_options_of_seed_000() -> None:
    plan = plan_of("dms/baseline")
    (workload,) = plan.workloads
    assert (workload.name, workload.executor) == ("baseline_single_user", "constant-vus")
    assert (workload.shape.start, workload.shape.peak, workload.end_ns) == (1, 1, 300 * S)
    assert (workload.flow, workload.think_time_s) == ("dms.create_school", 1.0)
    assert thresholds_of(plan) == [("http_req_duration", "p(95)<1000"), ("http_req_failed", "rate<0.01")]


def test_concurrent_has_the_options_of_seed_000() -> None:
    plan = plan_of("dms/concurrent")
    (workload,) = plan.workloads
    assert (workload.name, workload.executor) == ("concurrent_rampup", "ramping-vus")
    assert workload.shape.start == 0
    assert [(stage.duration_ns // S, stage.target) for stage in workload.shape.stages] == [
        (120, 10),
        (300, 10),
        (120, 50),
        (300, 50),
        (120, 100),
        (300, 100),
        (120, 0),
    ]
    assert workload.graceful_ramp_down_ns == 30 * S
    assert workload.graceful_stop_ns == 30 * S
    assert thresholds_of(plan) == [
        ("http_req_duration", "p(95)<2000"),
        ("http_req_duration", "p(99)<5000"),
        ("http_req_failed", "rate<0.05"),
    ]


def test_smoke_is_one_user_for_half_a_minute() -> None:
    plan = plan_of("dms/smoke")
    (workload,) = plan.workloads
    assert (workload.executor, workload.shape.peak, workload.end_ns) == ("constant-vus", 1, 30 * S)
    assert workload.think_time_s == 1.0
    assert thresholds_of(plan) == [
        ("http_req_duration", "p(95)<2000"),
        ("http_req_failed", "rate<0.1"),
        ("errors", "rate<0.1"),
    ]


def test_the_generic_scenario_takes_its_size_from_the_profile() -> None:
    plan = plan_of("http/get", "staging")
    (workload,) = plan.workloads
    assert (workload.shape.peak, workload.end_ns) == (25, 900 * S)
    request = workload.flows[0].request
    assert request is not None
    assert (request.method, request.path) == ("GET", "/")


@pytest.mark.parametrize("scenario", SHIPPED.names("scenarios"))
@pytest.mark.parametrize("profile", SHIPPED.names("profiles"))
def test_each_scenario_fits_each_profile(scenario: str, profile: str) -> None:
    plan = plan_of(scenario, profile)
    assert plan.title != scenario
    assert plan.description
    assert plan.thresholds


FIGURES = {
    "smoke": (2, 2, 2, 2, 2, 1, 30, 1, 30),
    "dev": (10, 100, 20, 10, 3, 5, 300, 10, 300),
    "staging": (50, 5000, 800, 30, 4, 25, 900, 30, 600),
    "prod": (130, 75000, 12000, 50, 4, 100, 1800, 50, 1200),
}
"""Schools, students, staff, courses a school, sections a course; VUs and seconds of load, of read-write."""


@pytest.mark.parametrize("name", FIGURES)
def test_a_profile_has_the_figures_of_the_k6_suite(name: str) -> None:
    profile = load_profile(name, SHIPPED, NOTHING)
    keys = (
        "data.schools",
        "data.students",
        "data.staff",
        "data.courses_per_school",
        "data.sections_per_course",
        "load.vus",
        "load.duration",
        "readwrite.vus",
        "readwrite.duration",
    )
    assert tuple(profile.values[key] for key in keys) == FIGURES[name]
    assert {profile.sources[key] for key in keys} == {f"profile {name}"}


def test_one_school_is_the_default_of_the_k12_sizes_and_has_the_figures_of_seed_004() -> None:
    school, dev = (load_profile(name, SHIPPED, NOTHING) for name in ("k12-school", "dev"))
    figures = {key.removeprefix("k12."): value for key, value in school.values.items() if key[:4] == "k12."}
    assert figures == {
        "teachers": 30,
        "students": 100,
        "admins": 3,
        "quiz_students": 35,
        "graders": 20,
        "setup_admins": 2,
        "setup_teachers": 20,
        "new_students": 200,
        "new_students_first": 50,
        "ai_teachers": 15,
        "ai_teachers_first": 5,
    }
    for name in figures:
        assert school.sources[f"k12.{name}"] == "profile k12-school"
        assert (dev.values[f"k12.{name}"], dev.sources[f"k12.{name}"]) == (figures[name], "default")


def test_the_local_environment_works_without_any_variable() -> None:
    options = Options(scenario="dms/smoke", environment="local")
    environment = resolve(options, SHIPPED, NOTHING).environment
    assert environment.url == "http://localhost:8080/api"
    assert environment.oauth_url == "http://localhost:8080/api/oauth/token"
    assert environment.client_secret is None
