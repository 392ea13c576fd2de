"""A run whose load is set by rates: what its screen says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import DataTable, Static

from dmsperf_tui.run.snapshot import RunSnapshot, RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.charts import RateChart
from dmsperf_tui.tui.figures import Figures
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.timeline import Timeline
from tests.tui.conftest import until
from tests.tui.fake_open import FINDING, mixed, open_row, open_running
from tests.tui.fakes import FakeLink, row, running
from tests.tui.test_charts import lines_of, pictured, view_of
from tests.tui.test_steering import attached, shown

pytestmark = pytest.mark.anyio


def line(snapshot: RunSnapshot, width: int = 118, starts: float | None = None) -> str:
    return Figures().line(snapshot, starts, width, wide=width >= 110).plain


def test_the_header_tells_the_rate_and_response_time_first() -> None:
    text = line(open_running(120), starts=98.4)
    assert text.startswith("rate  98 → 100/s")
    assert "p95 response" in text
    assert "VUs busy  7/50" in text
    assert "waiting" not in text
    assert line(running()).startswith("VUs 48 → 48")


def test_what_waits_and_was_dropped_is_in_a_wide_header() -> None:
    text = line(open_running())
    assert "12 waiting" in text
    assert "30 dropped" in text
    assert all(len(line(open_running(), width)) <= width for width in (118, 78, 40))


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
    assert "│measured" in lines_of(RateChart, open_running(100))[0]
    timeline = Timeline()
    timeline.extend(open_row(second) for second in range(100))
    assert timeline.measured_from_s == 30.0


def test_the_load_chart_is_of_rates_with_the_plan_ahead() -> None:
    snapshot = open_running()
    lines = lines_of(RateChart, snapshot)
    assert "▲+100/s" in "".join(lines[:2])
    assert "◆ VUs busy" in "".join(lines[:2])
    chart = RateChart(id="rate")
    notes = chart.notes(view_of(snapshot))
    assert [note.plain for note in notes] == ["12 waiting", "30 dropped"]
    (planned,) = (one for one in pictured(RateChart, snapshot).series if one.role == "planned")
    assert set(planned.runs[-1]) == {(231.0, 100.0), (300.0, 100.0)}


def test_a_rate_of_few_starts_is_a_mean_and_a_change_is_seen_at_once() -> None:
    timeline = Timeline()
    for second in range(20):
        timeline.extend([replace(row(second), target_rate=1.5, starts=9, open_starts=1 + second % 2)])
    assert timeline.starts[-1] == 9
    assert timeline.open_starts[-1] == pytest.approx(1.5, abs=0.1)
    timeline.extend([replace(row(20), target_rate=200.0, starts=200)])
    timeline.extend([replace(row(21), target_rate=200.0, starts=190)])
    assert timeline.starts[-2:] == [200.0, 190.0]
    timeline.extend([replace(row(22), target_rate=2.0, starts=2)])
    assert timeline.starts[-1] == 2.0


async def test_workload_line_and_finding_say_what_is_late_and_the_table_has_response_times() -> None:
    async with attached(FakeLink(open_running()), (120, 40)) as (app, pilot):
        await until(pilot, lambda: shown(app, "workload-lines"))
        text = shown(app, "workload-lines")
        for said in ("200/s", "▲ by hand (plan 100/s)", "12 waiting", "30 dropped", "50/50 busy"):
            assert said in text
        labels = [str(column.label) for column in app.query_one(DataTable).columns.values()]
        assert "p95 resp" in labels
        app.query_one(RunView).go_to("environment")
        lines = app.query_one("#environment .lines", Static)
        await until(pilot, lambda: FINDING in str(lines.render()))


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
        await pilot.pause()
        lines = [preview.render_line(y).text for y in range(preview.size.height)]
        assert lines[0].strip() == "iterations/m"
        assert any("100┤" in text for text in lines)
