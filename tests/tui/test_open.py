"""A run whose load is set by rates: what its screen says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import DataTable, Static

from dmsperf_tui.run.snapshot import EventRow, RunSnapshot, RunState, ThresholdRow
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.chart import View
from dmsperf_tui.tui.chart_data import count_axis, time_axis
from dmsperf_tui.tui.charts import LatencyChart, LoadChart, ahead
from dmsperf_tui.tui.events import marks
from dmsperf_tui.tui.figures import Figures
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.thresholds import threshold_line
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.conftest import until
from tests.tui.fake_open import FINDING, mixed, open_row, open_running
from tests.tui.fakes import FakeLink, row, running
from tests.tui.test_charts import drawn
from tests.tui.test_steering import attached, shown

pytestmark = pytest.mark.anyio


def line(snapshot: RunSnapshot, width: int = 118, starts: float | None = None) -> str:
    return Figures().line(snapshot, starts, width, wide=width >= 110).plain


def test_the_header_tells_the_rate_and_response_time_first() -> None:
    text = line(open_running(120), starts=98.4)
    assert text.startswith("rate  98 → 100/s")
    assert text.index("p95 response") < text.index("service")
    assert "VUs busy  7/50" in text
    assert "waiting" not in text
    assert line(running()).startswith("VUs 48 → 48")


@pytest.mark.parametrize("width", [118, 78])
def test_what_waits_and_was_dropped_is_in_the_header_at_each_width(width: int) -> None:
    text = line(open_running(), width)
    assert "12 waiting" in text
    assert "30 dropped" in text
    assert "p95 response" in text
    assert len(text) <= width


def test_none_that_waits_is_said_once_some_have() -> None:
    assert "0 waiting" in line(replace(open_running(), waiting=0))
    assert "waiting" not in line(replace(open_running(), waiting=0, events=()))


def test_rates_are_told_in_the_unit_of_their_scenario() -> None:
    slow = replace(
        open_running(100),
        workloads=(replace(open_running().workloads[0], time_unit_s=60.0),),
        target_rate=1.5,
    )
    assert "rate 84→90/m" in line(slow, 78, starts=1.4)


def test_users_beside_a_rate_are_those_of_the_closed_workloads() -> None:
    text = line(mixed())
    assert text.startswith("VUs 48 → 48")
    assert "rate 0.5/s" in text, "a second's starts are not those of the rate alone"


def test_a_run_that_is_over_tells_its_mean_rate() -> None:
    text = line(replace(open_running(), state=RunState.FINISHED))
    assert text.startswith("mean rate 135/s")
    assert "busy" not in text


async def test_warming_up_is_a_state_and_its_end_a_mark() -> None:
    async with attached(FakeLink(open_running(12))) as (app, pilot):
        await until(pilot, lambda: "WARMING UP" in shown(app, "state"))
    lines = await drawn(LoadChart(id="load"), open_running(100))
    assert "│measured" in lines[0]
    timeline = Timeline()
    timeline.extend(open_row(second) for second in range(100))
    assert timeline.measured_from_s == 30.0


async def test_the_load_chart_is_of_rates_with_the_plan_ahead() -> None:
    chart = LoadChart(id="load")
    snapshot = open_running()
    lines = await drawn(chart, snapshot)
    assert "▲+100/s" in "".join(lines[:2])
    assert "◆ VUs busy" in "".join(lines[:2])
    assert str(chart.border_title).startswith("Starts/s")
    assert Content.from_markup(chart.border_subtitle or "").plain == "12 waiting  30 dropped"
    timeline = Timeline()
    timeline.extend(snapshot.rows)
    (run,) = ahead(View(timeline, snapshot, None), time_axis(400.0, None, 80, 600.0))
    assert run == [(231.0, 100.0), (300.0, 100.0), (600.0, 150.0)]


async def test_the_latency_chart_is_of_response_times_with_their_bounds() -> None:
    chart = LatencyChart(id="latency")
    lines = await drawn(chart, open_running())
    assert str(chart.border_title).startswith("Response time ms")
    assert any("┈" in text and "p(95)<200 over 30s" in text for text in lines)
    newest = open_row(230)
    assert newest.r95_ms is not None
    assert f"{newest.r95_ms:.0f} ms p95 now" in str(chart.border_subtitle)


def test_a_rate_of_few_starts_is_a_mean_and_a_change_is_seen_at_once() -> None:
    timeline = Timeline()
    for second in range(20):
        timeline.extend([replace(row(second), target_rate=1.5, starts=1 + second % 2)])
    assert timeline.starts[-1] == pytest.approx(1.5, abs=0.1)
    timeline.extend([replace(row(20), target_rate=200.0, starts=200)])
    timeline.extend([replace(row(21), target_rate=200.0, starts=190)])
    assert timeline.starts[-2:] == [200.0, 190.0]
    timeline.extend([replace(row(22), target_rate=2.0, starts=2)])
    assert timeline.starts[-1] == 2.0


@pytest.mark.parametrize("greatest", [0.1, 0.6, 1.0, 2.5, 240.0])
def test_rates_have_an_axis_that_fits_them(greatest: float) -> None:
    axis = count_axis(greatest, 9, whole=False)
    assert greatest <= axis.high <= greatest * 2
    assert len({label for _, label in axis.ticks}) == len(axis.ticks)


@pytest.mark.parametrize(
    ("kind", "text", "mark"),
    [
        ("rate", "rate 100/s → 50/s over 30 s", "▲-50/s"),
        ("rate", "checkout: rate 0.5/10s → 2/10s", "▲+1.5/10s"),
        ("scale", "VUs 38 → 1.5 times the plan (57)", "▲×1.5"),
        ("hold", "rate held at 57.3/s", "▲ hold"),
        ("skip", "skip to stage 3/4: to 40 VUs", "▲ stage 3"),
        ("extend", "extended by 5m, to 15m", "▲ 5m longer"),
        ("weights", "shares read 80%, write 20%", "▲ shares"),
        ("busy", "checkout: all its VUs are busy, so iterations wait", "◆ VUs busy"),
        ("vus", "checkout: most VUs 50 → 80", "▲+30 most"),
    ],
)
def test_each_kind_of_change_has_its_mark(kind: str, text: str, mark: str) -> None:
    assert [found.text for found in marks([EventRow(3.0, kind, text)])] == [mark]


def test_a_key_pressed_again_and_again_has_one_mark() -> None:
    events = [
        EventRow(3.0, "rate", "rate 60/s → 61/s"),
        EventRow(3.2, "rate", "rate 61/s → 71/s"),
        EventRow(4.9, "rate", "rate 71/s → 61/s"),
        EventRow(9.0, "rate", "rate 61/s → 60/s"),
        EventRow(9.5, "rate", "other: rate 5/m → 15/m"),
    ]
    found = [(mark.at, mark.text) for mark in marks(events)]
    assert found == [(3.0, "▲+1/s"), (9.0, "▲-1/s"), (9.5, "▲+10/m")]


async def test_the_workload_line_and_the_finding_say_what_is_late() -> None:
    async with attached(FakeLink(open_running()), (120, 40)) as (app, pilot):
        await until(pilot, lambda: shown(app, "workload-lines"))
        text = shown(app, "workload-lines")
        assert "rate 200/s   ▲ by hand (plan 100/s)  12 waiting  30 dropped  VUs 50/50 busy" in text
        panel = app.query_one("#environment .lines", Static)
        assert f"◆ {FINDING}" in str(panel.render())


async def test_the_table_has_response_times_where_there_are_any() -> None:
    for snapshot, there in ((open_running(), True), (running(), False)):
        async with attached(FakeLink(snapshot), (120, 40)) as (app, pilot):
            table = app.query_one(DataTable)
            await until(pilot, partial(table.is_valid_row_index, 0))
            labels = [str(column.label) for column in table.columns.values()]
            assert ("p95 resp" in labels) is there


@pytest.mark.parametrize("width", [78, 54, 45])
def test_a_broken_window_says_when(width: int) -> None:
    broken = ThresholdRow("http_req_response_time", "p(95)<200 over 30s", False, 322.0, 187.0)
    text = threshold_line(broken, width, len(broken.metric)).plain
    assert text.endswith("broken at 03:07")
    assert "322 ms" in text
    assert ("http_req_response_time" in text) is (width > 50), "a name is cut only where nothing else helps"
    assert all(len(part) <= width for part in text.splitlines())


RATES = """
title = "Arrivals"
system = "dms"

[workloads.arrivals]
executor = "ramping-arrival-rate"
start_rate = 60
time_unit = "1m"
pre_allocated_vus = 5
max_vus = 20
stages = [{ duration = "1m", target = 60 }, { duration = "1m", target = 90 }]
flow = "dms.create_school"
"""


async def test_set_up_draws_a_plan_of_rates_in_its_own_unit(places: Places, tmp_path: Path) -> None:
    (tmp_path / "scenarios/dms/rates.toml").write_text(RATES)
    app = DmsPerfApp(Options(scenario="dms/rates"), places=places, refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(SetupView)
        await until(pilot, lambda: view.config is not None or view.problem)
        preview = view.query_one(PreviewChart)
        assert str(preview.border_title) == "Load of dms/rates, iterations/m"
        assert str(preview.border_subtitle) == "2m · peak 90/m · at most 20 VUs"
        await pilot.pause()
        lines = [preview.render_line(y).text for y in range(preview.size.height)]
        assert any("100┤" in text for text in lines)
