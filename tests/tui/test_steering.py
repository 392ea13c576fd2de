"""What keys tell the run, and what the screen says of the answers."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.command import CommandList
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from dmsperf_tui.run.commands import Command, Note, Pause, Release, SetVus, Skip, Stop
from dmsperf_tui.run.snapshot import RunState
from dmsperf_tui.settings.catalogue import Entry, catalogue
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.dialogs import Dialog, QuitDialog, StopDialog
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.prompts import LevelPrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.wording import outcome
from tests.run_pure.test_control import FLOW, STAGES
from tests.tui.conftest import until
from tests.tui.fake_host import HostLink
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


async def asked(app: DmsPerfApp, pilot: Pilot[None], key: str, kind: type[Screen[Any]]) -> None:
    """Presses a key that asks, and waits for the question."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, kind) and app.screen.query(".dialog"))


async def saying(app: DmsPerfApp, pilot: Pilot[None], words: str) -> None:
    """Waits for `words` below a prompt's line."""
    await until(pilot, lambda: str(app.screen.query_one("#says").render()) == words)


async def heard(pilot: Pilot[None], link: FakeLink, command: Command) -> None:
    """Waits until `command` is the newest that the run was told."""
    await until(pilot, lambda: link.sent[-1:] == [command])


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


async def test_a_prompt_says_what_will_come_of_it_and_sends_nothing_that_is_refused() -> None:
    """The words are the run's own, so they are those of the event that follows."""
    forms = {
        "50": ("✓ VUs 10 → 50", SetVus(amount=50)),
        "+20%": ("✓ VUs 50 → 60", SetVus(amount=20, unit="percent")),
        "50 over 30s": ("✓ VUs 60 → 50 over 30 s", SetVus(amount=50, over_s=30)),
    }
    wrong = {
        "50 of": "✗ '50 of' is not a VU target; write 50, +10, -10, +20% or 50 over 30s",
        "50 over 99h": "✗ '50 over 99h' cannot be: input should be less than or equal to 86400",
        "61": "✗ 61 VUs are more than max_vus, 60",
    }
    users = {"executor": "externally-controlled", "vus": 10, "max_vus": 60, "duration": "60s", **FLOW}
    link = HostLink({"w": users})
    async with attached(link) as (app, pilot):
        for typed, (says, command) in forms.items():
            await asked(app, pilot, "v", LevelPrompt)
            app.screen.query_one(Input).value = typed
            await saying(app, pilot, says)
            await pilot.press("enter")
            await heard(pilot, link, command)
            await until(pilot, lambda: not isinstance(app.screen, LevelPrompt))
        assert link.at.run.events[-1].text == "VUs 60 → 50 over 30 s"
        del link.sent[:]
        await asked(app, pilot, "v", LevelPrompt)
        for typed, says in wrong.items():
            app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await saying(app, pilot, says)
            assert isinstance(app.screen, LevelPrompt)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LevelPrompt))
        assert link.sent == []


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


async def test_the_question_knows_that_the_run_has_ended_behind_it() -> None:
    link = FakeLink(running())
    async with attached(link) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        link.push(ended(260, RunState.FINISHED, 0))
        await until(pilot, lambda: not app.screen.query_one("#stop").display)
        said = app.screen.query_one(".question", Static).render()
        assert "The run has ended." in str(said)
        await pilot.press("l")
    assert link.sent == []


async def test_set_up_that_is_late_takes_no_keyboard_from_a_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready, listed = threading.Event(), catalogue

    def late(kind: str, places: Places | None = None) -> list[Entry]:
        ready.wait(10)
        return listed(kind, places)

    monkeypatch.setattr("dmsperf_tui.tui.setup.catalogue", late)
    async with attached(FakeLink(running())) as (app, pilot):
        app.screen.set_focus(None)
        ready.set()
        await until(pilot, lambda: app.query_one(SetupView).config is not None)
        assert app.focused is None


