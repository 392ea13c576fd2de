"""Objectives against what was measured: rows for a screen and the record, and what a gate fails by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.objectives import Objective, ObjectiveSet, judgement
from dmsperf_tui.plan.thresholds import Threshold
from dmsperf_tui.run.judge import Readings
from dmsperf_tui.run.snapshot import ObjectiveRow, ThresholdRow


def objective_rows(objectives: ObjectiveSet | None, readings: Readings) -> tuple[ObjectiveRow, ...]:
    """One row for each, in the order of its file; what has no samples is not measured, and never met.

    It is missed, without a value, where there were requests and all of them failed.
    """
    return tuple(_row(one, readings) for one in objectives.objectives) if objectives else ()


def held_to(
    objectives: ObjectiveSet | None,
    thresholds: Sequence[Threshold],
    rows: tuple[ThresholdRow, ...],
    readings: Readings,
) -> tuple[ThresholdRow, ...]:
    """The `rows` of `thresholds` in a run that is held to `objectives`.

    One without samples passes (k6), but for those of an objective that has none because all requests failed.
    """
    missed = {
        judgement(one.threshold)
        for one in (objectives.objectives if objectives else ())
        if one.threshold and readings.value(one.threshold) is None and _all_failed(one, readings)
    }
    return tuple(
        replace(row, ok=False) if judgement(threshold) in missed else row
        for threshold, row in zip(thresholds, rows, strict=True)
    )


def _row(one: Objective, readings: Readings) -> ObjectiveRow:
    value = _value(one, readings)
    reached = [
        level
        for level in one.levels
        if level.threshold and value is not None and level.threshold.holds(value)
    ]
    return ObjectiveRow(
        group=one.group,
        title=one.title,
        metric=one.measure.metric if one.measure else "",
        expression=one.expression,
        value=None if value is None else value * one.per_s,
        ok=_ok(one, value, readings),
        level=reached[-1].name if reached else "",
        level_expression=reached[-1].expression if reached else "",
        unit=one.unit,
    )


def _ok(one: Objective, value: float | None, readings: Readings) -> bool | None:
    if one.threshold is None:
        return None
    if value is None:
        return False if _all_failed(one, readings) else None
    return one.threshold.holds(value)


def _all_failed(one: Objective, readings: Readings) -> bool:
    return one.failed is not None and readings.value(one.failed) == 1


def _value(one: Objective, readings: Readings) -> float | None:
    if one.measure is None:
        return None
    value = readings.value(one.measure)
    # A count of everything may be 0; one of a category is, where the category did not run.
    absent = not value and one.measure.type is MetricType.COUNTER and one.measure.tags
    return None if absent else value
