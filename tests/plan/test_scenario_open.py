"""Scenario files of open workloads, mixes, `after`, warm-up and the run's own limits."""

from __future__ import annotations

from typing import Any

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.scenario import LONGEST_RUN_NS, Plan, WorkloadPlan, parse_plan
from dmsperf_tui.plan.thresholds import Scope

S = 1_000_000_000
CONSTANT: dict[str, Any] = {
    "executor": "constant-arrival-rate",
    "rate": 30,
    "duration": "10m",
    "pre_allocated_vus": 5,
    "flow": "x",
}
RAMPING: dict[str, Any] = {
    "executor": "ramping-arrival-rate",
    "pre_allocated_vus": 5,
    "stages": [{"duration": "1m", "target": 60}, {"duration": "0s", "target": 30}],
    "flow": "x",
}
PER_VU: dict[str, Any] = {"executor": "per-vu-iterations", "flow": "x"}
EXTERNAL: dict[str, Any] = {"executor": "externally-controlled", "duration": "1m", "flow": "x"}
VUS: dict[str, Any] = {"executor": "constant-vus", "duration": "1m", "flow": "x"}


def plan_of(workloads: dict[str, Any], **more: Any) -> Plan:
    flags = {key: more.pop(key) for key in ("vus", "duration_s", "speedup") if key in more}
    return parse_plan("s", {"workloads": workloads, **more}, **flags)


def parse(workload: dict[str, Any], **more: Any) -> WorkloadPlan:
    return plan_of({"w": workload}, **more).workloads[0]


