"""A profile's values on the screen: changed, saved in a file with comments, or given for one run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.form import CHANGED
from dmsperf_tui.tui.naming import NamePrompt
from dmsperf_tui.tui.profile_editor import ProfileEditor
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.setup import SetupView
from tests.tui.conftest import until
from tests.tui.test_set_up import set_up

pytestmark = pytest.mark.anyio
THEIRS = """\
# Ours, as of spring
title = "Mine"

[load]
vus = 7          # agreed
duration = "2m"
"""


@pytest.fixture
def mine(places: Places, tmp_path: Path) -> Path:
    path = tmp_path / "profiles" / "mine.toml"
    path.write_text(THEIRS)
    return path


def content(path: Path) -> str:
    return path.read_text()


def spoil(path: Path) -> None:
    path.write_text("[load\n")


@asynccontextmanager
async def editing(
    places: Places, options: Options, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[DmsPerfApp, SetupView, ProfileEditor, Pilot[None]]]:
    async with set_up(places, options, size=size) as (app, view, pilot):
        view.query_one("#profiles", Choices).focus()
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        screen = app.screen
        assert isinstance(screen, ProfileEditor)
        yield app, view, screen, pilot


async def put(screen: ProfileEditor, pilot: Pilot[None], key: str, text: str) -> None:
    line = screen.fields[key].input
    line.focus()
    line.value = text
    await pilot.pause()


async def test_a_file_of_ones_own_is_changed_and_keeps_its_comments(places: Places, mine: Path) -> None:
    options = Options(profile="mine", settings={"data.staff": "3"})
    async with editing(places, options) as (app, view, screen, pilot):
        says = screen.query_one("#profile-say", Reading)
        fields = screen.fields
        assert fields["load.vus"].said.endswith("profiles/mine.toml")
        assert (fields["data.staff"].text, fields["data.staff"].said) == ("3", "flag --set data.staff")
        assert fields["data.students"].said == "default"
        await put(screen, pilot, "load.vus", "0")
        assert says.shown.endswith("✗ Input should be greater than or equal to 1 (given: 0)")
        await pilot.press("ctrl+s")
        assert content(mine) == THEIRS
        assert app.screen is screen
        await put(screen, pilot, "load.vus", "12")
        assert fields["load.vus"].said == "changed, not saved"
        assert says.shown.startswith("load.vus  Virtual users of a load phase.")
        assert says.shown.endswith(f"{CHANGED} 7 in {fields['load.duration'].said}")
        await put(screen, pilot, "load.duration", "90")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is not screen)
        assert content(mine) == (
            THEIRS.replace("vus = 7 ", "vus = 12 ").replace("2m", "1m30s") + "\n[data]\nstaff = 3\n"
        )
        assert (view.options.profile, view.options.settings) == ("mine", {}), "it is in the file now"


async def test_what_a_variable_wins_over_is_told_and_can_be_given_for_one_run(
    places: Places, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VUS_LOAD_PHASE", "20")
    options = Options(profile="mine", settings={"thresholds.http_reqs": "rate>1", "data.staff": "3"})
    async with editing(places, options, (120, 40)) as (app, view, screen, pilot):
        assert screen.fields["load.vus"].said == "▲ VUS_LOAD_PHASE = 20"
        await put(screen, pilot, "load.vus", "9")
        says = screen.query_one("#profile-say", Reading).shown
        assert "the variable VUS_LOAD_PHASE is 20, and wins over the file" in says
        await put(screen, pilot, "load.duration", "")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app._notifications)
        (toast,) = app._notifications
        assert "load.duration is empty: for one run type a value" in toast.message
        assert app.screen is screen
        await put(screen, pilot, "load.duration", "2m")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.screen is not screen)
        assert view.options.settings == {"thresholds.http_reqs": "rate>1", "data.staff": "3", "load.vus": "9"}
        await until(pilot, lambda: view.config is not None and view.config.profile.values["load.vus"] == 9)
        assert content(mine) == THEIRS


async def test_a_packed_profile_is_saved_under_a_name_and_chosen(tmp_path: Path, places: Places) -> None:
    here = tmp_path / "here"
    here.mkdir()
    both = Places((here, *places.folders))
    async with editing(both, Options(profile="dev")) as (app, view, screen, pilot):
        assert "ships with the tool" in screen.query_one("#profile-title", Reading).shown
        assert screen.query_one("#save").disabled
        await put(screen, pilot, "load.vus", "6")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NamePrompt))
        judged = app.screen.query_one("#says", Static)
        await pilot.press("end", *"/x")
        assert str(judged.render()).startswith("✗ 'dev/x' is no name")
        await pilot.press("ctrl+u", *"smaller", "enter")
        await until(pilot, lambda: view.options.profile == "smaller")
        written = content(here / "profiles" / "smaller.toml")
        assert written == (
            'title = "Development"\ndescription = "A small district"\n\n[load]\nvus = 6\nduration = "5m"\n'
        )
        profiles = view.query_one("#profiles", Choices)
        await until(pilot, lambda: profiles.chosen == "smaller")
        await until(pilot, lambda: view.config is not None and view.config.profile.name == "smaller")


async def test_leaving_asks_where_something_is_not_saved(places: Places, mine: Path) -> None:
    async with editing(places, Options(profile="mine")) as (app, view, screen, pilot):
        await put(screen, pilot, "load.vus", "9")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen)
        await put(screen, pilot, "load.vus", "7")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)
        assert not isinstance(app.screen, Confirm), "it is as it was"
        assert (content(mine), view.options) == (THEIRS, Options(profile="mine"))


async def test_a_file_that_cannot_be_read_is_said_instead(places: Places, mine: Path) -> None:
    spoil(mine)
    async with set_up(places, Options(profile="mine")) as (app, view, pilot):
        view.query_one("#profiles", Choices).focus()
        await pilot.press("e")
        await until(pilot, lambda: app._notifications)
        (toast,) = app._notifications
        assert "mine.toml:1: is not valid TOML" in toast.message
        assert not isinstance(app.screen, ProfileEditor)


async def test_sizes_of_another_system_are_not_there_and_what_is_given_for_them_stays(
    places: Places, mine: Path
) -> None:
    given = {"k12.students": "40", "load.vus": "20"}
    async with editing(places, Options(profile="mine", settings=given)) as (app, view, screen, pilot):
        assert not [key for key in screen.fields if key.startswith("k12.")]
        await put(screen, pilot, "load.vus", "7")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.screen is not screen)
        assert view.options.settings == {"k12.students": "40"}, "7 is what the file says"
