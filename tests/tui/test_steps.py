"""An environment made ready from the screen: steps that run, ask, fail, and are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import OptionList, RichLog

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.systems.checks import PreflightRow, StepError, StepRow
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.rows import Row, bar, result, row_line, tally, worst_first
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.steps import PREPARE, STEPS, Step, on_this_machine
from dmsperf_tui.tui.steps_screen import StepsScreen
from tests.tui.conftest import Compare, still, until

pytestmark = pytest.mark.anyio

LOCAL = "http://127.0.0.1:8080/api"
SECRET = "n0t-f0r-a-screen"


def scripted(name: str, *rows: Row, question: str = "", error: Exception | None = None) -> Step:
    async def stream(client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[Row]:
        for row in rows:
            yield row
            await asyncio.sleep(0)
        if error is not None:
            raise error

    return Step(name, f"what {name} does", f"All that {name} does.", stream, lambda environment: question)


class Endless:
    """A step that goes on until it is cancelled."""

    def __init__(self) -> None:
        self.begun = self.cancelled = False
        self.step = Step("endless", "goes on", "Goes on for ever.", self._rows)

    async def _rows(self, client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[Row]:
        self.begun = True
        yield StepRow("endless", None, "on its way")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@asynccontextmanager
async def opened(
    places: Places, steps: Sequence[Step], url: str = LOCAL, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[StepsScreen, Pilot[None]]]:
    options = Options(environment=url, scenario="dms/smoke")
    variables = Variables({"CLIENT_ID": "load-tester", "CLIENT_SECRET": SECRET}, {})
    read = partial(resolve, options, places, variables)
    app = DmsPerfApp(options, places=places, refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        screen = StepsScreen(read(), read, steps=steps, clock=lambda: "10:15:00")
        await app.push_screen(screen)
        await pilot.pause()
        yield screen, pilot


def said(screen: StepsScreen) -> str:
    return screen.query_one("#step-rows", Reading).shown


def logged(screen: StepsScreen) -> list[str]:
    return [line.text.rstrip() for line in screen.query_one(RichLog).lines]


def ended(screen: StepsScreen) -> str:
    return Content.from_markup(str(screen.query_one("#step").border_subtitle or "")).plain


async def test_a_step_says_what_it_will_do_then_what_it_did(places: Places) -> None:
    step = scripted(
        "client",
        StepRow("vendor", True, "dmsperf-tui made", changed=True),
        StepRow("types", None, "1 of 2"),
        StepRow("types", None, "2 of 2"),
        StepRow("types", True, "2 made [/odd]", changed=True),
    )
    async with opened(places, [step, scripted("seed")]) as (screen, pilot):
        assert "All that client does." in said(screen)
        assert "dmsperf-tui setup client --env http://127.0.0.1:8080/api" in said(screen)
        await pilot.press("enter")
        await until(pilot, lambda: "done" in ended(screen))
        assert said(screen).splitlines() == [
            "✓ vendor  dmsperf-tui made  changed",
            "✓ types  2 made [/odd]  changed",
        ]
        assert ended(screen) == "✓ done, 2 changed"
        first, second = (str(option.prompt) for option in screen.query_one("#steps", OptionList).options)
        assert first.startswith("✓ client")
        assert second.startswith("  seed")
        await pilot.press("down")
        assert "All that seed does." in said(screen)
        assert logged(screen) == [
            "10:15:00 client   begins",
            "10:15:00 client   ✓ vendor  dmsperf-tui made  changed",
            "10:15:00 client   • types  1 of 2",
            "10:15:00 client   • types  2 of 2",
            "10:15:00 client   ✓ types  2 made [/odd]  changed",
            "10:15:00 client   ✓ done, 2 changed",
        ]
        await pilot.press("l")
        assert not screen.query_one("#step").display
        assert screen.query_one(RichLog).display


async def test_no_secret_is_on_the_screen(places: Places) -> None:
    async with opened(places, [scripted("client")]) as (screen, _):
        words = [reading.shown for reading in screen.query(Reading)]
        assert "✓ client id and secret set" in words[0]
        assert not any(SECRET in text for text in words)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (StepError("the CMS refuses it", "look at its log"), "✗ seed  the CMS refuses it; look at its log"),
        (ConfigError("is no schema", file="s.json"), "✗ seed  s.json: is no schema"),
        (httpx.ConnectError("refused"), "✗ seed  does not answer (refused)\n  → is the service running?"),
        (PermissionError(13, "Permission denied"), "✗ seed  [Errno 13] Permission denied"),
        (AttributeError("'int' has no 'get'"), "✗ seed  AttributeError: 'int' has no 'get'"),
    ],
)
async def test_what_stops_a_step_is_its_last_row(places: Places, error: Exception, line: str) -> None:
    async with opened(places, [scripted("seed", error=error)]) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: ended(screen) == "✗ failed")
        assert said(screen) == line
        assert screen.is_active


async def test_a_step_is_cancelled_and_another_one_waits_for_that(places: Places) -> None:
    endless, seed = Endless(), scripted("seed", StepRow("seed", True, "made"))
    async with opened(places, [endless.step, seed]) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: "on its way" in said(screen))
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "All that seed does." in said(screen)
        await pilot.press("c", "up")
        await until(pilot, lambda: ended(screen) == "■ cancelled")
        assert endless.cancelled
        assert "stands" in said(screen)
        await pilot.press("down", "enter")
        await until(pilot, lambda: said(screen) == "✓ seed  made")


async def test_a_mend_of_several_rows_is_said_once(places: Places) -> None:
    mend = "run: dmsperf-tui setup claimset"
    denied = [PreflightRow(f"permission {name}", False, "403", mend=mend) for name in ("a", "b")]
    async with opened(places, [scripted("check", *denied, PreflightRow("disk", True, "room"))]) as (
        screen,
        pilot,
    ):
        await pilot.press("enter")
        await until(pilot, lambda: ended(screen) == "✗ failed")
        assert said(screen).splitlines() == [
            "✗ permission a  403",
            "✗ permission b  403",
            f"  → {mend} --env {LOCAL}",
            "✓ disk  room",
        ]


async def test_a_long_step_shows_how_far_it_is_and_a_click_only_looks(places: Places) -> None:
    going = asyncio.Event()

    async def rows(client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[Row]:
        yield StepRow("descriptors", None, "3 of 12 types", progress=(3, 12))
        await going.wait()
        yield StepRow("descriptors", True, "12 made", changed=True)

    seed = Step("seed", "what seed does", "All that seed does.", rows)
    async with opened(places, [seed, scripted("clean", StepRow("clean", True, "gone"))]) as (screen, pilot):
        await pilot.click("#steps-run-button")
        await until(pilot, lambda: "3 of 12" in said(screen))
        assert said(screen).splitlines()[-1] == f"{bar(3, 12).plain}"
        assert "● seed" in str(screen.query_one("#steps", OptionList).options[0].prompt)
        assert "25 %" in str(screen.query_one("#steps", OptionList).options[0].prompt)
        going.set()
        await until(pilot, lambda: ended(screen) == "✓ done, 1 changed")
        assert said(screen) == "✓ descriptors  12 made  changed"
        assert logged(screen)[1] == "10:15:00 seed     ✓ descriptors  12 made  changed", "not each count"
        await pilot.click("#steps", offset=(4, 2))
        await pilot.pause()
        assert "All that clean does." in said(screen)
        assert ended(screen) == ""


async def test_prepare_shows_its_command_asks_and_streams_what_it_says(
    places: Places, tmp_path: Path
) -> None:
    file = tmp_path / "config" / "environments" / "mine.toml"
    file.write_text(f'url = "{LOCAL}"\nprepare = "echo up; echo password=hush; echo ready"\n')
    async with opened(places, [PREPARE], "mine") as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        question = str(pilot.app.screen.query_one(".question").render())
        assert question.splitlines() == [
            "Run this on your machine?",
            "echo up; echo password=hush; echo ready",
        ]
        await pilot.press("y")
        await until(pilot, lambda: ended(screen).startswith("✓ done"))
        assert said(screen).splitlines()[0] == "• prepare  up"
        assert said(screen).splitlines()[2] == "• prepare  ready"
        assert "hush" not in said(screen) + "".join(logged(screen))
    async with opened(places, [PREPARE]) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: ended(screen) == "✗ failed")
        assert "no command that starts it" in said(screen)
        assert isinstance(pilot.app.screen, StepsScreen), "there is nothing to ask"


async def test_the_steps_survive_every_size(places: Places) -> None:
    step = scripted("seed", *[StepRow(f"row {number}", True, "made") for number in range(40)])
    async with opened(places, [step], size=(20, 5)) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: "done" in ended(screen))
        for size in ((120, 40), (80, 24), (20, 5)):
            await pilot.resize_terminal(*size)
        await pilot.press("tab", "down", "end")
        assert screen.is_active


async def test_leaving_cancels(places: Places) -> None:
    endless = Endless()
    async with opened(places, [endless.step]) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: endless.begun)
        await pilot.press("escape")
        await until(pilot, lambda: endless.cancelled)
        assert pilot.app.screen is not screen


async def test_what_is_hard_to_undo_asks_each_time_and_names_the_host(places: Places) -> None:
    step = scripted(
        "clean", StepRow("clean", True, "gone"), question="Delete at 127.0.0.1:8080 what runs made?"
    )
    async with opened(places, [step]) as (screen, pilot):
        for key, after in (("n", ""), ("y", "✓ done, nothing changed"), ("n", "✓ done, nothing changed")):
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            question = str(pilot.app.screen.query_one(".question").render())
            assert question == "Delete at 127.0.0.1:8080 what runs made?"
            await pilot.press(key)
            await until(pilot, lambda: pilot.app.screen is screen)
            await pilot.pause()
            await pilot.pause()
            assert ended(screen) == after


async def test_what_is_asked_about_is_what_runs_and_a_yes_is_for_its_hosts_only(
    places: Places, tmp_path: Path
) -> None:
    """The file is changed behind the open screen; and what servers say cannot steer the terminal."""
    file, went = tmp_path / "config/environments/mine.toml", list[str]()
    file.write_text(f'url = "{LOCAL}"\n')

    async def rows(client: httpx.AsyncClient, config: RunConfig) -> AsyncIterator[Row]:
        went.append(config.environment.url)
        yield StepRow("x\x1b[2J", True, "ran \x1b]0;pwn\x07", mend="do \x1b[31m")

    steps = [
        Step("clean", "w", "h", rows, lambda place: f"Delete at {place.url}?"),
        Step("wait", "w", "h", rows),
    ]
    async with opened(places, steps, "mine") as (screen, pilot):

        async def asked(key: str) -> str:
            await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
            question = str(pilot.app.screen.query_one(".question").render())
            file.write_text('url = "https://third.test/api"\n')
            await pilot.press(key)
            await until(pilot, lambda: pilot.app.screen is screen)
            return question

        await pilot.press("down", "enter")
        await until(pilot, lambda: went == [LOCAL])
        file.write_text('url = "https://prod.test/api"\n')
        await pilot.press("up", "enter")
        assert await asked("y") == "Delete at https://prod.test/api?"
        await until(pilot, lambda: ended(screen).startswith("✓"))
        assert went == [LOCAL, "https://prod.test/api"]
        await pilot.press("down", "enter")
        assert await asked("n") == "Run wait at third.test?"
        assert len(went) == 2
        words = "\n".join([said(screen), *logged(screen), screen.query_one("#steps-title", Reading).shown])
        assert "ran ␛]0;pwn␇" in words
        assert not set("\x1b\x07") & set(words)


async def test_insecure_is_said_whole_however_long_the_address(places: Places, tmp_path: Path) -> None:
    far = "https://dms-staging.west.district-1.example.org:8443/services/dms/v8/api"
    file = tmp_path / "config/environments/district-staging-2026-west-and-longer-still.toml"
    file.write_text(f'url = "{far}"\ninsecure = true\ncms_url = "{far}/config"\n')
    async with opened(places, [scripted("seed")], file.stem, size=(80, 24)) as (screen, _):
        title = screen.query_one("#steps-title", Reading)
        first = "".join(segment.text for segment in title.render_line(0))
        assert "▲ INSECURE TLS: certificates are not verified" in first


async def test_another_machine_is_asked_for_once(places: Places) -> None:
    steps = [scripted("wait", StepRow("dms", True, "ready")), scripted("seed", StepRow("seed", True, "made"))]
    async with opened(places, steps, "https://dms.test/api") as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        words = " ".join(str(each.render()) for each in pilot.app.screen.query("Static"))
        assert "Run wait at dms.test?" in words
        assert "not on this machine" in words
        await pilot.press("y")
        await until(pilot, lambda: said(screen) == "✓ dms  ready")
        await pilot.press("down", "enter")
        await until(pilot, lambda: said(screen) == "✓ seed  made")


def test_any_host_elsewhere_makes_it_another_machine(places: Places) -> None:
    config = resolve(Options(environment=LOCAL, scenario="dms/smoke"), places, Variables({}, {}))
    assert on_this_machine(config.environment)
    other = config.environment.model_copy(update={"token_url": "https://login.test/token"})
    assert not on_this_machine(other)


def test_checks_are_counted_and_the_failing_ones_come_first() -> None:
    good, bad = PreflightRow("token", True, "valid"), PreflightRow("disk", False, "full")
    soon = PreflightRow("tls", False, "ends soon", fatal=False)
    told = PreflightRow("discovery", None, "no document")
    rows = [good, soon, told, bad]
    assert worst_first(rows) == [bad, soon, good, told]
    assert tally(rows).plain == "1 ✓ 1 ▲ 1 ✗"
    assert bar(0, 1200).plain == "░" * 20 + "     0 of 1,200"
    assert bar(1200, 1200).plain == "█" * 20 + " 1,200 of 1,200"


def test_a_check_that_only_warns_does_not_fail_a_step() -> None:
    good, soon = PreflightRow("token", True, "valid"), PreflightRow("tls", False, "ends soon", fatal=False)
    assert result([good]).content().plain == "✓ done"
    assert result([good, soon]).content().plain == "▲ done, 1 warning"
    assert result([soon, replace(soon, fatal=True)]).content().plain == "✗ failed"
    assert row_line(soon).plain.startswith("▲ tls")
    assert row_line(replace(soon, fatal=True)).plain.startswith("✗ tls")


async def test_u_opens_the_steps_where_there_are_any(places: Places) -> None:
    app = DmsPerfApp(Options(scenario="dms/smoke"), places=places, refresh_hz=50)
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(SetupView)
        await until(pilot, lambda: view.config is not None)
        await pilot.press("u")
        await until(pilot, lambda: any("needs no set-up" in n.message for n in app._notifications))
        assert not isinstance(app.screen, StepsScreen)
        environments = view.query_one("#environments", OptionList)
        environments.highlighted = environments.get_option_index("open")
        await until(pilot, lambda: view.config is not None and view.config.environment.name == "open")
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, StepsScreen))
        assert "INSECURE TLS" in app.screen.query_one("#steps-title", Reading).shown
        listed = [option.id for option in app.screen.query_one("#steps", OptionList).options]
        assert listed == [step.name for step in STEPS]
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, StepsScreen))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_the_steps(
    snap_compare: Compare, places: Places, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [
        PreflightRow("reachable", True, "answers 200", 0.02),
        PreflightRow("discovery", True, "Ed-Fi Alliance DMS 8.0.0, Ed-Fi 5.2.0"),
        PreflightRow("token", True, "valid for 1800 s", 0.03),
        PreflightRow(
            "permission Create students",
            False,
            "403 Access to the resource could not be authorized.",
            0.21,
            "run: dmsperf-tui setup claimset",
        ),
        PreflightRow("rate limit", False, "900/s planned, and a DMS answers 429 above 500/s", 0.0, "", False),
        PreflightRow("disk", True, "41.2 GB free for results"),
    ]
    steps = [
        replace(real, rows=scripted(real.name, *(rows if real.name == "check" else ())).rows)
        for real in STEPS
    ]
    options = Options(environment=LOCAL, scenario="dms/smoke")
    variables = Variables({"CLIENT_ID": "load-tester", "CLIENT_SECRET": SECRET}, {})
    read = partial(resolve, options, places, variables)
    app = DmsPerfApp(options, places=places, refresh_hz=50)

    async def ready(pilot: Pilot[None]) -> None:
        screen = StepsScreen(read(), read, steps=steps, clock=lambda: "10:15:00")
        await pilot.app.push_screen(screen)
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: ended(screen) == "✗ failed")
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=ready)
