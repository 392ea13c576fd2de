"""What a scenario asks for: one or more workloads with their executors, flows and thresholds.

Nothing here reads a file or a clock. All times of a plan are nanoseconds of the run's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from dmsperf_tui.plan.executors import Shape
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.plan.units import NS_PER_S

THINK_TIME_FLOOR_S = 0.01
"""`--speedup` shortens think times no further than this."""
LONGEST_RUN_NS = 8 * 3600 * NS_PER_S
GENERIC = "http.request"
System = Literal["dms", "k12", "http"]
"""The kinds of systems that a scenario can be for, and an environment be."""
SYSTEMS: tuple[str, ...] = get_args(System)


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """The one request of the generic flow."""

    method: str
    path: str
    """Path and query, below the environment's URL: load goes nowhere else."""
    name: str | None
    """The operation's name; METHOD and path by default."""
    headers: dict[str, str]
    json_body: Any
    body: str | None
    expect: list[int]
    timeout_s: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """One flow of a workload and its share of the requests."""

    name: str
    flow: str
    weight: float = 1.0
    request: RequestPlan | None = None


@dataclass(frozen=True, slots=True)
class ArrivalPlan:
    """What only open workloads have."""

    time_unit_s: float
    """What the scenario's rates are per."""
    pre_allocated_vus: int
    max_vus: int
    late: str
    """`queue` or `drop`."""
    max_backlog: int
    poisson: bool
    ramping: bool


@dataclass(frozen=True, slots=True)
class WorkloadPlan:
    """One executor with its options and its flows."""

    name: str
    executor: str
    flows: tuple[FlowPlan, ...]
    """One, or the mix."""
    shape: Shape
    """The planned VUs over the regular duration; of an open workload iterations a second."""
    start_ns: int
    """With `after` an estimate: how late it can be at most."""
    after: str | None
    after_ns: int
    """How long after the end of `after` it starts."""
    graceful_stop_ns: int
    graceful_ramp_down_ns: int | None
    """ramping-vus only; elsewhere a VU that leaves has `graceful_stop_ns`."""
    think_time_s: float
    min_iteration_s: float
    iterations: int | None
    """shared-iterations: how many in all; its shape's length is then `max_duration`."""
    iterations_per_vu: int | None
    arrival: ArrivalPlan | None
    """Of an open workload; None: closed."""
    most_vus: int | None
    """externally-controlled: VUs cannot be set higher."""
    env: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    connections_per_vu: int = 6
    connect_timeout_s: float | None = None
    entities: str | None = None
    """The list that its VUs work through; `iterations` is then how many are to be done, once it is known."""

    @property
    def leased(self) -> bool:
        """Whether its iterations are counted by the host, which leases them to the workers."""
        return self.iterations is not None or self.entities is not None

    @property
    def end_ns(self) -> int:
        """When the last iteration may start, by plan."""
        return self.start_ns + self.shape.duration_ns

    @property
    def flow(self) -> str:
        """Its flows in a word."""
        return ", ".join(dict.fromkeys(flow.flow for flow in self.flows))

    @property
    def peak_vus(self) -> int:
        """The most VUs that it may have by plan."""
        return self.arrival.max_vus if self.arrival else int(self.shape.peak)


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, ready to run."""

    name: str
    title: str
    description: str
    system: str
    workloads: tuple[WorkloadPlan, ...]
    thresholds: tuple[Threshold, ...]
    warm_up_ns: int = 0
    """The first part of the plan, which counts in no total."""
    max_duration_ns: int = LONGEST_RUN_NS
    """How long people may make it."""
    setup: str | None = None
    teardown: str | None = None
    data: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, MetricType] = field(default_factory=dict)
    """Custom ones."""

    @property
    def duration_ns(self) -> int:
        """From the start of load to the last regular end, grace aside."""
        return max(workload.end_ns for workload in self.workloads)

    @property
    def peak_vus(self) -> int:
        """The most VUs that all workloads together may plan."""
        return sum(workload.peak_vus for workload in self.workloads)

    @property
    def open(self) -> bool:
        """Whether all workloads have a rate: then response time and rate are what people look at."""
        return all(workload.arrival for workload in self.workloads)

    @property
    def corners(self) -> tuple[tuple[float, int], ...]:
        """The bends and steps of the planned VUs as (seconds, VUs): all that a line needs."""
        closed = [workload for workload in self.workloads if not workload.arrival]
        return tuple((at_s, int(level)) for at_s, level in self._corners(closed, self.planned_vus))

    @property
    def rate_corners(self) -> tuple[tuple[float, float], ...]:
        """The bends and steps of the planned rate as (seconds, iterations a second)."""
        return self._corners([w for w in self.workloads if w.arrival], self.planned_rate)

    def _corners(
        self, workloads: list[WorkloadPlan], level: Callable[[int], float]
    ) -> tuple[tuple[float, float], ...]:
        instants = {0}
        for workload in workloads:
            at = workload.start_ns
            instants.add(at)
            for stage in workload.shape.stages:
                at += stage.duration_ns
                instants.add(at)
        points: list[tuple[float, float]] = []
        for at in sorted(instants) if workloads else ():
            if at > 0:
                points.append((at / NS_PER_S, level(at - 1)))
            if at < self.duration_ns:
                points.append((at / NS_PER_S, level(at)))
        return tuple(points)

    def planned_vus(self, elapsed_ns: int) -> int:
        """The VUs of all closed workloads at `elapsed_ns`, 0 outside their times."""
        return sum(
            w.shape.curve().vus(elapsed_ns - w.start_ns)
            for w in self.workloads
            if not w.arrival and w.start_ns <= elapsed_ns < w.end_ns
        )

    def planned_rate(self, elapsed_ns: int) -> float:
        """The iterations a second of all open workloads at `elapsed_ns`."""
        return sum(
            w.shape.curve().level(elapsed_ns - w.start_ns)
            for w in self.workloads
            if w.arrival and w.start_ns <= elapsed_ns < w.end_ns
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
    # A worker is given its plan, and starts in half the time without what reads one.
    from dmsperf_tui.plan.scenario_reader import Overrides, read_plan

    return read_plan(name, data, Overrides(vus, duration_s, speedup))
