"""What is on the screen at each size, in words and in pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from textual import events
from textual.driver import Driver
from textual.pilot import Pilot

from dmsperf_tui.cli import cli
from dmsperf_tui.run import verdict
from dmsperf_tui.run.commands import Pause
from dmsperf_tui.run.snapshot import HealthRow, RunSnapshot
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.systems.checks import PreflightRow
from dmsperf_tui.tui import environment
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.chart import RunChart
from dmsperf_tui.tui.keybar import KeyBar, fitting
from dmsperf_tui.tui.layout import PANELS
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.strip import PanelStrip
from dmsperf_tui.tui.table import StableTable
from tests.tui.conftest import Compare, screen_lines, settled, settled_and_still, still, until
from tests.tui.fake_list import entities
from tests.tui.fake_open import mixed, open_running
from tests.tui.fakes import FakeLink, ended, preparing, rich, running

SIZES = [(120, 40), (80, 24), (20, 5)]


def link_of(app: DmsPerfApp) -> FakeLink:
    assert isinstance(app._link, FakeLink)
    return app._link


def on(snapshot: RunSnapshot) -> DmsPerfApp:
    return DmsPerfApp(Options(), link=FakeLink(snapshot), refresh_hz=50)


@pytest.mark.anyio
async def test_every_state_survives_every_size() -> None:
    link = FakeLink(preparing())
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(20, 5)) as pilot:
        await settled(pilot)
        loaded = replace(rich(), lists=(entities(),), rows=())
        for snapshot in (running(1), replace(running(), rows=()), loaded, replace(ended(), rows=())):
            link.push(snapshot)
            await settled(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
        await pilot.press("tab", "z", "question_mark", "escape", "escape")
        assert app.is_running


@pytest.mark.anyio
async def test_every_layout_shows_its_panels_whole_while_the_terminal_is_resized() -> None:
    link = FakeLink(replace(mixed(), lists=(entities(),)))
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    sizes = [(220, 60), (120, 40), (80, 24), (40, 12), (100, 30), (20, 5), (160, 50)]
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        view = app.query_one(RunView)
        for _ in ("all of them", "one zoomed"):
            for width, height in sizes:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                shown = {w.id: w.region for w in app.query("#panels > .panel") if w.region.area}
                assert sorted(shown, key=lambda name: (shown[name].y, shown[name].x)) == view.on_screen
                room = app.query_one("#panels").region
                assert sum(region.area for region in shown.values()) == room.area
                assert view.current in shown
                assert all(region.right <= width and region.bottom < height for region in shown.values())
                assert app.query_one(KeyBar).region.bottom == height
                for figure in app.query("#header Reading").results(Reading):
                    assert figure.size.width >= len(figure.shown.rstrip()), (figure.id, width)
            await pilot.press("z")
            view.go_to("environment")
        assert len(view.on_screen) == 7


@pytest.mark.anyio
async def test_tab_a_click_and_the_palette_bring_a_panel_up_and_the_keyboard_with_it() -> None:
    app = on(running())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        view, strip = app.query_one(RunView), app.query_one(PanelStrip)
        seen = []
        for _ in view.there:
            assert view.current in view.on_screen
            assert f" {view.panel(view.current).SHORT} " in str(strip.render())
            holder = app.focused and next(w for w in app.focused.ancestors_with_self if w.id in PANELS)
            assert holder is None or holder.id == view.current
            seen.append(view.current)
            await pilot.press("tab")
            await settled(pilot)
        assert seen == [name for name in PANELS if name not in ("rate", "entities", "objectives")]
        assert view.current == "vus"
        assert await pilot.click(PanelStrip, offset=(str(strip.render()).index("Errors") + 1, 0))
        await settled(pilot)
        assert view.current == "errors"
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        commands["Panel: Latency"].callback()
        commands["Window: 1 min"].callback()
        await settled(pilot)
        assert (view.current, view.window_s) == ("latency", 60.0)
        assert await pilot.click(KeyBar, offset=(1, 0))
        await until(pilot, lambda: link_of(app).sent)
        assert link_of(app).sent == [Pause()]


@pytest.mark.anyio
async def test_a_zoomed_panel_has_the_room_until_escape_and_the_keyboard_stays_where_it_was() -> None:
    link = FakeLink(running())
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        view = app.query_one(RunView)
        await pilot.press("tab", "z")
        await settled(pilot)
        assert view.on_screen == ["latency"]
        assert app.query_one("#latency").region.height > 25
        await pilot.press("escape")
        await settled(pilot)
        assert len(view.on_screen) == 6
        link.push(ended())
        await until(pilot, lambda: app.phase is Phase.OVER)
        await settled(pilot)
        assert view.current == "latency"
        assert app.focused is app.query_one("#latency")
        await pilot.press("escape", "2")
        await settled(pilot)
        assert app.focused is app.query_one("#latency")


@pytest.mark.anyio
async def test_the_environment_has_what_failed_then_the_generator_then_what_warns() -> None:
    soon = PreflightRow("tls", False, "valid for 3 days", mend="renew it soon", fatal=False)
    gone = PreflightRow("token", False, "refused")
    health = HealthRow("suspect", ("worker 2 was lost",), 12.5, 0.37, 0.1, ("rate limiting: 9",), 2, 1)
    checks = (soon, gone, PreflightRow("health", True, "answers"))
    app = on(replace(running(), preflight=checks, health=health))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app.query_one(RunView).go_to("environment")
        await settled(pilot)
        lines = app.query_one("#environment Reading", Reading).shown.splitlines()
        assert lines[1:-2] == [
            "✗ token  refused",
            "generator ▲ suspect  1/2 workers  1/3 checks ✓  1 ▲",
            "  lag ▲ 12.5 ms of 10  slip 0.1 ms of 10  CPU 37 % of 90",
            "  ▲ worker 2 was lost",
            "▲ rate limiting: 9",
            "▲ tls  valid for 3 days",
            "  → renew it soon",
        ]
        notice = app.query_one("#notice", Reading)
        assert notice.shown == "▲ suspect: worker 2 was lost  +2 more: Environment"


def test_the_limits_beside_the_generator_s_figures_are_the_verdict_s() -> None:
    suspect = {
        name: next(rule.bound for rule in rules if rule.level == "suspect")
        for name, rules in (("lag", verdict._LAG_MS), ("slip", verdict._SLIP_MS), ("cpu", verdict._CPU))
    }
    assert suspect == {
        "lag": environment.LAG_LIMIT_MS,
        "slip": environment.SLIP_LIMIT_MS,
        "cpu": environment.CPU_LIMIT,
    }


@pytest.mark.anyio
async def test_the_window_goes_round() -> None:
    app = on(running())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        view, chart = app.query_one(RunView), app.query(RunChart).first()
        windows = []
        for _ in range(3):
            assert chart.view is not None
            windows.append((view.window_name, chart.view.window_s))
            await pilot.press("w")
            await settled(pilot)
        assert windows == [("5 min", 300.0), ("all", None), ("1 min", 60.0)]


@pytest.mark.anyio
async def test_only_changed_lines_of_the_table_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    link = FakeLink(running())
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        table = app.query_one("#operations StableTable", StableTable)
        painted: list[tuple[int | None, int]] = []
        original = table._repaint_lines

        def record(first: int | None, end: int) -> None:
            if first is not None:
                painted.append((first, end))
            original(first, end)

        monkeypatch.setattr(table, "_repaint_lines", record)
        first, *rest = running().operations
        one_more = replace(first, count=first.count + 1)
        link.push(replace(running(), rows=(), operations=(one_more, *rest)))
        await until(pilot, lambda: painted)
        at = 1 + table.order.index(f"{first.workload}/{first.name}")
        assert painted == [(at, at + 1)]


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("width", [20, 78, 118, 198])
def test_the_footer_never_cuts_a_word(phase: Phase, width: int) -> None:
    for by_rate in (False, True):
        keys = fitting(phase, width, by_rate=by_rate)
        assert sum(len(f"{key.shown} {word}  ") for key, word in keys) <= width
        if width >= 78:
            assert {"q", "?"} <= {key.shown for key, _ in keys}


def test_a_rate_of_painting_that_harms_is_refused() -> None:
    for given in ("0.1", "60", "often"):
        refused = CliRunner().invoke(cli, ["--refresh", given])
        assert refused.exit_code != 0
        assert "--refresh" in refused.output


@pytest.mark.anyio
async def test_fewer_paints_while_nobody_looks() -> None:
    app = DmsPerfApp(Options(), link=FakeLink(running()), refresh_hz=5)
    async with app.run_test(size=(80, 24)) as pilot:
        for event, interval_s in ((None, 0.2), (events.AppBlur(), 1.0), (events.AppFocus(), 0.2)):
            if event is not None:
                app.post_message(event)
            await pilot.pause()
            assert app._ticks.interval_s == interval_s


@pytest.mark.anyio
async def test_all_is_painted_again_when_a_shell_gives_the_screen_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = on(running())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        asked: list[dict[str, bool]] = []
        monkeypatch.setattr(app.screen, "refresh", lambda **how: asked.append(how))
        app.post_message(Driver.SignalResume())
        # Without a word about how: the whole of it is painted.
        await until(pilot, lambda: {} in asked)


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
    assert snap_compare(on(snapshot), terminal_size=size, run_before=settled_and_still)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_an_open_run(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(on(open_running()), terminal_size=size, run_before=settled_and_still)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_set_up(snap_compare: Compare, places: Places, size: tuple[int, int]) -> None:
    app = DmsPerfApp(Options(scenario="dms/steps", speedup=2), places=places, refresh_hz=50)

    async def ready(pilot: Pilot[None]) -> None:
        setup = pilot.app.query_one(SetupView)
        # Files that cannot be used are marked last; by then the choice may be read for a second time.
        await until(pilot, lambda: any("broken" in line and "✗" in line for line in screen_lines(app)))
        await until(pilot, lambda: all(one.is_finished for one in app.workers if one.group == "resolve"))
        await until(pilot, lambda: setup.config is not None and setup.estimate is not None)
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=ready)
