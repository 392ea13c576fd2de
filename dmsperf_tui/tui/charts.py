"""The three charts of a run: its load (virtual users, or a rate), throughput and latency."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from textual.content import Content

from dmsperf_tui.run.snapshot import RunState, ThresholdRow
from dmsperf_tui.tui.chart import RunChart, View, Words
from dmsperf_tui.tui.chart_data import Axis, Point, count_axis, log_axis
from dmsperf_tui.tui.events import marks
from dmsperf_tui.tui.figures import late_parts
from dmsperf_tui.tui.plot import LINE, Level, Picture, Series
from dmsperf_tui.tui.timeline import Values
from dmsperf_tui.tui.wording import milliseconds, per, rate_unit_s

DOTS = "·"
DASHES = "-"


class LoadChart(RunChart):
    """The load as planned, as asked for by plan and hand, and as it is; events on top.

    Virtual users; in a run of open workloads alone the rate of starts.
    """

    def words(self) -> Words:
        workloads = self.view.snapshot.workloads if self.view else ()
        # A second's VUs are those of all workloads; target and plan are of those without a rate.
        actual = "actual (all)" if len({row.open for row in workloads}) > 1 else "actual"
        legend = (("actual", "━", actual), ("target", "--", "target"), ("planned", "··", "planned"))
        if self.view is not None and self.open:
            title = f"Starts{per(rate_unit_s(self.view.snapshot))}"
            return Words(title, legend, "Rates appear here once the load has started.")
        return Words(
            "Virtual users", legend, "Virtual users appear here once the load has started.", short="VUs"
        )

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        if self.open:
            columns = (timeline.planned_rate, timeline.target_rate, timeline.starts)
            unit_s = rate_unit_s(view.snapshot)
        else:
            columns, unit_s = (timeline.planned, timeline.target, timeline.vus), 1.0
        planned, target, actual = (self.lines(view, x, width, values) for values in columns)
        runs = (
            ("planned", DOTS, [*planned, *ahead(view, x)]),
            ("target", DASHES, target),
            ("actual", LINE, actual),
        )
        series = tuple(Series(role, pen, _times(unit_s, lines)) for role, pen, lines in runs)
        # A fifth of room above, so that event marks stand clear of the lines.
        y = count_axis(greatest(series) * 1.2, height - 2, whole=not self.open)
        return Picture(x, y, series, (), tuple(marks(view.snapshot.events, timeline.measured_from_s)))

    def show(self, view: View | None) -> None:
        super().show(view)
        self.border_subtitle = Content("  ").join(late_parts(view.snapshot)) if view else ""


class ThroughputChart(RunChart):
    """Requests that ended in each second, and those of them that failed."""

    def words(self) -> Words:
        legend = (("throughput", "━", "total"), ("failures", "××", "failed"))
        return Words("Requests/s", legend, "Requests a second appear here once the load has started.")

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        failed: Values = [value or None for value in timeline.failed]
        series = (
            Series("throughput", LINE, self.lines(view, x, width, timeline.requests)),
            Series("failures", "×", self.lines(view, x, width, failed)),
        )
        return Picture(x, count_axis(greatest(series), height - 2), series)


class LatencyChart(RunChart):
    """Percentiles of each second on a logarithmic scale, with the bounds that thresholds set.

    Service time; in a run of open workloads alone response time, from the planned start.
    """

    def words(self) -> Words:
        legend = (("p50", "--", "p50"), ("p95", "━", "p95"), ("p99", "··", "p99"))
        title = "Response time ms" if self.open else "Latency ms"
        return Words(title, legend, "Latency percentiles appear here with the first answer.")

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        runs = [
            (role, pen, self.lines(view, x, width, values))
            for role, pen, values in (
                ("p99", DOTS, timeline.r99 if self.open else timeline.p99),
                ("p50", DASHES, timeline.r50 if self.open else timeline.p50),
                ("p95", LINE, timeline.r95 if self.open else timeline.p95),
            )
        ]
        values = [value for _, _, lines in runs for run in lines for _, value in run]
        if not values:
            return None
        least, most = min(values), max(values)
        # A bound far above the data would press it flat, so it is said rather than drawn.
        near = [(bound, label) for bound, label in self._bounds() if bound <= most * 50]
        y = log_axis(least, max([most, *(bound for bound, _ in near)]), height - 2)
        levels = tuple(Level(math.log10(bound), label) for bound, label in near)
        series = tuple(
            Series(role, pen, [[(at, _log(value)) for at, value in run] for run in lines])
            for role, pen, lines in runs
        )
        return Picture(x, y, series, levels)

    def _bounds(self) -> list[tuple[float, str]]:
        metric = "http_req_response_time" if self.open else "http_req_duration"
        return latency_bounds(self.view.snapshot.thresholds, metric) if self.view else []

    def show(self, view: View | None) -> None:
        super().show(view)
        timeline = view.timeline if view else None
        column = (timeline.r95 if self.open else timeline.p95) if timeline else []
        newest = column[-1] if column else None
        said = f"{milliseconds(newest)} ms p95 now" if newest is not None else ""
        bounds = "  ".join(label for _, label in self._bounds())
        self.border_subtitle = Content("  ·  ".join(part for part in (said, bounds) if part))


def ahead(view: View, x: Axis) -> list[list[Point]]:
    """The plan from now on, as far as the axis goes; nothing once the run is over."""
    snapshot, now_s = view.snapshot, view.timeline.end_s
    if snapshot.state.over or snapshot.state is RunState.STOPPING or x.high <= now_s:
        return []
    info = snapshot.info
    plan, present = (
        (info.rate_plan, snapshot.planned_rate) if info.open else (info.plan, float(snapshot.planned))
    )
    later = [(now_s + at - snapshot.elapsed_s, float(level)) for at, level in plan]
    run = [(now_s, present), *((at, level) for at, level in later if at > now_s)]
    inside = [point for point in run if point[0] <= x.high]
    if len(inside) < len(run):
        (before, level), (after, target) = run[len(inside) - 1], run[len(inside)]
        inside.append((x.high, level + (target - level) * (x.high - before) / (after - before)))
    return [inside] if len(inside) > 1 else []


def greatest(series: Sequence[Series]) -> float:
    return max((value for line in series for run in line.runs for _, value in run), default=0.0)


def _times(factor: float, lines: Sequence[Sequence[Point]]) -> Sequence[Sequence[Point]]:
    if factor == 1:
        return lines
    return [[(at, value * factor) for at, value in run] for run in lines]


def _log(value: float) -> float:
    return math.log10(max(value, 0.1))


_BOUND = re.compile(r"p\((?P<percentile>[\d.]+)\)\s*<=?\s*(?P<bound>[\d.]+)(?:\s+(?:over|for|per)\s+\S+)?")


def latency_bounds(
    thresholds: Sequence[ThresholdRow], metric: str = "http_req_duration"
) -> list[tuple[float, str]]:
    """The upper bounds that thresholds set on all requests' percentiles of `metric`: (ms, expression)."""
    found = []
    for row in thresholds:
        match = _BOUND.fullmatch(row.expression.strip())
        if row.metric == metric and match and float(match["bound"]) > 0:
            found.append((float(match["bound"]), row.expression.strip()))
    return found
