"""What is on the screen at each size, in words and in pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable

from dmsperf_tui.run.snapshot import OperationRow, RunSnapshot
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.chart import RunChart
from dmsperf_tui.tui.keybar import KeyBar, fitting
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.setup import SetupView
from tests.tui.conftest import Compare, settled, until
from tests.tui.fake_open import open_running
from tests.tui.fakes import FakeLink, ended, preparing, running

SIZES = [(120, 40), (80, 24), (20, 5)]


def on(snapshot: RunSnapshot) -> DmsPerfApp:
    return DmsPerfApp(Options(), link=FakeLink(snapshot), refresh_hz=50)


@pytest.mark.anyio
async def test_every_state_survives_every_size() -> None:
    link = FakeLink(preparing())
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(20, 5)) as pilot:
        await settled(pilot)
        for snapshot in (running(1), replace(running(), rows=()), replace(ended(), rows=())):
            link.push(snapshot)
            await settled(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
        await pilot.press("tab", "z", "question_mark", "escape", "escape")
        assert app.is_running


@pytest.mark.anyio
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_no_figure_of_the_header_is_cut(size: tuple[int, int]) -> None:
    app = on(replace(running(), vus=4800, heading=5000, rate=12_345.0, p95_ms=12_345.0))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for figure in app.query("#header Reading").results(Reading):
            if figure.display:
                assert figure.size.width >= len(figure.shown), figure.shown
                assert figure.region.right <= size[0], figure.shown


@pytest.mark.anyio
async def test_tab_goes_through_one_panel_at_a_time_in_a_small_terminal() -> None:
    app = on(running())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        view = app.query_one(RunView)
        seen = []
        for _ in range(6):
            shown = [w.id for w in app.query(".panel") if w.region.area and w.id != "operations"]
            assert shown == [view.current]
            seen.append(view.current)
            await pilot.press("tab")
            await settled(pilot)
        assert seen == ["load", "latency", "throughput", "thresholds", "errors", "environment"]
        assert view.current == "load"


@pytest.mark.anyio
async def test_a_zoomed_panel_has_the_room_until_escape() -> None:
    app = on(running())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "z")
        await settled(pilot)
        visible = [w for w in app.query(".panel") if w.region.area]
        assert [w.id for w in visible] == ["latency"]
        assert visible[0].region.height > 25
        await pilot.press("escape")
        await settled(pilot)
        assert len([w for w in app.query("#panels > .panel") if w.region.area]) == 7


@pytest.mark.anyio
async def test_a_check_that_is_not_fatal_warns_after_the_generator_s_health() -> None:
    soon = PreflightRow("tls", False, "valid for 3 days", mend="renew it soon", fatal=False)
    gone = PreflightRow("token", False, "refused")
    app = on(replace(running(), preflight=(soon, gone, PreflightRow("health", True, "answers"))))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        lines = app.query_one("#environment Reading", Reading).shown.splitlines()
        assert lines[1] == "✗ token  refused"
        assert "1/3 checks ✓  1 ▲" in lines[2]
        assert lines[3:5] == ["▲ tls  valid for 3 days", "  → renew it soon"]


@pytest.mark.anyio
async def test_the_window_goes_round() -> None:
    app = on(running())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        titles = []
        for _ in range(3):
            titles.append(str(app.query(RunChart).first().border_title).split(" · ")[1].split("  ")[0])
            await pilot.press("w")
            await settled(pilot)
        assert titles == ["5 min", "all", "1 min"]


@pytest.mark.anyio
async def test_only_changed_cells_of_the_table_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    link = FakeLink(running())
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        table = app.query_one(DataTable)
        painted: list[tuple[object, object]] = []
        original = table.update_cell

        def record(row: str, column: str, value: object) -> None:
            painted.append((row, column))
            original(row, column, value)

        monkeypatch.setattr(table, "update_cell", record)
        first, *rest = running().operations
        one_more = replace(first, count=first.count + 1)
        new = OperationRow("DELETE students/{id}", first.workload, 1, 1, 0.1, 5, 5, 5, 5, 5)
        link.push(replace(running(), rows=(), operations=(one_more, *rest, new)))
        await until(pilot, lambda: table.row_count == 7)
        assert painted == [(f"{first.workload}/{first.name}", "count")]


@pytest.mark.anyio
async def test_server_text_is_never_markup() -> None:
    app = on(running())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press(*["tab"] * 4, "z")
        await settled(pilot)
        assert "the student [/ref] does not exist" in app.query_one("#error-lines", Reading).shown


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("width", [20, 78, 118, 198])
def test_the_footer_never_cuts_a_word(phase: Phase, width: int) -> None:
    for by_rate in (False, True):
        keys = fitting(phase, width, by_rate=by_rate)
        assert sum(len(f"{key.shown} {word}  ") for key, word in keys) <= width
        if width >= 78:
            assert {"q", "?"} <= {key.shown for key, _ in keys}


@pytest.mark.anyio
async def test_bindings_are_refreshed_on_transitions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    link = FakeLink(running(100))
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    refreshed: list[Phase] = []
    monkeypatch.setattr(app, "refresh_bindings", lambda: refreshed.append(app.phase))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for second in range(101, 108):
            link.push(running(second, first=second - 1))
            while app.timeline.end_s < second:
                await pilot.pause()
        await settled(pilot)
        assert refreshed == [Phase.RUNNING]
        assert "Pause" in str(app.query_one(KeyBar).render())


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("state", ["running", "finished"])
def test_picture_of_a_run(snap_compare: Compare, size: tuple[int, int], state: str) -> None:
    snapshot = running(spike_at=200) if state == "running" else ended(exit_code=99)
    assert snap_compare(on(snapshot), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_an_open_run(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(on(open_running()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_set_up(snap_compare: Compare, places: Places, size: tuple[int, int]) -> None:
    app = DmsPerfApp(Options(scenario="dms/steps", speedup=2), places=places, refresh_hz=50)

    async def ready(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: pilot.app.query_one(SetupView).config is not None)
        await pilot.pause()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=ready)