async def test_s_after_a_run_that_was_taken_up_leads_to_set_up_with_what_it_was_of() -> None:
    last = ended()
    link = FakeLink(replace(last, info=replace(last.info, speedup=5.0)))
    async with attached(link) as (app, pilot):
        setup = app.query_one(SetupView)
        await until(pilot, lambda: setup.config is not None)
        assert setup.options.scenario == "dms/smoke"
        await pilot.press("s")
        await until(pilot, lambda: setup.config is not None and setup.config.plan.name == "dms/concurrent")
        assert (setup.options.profile, setup.options.environment, setup.options.speedup) == (
            *("dev", "embedded"),
            5.0,
        )
        assert setup.query_one("#scenarios", Choices).chosen == "dms/concurrent"


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


@pytest.mark.parametrize(
    ("size", "cases"),
    [
        (
            (80, 24),
            {"v": "Virtual users", "x": "Scale", "t": "Extend", "n": "A note", "k": "Skip", "S": "Stop"},
        ),
        ((40, 10), {"v": "Virtual users", "x": "Scale", "t": "Extend", "k": "Skip", "q": "The run is"}),
        ((20, 5), {"S": "Stop the run?", "A": "End the run", "q": "The run is", "v": "Virtual users"}),
    ],
    ids=["80x24", "40x10", "20x5"],
)
async def test_questions_and_their_answers_are_read_at_every_size(
    size: tuple[int, int], cases: dict[str, str]
) -> None:
    """The question, and the line or the buttons that take the answer, are wholly on the screen."""
    width, height = size
    link = HostLink({"w": {"executor": "ramping-vus", "stages": STAGES, **FLOW}})
    async with attached(link, size) as (app, pilot):
        for key, question in cases.items():
            await asked(app, pilot, key, Dialog)
            await pilot.pause()
            words = app.screen.query_one(".question", Static)
            assert str(words.render()).startswith(question)
            needed: list[Widget] = [words, *app.screen.query("Input, OptionList, Button")]
            assert len(needed) > 1
            for widget in needed:
                region, inside = widget.region, widget.parent
                assert region.area > 0, (key, widget)
                assert region.right <= width, (key, widget)
                assert region.bottom <= height, (key, widget)
                assert isinstance(inside, Widget)
                assert inside.content_region.contains_region(region), (key, widget)
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, Dialog))


async def test_the_palette_offers_what_applies_now() -> None:
    link = HostLink({"w": {"executor": "constant-vus", "vus": 10, "duration": "60s", **FLOW}})
    async with attached(link) as (app, pilot):
        await pilot.press("ctrl+p", *"halve")
        await until(pilot, lambda: app.screen.query(CommandList))
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count)
        await pilot.press("enter")
        await heard(pilot, link, SetVus(amount=-50, unit="percent"))


def press_at_once(app: DmsPerfApp, *keys: str) -> None:
    """Keys as a slow line delivers them: all before the first has been looked at."""
    assert app._driver is not None
    for key in keys:
        event = Key(key, key if len(key) == 1 else None)
        event.set_sender(app)
        app._driver.send_message(event)


async def test_keys_right_behind_the_one_that_asks_are_the_questions() -> None:
    link = HostLink({"w": {"executor": "ramping-vus", "stages": STAGES, **FLOW}})
    async with attached(link) as (app, pilot):
        press_at_once(app, "v", *"501", "backspace", "enter")
        await heard(pilot, link, SetVus(amount=50))
        await until(pilot, lambda: not isinstance(app.screen, Dialog))
        press_at_once(app, "n", *"gc1", "enter")
        await heard(pilot, link, Note(text="gc1"))
        await until(pilot, lambda: not isinstance(app.screen, Dialog))
        press_at_once(app, "k", "1", "enter")
        await heard(pilot, link, Skip(stage=1))
        await until(pilot, lambda: not isinstance(app.screen, Dialog))
        # Where some of them come while the line already has the keyboard, none changes its place.
        press_at_once(app, "n")
        for letter in "abcdefghij":
            press_at_once(app, letter)
            await pilot.pause(0)
        press_at_once(app, "enter")
        await heard(pilot, link, Note(text="abcdefghij"))
