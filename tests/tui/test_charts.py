"""Charts on fixed data: nothing that happened may vanish, and nothing may be drawn that did not."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.content import Content

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, ThresholdRow
from dmsperf_tui.tui import theme
from dmsperf_tui.tui.ahead import ahead
from dmsperf_tui.tui.chart import RunChart, far_off
from dmsperf_tui.tui.chart_data import Memo, count_axis, log_axis, reduce, short, time_axis
from dmsperf_tui.tui.charts import FailuresChart, LatencyChart, RateChart, ThroughputChart, VusChart
from dmsperf_tui.tui.panel import View
from dmsperf_tui.tui.picture import Picture
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.fake_open import mixed, open_running
from tests.tui.fakes import row, rows, running

CHARTS = (VusChart, RateChart, ThroughputChart, FailuresChart, LatencyChart)


class Bare(App[None]):
    """One chart over the whole screen."""

    CSS_PATH = Path(theme.__file__).parent / "css/charts.tcss"

    def __init__(self, chart: RunChart) -> None:
        super().__init__()
        self._chart = chart

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.CHART_COLOURS

    def compose(self) -> ComposeResult:
        yield self._chart


def view_of(snapshot: RunSnapshot, window_s: float | None = None, *, log: bool = True) -> View:
    """All of the snapshot's rows are known."""
    timeline = Timeline()
    timeline.extend(snapshot.rows)
    return View(timeline, snapshot, window_s=window_s, log=log)


def pictured(
    kind: type[RunChart],
    snapshot: RunSnapshot,
    size: tuple[int, int] = (80, 20),
    window_s: float | None = None,
    *,
    log: bool = True,
) -> Picture:
    """What the chart would draw, without an app."""
    chart = kind(id="chart")
    chart.view = view_of(snapshot, window_s, log=log)
    picture = chart.picture(*size)
    assert picture is not None
    return picture


def lines_of(
    kind: type[RunChart],
    snapshot: RunSnapshot,
    size: tuple[int, int] = (80, 20),
    window_s: float | None = None,
) -> list[str]:
    """The chart's rows of text, without an app."""
    chart = kind(id="chart")
    chart.view = view_of(snapshot, window_s)
    drawn = chart.rows(*size)
    assert drawn is not None
    texts = ["".join(text for text, _ in cells) for cells in drawn]
    assert [len(text) for text in texts] == [size[0]] * size[1]
    return texts


def values_of(picture: Picture, role: str) -> list[float]:
    return [value for line in picture.series if line.role == role for run in line.runs for _, value in run]


def levels_of(picture: Picture) -> list[str]:
    return [level.label for level in picture.levels]


def title_of(kind: type[RunChart], snapshot: RunSnapshot, room: int = 100, *, log: bool = True) -> str:
    chart = kind(id="chart")
    chart.view = view_of(snapshot, log=log)
    return chart.words().fitting("all", room).plain


def column_of(at_s: float, span_s: float, width: int = 80) -> float:
    """Where a second is, over the columns beside the axis."""
    return 6 + at_s / span_s * (width - 7)


# The widget


@pytest.mark.anyio
async def test_a_chart_is_drawn_at_each_size_and_says_what_it_is() -> None:
    chart = LatencyChart(id="latency")
    far = ThresholdRow("http_req_duration", "p(95)<90000", True, 44.0)
    snapshot = replace(running(240), thresholds=(far,))
    async with Bare(chart).run_test(size=(80, 20)) as pilot:
        for size in ((80, 20), (200, 60), (17, 5), (1, 1)):
            await pilot.resize_terminal(*size)
            chart.show(view_of(snapshot))
            await pilot.pause()
            strips = [chart.render_line(y) for y in range(chart.size.height)]
            assert {strip.cell_length for strip in strips} <= {chart.size.width}
            if size == (80, 20):
                assert str(chart.border_title).startswith("Latency ms · log · all")
                said = Content.from_markup(chart.border_subtitle or "").plain
                assert said == "46 ms p95 now  far off: p(95)<90000"
                many = tuple(replace(far, expression=f"p({at})<90000 over 30s") for at in range(90, 94))
                chart.show(view_of(replace(snapshot, thresholds=many)))
                assert str(chart.border_subtitle).endswith("far off: 4 bounds"), "no word is cut"
                colours = {segment.style.color for strip in strips for segment in strip if segment.style}
                assert len(colours) >= 4, "each line has a colour of its own"


