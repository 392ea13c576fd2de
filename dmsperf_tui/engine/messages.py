"""What host and worker say to each other: small frozen dataclasses, one JSON object a frame.

Down: the plan and commands. Up: gauges and acknowledgements 4 times a second, statistics once a
second. Times are `perf_counter_ns` values where they are called `at_ns`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.wire import Wire
from dmsperf_tui.plan.scenario import Plan

# --- down ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prepare:
    """Everything a worker needs: the whole plan, its index, and where load may go."""

    plan: Plan
    index: int
    workers: int
    url: str
    ca_file: str | None
    insecure: bool
    seed: int
    profile: dict[str, Any]
    """The profile's values."""
    folder: str
    """The scenario's: where its flows and data files are."""
    speedup: float
    http_debug: bool = False
    abort_on_4xx: bool = False
    context: dict[str, Any] = field(default_factory=dict)
    """What the system's preparation has found, for its flows."""
    kind: Literal["prepare"] = "prepare"


@dataclass(frozen=True, slots=True)
class SetUp:
    """Run the scenario's `setup`; only one worker is told."""

    kind: Literal["set-up"] = "set-up"


@dataclass(frozen=True, slots=True)
class Begin:
    """Load starts at `at_ns`."""

    at_ns: int
    setup: Any = None
    """What the scenario's `setup` returned."""
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class TearDown:
    """Run the scenario's `teardown`; only one worker is told, after its load."""

    setup: Any = None
    kind: Literal["tear-down"] = "tear-down"


@dataclass(frozen=True, slots=True)
class Token:
    """The bearer token that all VUs share from now on."""

    value: str = field(repr=False)
    generation: int = 0
    kind: Literal["token"] = "token"


@dataclass(frozen=True, slots=True)
class Steer:
    """A change of one workload's level."""

    workload: str
    action: Literal["set", "hold", "scale", "release", "skip", "extend", "unextend", "cap"]
    value: float
    """VUs or iterations a second to set, the factor to scale by, the stage to skip to, nanoseconds to extend
    by, or the most VUs of an open workload (`cap`); nothing of `unextend`."""
    over_ns: int
    elapsed_ns: int
    """The workload's elapsed time at which it applies, the same for all workers."""
    version: int
    kind: Literal["steer"] = "steer"


@dataclass(frozen=True, slots=True)
class Weigh:
    """New shares of a workload's mix."""

    workload: str
    weights: dict[str, float]
    version: int
    kind: Literal["weigh"] = "weigh"


@dataclass(frozen=True, slots=True)
class Start:
    """A workload that waited for another (`after`) begins when the run's clock shows `elapsed_ns`."""

    workload: str
    elapsed_ns: int
    kind: Literal["start"] = "start"


@dataclass(frozen=True, slots=True)
class Over:
    """A workload's iterations are done, on all workers: it ends."""

    workload: str
    kind: Literal["over"] = "over"


@dataclass(frozen=True, slots=True)
class Hold:
    """Pausing: no iteration and no request starts any more."""

    version: int
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True)
class Freeze:
    """Paused: the clock stood still from `at_ns` on."""

    at_ns: int
    kind: Literal["freeze"] = "freeze"


@dataclass(frozen=True, slots=True)
class Thaw:
    """The clock goes on from `at_ns`, and so does the load."""

    at_ns: int
    version: int
    kind: Literal["thaw"] = "thaw"


@dataclass(frozen=True, slots=True)
class End:
    """No iteration starts any more; at once: those that run are interrupted."""

    at_once: bool
    version: int
    kind: Literal["end"] = "end"


@dataclass(frozen=True, slots=True)
class Grant:
    """Shared iterations, or entities, [start, stop) are this worker's; empty: none are left."""

    workload: str
    start: int
    stop: int
    again: bool = False
    """A lost worker had them: they may have been created."""
    kind: Literal["grant"] = "grant"


@dataclass(frozen=True, slots=True)
class Reshare:
    """The workers that are left share VUs and arrivals anew: this one is now `index` of `workers`."""

    index: int
    workers: int
    elapsed_ns: int
    """The run clock's reading from which arrivals are shared so."""
    kind: Literal["reshare"] = "reshare"


@dataclass(frozen=True, slots=True)
class Ping:
    """The host is there."""

    kind: Literal["ping"] = "ping"


# --- up -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """Prepared; `problem` says in one line why not."""

    pid: int
    problem: str = ""
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Ack:
    """Command `version` is in force since `at_ns`."""

    version: int
    at_ns: int
    kind: Literal["ack"] = "ack"


@dataclass(frozen=True, slots=True)
class Drained:
    """Pausing, as `Hold` number `version` asked for: nothing is in flight any more."""

    version: int
    kind: Literal["drained"] = "drained"


@dataclass(frozen=True, slots=True)
class Renew:
    """A request got 401 with the token of `generation`."""

    generation: int
    kind: Literal["renew"] = "renew"


@dataclass(frozen=True, slots=True)
class Want:
    """This worker can take more shared iterations."""

    workload: str
    kind: Literal["want"] = "want"