def refused(workloads: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        plan_of(workloads, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- defaults and limits -------------------------------------------------------------------------


def test_constant_arrival_rate_has_the_defaults_of_k6() -> None:
    workload = parse(CONSTANT)
    arrival = workload.arrival
    assert arrival is not None
    assert (arrival.time_unit_s, arrival.pre_allocated_vus, arrival.max_vus) == (1, 5, 5)
    assert (arrival.late, arrival.max_backlog, arrival.poisson, arrival.ramping) == (
        "queue",
        10_000,
        False,
        False,
    )
    assert (workload.shape.start, workload.shape.peak, workload.end_ns) == (30, 30, 600 * S)
    assert (workload.graceful_stop_ns, workload.peak_vus) == (30 * S, 5)


def test_ramping_arrival_rate_starts_at_nothing() -> None:
    workload = parse(RAMPING)
    assert workload.arrival is not None
    assert (workload.shape.start, workload.arrival.ramping) == (0, True)
    assert [(stage.duration_ns, stage.target) for stage in workload.shape.stages] == [(60 * S, 60), (0, 30)]
    assert workload.graceful_ramp_down_ns is None


def test_per_vu_iterations_has_the_defaults_of_k6() -> None:
    workload = parse(PER_VU)
    assert (workload.iterations_per_vu, workload.iterations) == (1, None)
    assert (workload.shape.peak, workload.end_ns) == (1, 600 * S)


def test_externally_controlled_has_a_cap_where_it_says_so() -> None:
    assert (parse(EXTERNAL).shape.peak, parse(EXTERNAL).most_vus) == (1, None)
    assert parse({**EXTERNAL, "vus": 0, "max_vus": 9}).most_vus == 9


def test_rates_are_per_time_unit() -> None:
    assert parse({**CONSTANT, "time_unit": "1m"}).shape.peak == 0.5
    ramping = parse({**RAMPING, "time_unit": "10s", "start_rate": 5})
    assert (ramping.shape.start, ramping.shape.peak) == (0.5, 6)


@pytest.mark.parametrize(
    ("workload", "change", "says"),
    [
        (CONSTANT, {"rate": 0}, "workloads.w.rate: "),
        (CONSTANT, {"rate": -1}, "workloads.w.rate: "),
        (CONSTANT, {"rate": float("inf")}, "workloads.w.rate: "),
        (CONSTANT, {"rate": None}, "workloads.w.rate: is missing; add rate = ..."),
        (CONSTANT, {"duration": "500ms"}, "workloads.w.duration: "),
        (CONSTANT, {"pre_allocated_vus": None}, "workloads.w.pre_allocated_vus: is missing"),
        (CONSTANT, {"pre_allocated_vus": 0}, "workloads.w.pre_allocated_vus: "),
        (
            CONSTANT,
            {"max_vus": 4},
            "workloads.w.max_vus: 4 is below pre_allocated_vus, 5; raise it, or leave it out",
        ),
        (CONSTANT, {"time_unit": "0s"}, "workloads.w.time_unit: "),
        (CONSTANT, {"late": "wait"}, "workloads.w.late: Input should be 'queue' or 'drop' (given: 'wait')"),
        (CONSTANT, {"arrivals": "random"}, "workloads.w.arrivals: Input should be 'uniform' or 'poisson'"),
        (CONSTANT, {"max_backlog": -1}, "workloads.w.max_backlog: "),
        (CONSTANT, {"vus": 5}, "unknown key 'vus'; did you mean 'max_vus'?"),
        (CONSTANT, {"timeUnit": "1s"}, "unknown key 'timeUnit'; did you mean 'time_unit'?"),
        (RAMPING, {"start_rate": -1}, "workloads.w.start_rate: "),
        (RAMPING, {"stages": [{"duration": "0s", "target": 5}]}, "workloads.w.stages: last no time"),
        (RAMPING, {"stages": [{"duration": "1s", "target": -5}]}, "workloads.w.stages.0.target: "),
        (RAMPING, {"graceful_ramp_down": "1s"}, "unknown key 'graceful_ramp_down'"),
        (PER_VU, {"iterations": 0}, "workloads.w.iterations: "),
        (PER_VU, {"duration": "1m"}, "unknown key 'duration'; did you mean 'max_duration'?"),
        (
            EXTERNAL,
            {"vus": 5, "max_vus": 4},
            "workloads.w.max_vus: 4 is below vus, 5; raise it, or leave it out",
        ),
        (VUS, {"connections_per_vu": 0}, "workloads.w.connections_per_vu: "),
        (VUS, {"env": {"A": [5]}}, "workloads.w.env.A: "),
    ],
)
def test_a_bad_line_names_its_key_and_the_mend(
    workload: dict[str, Any], change: dict[str, Any], says: str
) -> None:
    given = {key: value for key, value in {**workload, **change}.items() if value is not None}
    assert says in refused({"w": given})


def test_fewer_iterations_than_vus_by_default_are_refused_as_well() -> None:
    said = refused({"w": {"executor": "shared-iterations", "vus": 2, "flow": "x"}})
    assert said.startswith("workloads.w.iterations: 1 iterations for 2 VUs; give at least one iteration")


# --- a mix ---------------------------------------------------------------------------------------

MIX: dict[str, Any] = {key: value for key, value in VUS.items() if key != "flow"}


def test_a_mix_has_flows_with_shares() -> None:
    workload = parse({**MIX, "mix": {"a": {"flow": "x"}, "b": {"flow": "y", "weight": 3}}})
    assert [(flow.name, flow.flow, flow.weight) for flow in workload.flows] == [("a", "x", 1), ("b", "y", 3)]
    assert workload.flow == "x, y"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "workloads.w.flow: is missing; give flow"),
        ({"flow": "x", "mix": {"a": {"flow": "x"}}}, "workloads.w.flow: has both flow and mix"),
        ({"mix": {"a": {}}}, "workloads.w.mix.a.flow: is missing"),
        ({"mix": {"a": {"flow": "x", "weight": -1}}}, "workloads.w.mix.a.weight: "),
        ({"mix": {"a": {"flow": "x", "weight": 0}}}, "workloads.w.mix: has no weight above 0"),
        ({"mix": {"a": {"flow": "x", "wieght": 1}}}, "did you mean 'weight'?"),
        ({"mix": {"a": {"flow": "http.request"}}}, "workloads.w.mix.a.request: needs a [request] table"),
        (
            {"mix": {"a": {"flow": "x"}}, "request": {"path": "/"}},
            "workloads.w.request: belongs to an entry of the mix",
        ),
    ],
)
def test_a_bad_mix(change: dict[str, Any], says: str) -> None:
    said = refused({"w": {**MIX, **change}})
    assert says in said


