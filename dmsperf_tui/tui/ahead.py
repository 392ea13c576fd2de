"""The part of the plan that lies ahead of a run."""

from __future__ import annotations

from collections.abc import Sequence

from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.tui.chart_data import Axis, Point
from dmsperf_tui.tui.panel import View


def ahead(view: View, x: Axis, plan: Sequence[tuple[float, float]], present: float) -> list[list[Point]]:
    """`plan` from now on, as far as the axis goes; nothing once the run is over.

    `plan` has its times by the run's clock, which a pause stops; `present` is its level now.
    """
    snapshot, now_s = view.snapshot, view.timeline.end_s
    if snapshot.state.over or snapshot.state is RunState.STOPPING or x.high <= now_s:
        return []
    later = [(now_s + at - snapshot.elapsed_s, float(level)) for at, level in plan]
    run = [(now_s, present), *((at, level) for at, level in later if at > now_s)]
    inside = [point for point in run if point[0] <= x.high]
    if len(inside) < len(run):
        (before, level), (after, target) = run[len(inside) - 1], run[len(inside)]
        inside.append((x.high, level + (target - level) * (x.high - before) / (after - before)))
    return [inside] if len(inside) > 1 else []
