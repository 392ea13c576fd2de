"""Environments: where load may go, and what is kept secret."""

from __future__ import annotations

import json

import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.environment import Environment, load_environment, public
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
    assert (environment.embedded, environment.system, environment.url) == (True, "dms", "")


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
