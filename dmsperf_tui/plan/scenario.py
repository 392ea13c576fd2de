"""Scenario files -> a plan: one or more workloads with their executors, flows and thresholds.

Option names, defaults and limits are k6's in snake_case (k6 docs, "Executors"). Nothing here reads a
file or a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.executors import Stage, VuShape, constant_vus, scaled_to_peak
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.plan.units import NS_PER_S, parse_duration_s

THINK_TIME_FLOOR_S = 0.01
"""`--speedup` shortens think times no further than this."""


def _duration(value: Any) -> float:
    try:
        return parse_duration_s(value)
    except ConfigError as error:
        raise ValueError(f"{error.what}; {error.mend}") from None


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds, written `30s`, `5m`, `1h30m`, `250ms`."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestSpec(_File):
    """The one request of the generic `http.request` flow."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: str = Field(pattern=r"^/[^#\s]*$")
    """Path and query, below the environment's URL: load goes nowhere else."""
    name: str | None = None
    """The operation's name; METHOD and path by default."""
    headers: dict[str, str] = {}
    json_body: Any = Field(default=None, alias="json")
    body: str | None = None
    expect: list[int] = [200]
    timeout: Duration = 60.0


class _Workload(_File):
    flow: str
    think_time: Duration = 0.0
    start_time: Duration = 0.0
    graceful_stop: Duration = 30.0
    request: RequestSpec | None = None


class _ConstantVus(_Workload):
    executor: Literal["constant-vus"]
    vus: int = Field(default=1, ge=1)
    duration: Annotated[Duration, Field(ge=1)]


class _Stage(_File):
    duration: Duration
    target: int = Field(ge=0)


class _RampingVus(_Workload):
    executor: Literal["ramping-vus"]
    start_vus: int = Field(default=1, ge=0)
    stages: list[_Stage] = Field(min_length=1)
    graceful_ramp_down: Duration = 30.0


class _SharedIterations(_Workload):
    executor: Literal["shared-iterations"]
    vus: int = Field(default=1, ge=1)
    iterations: int = Field(default=1, ge=1)
    max_duration: Annotated[Duration, Field(ge=1)] = 600.0


EXECUTORS = ("constant-vus", "ramping-vus", "shared-iterations")
_AnyWorkload = Annotated[_ConstantVus | _RampingVus | _SharedIterations, Field(discriminator="executor")]


class _ScenarioFile(_File):
    title: str = ""
    description: str = ""
    system: Literal["dms", "http"] = "http"
    workloads: dict[Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]+$")], _AnyWorkload] = Field(min_length=1)
    thresholds: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class WorkloadPlan:
    """One executor with its options and its flow, all times in nanoseconds of the run's clock."""

    name: str
    executor: str
    flow: str
    shape: VuShape
    """The planned VUs over the regular duration."""
    start_ns: int
    graceful_stop_ns: int
    graceful_ramp_down_ns: int | None
    """ramping-vus only; elsewhere a VU that leaves has `graceful_stop_ns`."""
    think_time_s: float
    iterations: int | None
    """shared-iterations: how many in all; its shape's length is then `max_duration`."""
    request: RequestSpec | None

    @property
    def end_ns(self) -> int:
        """When the last iteration may start."""
        return self.start_ns + self.shape.duration_ns


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, ready to run."""

    name: str
    title: str
    description: str
    system: str
    workloads: tuple[WorkloadPlan, ...]
    thresholds: tuple[Threshold, ...]

    @property
    def duration_ns(self) -> int:
        """From the start of load to the last regular end, grace aside."""
        return max(workload.end_ns for workload in self.workloads)

    @property
    def peak_vus(self) -> int:
        """The most VUs that all workloads together may plan."""
        return sum(workload.shape.peak for workload in self.workloads)

    @property
    def corners(self) -> tuple[tuple[float, int], ...]:
        """The bends and steps of the planned VUs as (seconds, VUs): all that a line needs."""
        instants = {0}
        for workload in self.workloads:
            at = workload.start_ns
            instants.add(at)
            for stage in workload.shape.stages:
                at += stage.duration_ns
                instants.add(at)
        points: list[tuple[float, int]] = []
        for at in sorted(instants):
            if at > 0:
                points.append((at / NS_PER_S, self.planned_vus(at - 1)))
            if at < self.duration_ns:
                points.append((at / NS_PER_S, self.planned_vus(at)))
        return tuple(points)

    def planned_vus(self, elapsed_ns: int) -> int:
        """The VUs of all workloads at `elapsed_ns`, 0 outside their times."""
        return sum(
            w.shape.vus_at(elapsed_ns - w.start_ns)
            for w in self.workloads
            if w.start_ns <= elapsed_ns < w.end_ns
        )


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def _workload(
    name: str, spec: _AnyWorkload, vus: int | None, duration_s: float | None, speedup: float
) -> WorkloadPlan:
    iterations = None
    ramp_down_ns = None
    if isinstance(spec, _RampingVus):
        stages_s = [stage.duration for stage in spec.stages]
        total_s = sum(stages_s)
        stretch = duration_s / total_s if duration_s is not None and total_s else 1.0
        shape = VuShape(
            spec.start_vus,
            tuple(
                Stage(_ns(length * stretch / speedup), stage.target)
                for length, stage in zip(stages_s, spec.stages, strict=True)
            ),
        )
        ramp_down_ns = _ns(spec.graceful_ramp_down / speedup)
        if vus is not None:
            if not shape.peak:
                raise ConfigError("a plan of no VUs cannot be scaled", key=f"workloads.{name}.stages")
            shape = scaled_to_peak(shape, vus)
    else:
        regular_s = spec.max_duration if isinstance(spec, _SharedIterations) else spec.duration
        count = vus if vus is not None else spec.vus
        shape = constant_vus(count, _ns((duration_s or regular_s) / speedup))
        if isinstance(spec, _SharedIterations):
            if spec.iterations < count:
                raise ConfigError(
                    f"{spec.iterations} iterations for {count} VUs",
                    key=f"workloads.{name}.iterations",
                    mend="give at least one iteration for each VU",
                )
            iterations = max(count, math.ceil(spec.iterations / speedup))
    return WorkloadPlan(
        name=name,
        executor=spec.executor,
        flow=spec.flow,
        shape=shape,
        start_ns=_ns(spec.start_time / speedup),
        graceful_stop_ns=_ns(spec.graceful_stop / speedup),
        graceful_ramp_down_ns=ramp_down_ns,
        think_time_s=max(spec.think_time / speedup, min(spec.think_time, THINK_TIME_FLOOR_S)),
        iterations=iterations,
        request=spec.request,
    )


def parse_plan(
    name: str,
    data: Mapping[str, Any],
    *,
    vus: int | None = None,
    duration_s: float | None = None,
    speedup: float = 1.0,
) -> Plan:
    """A scenario file's content -> a plan. `vus` and `duration_s` override its only workload.

    Raises ConfigError, with the key, for whatever does not fit.
    """
    try:
        file = _ScenarioFile.model_validate(data)
    except ValidationError as error:
        raise explain(error, _ScenarioFile) from None
    if len(file.workloads) > 1 and (vus is not None or duration_s is not None):
        raise ConfigError(
            f"scenario {name} has {len(file.workloads)} workloads, so one VU count or duration does not fit",
            mend=f"use --set workloads.{next(iter(file.workloads))}.vus=N",
        )
    for workload, spec in file.workloads.items():
        if (spec.flow == "http.request") != (spec.request is not None):
            need = "needs a [request] table" if spec.request is None else "is for the flow http.request"
            raise ConfigError(need, key=f"workloads.{workload}.request")
    thresholds: list[Threshold] = []
    for metric, expressions in file.thresholds.items():
        for expression in expressions:
            try:
                thresholds.append(parse_threshold(metric, expression))
            except ConfigError as error:
                raise ConfigError(error.what, key=f"thresholds.{metric}", mend=error.mend) from None
    return Plan(
        name=name,
        title=file.title or name,
        description=file.description,
        system=file.system,
        workloads=tuple(
            _workload(workload, spec, vus, duration_s, speedup) for workload, spec in file.workloads.items()
        ),
        thresholds=tuple(thresholds),
    )


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def explain(error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """The first complaint of pydantic as one line a person can act on: the key and the nearest known one."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if part not in EXECUTORS]
    key = ".".join(path)
    kind = first["type"]
    if kind == "extra_forbidden":
        known = _known_beside(path, model, [part for part in first["loc"] if part in EXECUTORS])
        return ConfigError(f"unknown key {path[-1]!r}", key=key, mend=nearest(path[-1], known))
    if kind == "missing":
        return ConfigError("is missing", key=key, mend=f"add {path[-1]} = ...")
    if kind == "union_tag_invalid":
        tag = str(first.get("ctx", {}).get("tag", ""))
        return ConfigError(f"unknown executor {tag!r}", key=f"{key}.executor", mend=nearest(tag, EXECUTORS))
    if kind == "union_tag_not_found":
        return ConfigError("is missing", key=f"{key}.executor", mend=f"known: {', '.join(EXECUTORS)}")
    given = first.get("input")
    shown = "" if isinstance(given, (dict, list)) or given is None else f" (given: {given!r})"
    message = str(first["msg"]).removeprefix("Value error, ")
    shown = "" if repr(given) in message else shown
    return ConfigError(f"{message}{shown}", key=key)


def _known_beside(path: list[str], model: type[BaseModel], executor: list[Any]) -> list[str]:
    if path[:1] == ["workloads"] and len(path) > 2:
        if path[2:-1] == ["request"]:
            return _fields(RequestSpec)
        if path[2] == "stages" and len(path) > 4:
            return _fields(_Stage)
        kinds: dict[str, type[BaseModel]] = {
            "constant-vus": _ConstantVus,
            "ramping-vus": _RampingVus,
            "shared-iterations": _SharedIterations,
        }
        return _fields(kinds[executor[0]]) if executor else []
    return _fields(model) if len(path) == 1 else []
