"""Which thresholds are told as such: objectives that gate are thresholds as well, and stand elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dmsperf_tui.report.summary import Summary, ThresholdPart


def decisive(summary: Summary) -> list[ThresholdPart]:
    """The scenario's own thresholds, and of those that `--objectives` has added the ones that were missed."""
    own = set(_own(summary.manifest.get("scenario") or {}))
    objectives = {(one.metric, one.expression) for one in summary.objectives}
    return [
        one
        for one in summary.thresholds
        if not one.ok or (one.metric, one.expression) not in objectives - own
    ]


def _own(scenario: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for metric, expressions in (scenario.get("thresholds") or {}).items():
        for one in expressions:
            yield metric, one["threshold"] if isinstance(one, Mapping) else one
