"""Objectives: what a service should reach, and the levels from which on somebody acts, as data.

`objectives_reader` makes them of a file's content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.metrics import BUILT_IN, MetricType
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold

RESPONSE_TIMES, CONCURRENCY, MEASURES = "Response times", "Concurrency", "Measures"
"""The groups, in the order of a screen."""
EXPECTED = ("expected_response", "true")
"""Of requests that were answered as they should be (k6 docs, "System tags")."""


@dataclass(frozen=True, slots=True)
class Level:
    """From where on somebody acts."""

    name: str
    expression: str
    """Words where nothing measures it."""
    threshold: Threshold | None
    """Reached where it holds."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One figure that a service should reach."""

    group: str
    title: str
    measure: Threshold | None
    """What is measured, and the bound that it must keep; None: nothing measures it."""
    expression: str
    """As written; words where nothing measures it; empty: it is shown, and held against nothing."""
    levels: tuple[Level, ...] = ()
    """The worst last."""
    per_s: float = 1.0
    """Of a rate of a counter: what it is shown per."""
    scenario: str = ""
    """It is judged in runs of this one alone; empty: in all."""
    description: str = ""

    @property
    def threshold(self) -> Threshold | None:
        """What a run fails by; None where nothing is to be kept, or nothing measures it."""
        return self.measure if self.expression else None

    @property
    def failed(self) -> Threshold | None:
        """The share of requests that failed, where the times of all others are measured; else None.

        Where it is 1 nothing is left to measure, and the objective is missed: an error that comes quickly
        is no fast answer.
        """
        return None if self.measure is None else _failures_beside(self.measure)

    @property
    def unit(self) -> str:
        """What its value is in: ms, share, /s, /min, VUs, or empty."""
        match self.measure:
            case Threshold(type=MetricType.TREND, name=name):
                return "ms" if name in BUILT_IN else ""
            case Threshold(type=MetricType.RATE):
                return "share"
            case Threshold(type=MetricType.COUNTER, method="rate"):
                return "/s" if self.per_s == 1 else "/min"
            case Threshold(name="vus_max"):
                return "VUs"
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class ObjectiveSet:
    """The objectives of one file."""

    name: str
    title: str
    description: str
    system: str
    levels: dict[str, str]
    """What each level means, the worst last."""
    metrics: dict[str, MetricType]
    """Those that scenarios measure by themselves."""
    objectives: tuple[Objective, ...]

    def of_run(self, scenario: str, metrics: Mapping[str, MetricType]) -> ObjectiveSet:
        """Those that concern a run of `scenario`, which declares `metrics`.

        What is measured by a metric that the scenario does not have is measured by nothing. Raises
        ConfigError where it has one of another type.
        """
        for name, kind in self.metrics.items():
            if metrics.get(name, kind) != kind:
                raise ConfigError(
                    f"is a {kind} here, and a {metrics[name]} in scenario {scenario}", key=f"metrics.{name}"
                )

        def there(one: Objective) -> Objective:
            known = one.measure is None or one.measure.name in BUILT_IN or one.measure.name in metrics
            return one if known else replace(one, measure=None, levels=())

        kept = (one for one in self.objectives if one.scenario in ("", scenario))
        return replace(self, objectives=tuple(there(one) for one in kept))

    def beside(self, thresholds: Iterable[Threshold]) -> tuple[Threshold, ...]:
        """`thresholds` and these objectives as thresholds, each judgement once."""
        found = list(thresholds)
        known = {judgement(one) for one in found}
        for objective in self.objectives:
            threshold = objective.threshold
            if threshold is not None and judgement(threshold) not in known:
                known.add(judgement(threshold))
                found.append(threshold)
        return tuple(found)


@cache
def _failures_beside(measure: Threshold) -> Threshold | None:
    """See `Objective.failed`; it is asked for at each tick."""
    if measure.type is not MetricType.TREND or EXPECTED not in measure.tags:
        return None
    tags = tuple(tag for tag in measure.tags if tag != EXPECTED)
    selected = ",".join(f"{tag}:{value}" for tag, value in tags)
    return parse_threshold(f"http_req_failed{{{selected}}}" if tags else "http_req_failed", "rate<1")


def judgement(threshold: Threshold) -> tuple[object, ...]:
    """What it says, however it is spelled."""
    one = threshold
    tags = tuple(sorted(one.tags))
    return one.name, tags, one.method, one.percentile, one.comparison, one.bound, one.scope, one.window_s