@dataclass(frozen=True, slots=True)
class Surrender:
    """Entities [start, stop) that were granted and will not be begun here: no VU is left for them."""

    workload: str
    ranges: list[tuple[int, int]]
    again: list[int]
    """Those of them that may have been created."""
    kind: Literal["surrender"] = "surrender"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What flows have created since the last time, in base64."""

    settled: dict[str, str]
    """By workload: its entities that are done with, each an index of 4 bytes, little-endian, an id of 16, and
    whether it was found; an id of zeros says that it could not be created."""
    made: dict[str, str]
    """Ids of what was created outside lists, by kind."""
    kind: Literal["outcomes"] = "outcomes"


@dataclass(frozen=True, slots=True)
class Abort:
    """A flow asked for the end of the run."""

    reason: str
    kind: Literal["abort"] = "abort"


@dataclass(frozen=True, slots=True)
class SetUpDone:
    """What `setup` returned, or why it failed."""

    result: Any
    problem: str = ""
    kind: Literal["set-up-done"] = "set-up-done"


@dataclass(frozen=True, slots=True)
class TearDownDone:
    problem: str = ""
    kind: Literal["tear-down-done"] = "tear-down-done"


@dataclass(slots=True)
class WorkloadGauge:
    """One workload on one worker, totals since the start.

    At every instant planned = started + dropped + cut + waiting, and started = completed + interrupted +
    running. Of shared iterations the host knows what was planned.
    """

    vus: int = 0
    """Active VUs; of an open workload those that run an iteration."""
    made: int = 0
    """VUs that exist, ready or active."""
    leaving: int = 0
    planned: int = 0
    started: int = 0
    completed: int = 0
    interrupted: int = 0
    running: int = 0
    waiting: int = 0
    """Due, with no VU free."""
    dropped: int = 0
    """Never started: no VU was free, or out of time."""
    cut: int = 0
    """Never started: the run was stopped, or its grace was over, while they waited."""
    queued: int = 0
    """How many had to wait, so far."""
    done: bool = False
    """No iteration starts any more: its time is over, or its iterations are."""
    taken: int = 0
    """How many leased iterations were begun, in the order of their grants; the rest can go to others."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand on one worker, four times a second."""

    workloads: dict[str, WorkloadGauge]
    in_flight: int
    requests_sent: int
    kind: Literal["gauges"] = "gauges"


@dataclass(slots=True)
class OperationInterval:
    """One named request of one workload with the same outcome, during one second."""

    workload: str
    name: str
    method: str
    requests: int = 0
    trends: dict[str, Histogram] = field(default_factory=dict)
    """By metric (`http_req_duration`, ...); of requests that were sent in full."""
    status: int = 0
    failed: bool = False
    group: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    """The workload's and the request's own."""


@dataclass(slots=True)
class MetricInterval:
    """One metric that is not of requests, with the same tags, during one second."""

    metric: str
    tags: dict[str, str]
    trend: Histogram | None = None
    passes: int = 0
    fails: int = 0
    """Of a rate."""
    total: float = 0.0
    """Of a counter."""
    value: float = 0.0
    """Of a gauge: the newest, and the extremes."""
    least: float = 0.0
    most: float = 0.0


@dataclass(slots=True)
class Sample:
    """One failed request, for people to look at. Secrets are removed, bodies are cut."""

    request: str
    status: int
    detail: str
    body: str = ""
    """What came back."""
    sent: str = ""
    """What was sent."""
    at_s: float = 0.0
    """Seconds since the start of load."""


@dataclass(slots=True)
class ErrorInterval:
    """One kind of failure during one second."""

    operation: str
    phase: str
    failure: str
    count: int
    first_ns: int
    """On the run's wall clock: since the start, pauses included."""
    last_ns: int
    samples: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Interval:
    """One second's statistics of one worker."""

    second: int
    operations: list[OperationInterval]
    metrics: list[MetricInterval]
    errors: list[ErrorInterval]
    gauges: Gauges
    """Taken in the same instant, so that counts agree."""
    data_sent: int
    data_received: int
    lag_p99_ms: float
    cpu_share: float
    slip_p99_ms: float = 0.0
    """How late starts were for which a VU was free."""
    due_free: int = 0
    """How many starts were due while a VU was free,"""
    due_prompt: int = 0
    """and how many of them were made within 100 ms."""
    warm_up: bool = False
    """The second lies in the warm-up: it is in no total."""
    kind: Literal["interval"] = "interval"


@dataclass(frozen=True, slots=True)
class Finished:
    """No VU is left and all statistics are sent."""

    cut_short: str = ""
    """Why the worker ended its load by itself, before the plan was over."""
    kind: Literal["finished"] = "finished"


Down = (
    Prepare
    | SetUp
    | Begin
    | TearDown
    | Token
    | Steer
    | Weigh
    | Start
    | Over
    | Hold
    | Freeze
    | Thaw
    | End
    | Grant
    | Reshare
    | Ping
)
Up = (
    Ready
    | SetUpDone
    | TearDownDone
    | Abort
    | Ack
    | Drained
    | Renew
    | Want
    | Surrender
    | Outcomes
    | Gauges
    | Interval
    | Finished
)
DOWN: Wire[Down] = Wire(*get_args(Down))
UP: Wire[Up] = Wire(*get_args(Up))
