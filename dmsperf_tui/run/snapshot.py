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
class ThresholdRow:
    metric: str
    expression: str
    ok: bool | None
    """None: nothing to judge yet."""
    value: float | None


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
    workers: int = 1
    workers_alive: int = 1


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What never changes during a run."""

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
    """Of the newest second that had requests."""
    health: HealthRow = field(default_factory=HealthRow)
    workloads: tuple[WorkloadRow, ...] = ()
    operations: tuple[OperationRow, ...] = ()
    thresholds: tuple[ThresholdRow, ...] = ()
    checks: tuple[CheckRow, ...] = ()
    errors: tuple[ErrorRow, ...] = ()
    """Newest first."""
    events: tuple[EventRow, ...] = ()
    """All of them, oldest first."""
    preflight: tuple[PreflightRow, ...] = ()
    rows: tuple[TimelineRow, ...] = ()
    """The timeline rows that this viewer has not been sent yet: all of them in its first snapshot."""
    exit_code: int | None = None
    message: str = ""
    """One line for people: why it failed, or what it waits for."""


SNAPSHOT = TypeAdapter(RunSnapshot)
