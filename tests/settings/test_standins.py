"""Embedded systems that stay: who is known, who is swept, and what is not trusted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.registry import live_runs
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.environment import load_environment, public
from dmsperf_tui.settings.private import private_folder
from dmsperf_tui.settings.standins import find_standin, register, standins, unregister
from tests.settings.conftest import Desk

SECRET = "s3cr3t-of-the-stand-in"
READY: dict[str, Any] = {
    "url": "http://127.0.0.1:41893",
    "cms_url": "http://127.0.0.1:41893/config",
    "vintage": "v8",
    "client_id": "its-client",
    "client_secret": SECRET,
    "k12_password": "pw-of-the-stand-in",
    "pid": 1,
}


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return private_folder()


def file() -> Path:
    return private_folder() / "41893.standin"


def rewrite(**changed: Any) -> None:
    """Its file with other content, as private as before."""
    file().write_bytes(orjson.dumps(orjson.loads(file().read_bytes()) | changed))


def test_one_that_registers_is_an_environment_until_it_goes(desk: Desk) -> None:
    standin = register(READY, "north", ("2026",))
    assert standin.pid == os.getpid()
    assert file().stat().st_mode & 0o777 == 0o600
    assert standins() == [standin]
    assert live_runs() == [], "it is no run"
    listed = {entry.name: entry for entry in catalogue("environments", desk.places)}
    assert list(listed)[:2] == ["embedded", "embedded:41893"]
    assert "at http://127.0.0.1:41893" in listed["embedded:41893"].description
    environment = load_environment("embedded:41893", desk.places, desk.variables)
    assert (environment.url, environment.cms_url) == (READY["url"], READY["cms_url"])
    assert environment.load_url == "http://127.0.0.1:41893/north/2026"
    assert environment.client_secret is not None
    assert environment.client_secret.get_secret_value() == SECRET
    assert (environment.embedded, environment.try_out) == (False, True)
    assert not [text for text in (repr(standin), str(public(environment)), str(listed)) if SECRET in text]
    unregister(standin)
    assert not file().exists()
    with pytest.raises(ConfigError, match="no embedded system of yours runs as 'embedded:41893'; start one"):
        load_environment("embedded:41893", desk.places, desk.variables)


def test_one_whose_process_is_gone_is_swept() -> None:
    register(READY)
    with psutil.Popen(["true"]) as gone:
        gone.wait()
    rewrite(pid=gone.pid)
    assert standins() == []
    assert not file().exists()


def test_a_pid_that_another_process_has_by_now_is_not_taken_for_it() -> None:
    standin = register(READY)
    rewrite(created=standin.created - 3600)
    assert standins() == []
    assert not file().exists()


@pytest.mark.parametrize(
    "content",
    [b"", b'{"url": "http://127', b"[]", b'{"pid": 1}', b"\xff\xfe"],
)
def test_a_torn_file_is_passed_over(content: bytes) -> None:
    register(READY)
    other = register(READY | {"url": "http://127.0.0.1:5", "cms_url": "http://127.0.0.1:5/config"})
    file().write_bytes(content)
    assert standins() == [other]


@pytest.mark.parametrize("url", ["http://dms.example", "http://127.0.0.1.dms.example:80", "https://10.0.0.5"])
def test_load_is_never_sent_off_this_machine_by_such_a_file(url: str) -> None:
    register(READY)
    rewrite(url=url)
    assert standins() == []


def test_a_file_that_others_may_read_or_a_link_is_not_trusted(tmp_path: Path) -> None:
    register(READY)
    file().chmod(0o644)
    assert standins() == []
    moved = tmp_path / "elsewhere"
    file().replace(moved)
    moved.chmod(0o600)
    file().symlink_to(moved)
    assert standins() == []


def test_a_folder_of_somebody_else_is_refused_and_lists_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(READY)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(ConfigError, match="is not a private folder of yours"):
        find_standin("embedded:41893")
    assert "embedded:41893" not in [entry.name for entry in catalogue("environments", desk.places)]


def test_the_file_of_one_that_has_its_port_by_now_stays() -> None:
    before = register(READY)
    now = register(READY | {"client_id": "another"})
    unregister(before)
    assert standins() == [now]
    with pytest.raises(ConfigError, match="there are: embedded:41893"):
        find_standin("embedded:1")
