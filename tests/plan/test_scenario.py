"""Scenario files: defaults, bad input, and what the flags change."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import Plan, WorkloadPlan, parse_plan

S = 1_000_000_000
FLOW = "dms.create_school"
CONSTANT: dict[str, Any] = {"executor": "constant-vus", "vus": 4, "duration": "10m", "flow": FLOW}
RAMPING: dict[str, Any] = {
    "executor": "ramping-vus",
    "start_vus": 2,
    "stages": [
        {"duration": "1m", "target": 10},
        {"duration": "0s", "target": 40},
        {"duration": "3m", "target": 0},
    ],
    "flow": FLOW,
}
SHARED: dict[str, Any] = {"executor": "shared-iterations", "vus": 5, "iterations": 100, "flow": FLOW}


def scenario(workload: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"system": "dms", "workloads": {"w": copy.deepcopy(workload)}, **more}


def parse(workload: dict[str, Any], **flags: Any) -> WorkloadPlan:
    plan = parse_plan("s", scenario(workload), **flags)
    assert len(plan.workloads) == 1
    return plan.workloads[0]


def refused(data: dict[str, Any], **flags: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_plan("s", data, **flags)
    text = str(caught.value)
    assert "\n" not in text
    return text


def stages_of(workload: WorkloadPlan) -> list[tuple[float, float]]:
    return [(stage.duration_ns / S, stage.target) for stage in workload.shape.stages]


# --- defaults ------------------------------------------------------------------------------------


def test_constant_vus_has_the_defaults_of_k6() -> None:
    workload = parse({"executor": "constant-vus", "duration": "1m", "flow": FLOW})
    assert workload.shape.peak == 1
    assert workload.start_ns == 0
    assert workload.graceful_stop_ns == 30 * S
    assert workload.think_time_s == 0
    assert workload.iterations is None
    assert workload.end_ns == 60 * S


def test_ramping_vus_has_the_defaults_of_k6() -> None:
    workload = parse({"executor": "ramping-vus", "stages": [{"duration": "9s", "target": 10}], "flow": FLOW})
    assert workload.shape.start == 1
    assert workload.graceful_ramp_down_ns == 30 * S
    assert workload.graceful_stop_ns == 30 * S


def test_shared_iterations_has_the_defaults_of_k6() -> None:
    workload = parse({"executor": "shared-iterations", "flow": FLOW})
    assert workload.iterations == 1
    assert workload.shape.peak == 1
    assert workload.end_ns == 600 * S
    assert workload.graceful_stop_ns == 30 * S


def test_a_request_has_get_and_200_as_defaults() -> None:
    request = parse({**CONSTANT, "flow": "http.request", "request": {"path": "/health"}}).flows[0].request
    assert request is not None
    assert (request.method, request.expect, request.timeout_s) == ("GET", [200], 60)
    assert (request.name, request.json_body, request.body, request.headers) == (None, None, None, {})


def test_what_is_written_is_what_is_planned() -> None:
    plan = parse_plan(
        "dms/mine",
        {
            "title": "Mine",
            "description": "Why",
            "system": "dms",
            "workloads": {
                "first": {**RAMPING, "graceful_ramp_down": "5s", "graceful_stop": "0s", "think_time": "2.5s"},
                "then": {**CONSTANT, "start_time": "2m", "duration": "5m"},
            },
            "thresholds": {"http_req_duration": ["p(95)<500", "avg<100"], "checks": ["rate>0.9"]},
        },
    )
    first, then = plan.workloads
    assert (plan.name, plan.title, plan.description, plan.system) == ("dms/mine", "Mine", "Why", "dms")
    assert (first.name, first.executor, first.shape.start) == ("first", "ramping-vus", 2)
    assert stages_of(first) == [(60, 10), (0, 40), (180, 0)]
    assert (first.graceful_ramp_down_ns, first.graceful_stop_ns, first.think_time_s) == (5 * S, 0, 2.5)
    assert (then.start_ns, then.end_ns) == (120 * S, 420 * S)
    assert [t.expression for t in plan.thresholds] == ["p(95)<500", "avg<100", "rate>0.9"]
    assert plan.duration_ns == 420 * S
    assert plan.peak_vus == 44
    assert [plan.planned_vus(at * S) for at in (0, 59, 120, 300, 420)] == [2, 9, 27 + 4, 4, 0]


def test_a_scenario_without_a_title_is_called_by_its_name() -> None:
    assert parse_plan("dms/mine", scenario(CONSTANT)).title == "dms/mine"


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"duratoin": "5m"}, "workloads.w.duratoin: unknown key 'duratoin'; did you mean 'duration'?"),
        ({"thinktime": "1s"}, "workloads.w.thinktime: unknown key 'thinktime'; did you mean 'think_time'?"),
        ({"gracefulStop": "1s"}, "did you mean 'graceful_stop'?"),
        ({"stages": []}, "workloads.w.stages: unknown key 'stages'"),
        (
            {"executor": "constant-vu"},
            "workloads.w.executor: unknown executor 'constant-vu'; did you mean 'constant-vus'?",
        ),
        ({"executor": "shared"}, "did you mean 'shared-iterations'?"),
        ({"duration": None}, "workloads.w.duration: is missing; add duration = ..."),
        ({"flow": None}, 'workloads.w.flow: is missing; give flow = "..." or a [mix] of flows'),
        ({"executor": None}, "workloads.w.executor: is missing; known: constant-vus"),
        ({"duration": "5 minutes"}, "workloads.w.duration: '5 minutes' is not a duration; write it as 30s"),
        ({"duration": "5x"}, "workloads.w.duration: '5x' is not a duration"),
        ({"duration": "-5s"}, "workloads.w.duration: '-5s' is not a duration"),
        ({"duration": "500ms"}, "workloads.w.duration: "),
        ({"duration": "0s"}, "workloads.w.duration: "),
        ({"vus": 0}, "workloads.w.vus: "),
        ({"vus": -3}, "workloads.w.vus: "),
        ({"vus": "many"}, "workloads.w.vus: "),
        ({"vus": 1.5}, "workloads.w.vus: "),
        ({"think_time": "soon"}, "workloads.w.think_time: 'soon' is not a duration"),
        ({"graceful_stop": "-1s"}, "workloads.w.graceful_stop: '-1s' is not a duration"),
        ({"flow": "http.request"}, "workloads.w.request: needs a [request] table"),
        ({"request": {"path": "/"}}, "workloads.w.request: is for the flow http.request"),
    ],
)
def test_a_bad_line_of_constant_vus(change: dict[str, Any], says: str) -> None:
    workload = {key: value for key, value in {**CONSTANT, **change}.items() if value is not None}
    assert says in refused(scenario(workload))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stages": None}, "workloads.w.stages: is missing; add stages = ..."),
        ({"stages": []}, "workloads.w.stages: "),
        ({"start_vus": -1}, "workloads.w.start_vus: "),
        ({"startVUs": 5}, "unknown key 'startVUs'; did you mean 'start_vus'?"),
        ({"stages": [{"duration": "1m"}]}, "workloads.w.stages.0.target: is missing; add target = ..."),
        ({"stages": [{"target": 1}]}, "workloads.w.stages.0.duration: is missing"),
        ({"stages": [{"duration": "1m", "target": -1}]}, "workloads.w.stages.0.target: "),
        (
            {"stages": [{"duration": "1", "target": 1}, {"duration": "1q", "target": 1}]},
            "workloads.w.stages.1.duration: '1q'",
        ),
        ({"stages": [{"duration": "1m", "targets": 1, "target": 1}]}, "did you mean 'target'?"),
    ],
)
def test_a_bad_line_of_ramping_vus(change: dict[str, Any], says: str) -> None:
    workload = {key: value for key, value in {**RAMPING, **change}.items() if value is not None}
    assert says in refused(scenario(workload))


def test_shared_iterations_needs_one_for_each_vu() -> None:
    text = refused(scenario({**SHARED, "iterations": 4}))
    assert text == "workloads.w.iterations: 4 iterations for 5 VUs; give at least one iteration for each VU"
    assert parse({**SHARED, "iterations": 5}).iterations == 5


def test_speedup_does_not_hide_too_few_iterations() -> None:
    assert "4 iterations for 5 VUs" in refused(scenario({**SHARED, "iterations": 4}), speedup=2)


def test_more_vus_by_flag_than_iterations_are_refused() -> None:
    assert "100 iterations for 101 VUs" in refused(scenario(SHARED), vus=101)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"max_duration": "0s"}, "workloads.w.max_duration: "),
        ({"iterations": 0}, "workloads.w.iterations: "),
        ({"duration": "5m"}, "unknown key 'duration'; did you mean 'max_duration'?"),
    ],
)
def test_a_bad_line_of_shared_iterations(change: dict[str, Any], says: str) -> None:
    assert says in refused(scenario({**SHARED, **change}))


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "workloads.w.request.path: is missing"),
        ({"path": "/", "method": "FETCH"}, "workloads.w.request.method: "),
        ({"path": "/", "header": {}}, "unknown key 'header'; did you mean 'headers'?"),
        ({"path": "/", "jsn": {}}, "unknown key 'jsn'; did you mean 'json'?"),
        ({"path": "/", "expect": "200"}, "workloads.w.request.expect: "),
        ({"path": "/", "timeout": "long"}, "workloads.w.request.timeout: 'long' is not a duration"),
    ],
)
def test_a_bad_line_of_a_request(request_: dict[str, Any], says: str) -> None:
    assert says in refused(scenario({**CONSTANT, "flow": "http.request", "request": request_}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"titel": "x"}, "titel: unknown key 'titel'; did you mean 'title'?"),
        ({"system": "ods"}, "system: "),
        ({"workloads": {}}, "workloads: "),
        ({"workloads": None}, "workloads: is missing; add workloads = ..."),
        ({"workloads": {"a b": CONSTANT}}, "a b"),
        ({"workloads": {"w": 5}}, "workloads.w"),
        (
            {"thresholds": {"http_req_durations": ["p(95)<5"]}},
            "thresholds.http_req_durations: unknown metric",
        ),
        (
            {"thresholds": {"http_req_duration": ["p95<5"]}},
            "thresholds.http_req_duration: 'p95<5' is not a threshold",
        ),
        (
            {"thresholds": {"http_req_failed": ["p(95)<5"]}},
            "thresholds.http_req_failed: 'p(95)' does not fit",
        ),
        (
            {"thresholds": {"http_req_duration{vu:1}": ["p(95)<5"]}},
            "thresholds.http_req_duration{vu:1}: vu (a VU's number) cannot be selected by; select by name",
        ),
        ({"thresholds": {"checks": "rate>0.9"}}, "thresholds.checks: "),
    ],
)
def test_a_bad_line_of_the_scenario(change: dict[str, Any], says: str) -> None:
    data = {key: value for key, value in scenario(CONSTANT, **change).items() if value is not None}
    assert says in refused(data)


# --- flags ---------------------------------------------------------------------------------------


def test_vus_and_duration_replace_those_of_a_constant_plan() -> None:
    workload = parse(CONSTANT, vus=30, duration_s=90)
    assert (workload.shape.peak, workload.end_ns) == (30, 90 * S)


def test_vus_scale_a_staged_plan_so_that_its_peak_is_that() -> None:
    workload = parse(RAMPING, vus=80)
    assert workload.shape.start == 4
    assert stages_of(workload) == [(60, 20), (0, 80), (180, 0)]


def test_a_plan_of_no_vus_cannot_be_scaled() -> None:
    flat = {**RAMPING, "start_vus": 0, "stages": [{"duration": "1m", "target": 0}]}
    assert "workloads.w.stages: a plan of no VUs cannot be scaled" in refused(scenario(flat), vus=5)


def test_duration_stretches_all_stages_alike() -> None:
    workload = parse(RAMPING, duration_s=480)
    assert stages_of(workload) == [(120, 10), (0, 40), (360, 0)]


def test_duration_bounds_shared_iterations() -> None:
    workload = parse(SHARED, duration_s=45)
    assert (workload.end_ns, workload.iterations) == (45 * S, 100)


def test_one_number_of_vus_does_not_fit_several_workloads() -> None:
    data = {"workloads": {"a": CONSTANT, "b": CONSTANT}}
    assert "has 2 workloads" in refused(data, vus=5)
    assert "--set workloads.a.vus=N" in refused(data, vus=5)


@pytest.mark.parametrize("speedup", [1, 5])
def test_a_duration_stretches_several_workloads_together(speedup: int) -> None:
    """A plan of 20 min in 5: a quarter of each time that it lasts or waits, none of a grace."""
    data = {
        "warm_up": "1m",
        "workloads": {
            "a": {**CONSTANT, "duration": "10m"},
            "b": {**RAMPING, "start_time": "4m"},
            "c": {**CONSTANT, "duration": "8m", "after": "a", "start_time": "2m"},
        },
    }
    usual, short = parse_plan("x", data), parse_plan("x", data, duration_s=300, speedup=speedup)
    assert (usual.duration_ns, short.duration_ns) == (1200 * S, 300 * S // speedup)
    for before, after in zip(usual.workloads, short.workloads, strict=True):
        ratio = 4 * speedup
        assert after.start_ns * ratio == pytest.approx(before.start_ns)
        assert [s.duration_ns * ratio for s in after.shape.stages] == pytest.approx(
            [s.duration_ns for s in before.shape.stages]
        )
        assert after.shape.peak == before.shape.peak
        assert after.graceful_stop_ns * speedup == before.graceful_stop_ns
    assert short.warm_up_ns * 4 * speedup == usual.warm_up_ns


def test_speedup_divides_durations_graces_iterations_and_think_times() -> None:
    constant = parse({**CONSTANT, "start_time": "20s", "think_time": "1s"}, speedup=10)
    assert (constant.start_ns, constant.end_ns, constant.think_time_s) == (2 * S, 62 * S, 0.1)
    assert constant.graceful_stop_ns == 3 * S
    ramping = parse(RAMPING, speedup=10)
    assert stages_of(ramping) == [(6, 10), (0, 40), (18, 0)]
    assert (ramping.shape.start, ramping.graceful_ramp_down_ns) == (2, 3 * S)
    shared = parse({**SHARED, "iterations": 105}, speedup=10)
    assert (shared.iterations, shared.end_ns, shared.shape.peak) == (11, 60 * S, 5)


def test_speedup_leaves_each_vu_an_iteration() -> None:
    assert parse(SHARED, speedup=1000).iterations == 5


@pytest.mark.parametrize(
    ("think_time", "speedup", "seconds"),
    [
        ("1s", 1, 1.0),
        ("1s", 50, 0.02),
        ("1s", 100, 0.01),
        ("1s", 101, 0.01),
        ("1s", 100_000, 0.01),
        ("0s", 100, 0.0),
        ("5ms", 1, 0.005),
        ("5ms", 2, 0.005),
    ],
)
def test_speedup_shortens_think_times_to_10_ms_and_lengthens_none(
    think_time: str, speedup: float, seconds: float
) -> None:
    assert parse({**CONSTANT, "think_time": think_time}, speedup=speedup).think_time_s == pytest.approx(
        seconds
    )


def test_flags_and_speedup_together() -> None:
    workload = parse(RAMPING, vus=20, duration_s=480, speedup=4)
    assert stages_of(workload) == [(30, 5), (0, 20), (90, 0)]


def test_parsing_does_not_change_the_data() -> None:
    data = scenario(RAMPING)
    before = copy.deepcopy(data)
    plan: Plan = parse_plan("s", data, vus=5, duration_s=9, speedup=2)
    assert plan.peak_vus == 5
    assert data == before


def test_a_list_of_entities_belongs_to_vus() -> None:
    workload = {"executor": "constant-vus", "duration": "1m", "flow": "f", "entities": "dms.load_phase"}
    (plan,) = parse_plan("s", {"workloads": {"w": workload}}).workloads
    assert (plan.entities, plan.iterations, plan.leased) == ("dms.load_phase", None, True)
    iterations = {"executor": "shared-iterations", "flow": "f", "entities": "dms.load_phase"}
    with pytest.raises(ConfigError, match="unknown key 'entities'; it belongs to constant-vus, ramping-vus"):
        parse_plan("s", {"workloads": {"w": iterations}})
