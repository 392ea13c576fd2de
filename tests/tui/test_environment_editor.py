"""Environments from the screen: made, tested, saved, set up, deleted; their secrets never shown."""

from __future__ import annotations

import html
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
from dotenv import dotenv_values
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList, RichLog

from dmsperf_tui.run.registry import LiveRun
from dmsperf_tui.settings.catalogue import Entry, catalogue
from dmsperf_tui.settings.config import Options
from dmsperf_tui.settings.draft import Draft
from dmsperf_tui.settings.environment import public
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.standins import Standin, register, unregister
from dmsperf_tui.settings.variables import DOTENV
from dmsperf_tui.systems.k12.site import ROLES
from dmsperf_tui.tui import standing
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.checklist import CheckList
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment_editor import EnvironmentEditor
from dmsperf_tui.tui.environment_fields import Choice, FieldRow
from dmsperf_tui.tui.naming import NamePrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.steps_screen import StepsScreen
from dmsperf_tui.tui.target import TargetPanel
from tests.e2e.conftest import serving
from tests.settings.test_standins import READY
from tests.tui.conftest import Compare, still, until
from tests.tui.fakes import FakeLink, running
from tests.tui.test_set_up import Starter

pytestmark = pytest.mark.anyio

PASSWORD = "p4ss-of-the-db"
MINE = """\
# Ours, on the third floor.
title = "Staging"    # said to everybody
system = "dms"
url = "https://staging.test/api"

# Of the team's own application:
client_id = "${CLIENT_ID}"
client_secret = "${CLIENT_SECRET}"
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("CLIENT_ID", "CLIENT_SECRET", "ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET", "CMS_URL"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def opened(
    places: Places, environment: str, size: tuple[int, int] = (120, 40), start: Starter | None = None
) -> AsyncIterator[tuple[DmsPerfApp, SetupView, Pilot[None]]]:
    options = Options(environment=environment, scenario="dms/smoke")
    app = DmsPerfApp(options, places=places, start=start or Starter(), refresh_hz=50)
    async with app.run_test(size=size) as pilot:
        view = app.query_one(SetupView)
        await until(pilot, lambda: view.config is not None or view.problem)
        view.query_one("#environments").focus()
        yield app, view, pilot


async def edited(app: DmsPerfApp, pilot: Pilot[None]) -> EnvironmentEditor:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, EnvironmentEditor) and app.screen.query(FieldRow))
    await pilot.pause()
    assert isinstance(app.screen, EnvironmentEditor)
    return app.screen


async def asked(app: DmsPerfApp, pilot: Pilot[None], key: str) -> str:
    """Waits for a question, answers it with `key`; what it said."""
    await until(pilot, lambda: isinstance(app.screen, Confirm) and app.screen.query(".hint"))
    words = " ".join(str(each.render()) for each in app.screen.query("Static"))
    await pilot.press(key)
    return words


def put(editor: EnvironmentEditor, key: str, text: str) -> None:
    editor.query_one(f"#field-{key}", Input).value = text


def note(editor: EnvironmentEditor, key: str) -> str:
    return next(row.note.shown for row in editor.query(FieldRow) if row.spec.key == key)


def says(editor: EnvironmentEditor, where: str = "#editor-says") -> str:
    return editor.query_one(where, Reading).shown


def has_succeeded(steps: OptionList, at: int) -> bool:
    return str(steps.options[at].prompt).startswith("✓")


def seen(app: DmsPerfApp) -> str:
    """All that the terminal shows."""
    return html.unescape(app.export_screenshot()).replace("\xa0", " ")


async def test_from_a_url_to_a_run(places: Places, tmp_path: Path) -> None:
    """New, its address, test, client, claim set, seed, test, save, start; and no secret anywhere."""
    start, pictures = Starter(FakeLink(running(5))), []
    with serving("--bare") as ready:
        async with opened(places, "embedded", start=start) as (app, view, pilot):
            editor = await edited(app, pilot)
            put(editor, "url", ready["url"])
            put(editor, "cms_url", ready["cms_url"])
            put(editor, "data_store", f"host=db;password={PASSWORD};")
            checks = editor.query_one(CheckList)
            assert checks.environment is None, "nothing is asked of an address before it is said"
            await pilot.press("ctrl+t")
            await until(pilot, lambda: checks.environment is not None and not checks.under_way)
            first, second, third = checks.shown.splitlines()[:3]
            assert first == "Checked for dms/smoke · dev:"
            assert second.startswith("✗ token  no client credentials"), "what fails comes first"
            assert third.startswith(
                f"  → run: dmsperf-tui setup client --env {ready['url']}, or set CLIENT_ID"
            )
            pictures.append(seen(app))

            await pilot.press("ctrl+g")
            await until(pilot, lambda: isinstance(app.screen, StepsScreen))
            await pilot.pause()
            steps = app.screen.query_one("#steps", OptionList)
            for name in ("client", "claimset", "seed"):
                steps.highlighted = steps.get_option_index(name)
                await pilot.press("enter")
                if name == "claimset":
                    await asked(app, pilot, "y")
                at = steps.get_option_index(name)
                await until(pilot, partial(has_succeeded, steps, at))
                pictures.append(seen(app))
            log = "\n".join(line.text for line in app.screen.query_one(RichLog).lines)
            assert "its key and secret are kept" in " ".join(log.split())
            await pilot.press("escape")

            await until(pilot, lambda: app.screen is editor)
            assert f"✓ set (from {DOTENV})" in note(editor, "client_secret")
            await pilot.press("ctrl+t")
            await until(pilot, lambda: checks.summary.plain == "9 ✓ 0 ▲ 0 ✗")
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, NamePrompt))
            await pilot.pause()
            app.screen.query_one(Input).value = "bench"
            await pilot.press("enter")
            await until(pilot, lambda: "✓ saved as config/environments/bench.toml" in says(editor))
            pictures.append(seen(app))
            await pilot.press("escape")

            await until(pilot, lambda: view.config is not None and view.config.environment.name == "bench")
            target = view.query_one("#target CheckList", CheckList)
            await pilot.press("c")
            await until(pilot, lambda: target.summary.plain == "9 ✓ 0 ▲ 0 ✗")
            pictures.append(seen(app))
            assert not view.query_one("#start", Button).disabled
            await pilot.press("s")
            await until(pilot, lambda: start.configs)
        config = start.configs[0]
        assert config.environment.url == ready["url"]
        kept = {name: value for name, value in dotenv_values(DOTENV).items() if value}
        assert (tmp_path / DOTENV).stat().st_mode & 0o777 == 0o600
        secrets = [kept["CLIENT_SECRET"], kept["ADMIN_CLIENT_SECRET"], PASSWORD]
        assert PASSWORD in kept["DATA_STORE_CONNECTION"]
        text = (tmp_path / "config/environments/bench.toml").read_text()
        assert 'data_store = "${DATA_STORE_CONNECTION}"' in text
        commands = "\n".join(
            " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
        )
        recorded = f"{public(config.environment)} {config.scenario_source} {config.sources} {config!r}"
        for place in (*pictures, log, text, commands, recorded):
            assert not [secret for secret in secrets if secret in place]


async def test_a_k12_platform_is_tested_by_its_people_and_a_scenario_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_URL", "BASE_URL", "K12_PASSWORD", "QUIZ_ID", "COURSE_ID", "SUBMISSION_ID", "ENV"):
        monkeypatch.delenv(name, raising=False)
    places = Places((tmp_path, DEFAULTS))
    with serving("--k12-password", "pw-of-all") as ready:
        async with opened(places, "embedded") as (app, view, pilot):
            assert view.config is not None
            assert view.config.plan.name == "dms/smoke"
            editor = await edited(app, pilot)
            editor.query_one("#field-system", Choice).focus()
            await pilot.press("right")
            put(editor, "url", ready["url"])
            await pilot.press("ctrl+t")
            checks = editor.query_one(CheckList)
            await until(pilot, lambda: "K12_PASSWORD" in checks.shown)
            assert "k12-users.csv:2: K12_PASSWORD: the variable is set nowhere" in checks.shown
            put(editor, "user_password", "pw-of-all")
            await pilot.press("ctrl+t")
            await until(pilot, lambda: checks.environment is not None and not checks.under_way)
            assert checks.shown.startswith("Checked for k12/load · dev:")
            for role in ROLES:
                assert f"✓ login {role}  {role}1@test.local" in checks.shown
            assert checks.summary.plain.endswith("0 ✗")
            assert "pw-of-all" not in seen(app)
            await pilot.press("ctrl+g")
            await until(pilot, lambda: isinstance(app.screen, StepsScreen))
            await pilot.pause()
            steps = app.screen.query_one("#steps", OptionList).options
            assert [step.id for step in steps] == ["check", "prepare", "wait"]
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is editor)
            await pilot.pause()
            panel = editor.query_one("#editor-checks")
            assert "before" not in str(panel.border_subtitle), "it is what was tested"
            put(editor, "title", "Ours")
            await pilot.pause()
            assert "before your last change" in str(panel.border_subtitle)


async def test_an_own_file_is_edited_and_keeps_what_is_around_it(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "config/environments/staging.toml"
    file.write_text(MINE)
    (tmp_path / DOTENV).write_text("CLIENT_FOR=https://other.test\nCLIENT_ID=me\nCLIENT_SECRET=hush-hush\n")
    (tmp_path / DOTENV).chmod(0o600)
    async with opened(places, "staging", (80, 24)) as (app, view, pilot):
        editor = await edited(app, pilot)
        assert "● not saved" not in says(editor, "#editor-title")
        assert note(editor, "client_secret").startswith(f"◌ not set: {DOTENV} has that of https://other.test")
        put(editor, "client_secret", "t1ped")
        await pilot.pause()
        assert f"{DOTENV}: holds the client of https://other.test" in note(editor, "client_secret")
        put(editor, "client_secret", "")
        put(editor, "url", "staging.test")
        put(editor, "tenant", "a/b")
        await pilot.pause()
        assert note(editor, "url") == "✗ 'staging.test' is not an http(s) URL; write http://host:port/path"
        assert note(editor, "tenant") == "✗ 'a/b' cannot stand in a path; write it without / ? and #"
        assert says(editor) == "✗ 2 to mend: tenant, url"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: says(editor).startswith("✗ not saved: "))
        assert file.read_text() == MINE
        put(editor, "url", "https://staging.test/v2")
        put(editor, "tenant", "")
        put(editor, "route_qualifiers", "255901/2026")
        editor.query_one("#field-insecure").focus()
        await pilot.press("right")
        await pilot.pause()
        assert "▲ INSECURE TLS" in says(editor, "#editor-title")
        assert note(editor, "insecure").startswith("▲ INSECURE")

        await pilot.press("escape")
        assert "Leave without saving?" in await asked(app, pilot, "n")
        await until(pilot, lambda: app.screen is editor)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ saved" in says(editor))
        assert file.read_text() == MINE.replace("/api", "/v2") + (
            'route_qualifiers = ["255901", "2026"]\ninsecure = true\n'
        )
        await pilot.press("escape")
        await until(pilot, lambda: view.config is not None and view.config.environment.insecure)
        assert view.config is not None
        assert view.config.environment.load_url == "https://staging.test/v2/255901/2026"

        editor = await edited(app, pilot)
        await pilot.click("#editor-delete")
        assert "Delete config/environments/staging.toml?" in await asked(app, pilot, "y")
        await until(pilot, lambda: view.options.environment == "embedded")
        assert not file.exists()


async def test_a_file_that_ships_with_the_tool_is_copied_and_not_touched(
    tmp_path: Path, places: Places
) -> None:
    packed = tmp_path.with_name(f"{tmp_path.name}-packed")
    shipped = packed / "config/environments/ours.toml"
    shipped.parent.mkdir(parents=True)
    shipped.write_text(MINE)
    both = Places((tmp_path, packed))
    async with opened(both, "ours") as (app, _, pilot):
        editor = await edited(app, pilot)
        assert "ships with the tool" in says(editor, "#editor-title")
        assert editor.query_one("#editor-delete", Button).disabled
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NamePrompt))
        await pilot.pause()
        prompt = app.screen
        for name, words in (
            ("embedded", "is no name for one"),
            ("../ours", "is no name for one"),
            ("open", "▲ config/environments/open.toml is there: you are asked"),
            ("ours", "config/environments/ours.toml, which goes before the one that ships with the tool"),
        ):
            prompt.query_one(Input).value = name
            await pilot.pause()
            assert words in str(prompt.query_one("#says").render())
        await pilot.press("enter")
        await until(pilot, lambda: "✓ saved" in says(editor))
        assert shipped.read_text() == MINE == (tmp_path / "config/environments/ours.toml").read_text()
        assert not editor.query_one("#editor-delete", Button).disabled
        for size in ((20, 5), (80, 24)):
            await pilot.resize_terminal(*size)
        assert app.screen is editor


async def test_b_starts_one_that_stays_chooses_it_and_asks_before_it_stops(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[Standin] = []

    async def start() -> Standin:
        return register(READY)

    async def stop(standin: Standin) -> None:
        stopped.append(standin)
        unregister(standin)

    uses = LiveRun("7f3a", os.getpid(), 0.0, "dms/smoke", "results", "", READY["url"])
    monkeypatch.setattr(standing, "start_standing", start)
    monkeypatch.setattr(standing, "stop_standing", stop)
    monkeypatch.setattr(standing, "live_runs", lambda: [uses])
    async with opened(places, "embedded") as (app, view, pilot):
        await pilot.press("b")
        await until(pilot, lambda: view.config and view.config.environment.name == "embedded:41893")
        assert "127.0.0.1:41893" in view.query_one("#target .lines", Reading).shown
        assert READY["client_secret"] not in seen(app)
        editor = await edited(app, pilot)
        assert editor.draft.values["url"] == READY["url"], "a file for it begins with what it is"
        assert note(editor, "client_secret").startswith("● typed")
        await pilot.press("escape")
        await asked(app, pilot, "y")
        await until(pilot, lambda: app.screen is app.screen_stack[0])
        await pilot.press("b")
        words = await asked(app, pilot, "n")
        assert "Stop embedded:41893?" in words
        assert "7f3a (dms/smoke)" in words
        await until(pilot, lambda: app.screen is app.screen_stack[0])
        assert stopped == []
        view.choose_environment("embedded")
        await until(pilot, lambda: view.config and view.config.environment.embedded)
        await pilot.press("b")
        await until(pilot, lambda: view.options.environment == "embedded:41893")
        await until(pilot, lambda: view.config and view.config.environment.try_out)
        await pilot.press("b")
        await asked(app, pilot, "y")
        await until(pilot, lambda: view.options.environment == "embedded" and stopped)
        target, listed = view.query_one(TargetPanel), view.query_one("#environments", OptionList)
        await until(pilot, lambda: "embedded:41893" not in [option.id for option in listed.options])
        await target._look()
        other = await start()
        await target._look()
        await until(pilot, lambda: "embedded:41893" in [option.id for option in listed.options])
        assert view.options.environment == "embedded", "one of another terminal is listed, and not chosen"
        unregister(other)
        await until(pilot, lambda: all(worker.is_finished for worker in app.workers))


async def test_who_chooses_while_the_list_is_read_keeps_it_and_a_path_is_saved_to_its_file(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config/environments/staging.toml"
    file.write_text(MINE)
    read = threading.Event()

    def slow(kind: str, places: Places | None) -> list[Entry]:
        assert read.wait(20)
        return catalogue(kind, places)

    async with opened(places, str(file)) as (app, view, pilot):

        def listing() -> bool:
            return any(worker.group == "catalogue" and not worker.is_finished for worker in view.workers)

        editor = await edited(app, pilot)
        put(editor, "title", "Ours")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "✓ saved" in says(editor))
        assert file.read_text() == MINE.replace("Staging", "Ours")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not editor and not listing())
        monkeypatch.setattr("dmsperf_tui.tui.setup.catalogue", slow)
        view.choose_environment(None)
        await pilot.pause()
        listed = view.query_one("#environments", OptionList)
        listed.highlighted = listed.get_option_index("open")
        await until(pilot, lambda: view.options.environment == "open")
        read.set()
        await until(pilot, lambda: not listing())
        assert view.options.environment == "open"


async def test_checks_are_of_the_chosen_environment_alone(places: Places, tmp_path: Path) -> None:
    (tmp_path / "config/environments/shut.toml").write_text('system = "dms"\nurl = "http://127.0.0.1:9"\n')
    async with opened(places, "shut") as (app, view, pilot):
        checks = view.query_one("#target CheckList", CheckList)
        await pilot.press("c")
        await until(pilot, lambda: checks.environment is not None and not checks.under_way)
        assert checks.summary.plain == "0 ✓ 0 ▲ 1 ✗"
        assert "→ is the service running? dmsperf-tui setup prepare --env shut" in checks.shown
        view.choose_environment("embedded")
        await until(pilot, lambda: view.config and view.config.environment.embedded)
        assert (checks.environment, checks.shown) == (None, "")
        await pilot.press("c")
        await until(pilot, lambda: any("needs no check" in each.message for each in app._notifications))
        assert checks.environment is None


def test_a_draft_of_a_table_of_qualifiers_loses_none(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "config/environments/routed.toml"
    file.write_text('url = "http://h"\n\n[route_qualifiers]\ndistrict = "255901" # Dallas\nyear = "2025"\n')
    draft = Draft.open("routed", places)
    assert draft.text("route_qualifiers") == "district=255901, year=2025"
    draft.put("route_qualifiers", "district=255901, schoolYear=2026")
    assert draft.changed
    draft.save("routed", places)
    assert file.read_text() == (
        'url = "http://h"\n\n[route_qualifiers]\ndistrict = "255901" # Dallas\nschoolYear = "2026"\n'
    )


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_picture_of_the_editor(
    snap_compare: Compare, places: Places, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "config/environments/staging.toml").write_text(MINE + 'tenant = "a/b"\n')
    app = DmsPerfApp(Options(environment="open"), places=places, refresh_hz=50)

    async def ready(pilot: Pilot[None]) -> None:
        editor = EnvironmentEditor(Options(environment="staging", scenario="dms/smoke"), places)
        await pilot.app.push_screen(editor)
        await until(pilot, lambda: note(editor, "tenant").startswith("✗"))
        for field in editor.query(Input):
            field.cursor_blink = False
        editor.action_test()
        await until(pilot, lambda: "tenant" in editor.query_one(CheckList).shown)
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=ready)
