"""What may stand in a scenario file: option names, defaults and limits.

They are k6's in snake_case (k6 docs, "Executors"); what k6 does not have is said so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.executors import EXECUTORS
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.scenario import System
from dmsperf_tui.plan.units import parse_duration_s


def _duration(value: Any) -> float:
    try:
        return parse_duration_s(value)
    except ConfigError as error:
        raise ValueError(f"{error.what}; {error.mend}") from None


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds, written `30s`, `5m`, `1h30m`, `250ms`."""
Regular = Annotated[Duration, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]+$")]
MetricName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text)]
"""A string; numbers and booleans become one, as in an environment variable."""


class File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestSpec(File):
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
    tags: dict[str, str] = {}


class MixEntry(File):
    """One flow of a mix; not in k6."""

    flow: str
    weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """Its share of the workload's requests, relative to the others'."""
    request: RequestSpec | None = None


class Workload(File):
    flow: str | None = None
    mix: dict[Name, MixEntry] = {}
    request: RequestSpec | None = None
    think_time: Duration = 0.0
    start_time: Duration = 0.0
    after: str | None = None
    """The workload whose end begins this one, `start_time` later; not in k6."""
    graceful_stop: Duration = 30.0
    min_iteration_duration: Duration = 0.0
    env: dict[str, Text] = {}
    tags: dict[str, str] = {}
    connections_per_vu: int = Field(default=6, ge=1, le=1000)
    """How many requests of one VU may be in flight at once (k6: `batchPerHost`)."""
    connect_timeout: Annotated[Duration, Field(gt=0)] | None = None
    """Name look-up, TCP and TLS together; without it the request's own timeout holds. Not in k6."""


class VuWorkload(Workload):
    entities: str | None = None
    """A list of what is to be created, `dms.load_phase`: the VUs take one entity after another until it is
    done, and the duration is a limit. Not in k6."""


class ConstantVus(VuWorkload):
    executor: Literal["constant-vus"]
    vus: int = Field(default=1, ge=1)
    duration: Regular


class StageSpec(File):
    duration: Duration
    target: float = Field(ge=0, allow_inf_nan=False)


class VuStage(StageSpec):
    target: int = Field(ge=0)


class RampingVus(VuWorkload):
    executor: Literal["ramping-vus"]
    start_vus: int = Field(default=1, ge=0)
    stages: list[VuStage] = Field(min_length=1)
    graceful_ramp_down: Duration = 30.0


class _Iterations(Workload):
    vus: int = Field(default=1, ge=1)
    iterations: int = Field(default=1, ge=1)
    max_duration: Regular = 600.0


class SharedIterations(_Iterations):
    executor: Literal["shared-iterations"]
    iterations: int = Field(default=1, ge=1, validate_default=True)

    @field_validator("iterations")
    @classmethod
    def _enough(cls, iterations: int, info: ValidationInfo) -> int:
        vus = info.data.get("vus", 1)
        if iterations < vus:
            mend = "give at least one iteration for each VU"
            raise ValueError(f"{iterations} iterations for {vus} VUs; {mend}")
        return iterations


class PerVuIterations(_Iterations):
    executor: Literal["per-vu-iterations"]


def _not_below(max_vus: int | None, other: str, info: ValidationInfo) -> int | None:
    vus = info.data.get(other, 0)
    if max_vus is not None and max_vus < vus:
        raise ValueError(f"{max_vus} is below {other}, {vus}; raise it, or leave it out")
    return max_vus


class Arrival(Workload):
    time_unit: Annotated[Duration, Field(gt=0)] = 1.0
    pre_allocated_vus: int = Field(ge=1)
    max_vus: int | None = Field(default=None, ge=1)
    late: Literal["queue", "drop"] = "queue"
    """With all `max_vus` busy, a due iteration waits, or is dropped as in k6; not in k6."""
    max_backlog: int = Field(default=10_000, ge=0)
    """How many may wait; more are dropped."""
    arrivals: Literal["uniform", "poisson"] = "uniform"
    """Evenly spaced as in k6, or with random gaps, as independent users arrive."""

    @field_validator("max_vus")
    @classmethod
    def _room(cls, max_vus: int | None, info: ValidationInfo) -> int | None:
        return _not_below(max_vus, "pre_allocated_vus", info)


