"""A K-12 platform on the set-up screen: who logs in, its fields, its steps, and what it is held to."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from textual.widgets import Input

from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.details import details
from dmsperf_tui.tui.environment import login_words
from dmsperf_tui.tui.environment_editor import EnvironmentEditor
from dmsperf_tui.tui.environment_fields import Choice, FieldRow
from dmsperf_tui.tui.naming import NamePrompt
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steps import steps_for
from tests.tui.conftest import until
from tests.tui.test_set_up import set_up, words

pytestmark = pytest.mark.anyio

OURS = Path(__file__).parents[2]
PASSWORD = "pw-of-the-pool"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An empty folder before the files that ship with the tool, and the pool's password."""
    monkeypatch.chdir(tmp_path)
    for name in ("API_URL", "BASE_URL", "QUIZ_ID", "COURSE_ID", "SUBMISSION_ID", "ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("K12_PASSWORD", PASSWORD)
    return Places((tmp_path, OURS))


def offered(editor: EnvironmentEditor) -> set[str]:
    """The keys of the fields that are there."""
    return {row.spec.key for row in editor.query(FieldRow) if row.display}


async def test_its_people_its_fields_and_its_ids(shipped: Places, tmp_path: Path) -> None:
    options = Options(environment="k12", scenario="k12/smoke")
    async with set_up(shipped, options, size=(120, 40)) as (app, view, pilot):
        assert "log-in: ✓ 10 admins, 150 teachers, 500 students" in words(view, "#target .lines")
        view.query_one("#environments").focus()
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EnvironmentEditor) and app.screen.query(FieldRow))
        editor = app.screen
        assert isinstance(editor, EnvironmentEditor)
        await pilot.pause()
        assert offered(editor) >= {"url", "base_url", "users", "user_password", "ids.quiz", "prepare"}
        assert not offered(editor) & {"cms_url", "tenant", "client_id", "admin_token", "cleanup"}
        assert PASSWORD not in app.export_screenshot()

        editor.query_one("#field-ids-quiz", Input).value = "42"
        editor.query_one("#field-ids-course", Input).value = ""
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NamePrompt))
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "✓ saved" in editor.query_one("#editor-says", Reading).shown)
        written = (tmp_path / "config/environments/k12.toml").read_text()
        assert tomllib.loads(written)["ids"] == {"quiz": "42", "submission": "${SUBMISSION_ID}"}
        assert "one or more to grade" in written, "comments stay"
        await pilot.press("escape")
        await until(pilot, lambda: view.config and view.config.environment.ids == {"quiz": "42"})


async def test_the_chosen_system_decides_which_fields_there_are(shipped: Places) -> None:
    app = DmsPerfApp(Options(), places=shipped, refresh_hz=50)
    async with app.run_test(size=(80, 24)) as pilot:
        editor = EnvironmentEditor(Options(scenario="k12/smoke"), shipped)
        await app.push_screen(editor)
        await pilot.pause()
        assert not offered(editor) & {"users", "ids.quiz", "base_url"}
        assert "tenant" in offered(editor)
        editor.query_one("#field-tenant", Input).value = "district-1"
        editor.query_one("#field-system", Choice).focus()
        await pilot.press("right")
        await pilot.pause()
        assert editor.draft.text("system") == "k12"
        assert offered(editor) >= {"users", "ids.quiz", "base_url"}
        assert "cms_url" not in offered(editor)
        assert "tenant" in offered(editor), "what is in the file is never hidden"
        shown = {str(each.render()) for each in editor.query("#fields > .group") if each.display}
        assert "People and ids (K-12)" in shown
        assert "Administrator, for set-up" not in shown


def test_what_it_is_held_to_is_told_apart_from_what_it_is_judged_by(shipped: Places) -> None:
    def text(objectives: str | None) -> str:
        options = Options(environment="k12", scenario="k12/smoke", objectives=objectives)
        lines = details(resolve(options, shipped, Variables.here()), options, "", 100)
        assert all(line.cell_length <= 100 for line in lines)
        return " ".join(" ".join(line.plain for line in lines).split())

    gated, hidden = text("k12"), text("none")
    assert "objectives of k12, K-12 platform · a missed one fails the run" in gated
    assert "{category:" not in gated, "they are told once"
    assert "judged by http_req_duration p(95)<500" in gated
    assert "held to" not in hidden
    assert "shown alone: --objectives k12 fails a run by them" in text(None), "the scenario's own"


def test_who_logs_in_is_said_of_each_kind_of_system(shipped: Places) -> None:
    people = resolve(Options(environment="k12", scenario="k12/smoke"), shipped).environment
    one = people.model_copy(update={"accounts": people.accounts[:1]})
    assert login_words(one)[0] == "✓ 1 admin"
    assert login_words(Environment(name="a", system="http")) == ("", "")
    assert login_words(Environment(name="a", system="dms"))[0].startswith("▲ no client")


def test_its_steps_are_those_that_do_not_need_a_dms(shipped: Places) -> None:
    config = resolve(Options(environment="k12", scenario="k12/smoke"), shipped)
    assert [step.name for step in steps_for(config)] == ["check", "prepare", "wait"]
