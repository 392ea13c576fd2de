"""Objectives against what was measured: rows for a screen and the record."""

from __future__ import annotations

from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.objectives import Objective, ObjectiveSet
from dmsperf_tui.run.judge import Readings
from dmsperf_tui.run.snapshot import ObjectiveRow


def objective_rows(objectives: ObjectiveSet | None, readings: Readings) -> tuple[ObjectiveRow, ...]:
    """One row for each, in the order of its file; what has no samples is not measured, and never met."""
    return tuple(_row(one, readings) for one in objectives.objectives) if objectives else ()


def _row(one: Objective, readings: Readings) -> ObjectiveRow:
    value, threshold = _value(one, readings), one.threshold
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
        ok=None if threshold is None or value is None else threshold.holds(value),
        level=reached[-1].name if reached else "",
        level_expression=reached[-1].expression if reached else "",
        unit=one.unit,
    )


def _value(one: Objective, readings: Readings) -> float | None:
    if one.measure is None:
        return None
    value = readings.value(one.measure)
    # A count of everything may be 0; one of a category is, where the category did not run.
    absent = not value and one.measure.type is MetricType.COUNTER and one.measure.tags
    return None if absent else value
