"""The load that a plan will make, before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dmsperf_tui.plan.scenario import Plan, WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.tui.chart import Chart
from dmsperf_tui.tui.chart_data import Axis, Point, clock_axis, count_axis
from dmsperf_tui.tui.names import beginnings
from dmsperf_tui.tui.picture import AXIS, LINE, MINIMUM, SAMPLE, Mark, Picture, Row, Series
from dmsperf_tui.tui.plot import draw
from dmsperf_tui.tui.wording import per

AT_MOST = "-"
"""The pen of a line that ends as soon as its iterations are done."""
_OWN = (("p99", "·"), ("target", "="), ("p50", "+"), ("planned", "~"), ("failures", "o"))
"""Role and pen of each workload's own line; the sixth looks like the first."""
_SHORTEST_NAME, _LONGEST_NAME = 8, 24
Named = tuple[str, str, str]
"""What a line looks like, its role and its name."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one picture shows: the workloads of one kind, closed or open, and their sum."""

    unit: str
    workloads: tuple[WorkloadPlan, ...]
    total: tuple[Point, ...]
    factor: float = 1.0
    """Takes levels to the unit."""
    surely_until_s: float = 0.0
    """From then on a workload is under way, or waits for one, that is over when its iterations are done."""


def loads(plan: Plan) -> list[Load]:
    """The plan's VUs, its rate, or both."""
    closed = tuple(workload for workload in plan.workloads if not workload.arrival)
    opened = tuple(workload for workload in plan.workloads if workload.arrival)
    found: list[Load] = []
    if closed:
        until_s = _surely_until_s(closed, plan)
        found.append(Load("VUs", closed, tuple((at, float(level)) for at, level in plan.corners), 1, until_s))
    if opened:
        units = {workload.arrival.time_unit_s for workload in opened if workload.arrival}
        unit_s = units.pop() if len(units) == 1 else 1.0
        total = tuple((at, level * unit_s) for at, level in plan.rate_corners)
        unit = f"iterations{per(unit_s)}"
        found.append(Load(unit, opened, total, unit_s, _surely_until_s(opened, plan)))
    return found


def uncertain(workload: WorkloadPlan, plan: Plan) -> bool:
    """Whether it can be over, or start, before its time: its iterations have a number, or it follows such."""
    by_name = {each.name: each for each in plan.workloads}
    each: WorkloadPlan | None = workload
    while each is not None:
        if each.leased or each.iterations_per_vu is not None:
            return True
        each = by_name.get(each.after) if each.after else None
    return False


def _surely_until_s(workloads: Sequence[WorkloadPlan], plan: Plan) -> float:
    starts = [workload.start_ns for workload in workloads if uncertain(workload, plan)]
    return min([*starts, plan.duration_ns]) / NS_PER_S


def own_line(workload: WorkloadPlan, factor: float = 1.0) -> list[Point]:
    """Its planned level over its own time, from its first instant to its last."""
    at_ns = workload.start_ns
    points = [(at_ns / NS_PER_S, workload.shape.start * factor)]
    for stage in workload.shape.stages:
        at_ns += stage.duration_ns
        points.append((at_ns / NS_PER_S, stage.target * factor))
    return points


def picture_of(load: Load, plan: Plan, x: Axis, height: int) -> Picture:
    """The sum as a solid line; where there are several workloads, each of them thin below it."""
    series: list[Series] = []
    if len(load.workloads) > 1:
        for number, workload in enumerate(load.workloads):
            role, pen = _OWN[number % len(_OWN)]
            series.append(Series(role, pen, [own_line(workload, load.factor)]))
    surely, at_most = _split(load.total, load.surely_until_s)
    series += [
        Series("actual", AT_MOST, [at_most] if at_most else []),
        Series("actual", LINE, [surely] if surely else []),
    ]
    y = count_axis(max(level for _, level in load.total), height - 2, whole=load.unit == "VUs")
    measured = Mark(plan.warm_up_ns / NS_PER_S, "│measured", quiet=True)
    return Picture(x, y, tuple(series), axis_marks=(measured,) if plan.warm_up_ns else ())


