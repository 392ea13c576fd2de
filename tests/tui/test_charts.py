"""Charts on fixed data: nothing that happened may vanish, and nothing may be drawn that did not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, ThresholdRow
from dmsperf_tui.tui import theme
from dmsperf_tui.tui.chart import RunChart, View
from dmsperf_tui.tui.chart_data import count_axis, log_axis, reduce, time_axis
from dmsperf_tui.tui.charts import LatencyChart, LoadChart, ThroughputChart, ahead
from dmsperf_tui.tui.events import marks
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.fakes import row, rows, running


class Bare(App[None]):
    """One chart over the whole screen."""

    CSS_PATH = None

    def __init__(self, chart: RunChart) -> None:
        super().__init__()
        self._chart = chart

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.CHART_COLOURS

    def compose(self) -> ComposeResult:
        yield self._chart


async def drawn(
    chart: RunChart, snapshot: RunSnapshot, size: tuple[int, int] = (80, 20), window_s: float | None = None
) -> list[str]:
    """The chart's lines for `snapshot`, all of its rows known."""
    timeline = Timeline()
    timeline.extend(snapshot.rows)
    app = Bare(chart)
    async with app.run_test(size=size) as pilot:
        chart.show(View(timeline, snapshot, window_s))
        await pilot.pause()
        strips = [chart.render_line(y) for y in range(chart.size.height)]
        assert {strip.cell_length for strip in strips} == {chart.size.width}
        return [strip.text for strip in strips]


@pytest.mark.anyio
async def test_one_slow_second_in_an_hour_is_seen() -> None:
    hour = replace(running(3600, spike_at=1800), thresholds=())
    lines = await drawn(LatencyChart(id="latency"), hour, (60, 16))
    above = next(line for line in lines if "·" in line)
    assert above.count("·") == 1
    assert 25 <= above.index("·") <= 37


@pytest.mark.anyio
async def test_a_change_by_hand_is_marked_at_its_second() -> None:
    lines = await drawn(LoadChart(id="load"), running(240))
    top = lines[0]
    assert "▲+10" in top
    # 120.4 s of an axis of 300 s, over 74 columns beside the axis
    assert abs(top.index("▲") - (6 + 120.4 / 300 * 73)) <= 1


@pytest.mark.anyio
async def test_plan_target_and_actual_look_different() -> None:
    lines = await drawn(LoadChart(id="load"), running(240))
    text = "\n".join(lines)
    assert "·" in text
    assert any(block in text for block in "▀▄▌▐▞▚")
    assert "60┤" in text


@pytest.mark.anyio
async def test_a_near_bound_is_drawn_and_a_far_one_is_not() -> None:
    chart = LatencyChart(id="latency")
    near = replace(running(240), thresholds=(ThresholdRow("http_req_duration", "p(95)<200", True, 44.0),))
    assert any("┈" in line and "p(95)<200" in line for line in await drawn(chart, near))
    far = replace(running(240), thresholds=(ThresholdRow("http_req_duration", "p(95)<90000", True, 44.0),))
    chart = LatencyChart(id="latency")
    assert not any("┈" in line for line in await drawn(chart, far))


@pytest.mark.anyio
async def test_failures_stand_apart_from_throughput() -> None:
    lines = await drawn(ThroughputChart(id="throughput"), running(240))
    assert any("×" in line for line in lines)


@pytest.mark.anyio
async def test_an_empty_chart_says_what_will_be_there() -> None:
    lines = await drawn(LoadChart(id="load"), replace(running(0), rows=()))
    assert any("Virtual users appear here once the load has started." in line for line in lines)


@pytest.mark.anyio
@pytest.mark.parametrize("size", [(1, 1), (17, 5), (200, 60)])
async def test_no_size_breaks_a_chart(size: tuple[int, int]) -> None:
    await drawn(LatencyChart(id="latency"), running(100), size)


def test_reduction_keeps_least_and_greatest_in_order() -> None:
    times = [float(i) for i in range(1, 101)]
    values: list[float | None] = [10.0] * 100
    values[40], values[42] = 1.0, 99.0
    (run,) = reduce(times, values, 0.0, 100.0, 10)
    assert (41.0, 1.0) in run
    assert (43.0, 99.0) in run
    assert [at for at, _ in run] == sorted(at for at, _ in run)
    assert len(run) <= 20


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


