"""The stand-in as a process of its own: the ready line, and every way in which it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

SERVE = """
import sys
from dmsperf_tui.standin.app import AppOptions
from dmsperf_tui.standin.faults import Knobs
from dmsperf_tui.standin.server import StandinOptions, serve
sys.exit(serve(StandinOptions({})))
"""
PATIENCE_S = 30


@contextmanager
def started(arguments: str = "") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.format(arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Waits for the end: exit code, the rest of stdout, stderr. Closes stdin."""
    output, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, output, errors


def test_serves_until_stdin_ends() -> None:
    with started("until_eof=True") as process:
        line = ready(process)
        assert list(line) == [
            "url",
            "cms_url",
            "vintage",
            "client_id",
            "client_secret",
            "k12_password",
            "pid",
        ]
        assert line["cms_url"] == f"{line['url']}/config"
        assert line["pid"] == process.pid
        with httpx.Client(base_url=line["url"], timeout=PATIENCE_S) as client:
            credentials = (line["client_id"], line["client_secret"])
            grant = {"grant_type": "client_credentials"}
            token = client.post("/oauth/token", auth=credentials, data=grant).json()["access_token"]
            body = {
                "studentUniqueId": "1",
                "firstName": "Traci",
                "lastSurname": "Mathews",
                "birthDate": "2010-01-13",
            }
            headers = {"Authorization": f"Bearer {token}"}
            created = client.post("/api/data/ed-fi/students", json=body, headers=headers)
            assert created.status_code == 201
            assert client.get(created.headers["Location"], headers=headers).json()["studentUniqueId"] == "1"
            assert created.headers["Location"].startswith(f"{line['url']}/api/data/")
            teacher = {"email": "teacher@test.local", "password": line["k12_password"]}
            assert client.post("/api/v1/auth/login", json=teacher).status_code == 200
            # The connection is still open: it must not keep the process alive.
            assert end(process) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with started() as process:
        ready(process)
        os.kill(process.pid, number)
        assert end(process) == (0, "", "")


def test_answers_under_way_are_not_cut_off() -> None:
    with started("AppOptions('', '', knobs=Knobs(latency='10m'))") as process, ThreadPoolExecutor() as pool:
        url = ready(process)["url"]
        answer = pool.submit(httpx.get, f"{url}/data/ed-fi/students", timeout=PATIENCE_S)
        while httpx.get(f"{url}/_standin/stats", timeout=PATIENCE_S).json()["requests"] == 0:
            pass
        process.terminate()
        assert answer.result(PATIENCE_S).status_code == 401
        assert end(process) == (0, "", "")


def test_faults_of_the_wire() -> None:
    with started("until_eof=True") as process:
        line = ready(process)
        with httpx.Client(base_url=line["url"], timeout=PATIENCE_S) as client:
            credentials = (line["client_id"], line["client_secret"])
            grant = {"grant_type": "client_credentials"}
            token = client.post("/oauth/token", auth=credentials, data=grant).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            client.put("/_standin/faults", json={"reset_rate": 1})
            with pytest.raises(httpx.ReadError):
                client.get("/data/ed-fi/schoolYearTypes")
            client.put("/_standin/faults", json={"reset_rate": 0, "truncate_rate": 1})
            with pytest.raises(httpx.RemoteProtocolError, match=r"received [1-9]"):
                client.get("/data/ed-fi/schoolYearTypes")
            client.put("/_standin/faults", json={"truncate_rate": 0, "slow_body_s": 0.1})
            begun = time.monotonic()
            assert len(client.get("/data/ed-fi/schoolYearTypes").json()) == 3
            assert time.monotonic() - begun >= 0.1
            assert client.get("/_standin/stats").json()["statuses"] == {"200": 3}
        assert end(process) == (0, "", "")


def test_without_until_eof_stdin_does_not_matter() -> None:
    with started("AppOptions('mine', 'known')") as process:
        line = ready(process)
        assert (line["client_id"], line["client_secret"]) == ("mine", "known")
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        assert httpx.get(f"{line['url']}/health", timeout=PATIENCE_S).status_code == 200
        process.terminate()
        assert end(process)[0] == 0


def test_credentials_are_new_in_each_process() -> None:
    with started() as one, started() as other:
        first, second = ready(one), ready(other)
        assert first["client_id"] != second["client_id"]
        assert first["client_secret"] != second["client_secret"]
        assert first["k12_password"] != second["k12_password"]


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(f"port={port}") as process:
            code, output, errors = end(process)
    assert (code, output) == (107, "")
    said = f"the stand-in cannot listen on 127.0.0.1:{port}: Address already in use"
    assert errors == f"{said}; choose another --port\n"
