"""What a run looks like at one tick: the only thing a front end ever sees of it.

Frozen, already merged over all workers; a panel is a function of it. Sent over the control socket
as JSON, one a second and one at each change of state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter

from dmsperf_tui.systems.checks import PreflightRow


class RunState(StrEnum):
    """Where a run is in its life."""

    PREPARING = "preparing"
    RUNNING = "running"
    PAUSING = "pausing"
    """No request starts any more; those in flight are being waited for."""
    PAUSED = "paused"
    STOPPING = "stopping"
    """No iteration starts any more; those that run may finish within their grace period."""
    FINISHED = "finished"
    STOPPED = "stopped"
    """Ended early, gracefully, by a person."""
    ABORTED = "aborted"
    FAILED = "failed"
    """Never started: set-up failed."""
    CRASHED = "crashed"
    """The host is gone and left no ending; inferred by readers."""

    @property
    def over(self) -> bool:
        return self in _OVER


_OVER = {RunState.FINISHED, RunState.STOPPED, RunState.ABORTED, RunState.FAILED, RunState.CRASHED}


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One second of a run."""

    second: int
    """0 is the second from 0 s to 1 s after the start of load."""
    planned: int
    """VUs that the plan asked for at the end of the second."""
    target: int
    """VUs that plan and hand together asked for."""
    vus: int
    """VUs that were there."""
    requests: int
    """Requests that ended in this second."""
    failed: int
    iterations: int
    p50_ms: float | None
    """Latency percentiles of this second's requests; None where it had none."""
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    running: bool = True
    """False for a second in which the run was paused from start to end."""
    warm_up: bool = False
    """It is in no total."""
    planned_rate: float = 0.0
    """Iterations a second that the open workloads' plans asked for at the end of the second."""
    target_rate: float = 0.0
    starts: int = 0
    """Iterations that started."""
    dropped: int = 0
    waiting: int = 0
    """Due iterations with no free VU, at the end of the second."""
    r50_ms: float | None = None
    """Response time of open workloads: from the planned start."""
    r95_ms: float | None = None
    r99_ms: float | None = None
    open_vus: int = 0
    """Those of `vus` that open workloads keep busy: the others are what `target` is for."""
    open_starts: int = 0
    """Those of `starts` that open workloads made: what `target_rate` is for."""


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One named request: totals since the start of load."""

    name: str
    workload: str
    count: int
    failed: int
    rate: float
    """Requests a second, paused time left out."""
    avg_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    r95_ms: float | None = None
    """Response time, where the operation opens iterations of an open workload."""
    r99_ms: float | None = None
    p90_ms: float | None = None
    r50_ms: float | None = None


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One workload's load now."""

    name: str
    executor: str
    flow: str
    planned: int
    target: int
    vus: int
    """VUs that are there, those that finish their last iteration included."""
    leaving: int
    """How many of them are finishing their last iteration."""
    by_hand: bool
    """A person's value holds, not the plan's."""
    peak: int
    """The most VUs that the plan asks for."""
    iterations: int
    """Completed iterations."""
    interrupted: int
    dropped: int
    total_iterations: int | None
    """How many iterations the plan has, where it has a number."""
    open: bool = False
    """It has a rate: `planned_rate` and `target_rate` are its levels, and `planned` and `target` its VUs."""
    planned_rate: float = 0.0
    """Iterations a second."""
    target_rate: float = 0.0
    time_unit_s: float = 1.0
    """What its rates are written per."""
    max_vus: int = 0
    planned_starts: int = 0
    """Iterations that were due: started + dropped + cut + waiting, at every instant."""
    started: int = 0
    """completed + interrupted + running, at every instant."""
    running: int = 0
    waiting: int = 0
    cut: int = 0
    stage: int = 0
    """From 1; 0 where it is not under way."""
    stages: int = 1
    active: bool = False
    weights: dict[str, float] = field(default_factory=dict)
    """Of a mix: the shares of its flows."""


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One kind of entity of a workload's list."""

    name: str
    order: int
    total: int
    created: int
    failed: int