@pytest.mark.parametrize(("end", "span"), [(0, 30), (31, 60), (61, 120), (299, 300), (7300, 14_400)])
def test_a_live_axis_grows_in_steps(end: float, span: float) -> None:
    assert (time_axis(end, None, 80).low, time_axis(end, None, 80).high) == (0, span)


def test_a_window_follows_the_run_and_an_ended_run_fills_the_picture() -> None:
    assert (time_axis(600, 60, 80).low, time_axis(600, 60, 80).high) == (540, 600)
    assert time_axis(61, None, 80, over=True).high == 61


@pytest.mark.parametrize("greatest", [0, 1, 2, 7, 49, 50, 51, 999, 123_456])
@pytest.mark.parametrize("height", [3, 9, 40])
def test_counts_stand_on_whole_numbers(greatest: float, height: int) -> None:
    axis = count_axis(greatest, height)
    assert axis.high >= greatest
    assert all(at == int(at) for at, _ in axis.ticks)
    assert all(len(label) <= 6 for _, label in axis.ticks)


@pytest.mark.parametrize(("least", "greatest"), [(0.01, 0.2), (0.3, 4.9), (5, 5), (1, 60_000)])
def test_latencies_stand_on_round_numbers(least: float, greatest: float) -> None:
    axis = log_axis(least, greatest, 10)
    assert axis.high >= math.log10(greatest)
    assert len(axis.ticks) >= 2


def test_every_change_of_the_load_has_a_mark() -> None:
    events = [
        EventRow(-1.0, "token", "token obtained"),
        EventRow(3.0, "vus", "VUs 50 → 40 over 10 s", 3),
        EventRow(4.0, "pause", "pause", 4),
        EventRow(9.0, "resume", "resume", 9),
        EventRow(12.0, "worker-lost", "worker 1 lost", 12),
        EventRow(13.0, "note", "coffee", 13),
    ]
    assert [mark.text for mark in marks(events)] == ["▲-10", "‖ pause", "▶", "✗ worker"]


def test_the_timeline_skips_what_it_knows_and_pauses_have_no_rate() -> None:
    timeline = Timeline()
    timeline.extend(rows(0, 10))
    timeline.extend(rows(5, 12))
    timeline.extend([replace(row(12), running=False, requests=0, p50_ms=None)])
    assert timeline.times == [float(i) for i in range(1, 14)]
    assert timeline.requests[-1] is None


def test_the_plan_goes_on_ahead_of_the_run_to_the_edge_of_the_picture() -> None:
    timeline = Timeline()
    timeline.extend(rows(0, 60))
    info = replace(running(60).info, plan=((0.0, 0), (114.0, 38), (1200.0, 38)))
    snapshot = replace(running(60), info=info, elapsed_s=60.0, planned=20)
    (run,) = ahead(View(timeline, snapshot, None), time_axis(100.0, None, 80, 240.0))
    assert run[0] == (60.0, 20.0)
    assert run[1] == (114.0, 38.0)
    assert run[-1][1] == 38.0


def test_a_pause_puts_the_rest_of_the_plan_off() -> None:
    timeline = Timeline()
    timeline.extend(rows(0, 60))
    info = replace(running(60).info, plan=((0.0, 0), (50.0, 38), (1200.0, 38)))
    snapshot = replace(running(60), info=info, elapsed_s=30.0, planned=20)
    (run,) = ahead(View(timeline, snapshot, None), time_axis(100.0, None, 80, 240.0))
    assert run[1] == (80.0, 38.0), "30 s of the first 60 were a pause"


def test_nothing_lies_ahead_of_a_run_that_is_over() -> None:
    timeline = Timeline()
    timeline.extend(rows(0, 60))
    snapshot = replace(running(60), state=RunState.FINISHED)
    assert ahead(View(timeline, snapshot, None), time_axis(60.0, None, 80, 240.0)) == []