def _split(points: Sequence[Point], at_s: float) -> tuple[list[Point], list[Point]]:
    """The line until `at_s`, and from there on."""
    before = [point for point in points if point[0] <= at_s]
    after = [point for point in points if point[0] > at_s]
    if not after or not before:
        return before, after
    (start, level), (end, target) = before[-1], after[0]
    cut = (at_s, level + (target - level) * (at_s - start) / (end - start))
    if len(before) == 1 and start == at_s:
        return [], [*before, *after]
    return [*before, cut], [cut, *after]


def legend(load: Load, width: int) -> Row:
    """The unit and the names of the lines, as many as fit."""
    several, dashed = len(load.workloads) > 1, load.surely_until_s < load.total[-1][0]
    parts: list[Named] = []
    if several and load.surely_until_s > 0:
        parts.append((SAMPLE, "actual", "total"))
    if dashed:
        parts.append((AT_MOST * 2, "actual", "at most" if parts or not several else "total at most"))
    room = width - len(load.unit) - 1
    if several:
        left = room - sum(_length(part) for part in parts)
        share = left // len(load.workloads) - _length(("--", "", ""))
        whole = _names(load.workloads, _LONGEST_NAME)
        cut = _names(load.workloads, share) if share >= _SHORTEST_NAME else whole
        names = whole if sum(_length(part) for part in whole) <= left else cut
        parts += names
    shown, more = _fitting(parts, room)
    row: Row = [(f" {load.unit}", AXIS)]
    for look, role, name in shown:
        row += [("  ", AXIS), (look, role), (f" {name}", AXIS)]
    rest = room - len(more) - sum(_length(part) for part in shown)
    return [*row, (more + " " * rest, AXIS)]


def _names(workloads: Sequence[WorkloadPlan], longest: int) -> list[Named]:
    looks = [_OWN[number % len(_OWN)] for number in range(len(workloads))]
    cuts = beginnings((each.name for each in workloads), longest)
    return [(pen * 2, role, cuts[each.name]) for (role, pen), each in zip(looks, workloads, strict=True)]


def _fitting(parts: list[Named], room: int) -> tuple[list[Named], str]:
    """As many as there is room for, and how many are left."""
    for shown in range(len(parts), -1, -1):
        more = f"  … {len(parts) - shown} more" if shown < len(parts) else ""
        if sum(_length(part) for part in parts[:shown]) + len(more) <= room:
            return parts[:shown], more
    return [], ""


def _length(part: Named) -> int:
    """The cells that one line's sample and name take."""
    look, _, name = part
    return 2 + len(look) + 1 + len(name)


class PreviewChart(Chart):
    """A plan's VUs and rates over its time; where it has both, one picture above the other."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._plan: Plan | None = None

    def empty(self) -> str:
        return "Choose a scenario to see its load."

    def show_plan(self, plan: Plan | None) -> None:
        """Draws the plan to its end; None leaves the chart empty."""
        self._plan = plan
        self.redraw()

    def rows(self, width: int, height: int) -> list[Row] | None:
        plan = self._plan
        if plan is None:
            return None
        shown = loads(plan)
        if (height + len(shown) - 1) // len(shown) < MINIMUM[1] + 1:
            shown = shown[:1]
        x = clock_axis(0.0, plan.duration_ns / NS_PER_S, width)
        rows: list[Row] = []
        # All but the last do without the times below their axis.
        room = height + len(shown) - 1
        for number, load in enumerate(shown):
            share = room // len(shown) + (number < room % len(shown))
            if share > MINIMUM[1]:
                rows.append(legend(load, width))
                share -= 1
            drawn = draw(picture_of(load, plan, x, share), width, share)
            rows += drawn if load is shown[-1] else drawn[:-1]
        return rows