def test_an_empty_chart_says_what_will_be_there() -> None:
    chart = VusChart(id="vus")
    chart.view = view_of(replace(running(0), rows=()))
    assert chart.rows(80, 20) is None
    assert chart.empty() == "Virtual users appear here once the load has started."
    narrow = ["".join(text for text, _ in cells).strip() for cells in chart._empty_rows(30, 8)]
    assert " ".join(filter(None, narrow)) == chart.empty(), "no word is cut"


def test_bounds_far_off_are_told_in_fewer_and_fewer_words() -> None:
    assert far_off(["p(95)<9"]) == ("far off: p(95)<9", "far off: 1 bound", "1 bound far")
    assert far_off(["p(95)<9", "max<9"])[1:] == ("far off: 2 bounds", "2 bounds far")


@pytest.mark.anyio
async def test_a_chart_too_low_to_draw_says_nothing_and_a_narrow_one_cuts_no_word() -> None:
    chart = LatencyChart(id="latency")
    far = ThresholdRow("http_req_duration", "p(95)<90000", True, 44.0)
    async with Bare(chart).run_test(size=(80, 3)) as pilot:
        chart.show(view_of(replace(running(240), thresholds=(far,))))
        await pilot.pause()
        assert {chart.render_line(y).text.strip() for y in range(chart.size.height)} == {""}
        chart.show(view_of(replace(running(0), rows=())))
        await pilot.pause()
        assert "appear here" in chart.render_line(chart.size.height // 2).text, "there is nothing yet"
        for width, said in ((30, "46 ms p95 now  1 bound far"), (26, "46 ms p95 now")):
            await pilot.resize_terminal(width, 12)
            chart.show(view_of(replace(running(240), thresholds=(far,))))
            await pilot.pause()
            assert str(chart.border_subtitle) == said


@pytest.mark.parametrize("kind", CHARTS)
@pytest.mark.parametrize(
    "snapshot", [running(20), mixed(), open_running(20)], ids=["closed", "mixed", "open"]
)
def test_a_title_keeps_its_legend_as_long_as_there_is_room(
    kind: type[RunChart], snapshot: RunSnapshot
) -> None:
    looks = {
        VusChart: 2 if snapshot.info.open else 3,
        RateChart: 3,
        ThroughputChart: 2,
        FailuresChart: 1,
        LatencyChart: 4 if snapshot.info.open else 3,
    }[kind]
    chart = kind(id="chart")
    chart.view = view_of(snapshot)
    words = chart.words()
    for room in range(12, 120):
        title = words.fitting("all", room).plain
        assert len(title) <= room, "no title is cut"
        if room >= 44:
            assert sum(title.count(look) for look in ("⠒⠒", "--", "··", "==", "××")) == looks
    assert " · all" in title


# Windows and down-sampling


def test_one_slow_second_in_an_hour_is_seen() -> None:
    hour = replace(running(3600, spike_at=1800), thresholds=(), events=())
    lines = lines_of(LatencyChart, hour, (60, 16))
    above = next(line for line in lines if "·" in line)
    assert above.count("·") == 1
    assert 25 <= above.index("·") <= 37


seconds = st.lists(st.one_of(st.none(), st.floats(0, 1e4)), min_size=1, max_size=400)


@given(seconds, st.integers(1, 220), st.one_of(st.none(), st.integers(5, 300)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_least_and_the_greatest_of_a_line_are_always_on_it(
    values: list[float | None], columns: int, window: int | None, remembered: bool
) -> None:
    times = [float(second + 1) for second in range(len(values))]
    axis = time_axis(times[-1], window, 80)
    memo: Memo | None = {} if remembered else None
    for _ in range(2):
        runs = reduce(times, values, axis.low, axis.high, columns, memo=memo)
    inside = [value for at, value in zip(times, values, strict=True) if value is not None and axis.low <= at]
    points = [point for run in runs for point in run]
    if inside:
        assert {min(inside), max(inside)} <= {value for _, value in points}
    assert [at for at, _ in points] == sorted(at for at, _ in points)
    assert all(axis.low <= at <= axis.high for at, _ in points)
    assert len(points) <= 2 * (columns + 2)


def test_the_extremes_of_every_line_are_in_the_picture_of_hours() -> None:
    view = view_of(running(7200, spike_at=5003), log=False)
    timeline = view.timeline
    columns = (
        (VusChart, "actual", timeline.vus),
        (LatencyChart, "p50", timeline.p50),
        (LatencyChart, "p95", timeline.p95),
        (LatencyChart, "p99", timeline.p99),
        (ThroughputChart, "throughput", timeline.requests),
        (ThroughputChart, "failures", timeline.failed),
        (FailuresChart, "failures", timeline.failed_percent),
    )
    for kind, role, column in columns:
        there = [value for value in column if value is not None]
        chart = kind(id="chart")
        chart.view = view
        for width in (17, 60, 80, 200):
            picture = chart.picture(width, 16)
            assert picture is not None
            assert {min(there), max(there)} <= set(values_of(picture, role))


def test_hours_that_were_looked_at_are_not_looked_through_again() -> None:
    view = view_of(running(7200))
    chart = LatencyChart(id="latency")
    chart.view = view
    first = chart.picture(80, 20)
    remembered = len(view.timeline.memo)
    assert chart.picture(80, 20) == first
    assert len(view.timeline.memo) == remembered > 100


def test_reduction_keeps_least_and_greatest_in_order() -> None:
    times = [float(i) for i in range(1, 101)]
    values: list[float | None] = [10.0] * 100
    values[40], values[42] = 1.0, 99.0
    (run,) = reduce(times, values, 0.0, 100.0, 10)
    assert (41.0, 1.0) in run
    assert (43.0, 99.0) in run


def test_reduction_breaks_where_there_is_nothing() -> None:
    times = [float(i) for i in range(1, 21)]
    values: list[float | None] = [5.0 if not 8 <= i <= 12 else None for i in range(1, 21)]
    runs = reduce(times, values, 0.0, 20.0, 60)
    assert [(run[0][0], run[-1][0]) for run in runs] == [(1.0, 7.0), (13.0, 20.0)]


def test_a_line_enters_at_the_left_edge() -> None:
    (run,) = reduce([1.0, 200.0], [0.0, 199.0], 100.0, 200.0, 50, longest_gap=500)
    assert run == [(100.0, 99.0), (200.0, 199.0)]


def test_a_level_line_is_two_points() -> None:
    times = [float(i) for i in range(1, 301)]
    assert reduce(times, [50.0] * 300, 0.0, 300.0, 100) == [[(1.0, 50.0), (300.0, 50.0)]]


# Axes


@pytest.mark.parametrize(("end", "span"), [(0, 30), (31, 60), (61, 120), (299, 300), (7300, 14_400)])
def test_a_live_axis_grows_in_steps(end: float, span: float) -> None:
    assert (time_axis(end, None, 80).low, time_axis(end, None, 80).high) == (0, span)


def test_an_axis_is_no_longer_than_the_run_needs_however_long_it_may_take() -> None:
    assert time_axis(20, None, 80, planned_s=1800).high == 30
    assert time_axis(1790, None, 80, planned_s=1800).high == 1800
    assert time_axis(150, None, 80, planned_s=200).high == 200


def test_a_window_follows_the_run_and_an_ended_run_fills_the_picture() -> None:
    assert (time_axis(600, 60, 80).low, time_axis(600, 60, 80).high) == (540, 600)
    assert (time_axis(600, 300, 80).low, time_axis(600, 300, 80).high) == (300, 600)
    assert (time_axis(20, 300, 80).low, time_axis(20, 300, 80).high) == (0, 30)
    assert time_axis(61, None, 80, over=True).high == 61


@pytest.mark.parametrize("greatest", [0, 1, 2, 7, 49, 50, 51, 999, 123_456, 9_999_999])
@pytest.mark.parametrize("height", [2, 3, 6, 9, 40])
def test_counts_stand_on_whole_numbers_with_short_labels(greatest: float, height: int) -> None:
    axis = count_axis(greatest, height)
    assert greatest <= axis.high <= max(2.5 * greatest, 2)
    assert all(at == int(at) for at, _ in axis.ticks)
    assert all(len(label) <= 5 for _, label in axis.ticks)
    at = [round(value / axis.high * (height - 1)) for value, _ in axis.ticks]
    distances = [high - low for low, high in pairwise(at)]
    assert max(distances) <= 2 * max(1, min(distances)), "ticks stand about evenly"


@pytest.mark.parametrize("greatest", [0.1, 0.6, 1.0, 2.5, 240.0])
def test_rates_have_an_axis_that_fits_them(greatest: float) -> None:
    axis = count_axis(greatest, 9, whole=False)
    assert greatest <= axis.high <= greatest * 2
    assert len({label for _, label in axis.ticks}) == len(axis.ticks)


@pytest.mark.parametrize(("least", "greatest"), [(0.01, 0.2), (0.3, 4.9), (5, 5), (1, 60_000)])
def test_latencies_stand_on_round_numbers(least: float, greatest: float) -> None:
    axis = log_axis(least, greatest, 10)
    assert axis.high >= math.log10(greatest)
    assert len(axis.ticks) >= 2
    assert all(len(label) <= 5 for _, label in axis.ticks)


@pytest.mark.parametrize(
    ("value", "label"),
    [(0.5, "0.5"), (250, "250"), (1000, "1k"), (1500, "1.5k"), (20_000, "20k"), (1_250_000, "1.25M")],
)
def test_thousands_are_k(value: float, label: str) -> None:
    assert short(value) == label


# What each chart is of


def test_plan_target_and_actual_look_different() -> None:
    lines = lines_of(VusChart, running(240))
    text = "\n".join(lines)
    assert "·" in text
    assert any("⠁" <= char <= "⣿" for char in text)
    assert "60┤" in text
    assert len({line.pen for line in pictured(VusChart, running(240)).series}) == 3


def test_virtual_users_are_the_closed_ones_where_others_have_a_rate() -> None:
    assert title_of(VusChart, running()).startswith("Virtual users · all")
    assert title_of(VusChart, mixed()).startswith("Virtual users, closed workloads · all")
    assert title_of(VusChart, mixed(), 50).startswith("VUs, closed")
    assert max(values_of(pictured(VusChart, mixed()), "actual")) == 48, "the one or two of the rate aside"


def test_in_a_run_of_rates_alone_busy_users_stand_below_their_cap() -> None:
    snapshot = open_running()
    raised = (*snapshot.events, EventRow(190.0, "vus", "most VUs 30 → 50", 190, 0.1))
    picture = pictured(VusChart, replace(snapshot, events=raised))
    assert "busy" in title_of(VusChart, snapshot)
    assert "the most there may be" in title_of(VusChart, snapshot)
    assert max(values_of(picture, "actual")) == 50
    (cap,) = (line.runs[0] for line in picture.series if line.role == "target")
    assert list(cap) == [(0.0, 30.0), (190.0, 30.0), (190.0, 50.0), (300.0, 50.0)]
    assert not values_of(picture, "planned")
    undone = (*raised, EventRow(200.0, "undo", "undo: most VUs 50 → 30", 200, 0.1))
    lowered = replace(snapshot.workloads[0], max_vus=30)
    picture = pictured(VusChart, replace(snapshot, events=undone, workloads=(lowered,)))
    (cap,) = (line.runs[0] for line in picture.series if line.role == "target")
    assert [level for _, level in cap] == [30.0, 30.0, 50.0, 50.0, 30.0, 30.0]


def test_starts_are_those_of_the_open_workloads() -> None:
    assert title_of(RateChart, mixed()).startswith("Starts/s, workloads with a rate")
    assert max(values_of(pictured(RateChart, mixed()), "actual")) <= 1
    assert title_of(RateChart, open_running()).startswith("Starts/s · all")
    assert max(values_of(pictured(RateChart, open_running()), "actual")) > 190


def test_records_that_do_not_tell_open_starts_apart_show_what_they_know() -> None:
    def of_old(snapshot: RunSnapshot) -> RunSnapshot:
        return replace(snapshot, rows=tuple(replace(one, open_starts=0, open_vus=0) for one in snapshot.rows))

    assert max(values_of(pictured(RateChart, of_old(open_running())), "actual")) > 190
    assert values_of(pictured(RateChart, of_old(mixed())), "actual") == []
    assert values_of(pictured(RateChart, of_old(mixed())), "target") != []


def test_rates_are_drawn_in_the_unit_of_their_scenario() -> None:
    slow = open_running(100)
    slow = replace(slow, workloads=(replace(slow.workloads[0], time_unit_s=60.0),))
    assert title_of(RateChart, slow).startswith("Starts/m")
    assert set(values_of(pictured(RateChart, slow), "target")) == {6000.0}


def test_response_and_service_time_are_seen_at_once_in_open_runs() -> None:
    title = title_of(LatencyChart, open_running())
    assert title.startswith("Response time ms · log")
    assert title.index("p95") < title.index("p95 service") < title.index("p50")
    picture = pictured(LatencyChart, open_running(), log=False)
    newest = open_running().rows[-1]
    assert newest.r95_ms is not None
    assert newest.p95_ms is not None
    assert values_of(picture, "p95")[-1] == newest.r95_ms
    assert values_of(picture, "service")[-1] == newest.p95_ms
    assert len({line.pen for line in picture.series}) == 4
    assert "service" not in title_of(LatencyChart, running())


def test_latency_is_logarithmic_or_from_zero_and_says_which() -> None:
    assert "linear" in title_of(LatencyChart, running(), log=False)
    linear = pictured(LatencyChart, running(240), log=False)
    assert linear.y.low == 0
    assert linear.y.ticks[0] == (0.0, "0")
    logarithmic = pictured(LatencyChart, running(240))
    assert max(values_of(logarithmic, "p95")) == math.log10(max(values_of(linear, "p95")))


def test_failures_stand_apart_from_throughput() -> None:
    assert any("×" in line for line in lines_of(ThroughputChart, running(240)))
    whole = replace(running(240), rows=tuple(replace(one, failed=0) for one in running(240).rows))
    assert not any("×" in line for line in lines_of(ThroughputChart, whole))
    assert {line.role for line in pictured(FailuresChart, running(240)).series} == {"failures"}
    assert {line.role for line in pictured(FailuresChart, whole).series} == {"throughput"}, "no alarm"


# Bounds


@pytest.mark.parametrize(
    ("kind", "metric", "expression", "drawn"),
    [
        (LatencyChart, "http_req_duration", "p(95)<200", "p(95)<200"),
        (LatencyChart, "http_req_duration", "p(95)<200 over 30s", "p(95)<200 over 30s"),
        (LatencyChart, "http_req_duration", "p(95)<=200 for 10s", "p(95)<=200 for 10s"),
        (LatencyChart, "http_req_duration", "med<50 per segment", "med<50 per segment"),
        (LatencyChart, "http_req_duration", "avg<50", "avg<50"),
        (LatencyChart, "http_req_duration", "max<400", "max<400"),
        (LatencyChart, "http_req_duration{name:POST students}", "p(95)<200", None),
        (LatencyChart, "http_req_waiting", "p(95)<200", None),
        (LatencyChart, "my_latency", "p(95)<200", None),
        (ThroughputChart, "http_reqs", "rate>100", "rate>100"),
        (ThroughputChart, "http_reqs", "count>100", None),
        (FailuresChart, "http_req_failed", "rate<0.01", "rate<0.01"),
        (FailuresChart, "http_req_failed{scenario:browse}", "rate<0.01", None),
    ],
)
def test_a_threshold_is_a_line_on_the_chart_of_its_metric(
    kind: type[RunChart], metric: str, expression: str, drawn: str | None
) -> None:
    for ok, sign in ((True, ""), (False, "✗ "), (None, "")):
        snapshot = replace(running(240), thresholds=(ThresholdRow(metric, expression, ok, 44.0),))
        assert levels_of(pictured(kind, snapshot)) == ([sign + drawn] if drawn else [])
        others = [other for other in CHARTS if other is not kind]
        assert not any(levels_of(pictured(other, snapshot)) for other in others)
        text = lines_of(kind, snapshot)
        assert any("┈" in line for line in text) is (drawn is not None)
        assert any(sign + drawn in line for line in text) if drawn else True


def test_a_bound_on_failures_is_drawn_in_percent() -> None:
    snapshot = replace(running(240), thresholds=(ThresholdRow("http_req_failed", "rate<0.01", True, 0.0),))
    (level,) = pictured(FailuresChart, snapshot).levels
    assert level.at == 1.0
    assert level.value == "1"


def test_of_open_runs_bounds_on_response_and_on_service_time_are_drawn() -> None:
    thresholds = (
        ThresholdRow("http_req_duration", "p(95)<150", True, 44.0),
        ThresholdRow("http_req_response_time", "p(95)<200 over 30s", False, 322.0, 187.0),
    )
    snapshot = replace(open_running(), thresholds=thresholds)
    assert levels_of(pictured(LatencyChart, snapshot)) == ["✗ p(95)<200 over 30s", "service p(95)<150"]


@pytest.mark.parametrize("log", [True, False])
def test_a_bound_far_off_is_said_rather_than_drawn(log: bool) -> None:
    far = ThresholdRow("http_req_duration", "p(95)<90000", True, 44.0)
    picture = pictured(LatencyChart, replace(running(240), thresholds=(far,)), log=log)
    assert levels_of(picture) == []
    assert picture.outside == ("p(95)<90000",)
    without = pictured(LatencyChart, replace(running(240), thresholds=()), log=log)
    assert picture.y == without.y, "the data keeps its room"


def test_bounds_at_the_same_height_share_a_line() -> None:
    thresholds = tuple(
        ThresholdRow("http_req_duration", text, True, 44.0) for text in ("p(95)<200", "p(99)<200 over 30s")
    )
    picture = pictured(LatencyChart, replace(running(240), thresholds=thresholds))
    assert levels_of(picture) == ["p(95)<200  p(99)<200 over 30s"]


def test_a_label_that_would_hide_data_leaves_its_value_on_the_axis() -> None:
    noisy = tuple(
        replace(one, p50_ms=40.0, p95_ms=60.0 + 400 * (second % 2), p99_ms=30.0 + 600 * (second % 2))
        for second, one in enumerate(rows(0, 240))
    )
    broken = ThresholdRow("http_req_duration", "p(95)<100", False, 460.0)
    snapshot = replace(running(240), rows=noisy, thresholds=(broken,), events=(), state=RunState.FINISHED)
    lines = lines_of(LatencyChart, snapshot)
    assert not any("p(95)<100" in line for line in lines)
    assert any(line.startswith(" ✗100") for line in lines)


# Time


def test_the_timeline_skips_what_it_knows_and_pauses_have_no_rate() -> None:
    timeline = Timeline()
    timeline.extend(rows(0, 10))
    timeline.extend(rows(5, 12))
    timeline.extend([replace(row(12), running=False, requests=0, p50_ms=None)])
    assert timeline.times == [float(i) for i in range(1, 14)]
    assert timeline.requests[-1] is None
    assert timeline.failed_percent[-1] is None
    assert timeline.paused_s == 1


def paused() -> RunSnapshot:
    """A run of 240 s by the wall, of which the seconds from 100 to 160 were a pause."""
    still = tuple(
        replace(one, running=False, requests=0, failed=0, p50_ms=None, p95_ms=None, p99_ms=None)
        if 100 <= one.second < 160
        else one
        for one in rows(0, 240)
    )
    events = (EventRow(100.0, "pause", "pause", 100), EventRow(160.0, "resume", "resume", 160))
    info = replace(running().info, planned_s=230.0, plan=((0.0, 0), (230.0, 38)))
    return replace(running(240), info=info, elapsed_s=180.0, planned=30, rows=still, events=events)


def test_marks_stand_where_the_pause_is_on_every_chart() -> None:
    snapshot = paused()
    assert pictured(VusChart, snapshot).x.high == 290, "the pause puts the end off"
    top = lines_of(VusChart, snapshot)[0]
    assert abs(top.index("‖") - column_of(100, 290)) <= 1
    assert abs(top.index("▶") - column_of(160, 290)) <= 1
    lines = lines_of(ThroughputChart, replace(snapshot, thresholds=()))
    axis = lines[-2]
    assert abs(axis.index("‖") - column_of(100, 290)) <= 1
    assert abs(axis.index("▶") - column_of(160, 290)) <= 1
    between = slice(axis.index("‖") + 1, axis.index("▶"))
    assert all(not line[between].strip() for line in lines[:-2]), "nothing was asked meanwhile"
    assert any(line[axis.index("‖") - 1].strip() for line in lines[:-2])
    assert any(line[axis.index("▶") + 1].strip() for line in lines[:-2])


def test_a_change_by_hand_is_marked_at_its_second() -> None:
    top = lines_of(VusChart, running(240))[0]
    assert "▲+10" in top
    assert abs(top.index("▲") - column_of(120.4, 300)) <= 1
    assert "▲" in lines_of(LatencyChart, running(240))[-2], "on the axis of the others"


@pytest.mark.parametrize(("kind", "window_s"), [(kind, at) for kind in CHARTS for at in (60.0, 300.0, None)])
def test_each_window_shows_its_seconds_and_no_others(kind: type[RunChart], window_s: float | None) -> None:
    picture = pictured(kind, open_running(600), window_s=window_s)
    assert (picture.x.low, picture.x.high) == (600 - (window_s or 600), 600)
    for line in picture.series:
        for run in line.runs:
            assert all(picture.x.low <= at <= picture.x.high for at, _ in run)


def test_the_plan_goes_on_ahead_of_the_run_to_the_edge_of_the_picture() -> None:
    view = view_of(replace(running(60), elapsed_s=60.0))
    plan = ((0.0, 0.0), (114.0, 38.0), (1200.0, 38.0))
    (run,) = ahead(view, time_axis(100.0, None, 80, 240.0), plan, 20.0)
    assert run[0] == (60.0, 20.0)
    assert run[1] == (114.0, 38.0)
    assert run[-1][1] == 38.0


def test_a_pause_puts_the_rest_of_the_plan_off() -> None:
    view = view_of(replace(running(60), elapsed_s=30.0))
    plan = ((0.0, 0.0), (50.0, 38.0), (1200.0, 38.0))
    (run,) = ahead(view, time_axis(100.0, None, 80, 240.0), plan, 20.0)
    assert run[1] == (80.0, 38.0), "30 s of the first 60 were a pause"


@pytest.mark.parametrize("kind", [VusChart, RateChart])
def test_vus_and_rate_have_each_their_own_plan_ahead(kind: type[RunChart]) -> None:
    picture = pictured(kind, mixed())
    (planned,) = (line for line in picture.series if line.role == "planned")
    assert planned.runs[-1][-1] == (300.0, 38.0 if kind is VusChart else 0.5)


def test_nothing_lies_ahead_of_a_run_that_is_over() -> None:
    view = view_of(replace(running(60), state=RunState.FINISHED))
    assert ahead(view, time_axis(60.0, None, 80, 240.0), ((0.0, 0.0), (99.0, 9.0)), 3.0) == []
