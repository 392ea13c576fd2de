"""What host and worker say to each other: small frozen dataclasses, one JSON object a frame.

Down: the plan and commands. Up: gauges and acknowledgements 4 times a second, statistics once a
second. Times are `perf_counter_ns` values where they are called `at_ns`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from dmsperf_tui.engine.histogram import Histogram
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
    data: dict[str, Any]
    """The profile's values."""
    flow_folder: str
    speedup: float
    kind: Literal["prepare"] = "prepare"


@dataclass(frozen=True, slots=True)
class Begin:
    """Load starts at `at_ns`."""

    at_ns: int
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class Token:
    """The bearer token that all VUs share from now on."""

    value: str = field(repr=False)
    generation: int = 0
    kind: Literal["token"] = "token"


@dataclass(frozen=True, slots=True)
class Steer:
    """A new VU target of one workload, or (`vus` None) back to its plan."""

    workload: str
    vus: int | None
    over_ns: int
    elapsed_ns: int
    """The run clock's reading at which it applies, the same for all workers."""
    version: int
    kind: Literal["steer"] = "steer"


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
    """Shared iterations [start, stop) are this worker's; empty: none are left."""

    workload: str
    start: int
    stop: int
    kind: Literal["grant"] = "grant"


@dataclass(frozen=True, slots=True)
class Reshare:
    """The workers that are left share the VUs anew: this one is now `index` of `workers`."""

    index: int
    workers: int
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


@dataclass(slots=True)
class WorkloadGauge:
    """One workload on one worker, totals since the start."""

    vus: int = 0
    leaving: int = 0
    started: int = 0
    completed: int = 0
    interrupted: int = 0
    running: int = 0
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
    """One named request of one workload during one second."""

    workload: str
    name: str
    method: str
    requests: int = 0
    failed: int = 0
    trends: dict[str, Histogram] = field(default_factory=dict)
    """By metric (`http_req_duration`, ...); of requests that were sent in full."""


@dataclass(slots=True)
class Sample:
    """One failed request, for people to look at. Secrets are removed, the body is cut."""

    request: str
    status: int
    detail: str
    body: str = ""


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
    iterations: dict[str, Histogram]
    """Iteration durations by workload."""
    checks: dict[str, tuple[int, int]]
    """(passes, fails) by name."""
    errors: list[ErrorInterval]
    gauges: Gauges
    """Taken in the same instant, so that counts agree."""
    data_sent: int
    data_received: int
    lag_p99_ms: float
    cpu_share: float
    kind: Literal["interval"] = "interval"


@dataclass(frozen=True, slots=True)
class Finished:
    """No VU is left and all statistics are sent."""

    cut_short: str = ""
    """Why the worker ended its load by itself, before the plan was over."""
    kind: Literal["finished"] = "finished"


Down = Annotated[
    Prepare | Begin | Token | Steer | Hold | Freeze | Thaw | End | Grant | Reshare | Ping,
    Field(discriminator="kind"),
]
Up = Annotated[
    Ready | Ack | Drained | Renew | Want | Gauges | Interval | Finished,
    Field(discriminator="kind"),
]
DOWN: TypeAdapter[Down] = TypeAdapter(Down)
UP: TypeAdapter[Up] = TypeAdapter(Up)
