"""Scenario files -> plans."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.executors import Shape, Stage, constant, scaled_to_peak
from dmsperf_tui.plan.metrics import BUILT_IN
from dmsperf_tui.plan.scenario import (
    GENERIC,
    LONGEST_RUN_NS,
    THINK_TIME_FLOOR_S,
    ArrivalPlan,
    FlowPlan,
    Plan,
    RequestPlan,
    WorkloadPlan,
)
from dmsperf_tui.plan.scenario_file import (
    AnyWorkload,
    Arrival,
    ConstantArrivalRate,
    ExternallyControlled,
    MixEntry,
    PerVuIterations,
    RampingArrivalRate,
    RampingVus,
    RequestSpec,
    ScenarioFile,
    SharedIterations,
    ThresholdSpec,
    VuWorkload,
    explain,
)
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.plan.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says instead of the file."""

    vus: int | None
    duration_s: float | None
    speedup: float
    stretch: float = 1.0
    """What the times of several workloads are multiplied by, so that all of them together last as long."""

    def ns(self, seconds: float) -> int:
        return round(seconds / self.speedup * NS_PER_S)

    def planned_ns(self, seconds: float) -> int:
        """Of a time that the plan lasts, or a workload waits."""
        return self.ns(seconds * self.stretch)

    def think_s(self, seconds: float) -> float:
        return max(seconds / self.speedup, min(seconds, THINK_TIME_FLOOR_S))


def _flows(name: str, spec: AnyWorkload) -> tuple[FlowPlan, ...]:
    key = f"workloads.{name}"
    if (spec.flow is None) == (not spec.mix):
        what = "has both flow and mix" if spec.flow else "is missing"
        raise ConfigError(what, key=f"{key}.flow", mend='give flow = "..." or a [mix] of flows')
    entries = spec.mix or {name: MixEntry(flow=spec.flow or "", request=spec.request)}
    for entry, part in entries.items():
        where = f"{key}.mix.{entry}.request" if spec.mix else f"{key}.request"
        if (part.flow == GENERIC) != (part.request is not None):
            need = "needs a [request] table" if part.request is None else "is for the flow http.request"
            raise ConfigError(need, key=where)
    if spec.mix and spec.request is not None:
        raise ConfigError("belongs to an entry of the mix", key=f"{key}.request")
    if not any(part.weight for part in entries.values()):
        raise ConfigError("has no weight above 0", key=f"{key}.mix")
    return tuple(
        FlowPlan(entry, part.flow, part.weight, _request(part.request) if part.request else None)
        for entry, part in entries.items()
    )


def _request(spec: RequestSpec) -> RequestPlan:
    return RequestPlan(
        method=spec.method,
        path=spec.path,
        name=spec.name,
        headers=dict(spec.headers),
        json_body=spec.json_body,
        body=spec.body,
        expect=list(spec.expect),
        timeout_s=spec.timeout,
        tags=dict(spec.tags),
    )


def _shape(name: str, spec: AnyWorkload, given: Overrides) -> Shape:
    """The level over time, with the overrides in it."""
    duration_s = given.duration_s
    match spec:
        case RampingVus() | RampingArrivalRate():
            per_s = spec.time_unit if isinstance(spec, Arrival) else 1
            start = spec.start_rate / per_s if isinstance(spec, RampingArrivalRate) else spec.start_vus
            total_s = sum(stage.duration for stage in spec.stages)
            stretch = duration_s / total_s if duration_s is not None and total_s else 1.0
            shape = Shape(
                start,
                tuple(
                    Stage(
                        given.planned_ns(stage.duration * stretch),
                        stage.target / per_s if isinstance(spec, Arrival) else stage.target,
                    )
                    for stage in spec.stages
                ),
            )
            if not shape.duration_ns:
                raise ConfigError("last no time", key=f"workloads.{name}.stages")
            if given.vus is not None and isinstance(spec, RampingVus):
                if not shape.peak:
                    raise ConfigError("a plan of no VUs cannot be scaled", key=f"workloads.{name}.stages")
                shape = scaled_to_peak(shape, given.vus, whole=True)
            return shape
        case ConstantArrivalRate():
            return constant(spec.rate / spec.time_unit, given.planned_ns(duration_s or spec.duration))
        case SharedIterations() | PerVuIterations():
            return constant(given.vus or spec.vus, given.planned_ns(duration_s or spec.max_duration))
        case _:
            return constant(given.vus or spec.vus, given.planned_ns(duration_s or spec.duration))


def _arrival(spec: AnyWorkload, given: Overrides) -> ArrivalPlan | None:
    if not isinstance(spec, Arrival):
        return None
    max_vus = given.vus or spec.max_vus or spec.pre_allocated_vus
    return ArrivalPlan(
        time_unit_s=spec.time_unit,
        pre_allocated_vus=min(spec.pre_allocated_vus, max_vus),
        max_vus=max_vus,
        late=spec.late,
        max_backlog=spec.max_backlog,
        poisson=spec.arrivals == "poisson",
        ramping=isinstance(spec, RampingArrivalRate),
    )


