"""The record of a run: `summary.json`, schema `dmsperf.summary/1`.

Metric names, units and meanings are k6's; trends are milliseconds. Percentiles are HdrHistogram's
nearest rank over merged histograms. Published as JSON Schema in `docs/summary.schema.json`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TIMELINE_POINTS = 600
"""At most so many timeline points are kept in the summary; all are in `timeline.jsonl`."""


class _Part(BaseModel):
    # The words under the fields are the published schema's, too.
    model_config = ConfigDict(populate_by_name=True, use_attribute_docstrings=True)


class RunPart(_Part):
    id: str
    scenario: str
    profile: str
    environment: str
    started_at: str
    """UTC, ISO 8601; empty when load never started."""
    ended_at: str
    duration_s: float
    """Time under load, pauses left out."""
    planned_s: float | None = None
    """How long its plan lasted in the end, after what was skipped or extended."""
    paused_s: float = 0.0
    warm_up_s: float = 0.0
    """The first part of `duration_s`: in no metric, operation, threshold or verdict."""
    state: Literal[
        "preparing",
        "running",
        "pausing",
        "paused",
        "stopping",
        "finished",
        "stopped",
        "aborted",
        "failed",
        "crashed",
    ]
    exit_code: int | None = None
    message: str = ""


class Validity(_Part):
    verdict: Literal["valid", "suspect", "invalid"]
    reasons: list[str] = []
    findings: list[str] = []
    """What was found about the system under load, as against the generator."""


class Trend(_Part):
    type: Literal["trend"] = "trend"
    unit: Literal["ms", ""] = "ms"
    count: int
    avg: float
    min: float
    max: float
    med: float
    p90: float = Field(alias="p(90)")
    p95: float = Field(alias="p(95)")
    p99: float = Field(alias="p(99)")
    p999: float = Field(alias="p(99.9)")


class Counter(_Part):
    type: Literal["counter"] = "counter"
    count: int | float
    rate: float
    """Per second of time under load."""


class Rate(_Part):
    type: Literal["rate"] = "rate"
    rate: float
    passes: int
    """How often it was true: for http_req_failed the failed requests."""
    fails: int


class Gauge(_Part):
    type: Literal["gauge"] = "gauge"
    value: float
    min: float
    max: float


class Operation(_Part):
    name: str
    workload: str
    method: str
    count: int
    failed: int
    rate: float
    avg: float
    med: float
    p90: float = Field(alias="p(90)")
    p95: float = Field(alias="p(95)")
    p99: float = Field(alias="p(99)")
    max: float
    response: Trend | None = None
    """`http_req_response_time`, where it opens iterations of an open workload."""


class WorkloadPart(_Part):
    executor: str
    flow: str
    vus_max: int
    planned_iterations: int | None = None
    planned: int = 0
    """planned = started + dropped + cut + waiting."""
    started: int
    """started = completed + interrupted, once the run is over."""
    completed: int
    interrupted: int
    running: int = 0
    dropped: int
    """Never started: no VU was free, or out of time."""
    cut: int = 0
    """Never started: the run was stopped, or its grace was over, while they waited."""
    waiting: int = 0
    queued: int = 0
    """How many had to wait for a VU."""
    max_vus: int | None = None
    """Of an open workload: how many VUs it may have."""
    flows: dict[str, float] = {}
    """Of a mix: the shares as set last."""


class EntityPart(_Part):
    """One kind of entity that a load phase was to create."""

    workload: str
    name: str
    order: int
    """Its place in the order of the system's dependencies."""
    total: int
    created: int
    """What was there before a resumed run included."""
    failed: int


class Segment(_Part):
    """The seconds between two stages or load-changing events."""

    start_s: float
    end_s: float
    why: str
    """What began it."""
    vus: int
    """The VU target when it began."""
    iterations_rate: float = 0.0
    """The target rate of open workloads when it began, in iterations a second."""
    warm_up: bool = False
    requests: int
    failed: int
    rate: float
    p50: float | None = Field(alias="p(50)")
    p95: float | None = Field(alias="p(95)")
    p99: float | None = Field(alias="p(99)")
    response_p95: float | None = Field(default=None, alias="response_p(95)")
    response_p99: float | None = Field(default=None, alias="response_p(99)")


class ThresholdPart(_Part):
    metric: str
    expression: str
    ok: bool
    value: float | None
    """None: nothing was measured, which passes, as in k6."""
    broken_s: float | None = None
    """When a window or segment broke it, in seconds since the start of load."""


class ObjectivePart(_Part):
    """What the service should reach, and what it did."""

    group: str
    title: str
    metric: str
    """Empty: nothing measures it."""
    expression: str
    """Words where nothing measures it; empty: it is shown, and held against nothing."""
    value: float | None
    """None: not measured."""
    unit: str = "ms"
    """ms, share (0 to 1), /s, /min, VUs, or empty."""
    ok: bool | None
    """None: not measured, or held against nothing."""
    level: str = ""
    """The worst level reached."""
    level_expression: str = ""
    """What that level begins at."""
    margin: float | None = None
    """How far the value is from the bound, as a share of it: negative beyond it."""


class CheckPart(_Part):
    name: str
    passes: int
    fails: int


class ErrorPart(_Part):
    operation: str
    phase: str
    kind: str
    count: int
    first_s: float
    last_s: float
    sample: str
    """The first one in a line; `errors.jsonl` has the first five, request and response."""


class EventPart(_Part):
    at_s: float
    kind: str
    text: str
    applied_s: float | None = None


class TimelinePoint(_Part):
    """One second, or several where a run is long: rates and VUs of the last, latencies of the worst."""

    second: int
    planned: int
    target: int
    vus: int
    requests: int
    failed: int
    p50: float | None = Field(alias="p(50)")
    p95: float | None = Field(alias="p(95)")
    p99: float | None = Field(alias="p(99)")
    max: float | None
    rate_planned: float = 0.0
    """Iterations a second of open workloads."""
    rate_target: float = 0.0
    starts: int = 0
    dropped: int = 0
    waiting: int = 0
    response_p95: float | None = Field(default=None, alias="response_p(95)")
    response_p99: float | None = Field(default=None, alias="response_p(99)")
    warm_up: bool = False


class Summary(_Part):
    """Everything that a pipeline gates on and a person reads a month later."""

    schema_: Literal["dmsperf.summary/1"] = Field(default="dmsperf.summary/1", alias="schema")
    run: RunPart
    validity: Validity
    metrics: dict[str, Trend | Counter | Rate | Gauge]
    operations: list[Operation]
    workloads: dict[str, WorkloadPart]
    entities: list[EntityPart] = []
    segments: list[Segment]
    thresholds: list[ThresholdPart]
    objectives: list[ObjectivePart] = []
    checks: list[CheckPart]
    errors: list[ErrorPart]
    events: list[EventPart]
    timeline: list[TimelinePoint]
    generator: dict[str, Any]
    """Workers, their loop lag, start slip and CPU, requests sent in full."""
    manifest: dict[str, Any]
    """Versions, host, plan with the source of every value, seed; never a secret."""
    histograms: dict[str, str]
    """Durations by `workload/operation`: HdrHistogram's compressed V2 form in base64, microseconds."""

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2)
