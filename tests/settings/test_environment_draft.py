"""An environment that is being edited: checked by the file's rules, its secrets kept out of it."""

from __future__ import annotations

import pytest
from dotenv import dotenv_values

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.draft import Draft, check_name
from dmsperf_tui.settings.environment import load_environment
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import DOTENV, Variables
from tests.settings.conftest import Desk

SECRET = "s3cr3t-of-the-client"


def test_all_that_is_wrong_is_said_at_its_key(desk: Desk) -> None:
    draft = Draft.open("test", desk.places)
    assert draft.problems(desk.variables) == {}
    for key, text in {"url": "dms:8080", "tenant": "a/b", "claim_set": "a b", "insecure": "maybe"}.items():
        draft.put(key, text)
    problems = draft.problems(desk.variables)
    assert set(problems) == {"url", "tenant", "claim_set", "insecure"}
    assert problems["claim_set"] == "'a b' is no claim set; write one name without blanks"
    draft.put("url", "")
    assert draft.problems(desk.variables)["url"].startswith("is missing; add url = ")
    desk.write("config/environments/test.toml", 'url = "http://h"\nproxy = "x"\n')
    assert Draft.open("test", desk.places).problems(desk.variables) == {
        "proxy": "proxies are not supported; remove it"
    }


def test_a_typed_secret_goes_beside_the_file_and_is_used(desk: Desk) -> None:
    draft = Draft.open("https://dms.test/api", desk.places)
    assert not draft.changed
    assert draft.status("client_secret", desk.variables) == "not set"
    draft.put("client_id", "me")
    draft.put("client_secret", SECRET)
    assert SECRET not in repr(draft)
    assert "never in this file" in draft.status("client_secret", desk.variables)
    made = draft.environment(desk.variables)
    assert (made.name, made.client_secret and made.client_secret.get_secret_value()) == ("dms.test", SECRET)
    path = draft.save("new/one", desk.places)
    assert path == desk.here / "config/environments/new/one.toml"
    assert path.read_text() == (
        'system = "dms"\nurl = "https://dms.test/api"\nclient_id = "me"\nclient_secret = "${CLIENT_SECRET}"\n'
    )
    assert (desk.here / DOTENV).stat().st_mode & 0o777 == 0o600
    assert dotenv_values(desk.here / DOTENV)["CLIENT_SECRET"] == SECRET
    variables = Variables({}, Variables.here().dotenv)
    assert draft.status("client_secret", variables) == f"set (from {DOTENV})"
    assert not draft.changed
    found = load_environment("new/one", desk.places, variables).client_secret
    assert found is not None
    assert found.get_secret_value() == SECRET


def test_what_keeps_a_typed_secret_from_being_used_is_said(desk: Desk) -> None:
    draft = Draft.open("test", desk.places)
    desk.environ["CLIENT_SECRET"] = "of the shell"
    assert draft.status("client_secret", desk.variables) == "set by variable CLIENT_SECRET"
    draft.put("client_secret", SECRET)
    said = draft.status("client_secret", desk.variables)
    assert said.endswith("variable CLIENT_SECRET goes before it: unset that")
    (desk.here / DOTENV).write_text("CLIENT_FOR=http://other\nCLIENT_SECRET=theirs\n")
    (desk.here / DOTENV).chmod(0o600)
    assert "holds the client of http://other" in draft.problems(desk.variables)["client_secret"]
    with pytest.raises(ConfigError, match="holds the client of http://other"):
        draft.save("test", desk.places)
    assert dotenv_values(desk.here / DOTENV)["CLIENT_SECRET"] == "theirs"


def test_a_shipped_file_is_copied_with_its_comments_and_an_own_one_replaced(desk: Desk) -> None:
    shipped = desk.write("config/environments/ours.toml", '# Ours.\nurl = "http://h" # here\n', packed=True)
    before = shipped.read_text()
    draft = Draft.open("ours", desk.places)
    assert not draft.is_own(desk.places)
    draft.put("cleanup", "yes")
    own = draft.save("ours", desk.places)
    assert own.read_text() == '# Ours.\nurl = "http://h" # here\ncleanup = true\n'
    assert shipped.read_text() == before
    assert draft.is_own(desk.places)
    draft.put("cleanup", "")
    draft.save("test", desk.places)
    assert desk.places.names("config/environments")["test"].read_text() == 'url = "http://h"\n', (
        "nothing of the one that was replaced is left"
    )


def test_only_what_was_edited_here_is_written(desk: Desk) -> None:
    file = desk.write("config/environments/test.toml", 'title = "A"\nurl = "http://h"\ntenant = "t1"\n')
    draft = Draft.open("test", desk.places)
    file.write_text('title = "B"\nurl = "http://h"\ncms_url = "http://c"\ncleanup = true\n')
    draft.put("title", "C")
    draft.put("claim_set", "Ours")
    assert draft.save("test", desk.places) == file
    after = 'title = "C"\nurl = "http://h"\ncms_url = "http://c"\ncleanup = true\nclaim_set = "Ours"\n'
    assert file.read_text() == after
    assert (draft.text("cms_url"), draft.text("tenant"), draft.changed) == ("http://c", "", False)


def test_a_packed_file_below_the_working_folder_is_not_their_own(desk: Desk) -> None:
    path = desk.write("config/environments/deep.toml", 'url = "http://h"\n', packed=True)
    inside = Places((desk.packed.parent, desk.packed))
    draft = Draft.open("deep", inside)
    assert draft.path == path
    assert not draft.is_own(inside)
    assert draft.save("deep", inside) == desk.packed.parent / "config/environments/deep.toml"


@pytest.mark.parametrize("where", ["config/environments/test.toml", "../elsewhere.toml"])
def test_an_own_file_that_is_given_by_its_path_is_saved_there(desk: Desk, where: str) -> None:
    file = desk.write(where, 'url = "http://h"\n')
    draft = Draft.open(str(file), desk.places)
    draft.put("title", "Ours")
    assert draft.save(draft.name, desk.places) == file
    assert file.read_text() == 'url = "http://h"\ntitle = "Ours"\n'
    assert draft.save("other", desk.places) == desk.here / "config/environments/other.toml"


@pytest.mark.parametrize("name", ["", "embedded", "embedded:80", "a.toml", "../a", "/a", "a//b", ".a", "a b"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for one"):
        check_name(name)