def _workload(name: str, spec: AnyWorkload, given: Overrides) -> WorkloadPlan:
    shape = _shape(name, spec, given)
    if isinstance(spec, ExternallyControlled) and spec.max_vus and shape.peak > spec.max_vus:
        raise ConfigError(
            f"{shape.peak:g} VUs are more than max_vus, {spec.max_vus}", key=f"workloads.{name}.max_vus"
        )
    iterations = per_vu = None
    if isinstance(spec, SharedIterations):
        if given.vus is not None and spec.iterations < given.vus:
            raise ConfigError(
                f"{spec.iterations} iterations for {given.vus} VUs",
                key=f"workloads.{name}.iterations",
                mend="give at least one iteration for each VU",
            )
        iterations = max(int(shape.peak), math.ceil(spec.iterations / given.speedup))
    elif isinstance(spec, PerVuIterations):
        per_vu = math.ceil(spec.iterations / given.speedup)
    return WorkloadPlan(
        name=name,
        executor=spec.executor,
        flows=_flows(name, spec),
        shape=shape,
        start_ns=given.planned_ns(spec.start_time),
        after=spec.after,
        after_ns=given.planned_ns(spec.start_time) if spec.after else 0,
        graceful_stop_ns=given.ns(spec.graceful_stop),
        graceful_ramp_down_ns=given.ns(spec.graceful_ramp_down) if isinstance(spec, RampingVus) else None,
        think_time_s=given.think_s(spec.think_time),
        min_iteration_s=given.think_s(spec.min_iteration_duration),
        iterations=iterations,
        iterations_per_vu=per_vu,
        arrival=_arrival(spec, given),
        most_vus=spec.max_vus if isinstance(spec, ExternallyControlled) else None,
        env=spec.env,
        tags=spec.tags,
        connections_per_vu=spec.connections_per_vu,
        connect_timeout_s=spec.connect_timeout,
        entities=spec.entities if isinstance(spec, VuWorkload) else None,
    )


def _in_order(workloads: dict[str, WorkloadPlan]) -> tuple[WorkloadPlan, ...]:
    """Each `after` resolved to the start that it has by plan. Raises ConfigError for loops and strangers."""

    placed: dict[str, WorkloadPlan] = {}

    def place(name: str, waiting: tuple[str, ...]) -> WorkloadPlan:
        if name not in placed:
            plan = workloads[name]
            key = f"workloads.{name}.after"
            if plan.after is not None:
                if plan.after not in workloads:
                    mend = nearest(plan.after, workloads)
                    raise ConfigError(f"unknown workload {plan.after!r}", key=key, mend=mend)
                if plan.after in (*waiting, name):
                    raise ConfigError("waits for itself", key=key, mend="break the circle")
                before = place(plan.after, (*waiting, name))
                plan = replace(plan, start_ns=before.end_ns + plan.after_ns)
            placed[name] = plan
        return placed[name]

    return tuple(place(name, ()) for name in workloads)


def _thresholds(file: ScenarioFile, speedup: float) -> tuple[Threshold, ...]:
    found: list[Threshold] = []
    for metric, expressions in file.thresholds.items():
        for given in expressions:
            spec = given if isinstance(given, ThresholdSpec) else ThresholdSpec(threshold=given)
            try:
                threshold = parse_threshold(metric, spec.threshold, file.metrics)
            except ConfigError as error:
                raise ConfigError(error.what, key=f"thresholds.{metric}", mend=error.mend) from None
            found.append(threshold.aborting(spec.abort_on_fail, spec.delay_abort_eval).sped_up(speedup))
    return tuple(found)


def _stretched(file: ScenarioFile, given: Overrides) -> Overrides:
    """Several workloads keep their proportions: a plan of 9 minutes lasts 3 where all is a third as long."""
    if given.duration_s is None:
        return given
    usual = Overrides(None, None, speedup=1.0)
    workloads = _in_order({key: _workload(key, spec, usual) for key, spec in file.workloads.items()})
    usual_s = max(workload.end_ns for workload in workloads) / NS_PER_S
    return replace(given, duration_s=None, stretch=given.duration_s / usual_s)


def read_plan(name: str, data: Mapping[str, Any], given: Overrides) -> Plan:
    """See `scenario.parse_plan`."""
    try:
        file = ScenarioFile.model_validate(data)
    except ValidationError as error:
        raise explain(error, ScenarioFile) from None
    if len(file.workloads) > 1:
        if given.vus is not None:
            mend = f"use --set workloads.{next(iter(file.workloads))}.vus=N, or values of the profile"
            what = f"scenario {name} has {len(file.workloads)} workloads, so one number of VUs does not fit"
            raise ConfigError(what, mend=mend)
        given = _stretched(file, given)
    for metric in file.metrics:
        if metric in BUILT_IN:
            raise ConfigError("is a built-in metric", key=f"metrics.{metric}", mend="choose another name")
    workloads = _in_order({key: _workload(key, spec, given) for key, spec in file.workloads.items()})
    plan = Plan(
        name=name,
        title=file.title or name,
        description=file.description,
        system=file.system,
        workloads=workloads,
        thresholds=_thresholds(file, given.speedup),
        warm_up_ns=given.planned_ns(file.warm_up),
        setup=file.setup,
        teardown=file.teardown,
        data=dict(file.data),
        metrics=dict(file.metrics),
    )
    length_ns = plan.duration_ns
    if plan.warm_up_ns >= length_ns:
        raise ConfigError("leaves nothing to measure", key="warm_up", mend="make it shorter than the plan")
    most_ns = max(length_ns, min(2 * length_ns, LONGEST_RUN_NS))
    if file.max_duration is not None:
        most_ns = given.ns(file.max_duration)
        if most_ns < length_ns:
            raise ConfigError("is shorter than the plan", key="max_duration", mend="make it longer")

    return replace(plan, max_duration_ns=most_ns)
