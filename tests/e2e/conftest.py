"""Real processes: the embedded system, run hosts, and the command itself."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import orjson
import pytest

from dmsperf_tui.cli import main


@dataclass(frozen=True)
class Standin:
    """A running stand-in DMS that counts what arrives."""

    url: str
    client_id: str
    client_secret: str

    @property
    def variables(self) -> dict[str, str]:
        return {"CLIENT_ID": self.client_id, "CLIENT_SECRET": self.client_secret}

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/_standin/stats", trust_env=False).json()
        return found

    @property
    def requests(self) -> int:
        """Data requests that arrived in full, by the server's own count."""
        return int(self.stats()["requests"])

    def faults(self, **knobs: float) -> None:
        httpx.put(f"{self.url}/_standin/faults", json=knobs, trust_env=False).raise_for_status()

    def expire_tokens(self) -> None:
        httpx.post(f"{self.url}/_standin/expire-tokens", trust_env=False).raise_for_status()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[dict[str, Any]]:
    """A stand-in in a process of its own, told these options; what its first line says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dmsperf_tui", "serve", "--port", "0", "--until-eof", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield orjson.loads(process.stdout.readline())
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def standin() -> Iterator[Standin]:
    with serving() as ready:
        yield Standin(ready["url"], ready["client_id"], ready["client_secret"])


@pytest.fixture(autouse=True)
def private_registry(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a test are seen by that test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("t")))
    monkeypatch.setattr("tempfile.tempdir", None)
    for variable in ("CLIENT_ID", "CLIENT_SECRET", "API_BASE_URL", "OAUTH_TOKEN_URL"):
        monkeypatch.delenv(variable, raising=False)


@dataclass
class Finished:
    code: int
    out: str
    err: str


PASSED = (0, 96)
"""Exit codes of a run that went through: 96 says that this machine was too busy for honest latencies,
which a test of counts, faults or steering must not depend on."""


def in_process(*words: str) -> Finished:
    """The command with these words, in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["dmsperf-tui", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Finished(code, out.getvalue(), err.getvalue())


class Command:
    """`dmsperf-tui` as a process, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *args: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dmsperf_tui", *args],
            cwd=self.folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *args: str, **variables: str) -> Finished:
        return self.finish(self.start(*args, **variables))

    def ctl(self, *words: str) -> Finished:
        """`dmsperf-tui ctl` in this process: a new one takes a second of a core before it says a word."""
        return in_process("ctl", *words)

    def finish(self, process: subprocess.Popen[str]) -> Finished:
        out, err = process.communicate(timeout=45)
        return Finished(process.returncode, out, err)

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            if process.stdout is not None and not process.stdout.closed:
                process.communicate()

    @property
    def record(self) -> Path:
        """The folder of the only run."""
        (folder,) = (self.folder / "results").iterdir()
        return folder

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads((self.record / "summary.json").read_bytes())
        return found


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    made = Command(tmp_path)
    yield made
    made.close()


def wait_for(true: Callable[[], bool], what: str, patience_s: float = 20.0) -> None:
    """Looks again and again until `true`; fails the test after `patience_s`."""
    until = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > until:
            pytest.fail(f"waited {patience_s} s for {what}")
        time.sleep(0.02)
