"""The scenario files of the DMS against the suites that they take over from: seeds 000 and 002, and the k6
suite's own options."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.variables import Variables

SHIPPED = Places((DEFAULTS,))
S = 1_000_000_000
SCENARIOS = (
    "baseline",
    "bulk_load",
    "concurrent",
    "full",
    "load",
    "mixed_crud",
    "query_performance",
    "ramp",
    "readwrite",
    "smoke",
    "spike",
    "sustained",
)


def plan_of(scenario: str, profile: str = "prod") -> Plan:
    options = Options(scenario=f"dms/{scenario}", profile=profile)
    return resolve(options, SHIPPED, Variables({}, {})).plan


def thresholds_of(plan: Plan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for threshold in plan.thresholds:
        found.setdefault(threshold.metric, []).append(threshold.expression)
    return found


def stages_of(plan: Plan, workload: int = 0) -> list[tuple[int, float]]:
    """(seconds, target) of each."""
    shape = plan.workloads[workload].shape
    return [(stage.duration_ns // S, stage.target) for stage in shape.stages]


def weights_of(plan: Plan, workload: int = 0) -> dict[str, float]:
    return {flow.flow: flow.weight for flow in plan.workloads[workload].flows}


def test_every_scenario_says_what_it_is_for() -> None:
    shipped = {name for name in SHIPPED.names("scenarios") if name.startswith("dms/")}
    assert shipped == {f"dms/{name}" for name in SCENARIOS}
    for name in SCENARIOS:
        plan = plan_of(name)
        assert plan.title != f"dms/{name}"
        assert plan.description
        assert plan.system == "dms"
        assert plan.thresholds


def test_load_has_the_options_of_the_k6_suite() -> None:
    plan = plan_of("load")
    (load,) = plan.workloads
    assert (load.executor, load.shape.start, load.entities) == ("ramping-vus", 1, "dms.load_phase")
    assert stages_of(plan) == [(120, 100), (1800, 100), (120, 0)]
    assert load.graceful_ramp_down_ns == 30 * S
    assert load.think_time_s == 0.1
    assert thresholds_of(plan) == {
        "http_req_duration": ["p(95)<5000"],
        "http_req_failed": ["rate<0.05"],
        "errors": ["rate<0.05"],
        "dropped_iterations": ["count==0"],
        "entities_failed": ["count==0"],
    }


def test_readwrite_has_the_options_of_the_k6_suite() -> None:
    plan = plan_of("readwrite")
    (readwrite,) = plan.workloads
    assert (readwrite.executor, readwrite.shape.start, readwrite.end_ns) == ("constant-vus", 50, 1200 * S)
    assert weights_of(plan) == {"dms.create": 20, "dms.read": 50, "dms.update": 20, "dms.delete": 10}
    assert readwrite.env == {"PAUSE_S": "0.5-2"}
    assert plan.setup == "dms.populate"
    found = thresholds_of(plan)
    assert found.pop("crud_operations")
    assert found == {
        "http_req_duration": ["p(95)<3000"],
        "http_req_failed": ["rate<0.05"],
        "errors": ["rate<0.05"],
    }


def test_full_is_load_and_then_readwrite() -> None:
    plan = plan_of("full")
    load, readwrite = plan.workloads
    assert (load.entities, readwrite.after, readwrite.after_ns) == ("dms.load_phase", "load", 5 * S)
    assert stages_of(plan) == stages_of(plan_of("load"))
    assert weights_of(plan, 1) == weights_of(plan_of("readwrite"))
    assert (readwrite.shape.start, readwrite.shape.duration_ns) == (50, 1200 * S)
    assert thresholds_of(plan)["http_req_duration{scenario:load}"] == ["p(95)<5000"]
    assert thresholds_of(plan)["http_req_duration{scenario:readwrite}"] == ["p(95)<3000"]


def test_bulk_load_has_the_options_of_seed_000() -> None:
    plan = plan_of("bulk_load")
    (bulk,) = plan.workloads
    assert (bulk.executor, bulk.shape.start, bulk.end_ns) == ("shared-iterations", 50, 3600 * S)
    assert bulk.iterations == 100_000 / 100
    assert thresholds_of(plan) == {
        "http_req_duration": ["p(95)<3000"],
        "http_req_failed": ["rate<0.05"],
        "iteration_duration": ["p(95)<5000"],
    }


def test_mixed_crud_has_the_options_of_seed_000() -> None:
    plan = plan_of("mixed_crud")
    (mixed,) = plan.workloads
    assert mixed.arrival is not None
    assert (mixed.shape.start, mixed.end_ns) == (1000, 1800 * S)
    assert (mixed.arrival.pre_allocated_vus, mixed.arrival.max_vus) == (100, 200)
    assert weights_of(plan) == {
        "dms.create": 20,
        "dms.read": 40,
        "dms.update": 20,
        "dms.delete": 5,
        "dms.query": 15,
    }
    assert thresholds_of(plan)["query_response_time"] == ["p(95)<2000"]


def test_spike_has_the_options_of_seed_000() -> None:
    plan = plan_of("spike")
    assert plan.workloads[0].shape.start == 10
    assert stages_of(plan) == [(120, 10), (30, 500), (180, 500), (30, 10), (180, 10)]
    assert thresholds_of(plan) == {"http_req_duration": ["p(95)<10000"], "http_req_failed": ["rate<0.1"]}


def test_sustained_has_the_options_of_seed_000() -> None:
    plan = plan_of("sustained")
    (sustained,) = plan.workloads
    assert (sustained.executor, sustained.shape.start, sustained.end_ns) == (
        "constant-vus",
        200,
        4 * 3600 * S,
    )
    assert thresholds_of(plan) == {
        "http_req_duration": ["p(95)<3000", "p(99)<5000"],
        "http_req_failed": ["rate<0.01"],
        "http_reqs": ["rate>100"],
    }


def test_ramp_has_the_options_of_the_k6_suites_simplified_load() -> None:
    plan = plan_of("ramp")
    minutes = [(1, 5), (2, 20), (5, 20), (2, 50), (10, 50), (2, 100), (10, 100), (2, 0)]
    assert stages_of(plan) == [(60 * length, target) for length, target in minutes]
    assert plan.workloads[0].env == {"PAUSE_S": "0.5-2.5"}
    assert thresholds_of(plan) == {
        "http_req_duration": ["p(95)<3000", "p(99)<5000"],
        "http_req_failed": ["rate<0.05"],
        "crud_operations": ["count>1000"],
        "entity_creation_time": ["p(95)<2000"],
    }


def test_queries_are_timed_and_an_invalid_one_is_among_them() -> None:
    plan = plan_of("query_performance")
    assert set(weights_of(plan)) == {"dms.query", "dms.query_by_range"}
    assert thresholds_of(plan)["query_response_time"] == ["p(95)<2000"]


@pytest.mark.parametrize(
    ("metric", "kind"),
    {
        "api_errors": MetricType.COUNTER,
        "entity_creation_time": MetricType.TREND,
        "active_connections": MetricType.GAUGE,
        "errors": MetricType.RATE,
        "crud_operations": MetricType.COUNTER,
        "crud_operation_duration": MetricType.TREND,
        "school_creates": MetricType.COUNTER,
        "school_create_time": MetricType.TREND,
        "student_creates": MetricType.COUNTER,
        "student_create_time": MetricType.TREND,
        "query_count": MetricType.COUNTER,
        "query_response_time": MetricType.TREND,
        "query_result_size": MetricType.TREND,
        "load_retries": MetricType.COUNTER,
    }.items(),
)
def test_a_metric_has_the_same_kind_wherever_it_is_declared(metric: str, kind: MetricType) -> None:
    kinds = {plan.metrics[metric] for plan in map(plan_of, SCENARIOS) if metric in plan.metrics}
    assert kinds == {kind}
