"""Choosing what to run, seeing its load, starting it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, ContentSwitcher, Input, Static, TextArea

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.launch import LaunchError
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.details import details
from dmsperf_tui.tui.dialogs import StopDialog
from dmsperf_tui.tui.environment import tls_words
from dmsperf_tui.tui.form import Tick
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_options import RunOptions, as_texts, read_options
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.start_dialog import StartDialog, needs_asking
from tests.tui.conftest import screen_lines, until
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
        assert "profile   bare" in [line.rstrip() for line in lines]
        assert "given     --abort-on-4xx  --set data.prefix=P1" in lines
        assert words(view, "#problem") == "given --abort-on-4xx  --set data.prefix=P1"


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


async def test_s_starts_again_after_the_end_and_1_goes_back(places: Places) -> None:
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
        await pilot.press("1")
        await until(pilot, lambda: app.query_one("#views", ContentSwitcher).current == "setup")


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
    async with set_up(places, start=Starter(link)) as (app, view, pilot):
        view.options = replace(view.options, in_process=True)
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


async def test_what_is_secret_is_on_no_screen_and_stays_as_it_was_given(places: Places) -> None:
    key = "workloads.smoke.env.AUTH_TOKEN"
    options = Options(environment="http://u:geheim@127.0.0.1:1/x", settings={key: "geheim2", "load.vus": "2"})
    async with set_up(places, options, size=(120, 40)) as (app, view, pilot):
        shown = screen_lines(app)
        assert any("http://[removed]@127.0.0.1:1/x  ✗" in line for line in shown)
        assert "must not carry credentials" in view.problem
        view.query_one("#environments", Choices).focus()
        await pilot.press("y", "e")
        await pilot.pause()
        shown += [app.clipboard, *screen_lines(app)]
        assert isinstance(app.focused, Choices), "no file is begun of it"
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, RunOptions))
        lines = app.screen.query_one(TextArea)
        assert lines.text == f"{key}=[set]\nload.vus=2"
        shown += screen_lines(app)
        assert not any("geheim" in line for line in shown)
        lines.text = lines.text.replace("vus=2", "vus=3")
        form = app.screen
        assert isinstance(form, RunOptions)
        assert form._typed().settings == {key: "geheim2", "load.vus": "3"}
    texts = as_texts(options)
    kept = read_options(options, texts, abort=False, here=False)
    assert kept == options
    typed = read_options(options, texts | {"settings": f"{key}=new"}, abort=False, here=False)
    assert typed.settings == {key: "new"}
    with pytest.raises(ConfigError, match="stands for a value that is there already"):
        read_options(Options(), texts, abort=False, here=False)


async def test_a_scenario_is_searched_for_by_words(places: Places) -> None:
    async with set_up(places, Options(scenario="dms/smoke")) as (app, view, pilot):
        scenarios, line = view.query_one("#scenarios", Choices), view.query_one("#search", Input)

        def listed() -> list[str]:
            return [option.id for option in scenarios.options if option.id]

        await pilot.press("slash", *"forty LAT")
        assert listed() == ["dms/steps"], "of title and description, in any case"
        await until(pilot, lambda: view.config is not None and view.config.plan.name == "dms/steps")
        assert "/forty LAT  1 of 3" in str(scenarios.border_subtitle)
        await pilot.press("escape")
        assert (listed(), view.options.scenario) == (["dms/smoke", "dms/steps", "http/broken"], "dms/smoke")
        assert not line.display
        assert app.focused is scenarios

        await pilot.press("slash", *"dms", "down")
        assert app.focused is scenarios
        assert view.options.scenario == "dms/smoke", "what is still listed stays the choice"
        await pilot.press("down")
        assert view.options.scenario == "dms/steps"
        await pilot.press("slash", *"zzz")
        assert listed() == []
        assert "nothing has" in str(scenarios.options[0].prompt)
        assert view.options.scenario == "dms/steps"
        await pilot.press("enter")
        assert len(listed()) == 3, "what is chosen is in the list"
        assert (scenarios.chosen, view.options.scenario, line.display) == ("dms/steps", "dms/steps", False)
        await pilot.press("slash", *"zzz")
        assert listed() == []
        view.query_one("#start", Button).focus()
        await pilot.pause()
        assert (len(listed()), scenarios.chosen) == (3, "dms/steps")


async def test_a_file_that_cannot_be_used_is_marked_with_why(places: Places, tmp_path: Path) -> None:
    (tmp_path / "profiles" / "bad.toml").write_text("[load]\nvus = 0\n")
    async with set_up(places, size=(120, 40)) as (_, view, pilot):
        scenarios, profiles = view.query_one("#scenarios", Choices), view.query_one("#profiles", Choices)

        def line(choices: Choices, name: str) -> str:
            return str(choices.get_option(name).prompt)

        await until(pilot, lambda: "✗" in line(scenarios, "http/broken"))
        assert line(scenarios, "http/broken").startswith("  broken  ✗ workloads.get.duration:")
        assert line(profiles, "bad").startswith("bad  ✗ load.vus: ")
        assert "✗" not in line(scenarios, "dms/steps")


async def test_length_peak_and_an_estimate_are_said(places: Places) -> None:
    async with set_up(places, Options(scenario="dms/steps"), size=(120, 40)) as (_, view, pilot):
        await until(pilot, lambda: view.estimate)
        # 5 + 20 + 25 + 80 VU-minutes, four requests of 50 ms each: 20 a second.
        assert view.estimate is not None
        assert view.estimate.requests == pytest.approx(130 * 60 * 20)
        assert str(view.query_one(PreviewChart).border_subtitle) == (
            "6m · peak 40 VUs · about 160,000 requests"
        )
        await pilot.pause()
        text = " ".join(words(view, "#details-lines").split())
        assert "about 160,000 requests, if an answer takes 50 ms" in text
        assert "0 → 10 → 40 VUs over 6m" in text
        assert "no thresholds: it passes unless" in text


async def test_choose_override_and_start(places: Places) -> None:
    start = Starter(FakeLink(running(30)))
    async with set_up(places, start=start) as (app, view, pilot):
        await choose(view, pilot, "scenarios", "dms/steps")
        await pilot.press("o")
        form = app.screen
        assert isinstance(form, RunOptions)
        await pilot.press(*"zero", "enter")
        says = form.query_one("#options-say", Reading)
        await until(pilot, lambda: "--vus: 'zero' is no whole number" in says.shown)
        assert app.screen is form
        await pilot.press("ctrl+u", *"20", "down", *"3m")
        command = form.query_one("#options-command", Reading)
        line = "dmsperf-tui --batch --scenario dms/steps --profile dev --env embedded --vus 20 --duration 3m"
        await until(pilot, lambda: command.shown == line)
        assert says.shown == "✓ 3m · peak 20 VUs"
        form.query_one("#abort", Tick).toggle()
        form.query_one("#settings", TextArea).text = "workloads.steps.think_time=1s\nload.vus=7"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is not form)
        given = "given --vus 20  --duration 3m"
        await until(pilot, lambda: words(view, "#problem").startswith(given))
        await pilot.press("y")
        assert app.clipboard == f"{line} --abort-on-4xx --set workloads.steps.think_time=1s --set load.vus=7"
        await pilot.press("s")
        await until(pilot, lambda: app.phase is Phase.RUNNING)
        (config,) = start.configs
        assert (config.plan.peak_vus, config.plan.duration_ns, config.abort_on_4xx) == (20, 180 * 10**9, True)
        assert config.plan.workloads[0].think_time_s == 1


async def test_options_are_checked_by_what_checks_the_command_line_and_cleared_by_a_key(
    places: Places,
) -> None:
    options = Options(vus=9, speedup=2, settings={"load.vuz": "1"}, in_process=True)
    async with set_up(places, options) as (app, view, pilot):
        await pilot.press("o")
        says = app.screen.query_one("#options-say", Reading)
        await until(pilot, lambda: "did you mean 'load.vus'?" in says.shown)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, RunOptions), "it stays until all is right"
        await pilot.press("ctrl+l")
        await until(pilot, lambda: says.shown == "✓ 30s · 1 VU")
        await pilot.click("#use")
        await until(pilot, lambda: not isinstance(app.screen, RunOptions))
        assert view.options == Options()
        await pilot.press("o", *"7", "escape")
        assert view.options == Options()


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"duration": "soon"}, "--duration: 'soon' is not a duration"),
        ({"speedup": "nan"}, "--speedup: 'nan' is no number"),
        ({"seed": "-1"}, "--seed: '-1' is no whole number; give 0 or more"),
        ({"settings": "load.vus 3"}, "--set: 'load.vus 3' is not KEY=VALUE; write load.vus=20"),
    ],
)
def test_a_bad_option_is_one_clear_line(texts: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        read_options(Options(), as_texts(Options()) | texts, abort=False, here=False)


def test_options_go_into_the_form_and_come_back() -> None:
    given = Options(
        vus=5,
        duration_s=90.0,
        workers=2,
        seed=0,
        speedup=1.5,
        data="last",
        resume="7f3a",
        objectives="k12",
        results="elsewhere",
        settings={"load.vus": "3", "thresholds.http_reqs": "rate>1"},
        summary=("out.json",),
    )
    assert read_options(given, as_texts(given), abort=False, here=False) == given


async def test_an_address_that_is_not_this_machine_is_asked_for_once(places: Places) -> None:
    links = [FakeLink(ended(5)) for _ in range(3)]
    start = Starter(*links)
    options = Options(scenario="dms/steps", environment="open", vus=8)
    async with set_up(places, options, start) as (app, _, pilot):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        text = "\n".join(str(static.render()) for static in app.screen.query(Static))
        for said in ("dms.test", "▲ INSECURE TLS", "dms/steps", "peak 8 VUs, 6m", "about 31,000 requests"):
            assert said in text
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, StartDialog))
        assert start.configs == [], "no is what Enter says"
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        await pilot.press("y")
        await until(pilot, lambda: app.phase is Phase.OVER)
        await pilot.press("s")
        await until(pilot, lambda: len(start.configs) == 2)
        assert not isinstance(app.screen, StartDialog), "it was agreed to"


async def test_a_yes_is_for_the_addresses_that_were_named(places: Places, tmp_path: Path) -> None:
    file, start = tmp_path / "config/environments/open.toml", Starter(*[FakeLink(ended(5)) for _ in range(2)])
    async with set_up(places, Options(scenario="dms/steps", environment="open"), start) as (app, _, pilot):

        async def question() -> str:
            await pilot.press("s")
            await until(pilot, lambda: isinstance(app.screen, StartDialog) and app.screen.query("Static"))
            return "\n".join(str(static.render()) for static in app.screen.query(Static))

        assert "It is not on this machine" in await question()
        await pilot.press("y")
        await until(pilot, lambda: app.phase is Phase.OVER)
        file.write_text(
            'url = "https://dms.test/api"\ntoken_url = "https://login.test/t"\ncms_url = "http://cms.test"\n'
        )
        text = await question()
        assert "https://login.test/t" in text
        assert "http://cms.test" in text
        assert "dms.test and login.test and cms.test are not on this machine" in text


@pytest.mark.parametrize(
    ("environment", "asks"),
    [
        ("embedded", False),
        ("http://127.0.0.1:9/api", False),
        ("http://[::1]:9", False),
        ("http://localhost:9", False),
        ("https://dms.test/api", True),
        ("http://192.168.1.5", True),
        ("open", True),
    ],
)
def test_this_machine_is_never_asked_for(places: Places, environment: str, asks: bool) -> None:
    assert needs_asking(resolve(Options(environment=environment), places)) is asks


def test_a_token_from_another_machine_counts_as_one(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTH_TOKEN_URL", "https://login.example/token")
    assert needs_asking(resolve(Options(environment="http://127.0.0.1:9/api"), places))


def test_details_are_wrapped_between_the_parts_of_a_list(places: Places) -> None:
    config = resolve(Options(scenario="dms/steps", settings={"workloads.steps.think_time": "1s"}), places)
    for width in (30, 46, 60):
        lines = [line.plain for line in details(config, Options(vus=3), "about 1 request", width)]
        assert all(len(line) <= width for line in lines)
        text = " ".join(line[10:].strip() if line.startswith(" " * 10) else line for line in lines)
        assert "ramping-vus" in text
        assert "→ 40 VUs over 6m" in text