# --- after ---------------------------------------------------------------------------------------


def test_after_begins_when_another_has_ended() -> None:
    plan = plan_of(
        {
            "last": {**VUS, "after": "middle", "start_time": "5s"},
            "middle": {**VUS, "after": "first"},
            "first": {**VUS, "start_time": "10s"},
        }
    )
    last, middle, first = plan.workloads
    assert [w.name for w in plan.workloads] == ["last", "middle", "first"]
    assert (first.start_ns, middle.start_ns, last.start_ns) == (10 * S, 70 * S, 135 * S)
    assert (middle.after, middle.after_ns, last.after_ns, first.after) == ("first", 0, 5 * S, None)
    assert plan.duration_ns == 195 * S


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"a": "a"}, "workloads.a.after: waits for itself; break the circle"),
        ({"a": "b", "b": "a"}, "waits for itself; break the circle"),
        ({"a": "b", "b": "c", "c": "b"}, "waits for itself; break the circle"),
        ({"a": "bb"}, "workloads.a.after: unknown workload 'bb'; "),
    ],
)
def test_circles_and_strangers_are_refused(after: dict[str, str], says: str) -> None:
    names = {"a", "b", "c"}
    workloads = {name: {**VUS, **({"after": after[name]} if name in after else {})} for name in sorted(names)}
    assert says in refused(workloads)


# --- the run's own -------------------------------------------------------------------------------


def test_the_scenario_names_its_setup_data_and_metrics() -> None:
    plan = plan_of(
        {"w": VUS},
        setup="f.py:up",
        teardown="f.py:down",
        data={"users": "users.csv"},
        metrics={"orders": "counter"},
        thresholds={"orders": ["count>5"]},
    )
    assert (plan.setup, plan.teardown, plan.data) == ("f.py:up", "f.py:down", {"users": "users.csv"})
    assert plan.metrics == {"orders": MetricType.COUNTER}
    assert plan.thresholds[0].type is MetricType.COUNTER


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"http_reqs": "counter"}, "metrics.http_reqs: is a built-in metric; choose another name"),
        ({"orders": "count"}, "metrics.orders: "),
        ({"my orders": "counter"}, "metrics.my orders"),
    ],
)
def test_a_bad_metric(metrics: dict[str, str], says: str) -> None:
    assert says in refused({"w": VUS}, metrics=metrics)


def test_warm_up_is_shorter_than_the_plan() -> None:
    assert plan_of({"w": VUS}, warm_up="59s").warm_up_ns == 59 * S
    said = refused({"w": VUS}, warm_up="60s")
    assert said == "warm_up: leaves nothing to measure; make it shorter than the plan"


def test_a_run_can_be_made_twice_as_long_and_8_hours_at_most() -> None:
    assert plan_of({"w": VUS}).max_duration_ns == 120 * S
    assert plan_of({"w": {**VUS, "duration": "5h"}}).max_duration_ns == LONGEST_RUN_NS
    assert plan_of({"w": {**VUS, "duration": "9h"}}).max_duration_ns == 9 * 3600 * S
    assert plan_of({"w": VUS}, max_duration="3m").max_duration_ns == 180 * S
    said = refused({"w": VUS}, max_duration="59s")
    assert said == "max_duration: is shorter than the plan; make it longer"


