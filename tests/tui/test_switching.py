"""From one run to another: what belongs to the first never reaches the second, and nothing is lost unsaid."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.launch import LaunchError
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui import watching
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.dialogs import QuitDialog, StopDialog
from dmsperf_tui.tui.messages import SnapshotArrived
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.runs import RunsView
from dmsperf_tui.tui.setup import SetupView
from tests.tui.conftest import settled, until
from tests.tui.fakes import FakeLink, ended, running


def named(snapshot: RunSnapshot, run: str) -> RunSnapshot:
    return replace(snapshot, info=replace(snapshot.info, id=run))


def phase(app: DmsPerfApp) -> Phase:
    """Of the run on the screen, now."""
    return app.run_phase


@pytest.mark.anyio
async def test_what_is_the_first_run_s_never_reaches_the_second(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = FakeLink(named(running(), "aaaa")), FakeLink(named(running(), "bbbb"))
    first.refusal = "the run will not stop"
    gate = asyncio.Event()

    async def open_run(reference: str | None, results: Path) -> FakeLink:
        if reference == "gone":
            raise ConfigError("is no readable record", file="summary.json")
        await gate.wait()
        return second

    monkeypatch.setattr(watching, "open_run", open_run)
    app = DmsPerfApp(Options(), link=first, refresh_hz=50)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        # A record that cannot be read does not push the live run off the screen.
        app.post_message(RunsView.Chosen("gone", "gone", tmp_path))
        await until(pilot, lambda: any("no readable record" in each.message for each in app._notifications))
        assert (phase(app), first.closed, app.snapshot is not None) == (Phase.RUNNING, False, True)
        # A stop that is refused takes the wish to quit after it along.
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("s")
        await until(pilot, lambda: any("will not stop" in each.message for each in app._notifications))
        assert not app._quit_when_over
        app.scope = "concurrent_rampup"
        app.post_message(RunsView.Chosen("bbbb", "bbbb", tmp_path))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, StopDialog))
        sent = len(first.sent)
        gate.set()
        await until(pilot, lambda: app.snapshot is not None and app.snapshot.info.id == "bbbb")
        await pilot.press("y")
        await settled(pilot)
        assert second.sent == []
        assert len(first.sent) == sent
        assert first.closed
        assert app.scope is None
        # What was under way from the first run when it was let go of.
        app.post_message(SnapshotArrived(first, named(ended(exit_code=103), "aaaa")))
        await pilot.pause()
        await pilot.pause()
        assert app.snapshot is not None
        assert (app.snapshot.info.id, phase(app)) == ("bbbb", Phase.RUNNING)
        assert app.exit_code is None
        # A key pressed twice: the second one finds nobody.
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        app.post_message(events.Key("l", "l"))
        app.post_message(events.Key("l", "l"))
        await until(pilot, lambda: app._exit)
        for _ in range(5):
            await pilot.pause()
    assert second.sent == []


@pytest.mark.anyio
async def test_a_start_that_fails_leaves_no_run_on_the_screen_and_quitting_waits_for_one(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    before, link = FakeLink(ended()), FakeLink()
    gate = asyncio.Event()
    failing = True

    async def start(config: RunConfig) -> FakeLink:
        if failing:
            raise LaunchError("the run's host ended before it was ready")
        await gate.wait()
        return link

    app = DmsPerfApp(Options(), link=before, places=places, start=start, refresh_hz=50)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("1")
        await until(pilot, lambda: app.query_one(SetupView).config is not None)
        await pilot.press("s")
        await until(pilot, lambda: any("before it was ready" in each.message for each in app._notifications))
        await pilot.press("2")
        assert (app.looking_at, phase(app)) == ("setup", Phase.SETUP)
        failing = False
        await pilot.press("s")
        await until(pilot, lambda: phase(app) is Phase.STARTING)
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running
        gate.set()
        link.push(running())
        await until(pilot, lambda: app._exit)
    assert not link.sent
    assert "run 7f3a goes on; take it up again: dmsperf-tui attach 7f3a" in capsys.readouterr().err
