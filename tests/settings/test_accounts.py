"""The pool of people who log in to a K-12 platform: where it comes from, and what is wrong with one."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.accounts import with_people
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.draft import Draft
from dmsperf_tui.settings.env_flag import named_environment
from dmsperf_tui.settings.environment import Environment, load_environment, public
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.systems.k12.site import Account
from tests.settings.conftest import Desk

URL = "https://k12.test"
HEAD = "role,email,password\n"
SECRET = "pa55-of-the-pool"


def people(desk: Desk, csv: str | None, name: str = URL, **fields: object) -> Environment:
    if csv is not None:
        desk.write("config/k12-users.csv", csv)
    environment = load_environment(name, desk.places, desk.variables).model_copy(update=fields)
    return with_people(environment, desk.places, desk.variables)


def test_rows_become_accounts_with_their_variables_filled_in(desk: Desk) -> None:
    desk.environ |= {"K12_PASSWORD": SECRET, "PRINCIPAL": "another"}
    csv = "﻿role, email, password\nteacher, t1@k12.test, ${K12_PASSWORD}\nadmin,a@k12.test,${PRINCIPAL}\n"
    found = people(desk, csv)
    assert found.accounts == (
        Account("teacher", "t1@k12.test", SECRET),
        Account("admin", "a@k12.test", "another"),
    )
    assert SECRET not in repr(found)
    assert SECRET not in str(public(found))
    assert "accounts" not in public(found)


def test_a_run_configuration_takes_the_pool_to_the_host_and_nowhere_else(desk: Desk) -> None:
    desk.environ |= {"K12_PASSWORD": SECRET}
    environment = people(desk, HEAD + "student,s@k12.test,${K12_PASSWORD}\n")
    adapter = TypeAdapter(Environment)
    assert adapter.validate_python(environment.revealed()).accounts == environment.accounts


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (HEAD + "student,s@k12.test,hunter2\n", "csv:2: password: a secret does not belong in a file"),
        (
            HEAD + "\nstudent,s@k12.test,${K12_PASSWORD}\nteecher,t@x,${K12_PASSWORD}\n",
            "csv:4: role: unknown",
        ),
        (HEAD + "student,,${K12_PASSWORD}\n", "csv:2: email: is missing"),
        ("role,mail\nstudent,x\n", "csv:1: has no column 'email'"),
        ("", "has no column 'role'"),
        (HEAD, "has no users"),
        (HEAD + 'student,"s@k12.test\n', "csv:2: is no CSV"),
        (HEAD + "student,s@k12.test,${K12_PASSWORD:-hunter2}\n", "csv:2: password: a secret does not belong"),
        (HEAD + "student,s@k12.test\n", "csv:2: password: is missing"),
        (HEAD + 2 * "student,s@k12.test,${K12_PASSWORD}\n", "csv:3: email: s@k12.test is in line 2 already"),
        (HEAD + "student,s@k12.test,${NOT_SET}\n", "NOT_SET: the variable is set nowhere"),
    ],
)
def test_what_is_wrong_with_a_pool_is_told_at_its_line(desk: Desk, csv: str, said: str) -> None:
    desk.environ |= {"K12_PASSWORD": SECRET}
    with pytest.raises(ConfigError) as caught:
        people(desk, csv)
    words = str(caught.value)
    assert said in words
    assert "k12-users.csv" in words
    assert "hunter2" not in words


@pytest.mark.parametrize("variable", ["K12_PASSWORD", "PRINCIPAL"])
def test_a_password_that_is_kept_for_another_address_is_not_sent_here(desk: Desk, variable: str) -> None:
    desk.dotenv |= {variable: SECRET, "CLIENT_FOR": "https://dms.test/api"}
    with pytest.raises(ConfigError, match=r"has it for https://dms\.test/api"):
        people(desk, HEAD + f"student,s@k12.test,${{{variable}}}\n")
    desk.dotenv["CLIENT_FOR"] = URL
    assert people(desk, HEAD + f"student,s@k12.test,${{{variable}}}\n").accounts[0].password == SECRET


def test_a_pool_that_is_not_there_is_looked_for_where_one_works(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"people\.csv: no such file; put it below .*here"):
        people(desk, None, users="people.csv")


def test_an_embedded_system_has_nothing_of_another_platform(desk: Desk) -> None:
    desk.environ |= {"BASE_URL": "https://www.k12.test", "QUIZ_ID": "7", "K12_PASSWORD": SECRET}
    found = people(desk, HEAD + "student,own@k12.test,${K12_PASSWORD}\n", "embedded")
    assert (found.base_url, found.ids) == (None, {})
    assert "own@k12.test" not in {account.email for account in found.accounts}


def test_the_embedded_systems_password_is_filled_in_once_it_is_known() -> None:
    config = resolve(Options(scenario="k12/smoke"), Places((DEFAULTS,)), Variables({}, {}))
    assert {account.password for account in config.environment.accounts} == {""}
    known = config.environment.with_password(SECRET)
    assert {account.password for account in known.accounts} == {SECRET}


def test_the_shipped_pool_has_enough_people_for_every_scenario_doubled() -> None:
    config: RunConfig = resolve(Options(scenario="k12/smoke"), Places((DEFAULTS,)), Variables({}, {}))
    emails = [account.email for account in config.environment.accounts]
    roles = [account.role for account in config.environment.accounts]
    assert len(set(emails)) == len(emails)
    assert (roles.count("student"), roles.count("teacher"), roles.count("admin")) == (500, 150, 10)


def test_ids_and_addresses_come_from_the_file_or_from_variables(desk: Desk) -> None:
    desk.environ |= {
        "K12_PASSWORD": SECRET,
        "API_URL": "https://api.k12.test/",
        "BASE_URL": "https://www.k12.test",
        "QUIZ_ID": "7",
        "COURSE_ID": "8",
    }
    file = (DEFAULTS / "config/environments/k12.toml").read_text()
    desk.write("config/environments/k12.toml", file)
    csv = HEAD + "student,s@k12.test,${K12_PASSWORD}\n"
    found = people(desk, csv, "k12")
    assert (found.url, found.base_url) == ("https://api.k12.test", "https://www.k12.test")
    assert found.ids == {"quiz": "7", "course": "8"}
    assert people(desk, csv).ids == {"quiz": "7", "course": "8"}, "of a URL as well"
    del desk.environ["API_URL"]
    desk.dotenv["API_URL"] = "https://kept.k12.test"
    assert people(desk, csv, "k12").url == "https://kept.k12.test", "the front end is another thing"
    del desk.dotenv["API_URL"]
    assert people(desk, csv, "k12").url == "https://www.k12.test", "one host for both"


def test_an_unknown_id_names_the_nearest_one(desk: Desk) -> None:
    desk.write("config/environments/x.toml", 'url = "https://x.test"\n[ids]\nquizz = 1\n')
    with pytest.raises(ConfigError, match="did you mean 'quiz'"):
        load_environment("x", desk.places, desk.variables)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ids = 1", "is no table; write [ids]"),
        ("[ids]\nquiz = [1, 2]", "quiz is no id"),
        ("[ids]\nquiz = true", "quiz is no id"),
        ("[ids]\nsubmission = [1.5]", "submission is no id"),
        ("[ids]\nquiz = { a = 1 }", "quiz is no id"),
    ],
)
def test_what_is_no_id_is_told(desk: Desk, written: str, said: str) -> None:
    desk.write("config/environments/x.toml", f'url = "https://x.test"\n{written}\n')
    with pytest.raises(ConfigError) as caught:
        load_environment("x", desk.places, desk.variables)
    assert said in str(caught.value)
    assert "x.toml:2: ids" in str(caught.value)


def test_submissions_may_be_a_list(desk: Desk) -> None:
    desk.write("config/environments/x.toml", 'url = "https://x.test"\n[ids]\nsubmission = [12, "13"]\n')
    assert load_environment("x", desk.places, desk.variables).ids == {"submission": "12,13"}
    draft = Draft.open("x", desk.places)
    assert draft.text("ids.submission") == "12,13"


def test_an_id_is_edited_in_a_file_whose_table_is_none(desk: Desk) -> None:
    desk.write("config/environments/x.toml", 'url = "https://x.test"\nids = 1\n')
    draft = Draft.open("x", desk.places)
    draft.put("ids.quiz", "5")
    assert draft.environment(desk.variables).ids == {"quiz": "5"}


def test_accounts_do_not_stand_in_an_environments_file(desk: Desk) -> None:
    desk.write("config/environments/x.toml", 'url = "https://x.test"\naccounts = []\n')
    with pytest.raises(ConfigError, match="users = the CSV"):
        load_environment("x", desk.places, desk.variables)


def test_env_names_an_environment_where_there_is_one_of_that_name(desk: Desk) -> None:
    desk.write("config/environments/staging.toml", 'url = "https://x.test"\n')
    for value, named in (("staging", "staging"), ("/home/me/.shrc", None), ("", None)):
        assert named_environment(None, desk.places, Variables({"ENV": value}, {})) == named
    assert named_environment(None, desk.places, Variables({}, {})) is None
    assert named_environment("local", desk.places, Variables({"ENV": "staging"}, {})) == "local"


def test_where_nobody_watches_a_slip_in_env_is_an_error(desk: Desk) -> None:
    desk.write("config/environments/staging.toml", 'url = "https://x.test"\n')
    slip = Variables({"ENV": "stagng"}, {})
    with pytest.raises(ConfigError, match=r"variable ENV: .stagng. names no.*staging"):
        named_environment(None, desk.places, slip, strict=True)
    assert named_environment("local", desk.places, slip, strict=True) == "local"
    assert named_environment(None, desk.places, slip) is None
    assert named_environment(None, desk.places, Variables({"ENV": "/home/me/.shrc"}, {}), strict=True) is None


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_flag_is_no_embedded_system(desk: Desk, empty: str) -> None:
    with pytest.raises(ConfigError, match="--env: names nothing"):
        named_environment(empty, desk.places, Variables({"ENV": "staging"}, {}))
    with pytest.raises(ConfigError, match="names nothing"):
        load_environment(empty, desk.places, desk.variables)


def test_a_scenario_is_aimed_at_its_own_kind_of_system(desk: Desk) -> None:
    desk.write("config/environments/x.toml", 'system = "dms"\nurl = "https://x.test"\n')
    places = Places((*desk.places.folders, DEFAULTS))
    with pytest.raises(ConfigError, match="x is a dms environment, and k12/smoke is for k12"):
        resolve(Options(scenario="k12/smoke", environment="x"), places, desk.variables)
    assert (
        resolve(Options(scenario="http/get", environment="x"), places, desk.variables).plan.system == "http"
    )
