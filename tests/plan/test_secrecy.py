"""Which names stand for secrets, and what is left of a text without them."""

from __future__ import annotations

import json

import pytest

from dmsperf_tui.plan.secrecy import MOST_SECRETS, Secrets, sounds_secret, without_secret_fields


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwd",
        "pwd",
        "userPwd",
        "db_pass",
        "accessToken",
        "access_token",
        "csrftoken",
        "X-Auth-Token",
        "X-Api-Key",
        "apikey",
        "private_key",
        "privateKey",
        "client_secret",
        "credential",
        "session",
        "sessionId",
        "JSESSIONID",
        "Cookie",
        "Authorization",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert sounds_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "passes",
        "passed",
        "compass",
        "bypass",
        "passRate",
        "tokens",
        "tokens_issued",
        "token_type",
        "tokenizer",
        "author",
        "sessionName",
        "sessionReference",
        "keyboard",
        "secretary",
        "assessmentId",
        "name",
    ],
)
def test_names_that_only_look_alike(name: str) -> None:
    assert not sounds_secret(name)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ('{"password": "hu\\"sh", "n": 1}', '{"password": "[removed]", "n": 1}'),
        ('{"pwd":1234,"n":1}', '{"pwd":"[removed]","n":1}'),
        ('{"secrets":["hush","hu]sh"],"n":[1]}', '{"secrets":"[removed]","n":[1]}'),
        ('[{"items":[{"token":"hush"}]}]', '[{"items":[{"token":"[removed]"}]}]'),
        ('{"n":1,"password":"hus', '{"n":1,"password":"[removed]"'),
        ("{'password': 'hush', 'n': 1}", "{'password': '[removed]', 'n': 1}"),
        ("a=b&client_secret=hu=sh&c=d", "a=b&client_secret=[removed]&c=d"),
        ("/x?access_token=hush HTTP/1.1", "/x?access_token=[removed] HTTP/1.1"),
        ('{"url":"/x?next=/y?token=hush","n":1}', '{"url":"/x?next=/y?token=[removed]","n":1}'),
        ("user%5Bpassword%5D=hush", "user%5Bpassword%5D=[removed]"),
        ('{"token":null,"secret":true}', '{"token":null,"secret":true}'),
        ('{"passes":"3"}&tokens_issued=5', '{"passes":"3"}&tokens_issued=5'),
    ],
)
def test_the_values_of_secret_fields_are_taken_out(text: str, without: str) -> None:
    assert without_secret_fields(text) == without
    assert without_secret_fields(without) == without


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_json_within_json_is_looked_into(depth: int) -> None:
    text, without = (
        json.dumps({"user": "ann", "password": word, "n": "1"}) for word in ("hush", "[removed]")
    )
    for _ in range(depth):
        text, without = json.dumps({"data": text}), json.dumps({"data": without})
    assert without_secret_fields(text) == without


def test_of_ten_thousand_secrets_all_are_found_and_of_more_the_newest() -> None:
    secrets = Secrets()
    for number in range(MOST_SECRETS):
        secrets.add(f"Bearer same-start-{number:05}")
    secrets.add("Bearer same-start-00000")
    secrets.add("pin")
    said = "a Bearer same-start-00000, Bearer same-start-00001, Bearer same-start-00002, pin, own"
    expected = "a [removed], Bearer same-start-00001, [removed], [removed], [removed]"
    assert secrets.removed_from(said, ["own", ""]) == expected


def test_of_secrets_within_each_other_nothing_is_left() -> None:
    secrets = Secrets()
    for secret in ("abc", "abcdef", ""):
        secrets.add(secret)
    assert secrets.removed_from("abcdef and abc") == "[removed] and [removed]"
