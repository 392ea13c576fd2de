"""The charts of a run: its load (virtual users, a rate), throughput, failures and latency."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ClassVar

from textual.content import Content

from dmsperf_tui.run.snapshot import EventRow
from dmsperf_tui.tui.ahead import ahead
from dmsperf_tui.tui.bounds import Bound, bounds, levels
from dmsperf_tui.tui.chart import Legend, RunChart, Words
from dmsperf_tui.tui.chart_data import Axis, Point, count_axis, log_axis
from dmsperf_tui.tui.events import caps, marks, named
from dmsperf_tui.tui.figures import busy_vus, late_parts
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.picture import LINE, SAMPLE, Mark, Picture, Series
from dmsperf_tui.tui.wording import milliseconds, per, rate_unit_s

DOTS = "·"
DASHES = "-"
DOUBLE = "="
CROSSES = "×"
Lines = Sequence[Sequence[Point]]

_LOAD = (
    Legend("actual", SAMPLE, "actual"),
    Legend("target", "--", "target"),
    Legend("planned", "··", "planned"),
)
_HEADROOM = 1.2
"""Above the load, so that marks of events stand clear of the lines."""
_NEAR = 4.0
"""A bound further from the data than so many times is told in words."""


class VusChart(RunChart):
    """Virtual users as planned, as asked for by plan and hand, and as they are; events on top.

    Beside workloads with a rate they are those of the others. Where all have a rate nobody asks for a
    number of users: then it is how many are busy, and the most that there may be.
    """

    TITLE: ClassVar = "Virtual users"
    SHORT: ClassVar = "VUs"
    ABOUT: ClassVar = (
        "actual, target (plan and hand together) and plan; of workloads with a rate those that are busy, and "
        "the most that there may be. ▲ marks a change, ‖ a pause, ✎ a note, │ a stage"
    )

    def words(self) -> Words:
        if self.open:
            legend = (
                Legend("actual", SAMPLE, "busy"),
                Legend("target", "--", "the most there may be", "most"),
            )
            return Words(("Virtual users", "VUs"), legend, "Busy virtual users appear here under load.")
        titles = ("Virtual users", "VUs")
        if self.mixed:
            titles = ("Virtual users, closed workloads", "VUs, closed")
        return Words(titles, _LOAD, "Virtual users appear here once the load has started.")

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline, snapshot = view.timeline, view.snapshot
        if self.open:
            until_s = timeline.end_s if snapshot.state.over else x.high
            most = caps(snapshot.events, busy_vus(snapshot)[1], x.low, until_s)
            series = [
                Series("target", DASHES, [most]),
                Series("actual", LINE, self.lines(view, x, width, timeline.vus)),
            ]
        else:
            planned = self.lines(view, x, width, timeline.planned)
            planned += ahead(view, x, snapshot.info.plan, float(snapshot.planned))
            series = [
                Series("planned", DOTS, planned),
                Series("target", DASHES, self.lines(view, x, width, timeline.target)),
                Series("actual", LINE, self.lines(view, x, width, timeline.closed_vus)),
            ]
        return _load_picture(view, x, height, series, whole=True, of_rates=self.open)


class RateChart(RunChart):
    """Starts of iterations: the rate as planned, as asked for, and as it is; events on top."""

    TITLE: ClassVar = "Rate"
    SHORT: ClassVar = "Rate"
    ABOUT: ClassVar = (
        "iterations that workloads with a rate started, target rate (plan and hand together) and plan; "
        "below, what came late"
    )

    def words(self) -> Words:
        unit = per(rate_unit_s(self.view.snapshot)) if self.view else "/s"
        title = f"Starts{unit}, workloads with a rate" if self.mixed else f"Starts{unit}"
        return Words((title, f"Starts{unit}"), _LOAD, "Rates appear here once the load has started.")

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline, snapshot = view.timeline, view.snapshot
        planned = self.lines(view, x, width, timeline.planned_rate)
        planned += ahead(view, x, snapshot.info.rate_plan, snapshot.planned_rate)
        runs: list[tuple[str, str, Lines]] = [
            ("planned", DOTS, planned),
            ("target", DASHES, self.lines(view, x, width, timeline.target_rate)),
        ]
        if self.open:
            runs.append(("actual", LINE, self.lines(view, x, width, timeline.starts)))
        elif timeline.tells_open_starts:
            runs.append(("actual", LINE, self.lines(view, x, width, timeline.open_starts)))
        unit_s = rate_unit_s(snapshot)
        series = [Series(role, pen, _times(unit_s, lines)) for role, pen, lines in runs]
        return _load_picture(view, x, height, series, whole=False, of_rates=True)

    def notes(self, view: View) -> list[Content]:
        return late_parts(view.snapshot)


class ThroughputChart(RunChart):
    """Requests that ended in each second, and those of them that failed."""

    TITLE: ClassVar = "Requests/s"
    SHORT: ClassVar = "Req/s"
    ABOUT: ClassVar = "requests that ended in each second, and those of them that failed"

    def words(self) -> Words:
        legend = (
            Legend("throughput", SAMPLE, "all"),
            Legend("failures", CROSSES * 2, "failed"),
        )
        return Words(
            ("Requests/s", "Req/s"), legend, "Requests a second appear here once the load has started."
        )

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        series = (
            Series("throughput", LINE, self.lines(view, x, width, timeline.requests)),
            Series("failures", CROSSES, self.lines(view, x, width, timeline.failed)),
        )
        found = bounds(view.snapshot.thresholds, "http_reqs", ("rate",))
        most = greatest(series)
        drawn, outside = levels(found, _near(most, found))
        y = count_axis(max([most, *(level.at for level in drawn)]), height - 2)
        return Picture(x, y, series, drawn, axis_marks=_marks(view), outside=outside)


class FailuresChart(RunChart):
    """The share of requests that failed, in each second."""

    TITLE: ClassVar = "Failures %"
    SHORT: ClassVar = "Failures"
    ABOUT: ClassVar = "of each second's requests the share that failed; a dotted line is a threshold"

    def words(self) -> Words:
        legend = (Legend(self._role, SAMPLE, "failed, of each second's requests", "failed"),)
        return Words(("Failures %",), legend, "The share of failed requests appears here with the first.")

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        lines = self.lines(view, x, width, view.timeline.failed_percent)
        most = max((value for run in lines for _, value in run), default=0.0)
        series = (Series(self._role, LINE, lines),)
        found = bounds(view.snapshot.thresholds, "http_req_failed", ("rate",), factor=100)
        drawn, outside = levels(found, _near(most, found))
        y = count_axis(max([most, *(level.at for level in drawn)]), height - 2, whole=False)
        return Picture(x, y, series, drawn, axis_marks=_marks(view), outside=outside)

    @property
    def _role(self) -> str:
        """A flat line of none is no alarm."""
        return "failures" if self.view is not None and self.view.timeline.any_failed else "throughput"

    def notes(self, view: View) -> list[Content]:
        newest = view.timeline.failed_percent[-1:] if not view.snapshot.state.over else []
        return [Content(f"{value:.3g} % now") for value in newest if value is not None]


class LatencyChart(RunChart):
    """Percentiles of each second, with the bounds that thresholds set.

    Service time; in a run of open workloads alone response time, from the planned start, and the p95 of
    service time beside it.
    """

    TITLE: ClassVar = "Latency"
    SHORT: ClassVar = "Latency"
    ABOUT: ClassVar = (
        "p50, p95 and p99 of each second; of workloads with a rate of response time, from the planned start, "
        "with the p95 of service time beside it. A dotted line is a threshold, ✗ one that fails"
    )

    def words(self) -> Words:
        scale = "log" if self.view is None or self.view.log else "linear"
        p95, p50, p99 = (
            Legend("p95", SAMPLE, "p95"),
            Legend("p50", "--", "p50"),
            Legend("p99", "··", "p99"),
        )
        empty = "Latency percentiles appear here with the first answer."
        if not self.open:
            return Words((f"Latency ms · {scale}", f"ms · {scale}", "ms"), (p50, p95, p99), empty)
        legend = (p95, Legend("service", "==", "p95 service", "service"), p50, p99)
        titles = (f"Response time ms · {scale}", f"Response ms · {scale}", f"ms · {scale}", "ms")
        return Words(titles, legend, empty)

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        timeline = view.timeline
        columns = [
            ("p99", DOTS, timeline.r99 if self.open else timeline.p99),
            ("p50", DASHES, timeline.r50 if self.open else timeline.p50),
            ("p95", LINE, timeline.r95 if self.open else timeline.p95),
        ]
        if self.open:
            columns.insert(2, ("service", DOUBLE, timeline.p95))
        runs = [(role, pen, self.lines(view, x, width, values)) for role, pen, values in columns]
        values = [value for _, _, lines in runs for run in lines for _, value in run]
        if not values:
            return None
        least, most = min(values), max(values)
        found = bounds(view.snapshot.thresholds, "http_req_duration", prefix="service " if self.open else "")
        if self.open:
            found = [*bounds(view.snapshot.thresholds, "http_req_response_time"), *found]
        if view.log:
            drawn, outside = levels(found, lambda bound: least / _NEAR <= bound <= most * _NEAR, _log)
            all_ = [least, most, *(10**level.at for level in drawn)]
            y = log_axis(min(all_), max(all_), height - 2)
            runs = [
                (role, pen, [[(at, _log(value)) for at, value in run] for run in lines])
                for role, pen, lines in runs
            ]
        else:
            drawn, outside = levels(found, _near(most, found))
            y = count_axis(max([most, *(level.at for level in drawn)]), height - 2, whole=False)
        series = tuple(Series(role, pen, lines) for role, pen, lines in runs)
        return Picture(x, y, series, drawn, axis_marks=_marks(view), outside=outside)

    def notes(self, view: View) -> list[Content]:
        timeline = view.timeline
        newest = (timeline.r95 if self.open else timeline.p95)[-1:] if not view.snapshot.state.over else []
        return [Content(f"{milliseconds(value)} ms p95 now") for value in newest if value is not None]


def _marks(view: View, *, of_rates: bool | None = None) -> tuple[Mark, ...]:
    """Of all events, or without those of workloads that a chart of rates, or of VUs, does not show."""
    rows = view.snapshot.workloads
    own = frozenset(row.name for row in rows if of_rates in (None, row.open))
    others = frozenset(row.name for row in rows) - own
    return _marks_of(view.snapshot.events, view.timeline.measured_from_s, own, others)


@lru_cache(maxsize=6)
def _marks_of(
    events: tuple[EventRow, ...], measured_from_s: float | None, own: frozenset[str], others: frozenset[str]
) -> tuple[Mark, ...]:
    """The same for most charts of a painting, and while nothing happens."""
    if others:
        events = tuple(event for event in events if not named(event, others) or named(event, own))
    return tuple(marks(events, measured_from_s))


def _load_picture(
    view: View, x: Axis, height: int, series: Sequence[Series], *, whole: bool, of_rates: bool
) -> Picture:
    """Lines of the load with the marks of events above them."""
    y = count_axis(greatest(series) * _HEADROOM, height - 2, whole=whole)
    return Picture(x, y, tuple(series), marks=_marks(view, of_rates=of_rates))


def _near(most: float, found: Sequence[Bound]) -> Callable[[float], bool]:
    """Whether a line there leaves the data more than a flat line; without data the lowest is near."""
    reach = _NEAR * (most or min((bound.at for bound in found), default=0.0))
    return lambda at: at <= reach


def greatest(series: Sequence[Series]) -> float:
    return max((value for line in series for run in line.runs for _, value in run), default=0.0)


def _times(factor: float, lines: Lines) -> Lines:
    if factor == 1:
        return lines
    return [[(at, value * factor) for at, value in run] for run in lines]


def _log(value: float) -> float:
    return math.log10(max(value, 0.1))
