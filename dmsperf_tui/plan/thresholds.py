"""The threshold grammar: k6's (k6 docs, "Thresholds"), with windows and segments beyond it.

p(95)<500                   over the whole measured time, as k6 has it
rate<0.05 over 30s          in every window of 30 s
p(95)<500 for 10s           not broken in 10 seconds running (Taurus, "pass/fail criteria")
p(95)<800 per segment       in each segment
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.metrics import BUILT_IN, UNTAGGED, MetricType
from dmsperf_tui.plan.units import parse_duration_s

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
    r"\s*(?P<operator>===|==|!=|>=|<=|>|<)\s*(?P<bound>-?\d+(?:\.\d+)?)"
    r"(?:\s+(?P<scope>for|over|per)\s+(?P<window>\S+))?\s*"
)
_METRIC = re.compile(r"(?P<name>[a-z_A-Z0-9]+)(?:\{(?P<tags>.*)\})?")
"""Tag values may hold braces of their own: `{name:GET students/{id}}`."""
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_TAGS = {"vu": "a VU's number", "iter": "an iteration's number", "url": "a URL"}
"""In k6 metadata, or too many to keep."""


class Scope(StrEnum):
    """What time a threshold is judged over."""

    RUN = "run"
    FOR = "for"
    """Fails when it is broken in so many seconds running."""
    OVER = "over"
    """Fails when any window so long breaks it."""
    SEGMENT = "segment"
    """Fails when any segment breaks it."""


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
    scope: Scope = Scope.RUN
    window_s: int = 0
    abort_on_fail: bool = False
    delay_abort_s: float = 0.0
    """It ends the run only after so much time under load (k6: delayAbortEval)."""

    def holds(self, value: float) -> bool:
        """Whether `value` is within the bound."""
        return _OPERATORS[self.comparison](value, self.bound)

    def aborting(self, abort_on_fail: bool, delay_s: float) -> Threshold:
        return replace(self, abort_on_fail=abort_on_fail, delay_abort_s=delay_s)

    def sped_up(self, speedup: float) -> Threshold:
        """With its windows as short as everything else, to no less than a second."""
        if speedup == 1:
            return self
        window_s = max(1, round(self.window_s / speedup)) if self.window_s else 0
        return replace(self, window_s=window_s, delay_abort_s=self.delay_abort_s / speedup)


def room(expression: str, value: float) -> float | None:
    """How far `value` is from the bound of `expression`, as a share of it: negative beyond it.

    None where there is no such share: of words, of `==` and `!=`, of a bound of 0.
    """
    match = _EXPRESSION.fullmatch(expression)
    if match is None or match["operator"][0] not in "<>":
        return None
    bound = float(match["bound"])
    if bound <= 0:
        return None
    return (bound - value if match["operator"][0] == "<" else value - bound) / bound


def _parse_metric(
    text: str, custom: Mapping[str, MetricType]
) -> tuple[str, MetricType, tuple[tuple[str, str], ...]]:
    match = _METRIC.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"{text!r} is not a metric", mend="write http_req_duration or http_req_failed")
    name = match["name"]
    known = {**BUILT_IN, **custom}
    if name not in known:
        raise ConfigError(
            f"unknown metric {name!r}", mend=f"{nearest(name, known)} (or declare it under [metrics])"
        )
    if match["tags"] is None:
        return name, known[name], ()
    if name in UNTAGGED:
        tagged = ", ".join(sorted(set(known) - UNTAGGED))
        raise ConfigError(f"{name} has no tags to select by", mend=f"tagged: {tagged}")
    tags: list[tuple[str, str]] = []
    for part in match["tags"].split(","):
        tag, colon, value = (word.strip() for word in part.partition(":"))
        if not colon or not value or not _TAG.fullmatch(tag):
            raise ConfigError(f"{part!r} is not a tag", mend="write {name:POST students}")
        if tag in _NO_TAGS:
            mend = "select by name, scenario, group, status, method, expected_response or a tag of your own"
            raise ConfigError(f"{tag} ({_NO_TAGS[tag]}) cannot be selected by", mend=mend)
        tags.append((tag, value))
    return name, known[name], tuple(tags)


def _scope(match: re.Match[str], expression: str) -> tuple[Scope, int]:
    word, window = match["scope"], match["window"]
    if word is None:
        return Scope.RUN, 0
    if word == "per":
        if window != "segment":
            raise ConfigError(f"{expression!r} is not a threshold", mend="write p(95)<500 per segment")
        return Scope.SEGMENT, 0
    seconds = parse_duration_s(window)
    if seconds < 1 or seconds != int(seconds):
        raise ConfigError(f"{window!r} is no window", mend="windows are whole seconds, 1s or more")
    return Scope(word), int(seconds)


def parse_threshold(
    metric: str, expression: str, custom: Mapping[str, MetricType] | None = None
) -> Threshold:
    """One threshold. Raises ConfigError for an unknown metric, a wrong method, operator, tag or window."""
    name, kind, tags = _parse_metric(metric, custom or {})
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        raise ConfigError(
            f"{expression!r} is not a threshold",
            mend="write p(95)<500, rate<0.01, count>1000, rate<0.05 over 30s or p(95)<500 for 10s",
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
    scope, window_s = _scope(match, expression)
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
        scope=scope,
        window_s=window_s,
    )
