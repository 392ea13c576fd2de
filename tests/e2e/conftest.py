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
from tests.e2e.nursery import Copy

WEB = httpx.Client(trust_env=False, verify=False, headers={"Connection": "close"})
"""For questions to the tests' own servers: to make a client reads all certificates, 20 ms of a core."""


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
        found: dict[str, Any] = WEB.get(f"{self.url}/_standin/stats").json()
        return found

    @property
    def requests(self) -> int:
        """Data requests that arrived in full, by the server's own count."""
        return int(self.stats()["requests"])

    def faults(self, **knobs: float) -> None:
        WEB.put(f"{self.url}/_standin/faults", json=knobs).raise_for_status()

    def expire_tokens(self) -> None:
        WEB.post(f"{self.url}/_standin/expire-tokens").raise_for_status()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[dict[str, Any]]:
    """A stand-in in a process of its own, told these options; what its first line says."""
    process = Copy(("serve", "--port", "0", "--until-eof", *options), Path.cwd(), os.environ)
    yield orjson.loads(process.stdout.readline())
    process.stdin.close()
    process.communicate(10)


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
        self._started: list[Copy] = []

    def start(self, *args: str, **variables: str) -> Copy:
        process = Copy(args, self.folder, {**os.environ, **variables})
        process.stdin.close()
        self._started.append(process)
        return process

    def run(self, *args: str, **variables: str) -> Finished:
        return self.finish(self.start(*args, **variables))

    def run_anew(self, *args: str) -> Finished:
        """In a new interpreter, as people do."""
        words = [sys.executable, "-m", "dmsperf_tui", *args]
        done = subprocess.run(
            words, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=45
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def ctl(self, *words: str) -> Finished:
        """`dmsperf-tui ctl` in this process: a new one takes a second of a core before it says a word."""
        return in_process("ctl", *words)

    def finish(self, process: Copy) -> Finished:
        out, err = process.communicate(timeout=45)
        return Finished(process.wait(), out, err)

    def close(self) -> None:
        for process in self._started:
            process.kill()
            if not process.stdout.closed:
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
