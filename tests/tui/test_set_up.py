"""Choosing what to run, seeing its load, starting it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, ContentSwitcher

from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.launch import LaunchError
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.dialogs import StopDialog
from dmsperf_tui.tui.environment import tls_words
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.setup import SetupView
from tests.tui.conftest import until
from tests.tui.fakes import FakeLink, ended, running

pytestmark = pytest.mark.anyio


class Starter:
    """Stands in for the launch of a host."""

    def __init__(self, *links: FakeLink, error: Exception | None = None) -> None:
        self.configs: list[RunConfig] = []
        self._links = list(links)
        self._error = error

    async def __call__(self, config: RunConfig) -> RunLink:
        self.configs.append(config)
        if self._error is not None:
            raise self._error
        return self._links.pop(0)


@asynccontextmanager
async def set_up(
    places: Places,
    options: Options | None = None,
    start: Starter | None = None,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[tuple[DmsPerfApp, SetupView, Pilot[None]]]:
    """The app in set-up, once the files have been read."""
    app = DmsPerfApp(options or Options(), places=places, start=start or Starter(), refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        view = app.query_one(SetupView)
        await until(pilot, lambda: view.config is not None or view.problem)
        # What it has found to say moves the button.
        await pilot.pause()
        await pilot.pause()
        yield app, view, pilot


def words(view: SetupView, query: str) -> str:
    return view.query_one(query, Reading).shown


async def choose(view: SetupView, pilot: Pilot[None], kind: str, name: str) -> None:
    choices = view.query_one(f"#{kind}", Choices)
    choices.highlighted = choices.get_option_index(name)
    await pilot.pause()


async def test_what_was_typed_is_chosen_and_shown(places: Places) -> None:
    options = Options(scenario="dms/steps", profile="prod", vus=20, duration_s=90, speedup=3)
    async with set_up(places, options, size=(120, 40)) as (_, view, _pilot):
        chosen = {
            kind: option.id if (option := view.query_one(f"#{kind}", Choices).highlighted_option) else None
            for kind in ("environments", "profiles", "scenarios")
        }
        assert chosen == {"environments": "embedded", "profiles": "prod", "scenarios": "dms/steps"}
        assert "--vus 20  --duration 1m30s  --speedup 3" in words(view, "#details-lines")
        where = "in a process of its own on a free port (try-out: it shares this machine's CPU)"
        assert where in words(view, "#target .lines")


async def test_a_profile_without_a_description_is_its_title_alone(places: Places, tmp_path: Path) -> None:
    (tmp_path / "profiles" / "bare.toml").write_text('[data]\nprefix = ""\n[load]\nvus = 2\n')
    options = Options(profile="bare", settings={"data.prefix": "P1"}, abort_on_4xx=True)
    async with set_up(places, options, size=(120, 40)) as (_, view, _pilot):
        lines = words(view, "#details-lines").splitlines()
        assert [line.rstrip() for line in lines[-2:]] == [
            "profile   bare",
            "given     --abort-on-4xx  --set data.prefix=P1",
        ]


async def test_another_choice_redraws_the_preview(places: Places) -> None:
    async with set_up(places, size=(120, 40)) as (_, view, pilot):
        preview = view.query_one(PreviewChart)
        assert "30s · 1 VU" in str(preview.border_subtitle)
        await choose(view, pilot, "scenarios", "dms/steps")
        await until(pilot, lambda: "6m · peak 40 VUs" in str(preview.border_subtitle))
        assert "ramping-vus · dms.enroll_student" in words(view, "#details-lines")
        drawn = "\n".join(preview.render_line(y).text for y in range(preview.size.height))
        assert "40┤" in drawn
        assert "06:00" in drawn


async def test_a_faulty_file_is_said_in_one_line_and_start_is_refused(places: Places) -> None:
    start = Starter()
    async with set_up(places, start=start) as (app, view, pilot):
        await choose(view, pilot, "scenarios", "http/broken")
        await until(pilot, lambda: view.problem)
        assert "duration" in view.problem
        assert "broken.toml:" in view.problem
        assert view.problem in words(view, "#details-lines")
        assert view.query_one("#start", Button).disabled
        await pilot.press("s")
        await pilot.pause()
        assert start.configs == []
        assert app.phase is Phase.SETUP
        await choose(view, pilot, "scenarios", "dms/smoke")
        await until(pilot, lambda: view.config is not None)
        assert not view.query_one("#start", Button).disabled


def test_how_a_connection_is_protected_is_said() -> None:
    assert tls_words("https://dms.test", insecure=True)[0] == "▲ INSECURE TLS: certificates are not verified"
    assert tls_words("https://dms.test", insecure=False)[0] == "✓ TLS verified"
    assert tls_words("http://dms.test", insecure=True)[0] == "plain HTTP"


async def test_a_url_that_is_no_entry_is_listed_as_chosen(places: Places) -> None:
    async with set_up(places, Options(environment="https://dms.example/api")) as (_, view, _pilot):
        option = view.query_one("#environments", Choices).highlighted_option
        assert option is not None
        assert option.id == "https://dms.example/api"
        assert "✓ TLS verified" in words(view, "#target .lines")


@pytest.mark.parametrize("way", ["s", "button"])
async def test_start_hands_over_the_choice_and_shows_the_run(places: Places, way: str) -> None:
    start = Starter(FakeLink(running(30)))
    async with set_up(places, Options(scenario="dms/steps", vus=8), start) as (app, _, pilot):
        if way == "s":
            await pilot.press("s")
        else:
            await pilot.click("#start")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        assert [config.plan.name for config in start.configs] == ["dms/steps"]
        assert start.configs[0].plan.peak_vus == 8
        assert app.query_one(ContentSwitcher).current == "run"
        assert app.timeline.end_s == 30


async def test_a_host_that_does_not_come_up_is_said(places: Places) -> None:
    start = Starter(error=LaunchError("the run's host ended before it was ready"))
    async with set_up(places, start=start) as (app, view, pilot):
        await pilot.press("s")
        await until(pilot, lambda: "ended before it was ready" in words(view, "#problem"))
        assert app.phase is Phase.SETUP


async def test_s_starts_again_after_the_end_and_e_goes_back(places: Places) -> None:
    first, second = FakeLink(ended(60)), FakeLink(running(5))
    start = Starter(first, second)
    async with set_up(places, start=start) as (app, _, pilot):
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.OVER)
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        assert first.closed
        assert app.timeline.end_s == 5
        second.push(ended(8))
        await until(pilot, lambda: app.phase is Phase.OVER)
        await pilot.press("e")
        await until(pilot, lambda: app.query_one(ContentSwitcher).current == "setup")


async def test_a_link_without_a_run_comes_back_to_set_up(places: Places) -> None:
    gone = FakeLink()
    gone.lose()
    async with set_up(places, start=Starter(gone)) as (app, view, pilot):
        await pilot.press("s")
        await until(pilot, lambda: "host is gone" in words(view, "#problem"))
        assert app.phase is Phase.SETUP


async def test_a_scenario_given_as_a_file_is_listed(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((tmp_path / "scenarios" / "dms" / "smoke.toml").read_text())
    async with set_up(places, Options(scenario=str(path))) as (_, view, _pilot):
        assert view.config is not None
        assert view.config.plan.name == "mine"


async def test_a_run_in_this_process_cannot_be_left_running(places: Places) -> None:
    link = FakeLink(running(5))
    async with set_up(places, Options(in_process=True), Starter(link)) as (app, _, pilot):
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        await pilot.press("d")
        await pilot.pause()
        assert app.is_running
        assert not link.closed, "detaching would end it unasked"
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, StopDialog))
        await pilot.press("y")
        await until(pilot, lambda: any(isinstance(command, Stop) for command in link.sent))
