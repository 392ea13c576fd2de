"""Environments: where load may go, and what is kept secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.environment import Environment, load_environment, public
from dmsperf_tui.settings.variables import DOTENV, Variables, keeper, save_variables
from tests.settings.conftest import Desk

SECRET = "s3cr3t-of-the-client"


def load(desk: Desk, name: str = "test") -> Environment:
    return load_environment(name, desk.places, desk.variables)


def refused(desk: Desk, name: str = "test") -> str:
    with pytest.raises(ConfigError) as caught:
        load(desk, name)
    return str(caught.value)


def test_the_embedded_system_needs_no_file(desk: Desk) -> None:
    environment = load(desk, "embedded")
    assert (environment.embedded, environment.system, environment.url) == (True, None, "")


def test_a_file_takes_its_values_from_variables(desk: Desk) -> None:
    desk.environ |= {"API_BASE_URL": "https://dms.test/api", "CLIENT_ID": "me", "CLIENT_SECRET": SECRET}
    environment = load(desk)
    assert (environment.name, environment.url, environment.client_id) == (
        "test",
        "https://dms.test/api",
        "me",
    )
    assert environment.client_secret is not None
    assert environment.client_secret.get_secret_value() == SECRET
    assert environment.oauth_url == "https://dms.test/api/oauth/token"
    assert not environment.embedded


def test_a_file_takes_secrets_from_the_dotenv_file_after_the_environment(desk: Desk) -> None:
    desk.dotenv |= {"CLIENT_ID": "from file", "CLIENT_SECRET": SECRET}
    desk.environ |= {"CLIENT_ID": "from environ"}
    environment = load(desk)
    assert environment.client_id == "from environ"
    assert environment.client_secret is not None
    assert environment.client_secret.get_secret_value() == SECRET


def test_a_default_is_used_where_the_variable_is_not_set(desk: Desk) -> None:
    environment = load(desk)
    assert environment.url == "http://dms.example:8080/api"
    assert environment.client_secret is None


def test_a_url_is_an_environment(desk: Desk) -> None:
    desk.environ |= {"CLIENT_ID": "me", "CLIENT_SECRET": SECRET, "OAUTH_TOKEN_URL": "http://auth.test/token"}
    environment = load(desk, "http://dms.test:8080/api/")
    assert (environment.name, environment.url) == ("dms.test:8080", "http://dms.test:8080/api")
    assert (environment.client_id, environment.oauth_url) == ("me", "http://auth.test/token")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://dms.test/",
        "http://",
        "http:///api",
        "file:///etc/passwd",
        "http://[::1",
        "http://dms.test:port",
    ],
)
def test_what_is_no_url_is_refused(desk: Desk, url: str) -> None:
    assert "is not an http(s) URL; write http://host:port/path" in refused(desk, url)
    desk.write("config/environments/test.toml", f'title = "x"\nurl = "{url}"\n')
    assert "config/environments/test.toml:2: url: " in refused(desk)


@pytest.mark.parametrize(
    "url",
    [
        f"http://me:{SECRET}@dms.test/api",
        f"https://{SECRET}@dms.test",
        f"http://:{SECRET}@dms.test",
        f"ftp://me:{SECRET}@dms.test",
    ],
)
def test_a_url_with_credentials_is_refused_without_repeating_them(desk: Desk, url: str) -> None:
    text = refused(desk, url)
    assert "must not carry credentials; set CLIENT_ID and CLIENT_SECRET instead" in text
    assert SECRET not in text
    for key in ("url", "token_url"):
        rest = 'url = "http://dms.test"\n' if key != "url" else ""
        desk.write("config/environments/test.toml", f'{rest}{key} = "{url}"\n')
        text = refused(desk)
        assert "must not carry credentials" in text
        assert SECRET not in text


@pytest.mark.parametrize(
    "written",
    [
        f'"{SECRET}"',
        f'"${{CLIENT_SECRET:-{SECRET}}}"',
        f'"${{X}}{SECRET}"',
        "123456789",
    ],
)
def test_a_literal_secret_in_a_file_is_refused_without_repeating_it(desk: Desk, written: str) -> None:
    desk.environ["X"] = "x"
    desk.write(
        "config/environments/test.toml", f'url = "http://h"\nclient_id = "me"\nclient_secret = {written}\n'
    )
    text = refused(desk)
    assert text.startswith(
        "config/environments/test.toml:3: client_secret: a secret does not belong in a file"
    )
    assert 'write "${CLIENT_SECRET}"' in text
    assert SECRET not in text
    assert "123456789" not in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('title = "x"\n', "config/environments/test.toml: url: is missing; add url = "),
        ('url = "${API_BASE_URL}"\n', "config/environments/test.toml:1: url: "),
        (
            'url = "http://h"\n\nclientid = "x"\n',
            ":3: clientid: unknown key 'clientid'; did you mean 'client_id'?",
        ),
        ('url = "http://h"\ninsecure = "perhaps"\n', "config/environments/test.toml:2: insecure: "),
        ('url = "http://h"\nsystem = "ods"\n', "config/environments/test.toml:2: system: "),
    ],
)
def test_a_bad_line_is_pointed_at(desk: Desk, text: str, says: str) -> None:
    desk.write("config/environments/test.toml", text)
    assert says in refused(desk)


ALL_SECRETS = {
    "client_secret": "CLIENT_SECRET",
    "admin_client_secret": "ADMIN_CLIENT_SECRET",
    "admin_token": "ADMIN_TOKEN",
    "data_store": "DATA_STORE_CONNECTION",
}


@pytest.mark.parametrize(("key", "variable"), ALL_SECRETS.items())
def test_every_secret_is_by_reference_only(desk: Desk, key: str, variable: str) -> None:
    desk.write("config/environments/test.toml", f'url = "http://h"\n{key} = "{SECRET}"\n')
    text = refused(desk)
    assert f":2: {key}: a secret does not belong in a file" in text
    assert f'write "${{{variable}}}"' in text
    assert SECRET not in text


def test_no_secret_shows_but_where_it_is_revealed(desk: Desk) -> None:
    lines = "".join(f'{key} = "${{{variable}}}"\n' for key, variable in ALL_SECRETS.items())
    desk.write(
        "config/environments/test.toml",
        f'url = "http://h"\nadmin_client_id = "boss"\nprepare = "start --all"\n{lines}',
    )
    desk.environ |= {variable: f"{SECRET}-{key}" for key, variable in ALL_SECRETS.items()}
    environment = load(desk)
    shown = json.dumps(public(environment))
    assert not [text for text in (repr(environment.place()), repr(environment), shown) if SECRET in text]
    assert "boss" not in shown
    assert "start --all" not in shown, "a command may carry a secret of its own"
    again = Environment.model_validate(json.loads(json.dumps(environment.revealed())))
    assert again == environment
    assert again.place().data_store == f"{SECRET}-data_store"


def test_load_goes_below_tenant_and_route_qualifiers(desk: Desk) -> None:
    desk.write(
        "config/environments/test.toml",
        'url = "http://h/api/"\ntenant = "dist 1"\n'
        '[route_qualifiers]\ndistrictId = 255901\nschoolYear = "2026"\n',
    )
    environment = load(desk)
    assert environment.load_url == "http://h/api/dist%201/255901/2026"
    assert environment.oauth_url == "http://h/api/dist%201/255901/2026/oauth/token"
    place = environment.place()
    assert (place.url, place.load_url) == ("http://h/api", environment.load_url)
    assert place.route_qualifiers == ("255901", "2026")
    desk.write(
        "config/environments/test.toml", 'url = "http://h/api"\nroute_qualifiers = ["255901", "2026"]\n'
    )
    assert load(desk).load_url == "http://h/api/255901/2026"
    desk.write("config/environments/test.toml", 'url = "http://h/api"\n')
    assert load(desk).load_url == "http://h/api"


@pytest.mark.parametrize("line", ['tenant = "a/b"', 'tenant = ""', 'route_qualifiers = ["a?b"]'])
def test_segment_that_would_change_the_path_is_refused(desk: Desk, line: str) -> None:
    desk.write("config/environments/test.toml", f'url = "http://h"\n{line}\n')
    assert f"config/environments/test.toml:2: {line.partition(' ')[0]}" in refused(desk)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://localhost:8080/api", True),
        ("http://127.0.0.1/api", True),
        ("http://[::1]:8080", True),
        ("https://dms.example/api", False),
        ("http://10.0.0.5/api", False),
    ],
)
def test_client_is_made_unasked_on_this_machine_only(desk: Desk, url: str, allowed: bool) -> None:
    desk.write("config/environments/test.toml", f'url = "{url}"\n')
    assert load(desk).place().create_client is allowed
    for said in (True, False):
        desk.write("config/environments/test.toml", f'url = "{url}"\ncreate_client = {str(said).lower()}\n')
        assert load(desk).place().create_client is said


@pytest.mark.parametrize(
    ("given", "name", "value", "source"),
    [
        ({"DMS_URL": "http://d:5198"}, "API_BASE_URL", "http://d:5198", "variable DMS_URL"),
        ({"DMS_PORT": "9090"}, "API_BASE_URL", "http://localhost:9090/api", "variable DMS_PORT"),
        ({"DMS_HOST": "d"}, "API_BASE_URL", "http://d:8080/api", "variable DMS_HOST"),
        (
            {"DMS_URL": "http://d", "API_BASE_URL": "http://a"},
            "API_BASE_URL",
            "http://a",
            "variable API_BASE_URL",
        ),
        ({"AUTH_URL": "http://d/api"}, "OAUTH_TOKEN_URL", "http://d/api/oauth/token", "variable AUTH_URL"),
        ({"CONFIG_SERVICE_HOST": "c"}, "CMS_URL", "http://c:8081/config", "variable CONFIG_SERVICE_HOST"),
        ({"PERF_TEST_CLIENT_SECRET": "s"}, "CLIENT_SECRET", "s", "variable PERF_TEST_CLIENT_SECRET"),
        (
            {"PERF_TEST_CLIENT_SECRET": "s"},
            "CLIENT_ID",
            "performance-test-client",
            "variable PERF_TEST_CLIENT_SECRET",
        ),
    ],
)
def test_variables_of_other_suites_work(given: dict[str, str], name: str, value: str, source: str) -> None:
    assert Variables(given, {}).get(name) == (value, source)
    assert Variables({}, given).get(name) == (value, DOTENV)


def test_secret_of_the_strategy_never_goes_with_another_client() -> None:
    given = {"PERF_TEST_CLIENT_SECRET": "theirs", "CLIENT_SECRET": "ours"}
    assert Variables(given, {}).get("CLIENT_ID") is None
    assert Variables(given, {"CLIENT_ID": "file"}).get("CLIENT_ID") == ("file", DOTENV)
    kept = {"CLIENT_ID": "file", "CLIENT_SECRET": "of the file"}
    mixed = Variables({"PERF_TEST_CLIENT_SECRET": "theirs"}, kept)
    assert [mixed.get(name) for name in ("CLIENT_ID", "CLIENT_SECRET")] == [
        ("performance-test-client", "variable PERF_TEST_CLIENT_SECRET"),
        ("theirs", "variable PERF_TEST_CLIENT_SECRET"),
    ]


def test_saving_keeps_what_else_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / DOTENV
    path.write_text("# mine\nSCHOOL_COUNT=7\nexport CLIENT_ID=old\nCLIENT_SECRET = 'old'\n", encoding="utf-8")
    path.chmod(0o600)
    secret = "a b#c$d'e\\f\"g"
    save_variables({"CLIENT_ID": "new-id", "CLIENT_SECRET": secret}, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\nSCHOOL_COUNT=7\nCLIENT_ID=new-id\n")
    assert "old" not in text
    found = Variables.here(tmp_path).dotenv
    assert (found["CLIENT_ID"], found["CLIENT_SECRET"], found["SCHOOL_COUNT"]) == ("new-id", secret, "7")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [DOTENV], "nothing half written is left"


def test_new_file_is_nobody_elses_to_read(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        save_variables({"CLIENT_SECRET": SECRET}, tmp_path)
    finally:
        os.umask(mask)
    assert (tmp_path / DOTENV).stat().st_mode & 0o777 == 0o600


def test_value_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CLIENT_SECRET: holds a value that cannot be written") as caught:
        save_variables({"CLIENT_SECRET": "${HOME}"}, tmp_path)
    assert "HOME" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_environment_names_the_nearest(desk: Desk) -> None:
    assert refused(desk, "tst") == "unknown environment 'tst'; did you mean 'test'?"


def test_the_secret_shows_nowhere(desk: Desk) -> None:
    desk.environ |= {"CLIENT_ID": "the-client-id", "CLIENT_SECRET": SECRET}
    environment = load(desk)
    shown = [
        repr(environment),
        str(environment),
        str(environment.model_dump()),
        environment.model_dump_json(),
        json.dumps(public(environment)),
    ]
    assert not [text for text in shown if SECRET in text]
    assert "the-client-id" not in json.dumps(public(environment))
    assert public(environment)["url"] == "http://dms.example:8080/api"


def test_credentials_of_one_address_are_sent_to_no_other(desk: Desk) -> None:
    """`setup client` has made them for one environment; another one in the same folder has none."""
    desk.dotenv.update(CLIENT_ID="one", CLIENT_SECRET=SECRET, CLIENT_FOR="http://one:1/api")
    assert load_environment("http://one:1/api", desk.places, desk.variables).client_id == "one"
    other = load_environment("http://two:2/api", desk.places, desk.variables)
    assert (other.client_id, other.client_secret) == (None, None)
    desk.environ["API_BASE_URL"] = "http://two:2/api"
    assert load_environment("test", desk.places, desk.variables).client_id is None
    desk.environ["CLIENT_ID"] = "given"
    assert load_environment("test", desk.places, desk.variables).client_id == "given"


def test_credentials_of_another_address_are_not_overwritten(tmp_path: Path) -> None:
    keeper("http://one:1", tmp_path)({"CLIENT_ID": "one", "CLIENT_SECRET": SECRET})
    keeper("http://one:1", tmp_path)({"CLIENT_ID": "newer"})
    with pytest.raises(ConfigError, match="holds the client of http://one:1; use a folder of its own"):
        keeper("http://two:2", tmp_path)
    assert "newer" in (tmp_path / DOTENV).read_text()


def test_the_administrator_that_set_up_made_needs_no_line_in_the_file(desk: Desk) -> None:
    desk.dotenv.update(ADMIN_CLIENT_ID="admin", ADMIN_CLIENT_SECRET=SECRET)
    desk.environ["DATA_STORE_CONNECTION"] = "host=db"
    place = load_environment("test", desk.places, desk.variables).place()
    assert place.admin is not None
    assert (place.admin.client_id, place.admin.client_secret) == ("admin", SECRET)
    assert place.data_store == "host=db"