class ConstantArrivalRate(Arrival):
    executor: Literal["constant-arrival-rate"]
    rate: float = Field(gt=0, allow_inf_nan=False)
    duration: Regular


class RampingArrivalRate(Arrival):
    executor: Literal["ramping-arrival-rate"]
    start_rate: float = Field(default=0, ge=0, allow_inf_nan=False)
    stages: list[StageSpec] = Field(min_length=1)


class ExternallyControlled(VuWorkload):
    """k6 1.x: VUs set from outside. Here every executor can be; this one adds the cap."""

    executor: Literal["externally-controlled"]
    vus: int = Field(default=1, ge=0)
    max_vus: int | None = Field(default=None, ge=1)
    duration: Regular

    @field_validator("max_vus")
    @classmethod
    def _room(cls, max_vus: int | None, info: ValidationInfo) -> int | None:
        return _not_below(max_vus, "vus", info)


AnyWorkload = (
    ConstantVus
    | RampingVus
    | SharedIterations
    | PerVuIterations
    | ConstantArrivalRate
    | RampingArrivalRate
    | ExternallyControlled
)
_KINDS: dict[str, type[Workload]] = {
    "constant-vus": ConstantVus,
    "ramping-vus": RampingVus,
    "shared-iterations": SharedIterations,
    "per-vu-iterations": PerVuIterations,
    "constant-arrival-rate": ConstantArrivalRate,
    "ramping-arrival-rate": RampingArrivalRate,
    "externally-controlled": ExternallyControlled,
}


class ThresholdSpec(File):
    """k6's long form."""

    threshold: str
    abort_on_fail: bool = False
    delay_abort_eval: Duration = 0.0


class ScenarioFile(File):
    title: str = ""
    description: str = ""
    system: System = "http"
    warm_up: Duration = 0.0
    """The first part of the plan, which is in no total; not in k6."""
    max_duration: Duration | None = None
    """How long a run may be made by `extend`; twice the plan by default, 8 h at most."""
    objectives: str | None = None
    """The objectives that the run is shown with, by name or file; not in k6."""
    setup: str | None = None
    teardown: str | None = None
    data: dict[Name, str] = {}
    """CSV and JSON files beside the scenario: `vu.data[NAME]`."""
    metrics: dict[MetricName, MetricType] = {}
    """Custom metrics that the flows add to."""
    workloads: dict[Name, Annotated[AnyWorkload, Field(discriminator="executor")]] = Field(min_length=1)
    thresholds: dict[str, list[str | ThresholdSpec]] = {}


def explain(error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """The first complaint of pydantic as one line a person can act on: the key and the nearest known one."""
    complaints = error.errors()
    # Of what may be a string or a table, a table is told what is wrong with it as a table.
    told = [one for one in complaints if one["loc"][-1:] != ("str",) or not isinstance(one["input"], dict)]
    # A key that nobody knows explains what is missing beside it.
    unknown = [one for one in told if one["type"] == "extra_forbidden"]
    first = next(iter([*unknown, *told]), complaints[0])
    inner = {*EXECUTORS, "str", "ThresholdSpec"}
    path = [str(part) for part in first["loc"] if part not in inner]
    key = ".".join(path)
    kind = first["type"]
    if kind == "extra_forbidden":
        known = _known_beside(path, model, [str(part) for part in first["loc"] if part in EXECUTORS])
        mend = nearest(path[-1], known)
        owners = [name for name, kind in _KINDS.items() if path[-1] in _fields(kind)]
        alike = any(path[-1] in name for name in known)
        if path[:1] == ["workloads"] and len(path) == 3 and owners and not alike:
            mend = f"it belongs to {', '.join(owners)}"
        return ConfigError(f"unknown key {path[-1]!r}", key=key, mend=mend)
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


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _known_beside(path: list[str], model: type[BaseModel], executor: list[str]) -> list[str]:
    match path:
        case [_]:
            return _fields(model)
        case ["thresholds", *_]:
            return _fields(ThresholdSpec)
        case ["workloads", _, "request", _] | ["workloads", _, "mix", _, "request", _]:
            return _fields(RequestSpec)
        case ["workloads", _, "mix", _, _]:
            return _fields(MixEntry)
        case ["workloads", _, "stages", _, _]:
            return _fields(StageSpec)
        case ["workloads", _, _] if executor:
            return _fields(_KINDS[executor[0]])
        case _:
            return []