def test_the_long_form_of_a_threshold() -> None:
    expressions = [
        "p(95)<5",
        {"threshold": "avg<5 over 30s", "abort_on_fail": True, "delay_abort_eval": "10s"},
    ]
    short, long = plan_of({"w": VUS}, thresholds={"http_req_duration": expressions}).thresholds
    assert (short.abort_on_fail, short.delay_abort_s) == (False, 0)
    assert (long.abort_on_fail, long.delay_abort_s, long.scope) == (True, 10, Scope.OVER)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"abort_on_fail": True}, "is missing; add threshold = ..."),
        ({"threshold": "avg<5", "abortOnFail": True}, "did you mean 'abort_on_fail'?"),
        ({"threshold": "avg<5", "delay_abort_eval": "soon"}, "'soon' is not a duration"),
    ],
)
def test_a_bad_long_form(spec: dict[str, Any], says: str) -> None:
    said = refused({"w": VUS}, thresholds={"http_req_duration": [spec]})
    assert says in said
    assert said.startswith("thresholds.http_req_duration")


# --- flags ---------------------------------------------------------------------------------------


def test_speedup_shortens_everything_that_is_a_time() -> None:
    plan = plan_of(
        {
            "a": {
                **CONSTANT,
                "graceful_stop": "20s",
                "think_time": "2s",
                "min_iteration_duration": "4s",
                "start_time": "10s",
            },
            "b": {**PER_VU, "iterations": 25, "after": "a", "start_time": "30s"},
            "c": RAMPING,
        },
        warm_up="20s",
        max_duration="2h",
        thresholds={
            "http_req_duration": [{"threshold": "avg<5 over 30s", "delay_abort_eval": "40s"}],
        },
        speedup=10,
    )
    a, b, c = plan.workloads
    assert (a.start_ns, a.end_ns, a.graceful_stop_ns) == (1 * S, 61 * S, 2 * S)
    assert (a.think_time_s, a.min_iteration_s) == (0.2, 0.4)
    assert a.shape.peak == 30, "a rate stays what it is"
    assert (b.iterations_per_vu, b.after_ns, b.start_ns, b.shape.duration_ns) == (3, 3 * S, 64 * S, 60 * S)
    assert c.shape.duration_ns == 6 * S
    assert (plan.warm_up_ns, plan.max_duration_ns) == (2 * S, 720 * S)
    assert (plan.thresholds[0].window_s, plan.thresholds[0].delay_abort_s) == (3, 4)


def test_vus_of_an_open_workload_are_its_cap() -> None:
    arrival = parse({**CONSTANT, "max_vus": 50}, vus=20).arrival
    assert arrival is not None
    assert (arrival.pre_allocated_vus, arrival.max_vus) == (5, 20)
    arrival = parse(CONSTANT, vus=2).arrival
    assert arrival is not None
    assert (arrival.pre_allocated_vus, arrival.max_vus) == (2, 2)


def test_duration_stretches_a_ramping_rate_and_sets_a_constant_one() -> None:
    assert parse(CONSTANT, duration_s=90).end_ns == 90 * S
    assert parse(RAMPING, duration_s=90).shape.stages[0].duration_ns == 90 * S
    assert parse(RAMPING, vus=9).shape.peak == 60


def test_the_planned_rate_is_that_of_all_open_workloads() -> None:
    plan = plan_of({"a": CONSTANT, "b": {**RAMPING, "start_time": "60s"}, "c": VUS})
    assert [plan.planned_rate(at * S) for at in (0, 59, 60, 90, 119, 120, 600)] == [30, 30, 30, 60, 89, 30, 0]
    assert [plan.planned_vus(at * S) for at in (0, 59, 60)] == [1, 1, 0]
    assert plan.rate_corners[:3] == ((0.0, 30.0), (60.0, 30.0), (60.0, 30.0))
    assert not plan.open
    assert plan_of({"a": CONSTANT, "b": RAMPING}).open
    assert plan.peak_vus == 5 + 5 + 1
