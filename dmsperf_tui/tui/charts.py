"""The chart widget, and the three charts of a run: virtual users, throughput and latency."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, ThresholdRow
from dmsperf_tui.tui.chart_data import Axis, Point, clock_axis, count_axis, log_axis, reduce, time_axis
from dmsperf_tui.tui.plot import LINE, ROLES, Level, Mark, Picture, Series, canvas_width, draw
from dmsperf_tui.tui.timeline import Timeline, Values
from dmsperf_tui.tui.wording import milliseconds

DOTS = "·"
DASHES = "-"


@dataclass(frozen=True, slots=True)
class View:
    """What a run's charts are drawn from."""

    timeline: Timeline
    snapshot: RunSnapshot
    window_s: float | None
    """None: the whole run."""


class Chart(Widget, can_focus=True):
    """A picture drawn by plotext, as lines of styled text: made once per change, then only looked up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in ROLES}
    EMPTY: ClassVar[str] = ""
    """What will be shown here, and how to make it appear."""
    LEGEND: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Each line's role, its look and its name."""

    def __init__(self, *, title: str, id: str) -> None:
        super().__init__(id=id, classes="panel chart")
        self._title = title
        self._strips: list[Strip] = []
        self._drawn_for: tuple[int, int] | None = None

    def on_mount(self) -> None:
        self.border_title = self.heading()

    def heading(self, note: str = "") -> Content:
        """The title with the legend, so that no line needs a guess."""
        parts: list[str | tuple[str, str]] = [self._title + note]
        for role, look, name in self.LEGEND:
            style = f"$chart-{role}"
            parts += ["  ", (look, style), f" {name}"]
        return Content.assemble(*parts)

    def picture(self, width: int, height: int) -> Picture | None:
        """What to draw at this size; None while there is nothing."""
        raise NotImplementedError

    def redraw(self) -> None:
        """The data has changed."""
        self._drawn_for = None
        self.refresh()

    def notify_style_update(self) -> None:
        self._drawn_for = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if self._drawn_for != size:
            self._strips = self._draw(*size)
            self._drawn_for = size
        return self._strips[y] if y < len(self._strips) else Strip.blank(size[0], self.rich_style)

    def _draw(self, width: int, height: int) -> list[Strip]:
        picture = self.picture(width, height)
        if picture is None:
            return self._draw_empty(width, height)
        styles = {role: self.get_component_rich_style(f"chart--{role}") for role in ROLES}
        return [
            Strip([Segment(text, styles[role]) for text, role in row], width)
            for row in draw(picture, width, height)
        ]

    def _draw_empty(self, width: int, height: int) -> list[Strip]:
        blank = Strip.blank(width, self.rich_style)
        if width < len(self.EMPTY) + 2:
            return [blank] * height
        text = self.EMPTY.center(width)
        line = Strip([Segment(text, self.get_component_rich_style("chart--axis"))], width)
        return [line if row == height // 2 else blank for row in range(height)]


class RunChart(Chart):
    """A chart of a run's seconds."""

    def __init__(self, *, title: str, id: str) -> None:
        super().__init__(title=title, id=id)
        self._view: View | None = None

    def show(self, view: View | None) -> None:
        """Draws `view`, or nothing."""
        self._view = view
        self.redraw()

    def picture(self, width: int, height: int) -> Picture | None:
        view = self._view
        if view is None or not view.timeline.times:
            return None
        snapshot = view.snapshot
        axis = time_axis(
            view.timeline.end_s, view.window_s, width, snapshot.info.planned_s, over=snapshot.state.over
        )
        return self.compose_picture(view, axis, width, height)

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        raise NotImplementedError

    @staticmethod
    def lines(view: View, x: Axis, width: int, values: Values) -> list[list[Point]]:
        """One series of the timeline, fit for this width."""
        times, cut = view.timeline.since(x.low, values)
        return reduce(times, cut, x.low, x.high, canvas_width(width))


class VuChart(RunChart):
    """Users as planned, as asked for by plan and hand, and as they are; events on top."""

    EMPTY = "Virtual users appear here once the load has started."
    LEGEND = (("actual", "━", "actual"), ("target", "--", "target"), ("planned", "··", "planned"))

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        planned, target, actual = (
            self.lines(view, x, width, values) for values in (timeline.planned, timeline.target, timeline.vus)
        )
        series = (
            Series("planned", DOTS, [*planned, *ahead(view, x)]),
            Series("target", DASHES, target),
            Series("actual", LINE, actual),
        )
        # A fifth of room above, so that event marks stand clear of the lines.
        y = count_axis(greatest(series) * 1.2, height - 2)
        return Picture(x, y, series, (), tuple(marks(view.snapshot.events)))


class ThroughputChart(RunChart):
    """Requests that ended in each second, and those of them that failed."""

    EMPTY = "Requests a second appear here once the load has started."
    LEGEND = (("throughput", "━", "total"), ("failures", "××", "failed"))

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        failed: Values = [value or None for value in timeline.failed]
        series = (
            Series("throughput", LINE, self.lines(view, x, width, timeline.requests)),
            Series("failures", "×", self.lines(view, x, width, failed)),
        )
        return Picture(x, count_axis(greatest(series), height - 2), series)


class LatencyChart(RunChart):
    """Percentiles of each second on a logarithmic scale, with the bounds that thresholds set."""

    EMPTY = "Latency percentiles appear here with the first answer."
    LEGEND = (("p50", "--", "p50"), ("p95", "━", "p95"), ("p99", "··", "p99"))

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        runs = [
            (role, pen, self.lines(view, x, width, values))
            for role, pen, values in (
                ("p99", DOTS, timeline.p99),
                ("p50", DASHES, timeline.p50),
                ("p95", LINE, timeline.p95),
            )
        ]
        values = [value for _, _, lines in runs for run in lines for _, value in run]
        if not values:
            return None
        least, most = min(values), max(values)
        bounds = latency_bounds(view.snapshot.thresholds)
        # A bound far above the data would press it flat, so it is said rather than drawn.
        near = [(bound, label) for bound, label in bounds if bound <= most * 50]
        y = log_axis(least, max([most, *(bound for bound, _ in near)]), height - 2)
        levels = tuple(Level(math.log10(bound), label) for bound, label in near)
        series = tuple(
            Series(role, pen, [[(at, _log(value)) for at, value in run] for run in lines])
            for role, pen, lines in runs
        )
        return Picture(x, y, series, levels)

    def show(self, view: View | None) -> None:
        super().show(view)
        newest = view.timeline.p95[-1] if view and view.timeline.p95 else None
        bounds = latency_bounds(view.snapshot.thresholds) if view else []
        said = "  ".join(label for _, label in bounds) if bounds else ""
        subtitle = f"{milliseconds(newest)} ms p95 now" if newest is not None else ""
        self.border_subtitle = Content("  ·  ".join(part for part in (subtitle, said) if part))


class PreviewChart(Chart):
    """The load that a plan will make: VUs over its time."""

    EMPTY = "Choose a scenario to see its load."

    def __init__(self, *, title: str, id: str) -> None:
        super().__init__(title=title, id=id)
        self._shapes: Sequence[tuple[float, int]] = ()
        self._length_s = 0.0

    def show(self, points: Sequence[tuple[float, int]], length_s: float) -> None:
        """Draws VUs at seconds; no points leave it empty."""
        self._shapes, self._length_s = points, length_s
        self.redraw()

    def picture(self, width: int, height: int) -> Picture | None:
        if not self._shapes:
            return None
        run = [(at, float(vus)) for at, vus in self._shapes]
        top = max(value for _, value in run)
        x = clock_axis(0.0, self._length_s, width)
        return Picture(x, count_axis(top, height - 2), (Series("actual", LINE, [run]),))


def ahead(view: View, x: Axis) -> list[list[Point]]:
    """The plan from now on, as far as the axis goes; nothing once the run is over."""
    snapshot, now_s = view.snapshot, view.timeline.end_s
    if snapshot.state.over or snapshot.state is RunState.STOPPING or x.high <= now_s:
        return []
    later = [(now_s + at - snapshot.elapsed_s, float(vus)) for at, vus in snapshot.info.plan]
    run = [(now_s, float(snapshot.planned)), *((at, vus) for at, vus in later if at > now_s)]
    inside = [point for point in run if point[0] <= x.high]
    if len(inside) < len(run):
        (before, level), (after, target) = run[len(inside) - 1], run[len(inside)]
        inside.append((x.high, level + (target - level) * (x.high - before) / (after - before)))
    return [inside] if len(inside) > 1 else []


def greatest(series: Sequence[Series]) -> float:
    return max((value for line in series for run in line.runs for _, value in run), default=0.0)


def _log(value: float) -> float:
    return math.log10(max(value, 0.1))


_BOUND = re.compile(r"p\((?P<percentile>[\d.]+)\)\s*<=?\s*(?P<bound>[\d.]+)")


def latency_bounds(thresholds: Sequence[ThresholdRow]) -> list[tuple[float, str]]:
    """The upper bounds that thresholds set on all requests' latency percentiles: (ms, expression)."""
    found = []
    for row in thresholds:
        match = _BOUND.fullmatch(row.expression.strip())
        if row.metric == "http_req_duration" and match and float(match["bound"]) > 0:
            found.append((float(match["bound"]), row.expression.strip()))
    return found


_CHANGE = re.compile(r"(\d+)\s*(?:→|->|to)\s*(\d+)")
_SIGNS = {"release": "▲ plan", "pause": "‖ pause", "resume": "▶", "worker-lost": "✗ worker", "stop": "■ stop"}


def marks(events: Sequence[EventRow]) -> list[Mark]:
    """The events that explain a bend in the lines, as short as they can be said."""
    found = []
    for event in events:
        if event.at_s < 0:
            continue
        if event.kind == "vus":
            change = _CHANGE.search(event.text)
            step = int(change[2]) - int(change[1]) if change else 0
            found.append(Mark(event.at_s, f"▲{step:+d}" if step else "▲"))
        elif event.kind in _SIGNS:
            found.append(Mark(event.at_s, _SIGNS[event.kind]))
    return found
