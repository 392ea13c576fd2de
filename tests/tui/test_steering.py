"""What keys tell the run, and what the screen says of the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input

from dmsperf_tui.run.commands import Command, Note, Pause, Release, Resume, SetVus, Stop
from dmsperf_tui.run.snapshot import EventRow, RunState
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.dialogs import QuitDialog, StopDialog
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.prompts import LevelPrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import outcome
from tests.tui.conftest import until
from tests.tui.fakes import FakeLink, ended, preparing, running

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def attached(
    link: FakeLink, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[DmsPerfApp, Pilot[None]]]:
    """The app on `link`, once its first snapshot is on the screen."""
    app = DmsPerfApp(Options(), link=link, refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.snapshot is not None)
        await pilot.pause()
        yield app, pilot


def shown(app: DmsPerfApp, name: str) -> str:
    return app.query_one(f"#{name}", Reading).shown


async def test_each_key_tells_the_run_its_command() -> None:
    keys: dict[str, Command] = {
        "plus": SetVus(amount=1, unit="by"),
        "minus": SetVus(amount=-1, unit="by"),
        "right_square_bracket": SetVus(amount=10, unit="by"),
        "left_square_bracket": SetVus(amount=-10, unit="by"),
        "space": Pause(),
        "l": Release(),
    }
    link = FakeLink(running())
    async with attached(link) as (_, pilot):
        await pilot.press(*keys)
        await until(pilot, lambda: len(link.sent) == len(keys))
        assert link.sent == list(keys.values())


async def test_space_resumes_a_paused_run() -> None:
    link = FakeLink(replace(running(), state=RunState.PAUSED))
    async with attached(link) as (app, pilot):
        assert "PAUSED" in shown(app, "state")
        await pilot.press("space")
        await until(pilot, lambda: link.sent)
        assert link.sent == [Resume()]


async def test_the_prompt_takes_the_forms_of_a_vu_target() -> None:
    forms = {
        "50": SetVus(amount=50),
        "+20%": SetVus(amount=20, unit="percent"),
        "50 over 30s": SetVus(amount=50, over_s=30),
    }
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        for sent, typed in enumerate(forms, start=1):
            await pilot.press("v")
            await until(pilot, lambda: isinstance(app.screen, LevelPrompt))
            app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            while len(link.sent) < sent:
                await pilot.pause()
        assert link.sent == list(forms.values())


async def test_prompts_say_what_is_wrong_and_notes_are_sent() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, LevelPrompt))
        app.screen.query_one(Input).value = "50 of"
        await pilot.press("enter")
        says = str(app.screen.query_one("#says").render())
        assert "✗ '50 of' is not a VU target; write 50, +10, -10, +20% or 50 over 30s" in says
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LevelPrompt))
        assert link.sent == []
        await pilot.press("n", *"gc", "enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [Note(text="gc")]


async def test_stop_asks_first_and_a_second_one_is_at_once() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, StopDialog))
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, StopDialog))
        assert link.sent == []
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, StopDialog))
        await pilot.press("y")
        await until(pilot, lambda: link.sent)
        assert link.sent == [Stop()]
        link.push(replace(running(), rows=(), state=RunState.STOPPING))
        await until(pilot, lambda: app.phase is Phase.STOPPING)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, StopDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(link.sent) == 2)
        assert link.sent[1] == Stop(at_once=True)


async def test_a_refusal_is_shown_as_it_was_said() -> None:
    link = FakeLink(running())
    link.refusal = "the plan [/dev] has no VUs to set; use rate"
    async with attached(link) as (app, pilot):
        await pilot.press("plus")
        await until(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == [link.refusal]
        assert not next(iter(app._notifications)).markup


async def test_quitting_asks_and_leaves_the_run_running() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, QuitDialog))
        assert app.is_running
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("l")
    assert link.closed
    assert link.sent == []
    assert app.return_code == 0


async def test_quitting_with_a_stop_waits_for_the_end_and_takes_its_exit_code() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("s")
        await until(pilot, lambda: link.sent)
        assert link.sent == [Stop()]
        assert app.is_running
        link.push(ended(260, RunState.STOPPED, 99))
        await until(pilot, lambda: app._exit)
    assert link.closed
    assert app.return_code == 99


async def test_detaching_leaves_the_run_alone() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("d")
    assert link.closed
    assert link.sent == []
    assert app.return_code == 0


async def test_a_lost_host_is_said() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        link.lose()
        await until(pilot, lambda: app.phase is Phase.LOST)
        await until(pilot, lambda: "HOST GONE" in shown(app, "state"))
        assert shown(app, "record-line") == (
            f"the run's host is gone; its record is in {running().info.results}"
        )
        await pilot.press("plus")
        await pilot.pause()
        assert link.sent == []


async def test_a_host_that_leaves_after_the_end_is_no_loss() -> None:
    link = FakeLink(ended())
    async with attached(link) as (app, pilot):
        link.lose()
        await pilot.pause()
        assert app.phase is Phase.OVER
        assert "PASSED" in shown(app, "outcome-line")


async def test_the_end_is_told_with_code_and_record() -> None:
    async with attached(FakeLink(ended(300, exit_code=99))) as (app, pilot):
        await until(pilot, lambda: shown(app, "outcome-line"))
        assert shown(app, "outcome-line").startswith("✗ 1 THRESHOLD FAILED   exit code 99")
        assert running().info.results in shown(app, "record-line")
        assert app.exit_code == 99
        await pilot.press("escape")
        await until(pilot, lambda: app.phase is Phase.SETUP)


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (RunState.FINISHED, 0, "PASSED"),
        (RunState.STOPPED, 0, "STOPPED BY HAND"),
        (RunState.ABORTED, 103, "ABORTED"),
        (RunState.FAILED, 107, "FAILED BEFORE LOAD STARTED"),
        (RunState.CRASHED, 0, "CRASHED"),
        (RunState.FINISHED, 96, "INVALID: the load generator could not keep up"),
    ],
)
def test_every_end_has_its_words(state: RunState, code: int, words: str) -> None:
    assert outcome(ended(300, state, code)).word == words


async def test_a_run_that_never_started_says_why() -> None:
    failed = replace(preparing(), state=RunState.FAILED, exit_code=107, message="no token: 401")
    async with attached(FakeLink(failed)) as (app, pilot):
        await until(pilot, lambda: shown(app, "outcome-line"))
        assert shown(app, "outcome-line").startswith("✗ FAILED BEFORE LOAD STARTED   exit code 107")
        assert "no token: 401" in shown(app, "record-line")


async def test_a_change_is_acknowledged() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        assert shown(app, "change-line") == "02:00  VUs 38 → 48  ✓ applied in 0.6 s"
        asked = EventRow(250.2, "vus", "VUs 48 → 58", 250)
        link.push(replace(running(), rows=(), events=(*running().events, asked)))
        await until(pilot, lambda: shown(app, "change-line").endswith("VUs 48 → 58  … being applied"))


async def test_the_palette_offers_what_applies_now() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("ctrl+p", *"halve")
        await until(pilot, lambda: app.screen.query(CommandList))
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count)
        await pilot.press("enter")
        await until(pilot, lambda: link.sent)
        assert link.sent == [SetVus(amount=-50, unit="percent")]