@dataclass(frozen=True, slots=True)
class ListRow:
    """A workload's list of entities, and how far it is."""

    workload: str
    total: int
    before: int
    """How many were there already when the run began."""
    created: int
    """Those included."""
    failed: int
    order: int | None
    """The one that is being created; None when all are done with."""
    rate: float
    """Entities a second, of late."""
    eta_s: float | None
    """How long the rest takes at that rate; None where it cannot be told."""
    rows: tuple[EntityRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One kind of failure, grouped."""

    operation: str
    phase: str
    """resolving, connecting, tls_handshaking, sending, waiting, receiving, status, check or flow."""
    kind: str
    """Status or kind of fault: `409`, `connect refused`."""
    count: int
    first_s: float
    last_s: float
    sample: str
    """One line: what the first of them said."""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One kind of failure at one operation in one second."""

    at_s: float
    """Its first one, in seconds since the start of load, pauses included."""
    operation: str
    kind: str
    count: int
    text: str
    """One line: what one of them said."""


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    metric: str
    expression: str
    ok: bool | None
    """None: nothing to judge yet."""
    value: float | None
    broken_s: float | None = None
    """When a window or segment broke it, in seconds since the start of load."""


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """What a service should reach, and what it does reach."""

    group: str
    """Its heading: `Response times`, `Concurrency`, `Measures`."""
    title: str
    metric: str
    """Empty: nothing measures it."""
    expression: str
    """`p(95)<300`; words where nothing measures it."""
    value: float | None
    """None: not measured."""
    ok: bool | None
    """None: not measured, or nothing to hold it against."""
    level: str = ""
    """The worst level reached, by its name in the objectives' file."""
    level_expression: str = ""
    """What that level begins at: `p(95)>450`."""
    unit: str = "ms"
    """ms, share, /s, /min, VUs, or empty."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    name: str
    passes: int
    fails: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """Anything that changed the load or the run's meaning."""

    at_s: float
    """Seconds since the start of load; negative before it."""
    kind: str
    """start, vus, release, pause, resume, stop, abort, worker-lost, token, stage, end, note ..."""
    text: str
    second: int = 0
    """The timeline row it falls in."""
    applied_s: float | None = None
    """How long after it was asked for all workers had acknowledged it; None: not yet, or nothing to."""


@dataclass(frozen=True, slots=True)
class HealthRow:
    """Whether the load generator keeps up."""

    verdict: str = "valid"
    """valid, suspect or invalid."""
    reasons: tuple[str, ...] = ()
    loop_lag_p99_ms: float = 0.0
    """The worst worker's, of the newest second."""
    cpu_share: float = 0.0
    """The busiest worker's share of one core, 0 to 1, of the newest second."""
    start_slip_p99_ms: float = 0.0
    """How late starts were with VUs free, of the newest second."""
    findings: tuple[str, ...] = ()
    """What was found about the system under load, rather than about the generator."""
    workers: int = 1
    workers_alive: int = 1


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What rarely changes during a run."""

    id: str
    scenario: str
    title: str
    profile: str
    environment: str
    url: str
    try_out: bool
    """Against the embedded system, which shares this machine's CPU."""
    insecure: bool
    """TLS certificates are not verified."""
    results: str
    """The results folder."""
    planned_s: float
    """How long the plan lasts, grace aside."""
    speedup: float = 1.0
    plan: tuple[tuple[float, int], ...] = ()
    """The plan's VUs at its bends, as (seconds of the run's clock, VUs)."""
    rate_plan: tuple[tuple[float, float], ...] = ()
    """The plan's rate at its bends, in iterations a second, where it has open workloads."""
    open: bool = False
    """All workloads have a rate: response time and rate are the headline."""
    warm_up_s: float = 0.0
    objectives: str = ""
    """The name of their file; empty: there are none."""
    objectives_gate: bool = False
    """They were asked for with `--objectives`: a missed one is a failed threshold."""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    info: RunInfo
    state: RunState
    elapsed_s: float
    """The run's clock: seconds under load, paused time left out."""
    planned: int = 0
    target: int = 0
    heading: int = 0
    """Where the VU target is going: the end of a ramp set by hand."""
    vus: int = 0
    requests: int = 0
    requests_sent: int = 0
    """Requests written in full: what the system under load can have counted."""
    failed: int = 0
    rate: float = 0.0
    """Requests a second over the newest whole second."""
    in_flight: int = 0
    iterations: int = 0
    interrupted: int = 0
    dropped: int = 0
    p95_ms: float | None = None
    """Of the newest second that had requests: service time."""
    response_p95_ms: float | None = None
    """The same from the planned start, in open workloads."""
    planned_rate: float = 0.0
    """Iterations a second of all open workloads."""
    target_rate: float = 0.0
    starts_rate: float = 0.0
    """Iterations that started in the newest whole second."""
    waiting: int = 0
    cut: int = 0
    warming_up: bool = False
    health: HealthRow = field(default_factory=HealthRow)
    workloads: tuple[WorkloadRow, ...] = ()
    lists: tuple[ListRow, ...] = ()
    operations: tuple[OperationRow, ...] = ()
    thresholds: tuple[ThresholdRow, ...] = ()
    objectives: tuple[ObjectiveRow, ...] = ()
    checks: tuple[CheckRow, ...] = ()
    errors: tuple[ErrorRow, ...] = ()
    """Newest first."""
    failures: tuple[FailureRow, ...] = ()
    """The newest of the failures as they came, oldest first."""
    events: tuple[EventRow, ...] = ()
    """All of them, oldest first."""
    preflight: tuple[PreflightRow, ...] = ()
    rows: tuple[TimelineRow, ...] = ()
    """The timeline rows that this viewer has not been sent yet: all of them in its first snapshot."""
    exit_code: int | None = None
    message: str = ""
    """One line for people: why it failed, or what it waits for."""


SNAPSHOT = TypeAdapter(RunSnapshot)
