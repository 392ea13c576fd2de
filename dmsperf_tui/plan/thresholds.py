"""k6's threshold grammar: `p(95)<500`, `rate<0.01`, `count>=1000` (k6 docs, "Thresholds")."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.metrics import BUILT_IN, TAGGED, MetricType

_METHODS: dict[MetricType, tuple[str, ...]] = {
    MetricType.COUNTER: ("count", "rate"),
    MetricType.GAUGE: ("value",),
    MetricType.RATE: ("rate",),
    MetricType.TREND: ("avg", "min", "max", "med", "p(N)"),
}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "===": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_EXPRESSION = re.compile(
    r"\s*(?P<method>[a-z]+(?:\(\s*(?P<percentile>\d+(?:\.\d+)?)\s*\))?)"
    r"\s*(?P<operator>===|==|!=|>=|<=|>|<)\s*(?P<bound>-?\d+(?:\.\d+)?)\s*"
)
_METRIC = re.compile(r"(?P<name>[a-z_A-Z0-9]+)(?:\{(?P<tags>.*)\})?")
"""Tag values may hold braces of their own: `{name:GET students/{id}}`."""
_TAGS = ("name", "scenario")


@dataclass(frozen=True, slots=True)
class Threshold:
    """One judgement over one metric. Trend bounds are milliseconds, rates are shares from 0 to 1."""

    metric: str
    """As written, tags included."""
    name: str
    type: MetricType
    tags: tuple[tuple[str, str], ...]
    """Only samples with all of these count: `name` is the operation, `scenario` the workload."""
    method: str
    """count, rate, value, avg, min, max, med, or p."""
    percentile: float | None
    comparison: str
    bound: float
    expression: str

    def holds(self, value: float) -> bool:
        """Whether `value` is within the bound."""
        return _OPERATORS[self.comparison](value, self.bound)


def _parse_metric(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    match = _METRIC.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"{text!r} is not a metric", mend="write http_req_duration or http_req_failed")
    name = match["name"]
    if name not in BUILT_IN:
        raise ConfigError(f"unknown metric {name!r}", mend=nearest(name, BUILT_IN))
    if match["tags"] is None:
        return name, ()
    if name not in TAGGED:
        raise ConfigError(f"{name} has no tags to select by", mend=f"tagged: {', '.join(sorted(TAGGED))}")
    tags: list[tuple[str, str]] = []
    for part in match["tags"].split(","):
        tag, colon, value = part.partition(":")
        if not colon or not value.strip():
            raise ConfigError(f"{part!r} is not a tag", mend="write {name:POST students}")
        if tag.strip() not in _TAGS:
            raise ConfigError(f"unknown tag {tag.strip()!r}", mend=nearest(tag.strip(), _TAGS))
        tags.append((tag.strip(), value.strip()))
    return name, tuple(tags)


def parse_threshold(metric: str, expression: str) -> Threshold:
    """One threshold. Raises ConfigError for an unknown metric, tag, method or operator."""
    name, tags = _parse_metric(metric)
    kind = BUILT_IN[name]
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        raise ConfigError(
            f"{expression!r} is not a threshold", mend="write p(95)<500, avg<200, rate<0.01 or count>1000"
        )
    percentile = float(match["percentile"]) if match["percentile"] else None
    method = "p" if percentile is not None else match["method"]
    known = _METHODS[kind]
    if (method if method != "p" else "p(N)") not in known or (method == "p") != match["method"].startswith(
        "p("
    ):
        raise ConfigError(
            f"{match['method']!r} does not fit {name}, a {kind}", mend=f"it has {', '.join(known)}"
        )
    if percentile is not None and percentile > 100:
        raise ConfigError(f"p({percentile:g}) is not a percentile", mend="it goes from p(0) to p(100)")
    return Threshold(
        metric=metric.strip(),
        name=name,
        type=kind,
        tags=tags,
        method=method,
        percentile=percentile,
        comparison=match["operator"],
        bound=float(match["bound"]),
        expression=expression.strip(),
    )
