"""A run survives its terminal: the app is started in a real pseudo-terminal, which then goes away."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from dmsperf_tui.run.registry import live_runs
from tests.e2e.conftest import Command, Standin, wait_for


class Terminal:
    """`dmsperf-tui` in a pseudo-terminal of 80x24."""

    def __init__(self, folder: Path, *args: str, **variables: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dmsperf_tui", *args],
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **variables},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen = b""
        self._open = True
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self.seen += data

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, text: str) -> bool:
        return text.encode() in self.seen

    def vanish(self) -> None:
        """The terminal emulator is closed, the SSH session drops: the kernel sends SIGHUP."""
        if self._open:
            self._open = False
            os.close(self._master)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.vanish()


@pytest.fixture
def terminal(command: Command, standin: Standin, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """On a run of six seconds, or as long as the test says."""
    made = Terminal(
        command.folder,
        *("--scenario", "dms/baseline", "--env", standin.url, "--duration", getattr(request, "param", "6s")),
        *("--set", "workloads.baseline_single_user.think_time=0.02"),
        **standin.variables,
    )
    wait_for(lambda: made.shows("Start"), "the set-up screen")
    made.press("s")
    wait_for(lambda: standin.requests > 20, "load")
    yield made
    made.close()
    for run in live_runs():
        os.kill(run.pid, signal.SIGKILL)


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_run_goes_on_without_its_terminal_and_finishes_its_record(
    command: Command, standin: Standin, terminal: Terminal, end: str
) -> None:
    if end == "closed":
        terminal.vanish()
    else:
        terminal.process.kill()
    terminal.process.wait(10)
    before = standin.requests
    wait_for(lambda: standin.requests > before + 20, "more load, with nobody watching")
    (run,) = live_runs()
    snapshot = orjson.loads(command.ctl("status", "--json").out)
    assert snapshot["state"] == "running"
    wait_for(lambda: not live_runs(), "the run's end")
    assert Path(run.results) == command.record
    summary = command.summary
    assert summary["run"]["state"] == "finished"
    assert summary["metrics"]["http_reqs"]["count"] == standin.requests
    assert len(summary["timeline"]) >= 6


@pytest.mark.parametrize("terminal", ["60s"], indirect=True)
def test_attach_shows_the_run_again_with_its_history(
    command: Command, standin: Standin, terminal: Terminal
) -> None:
    terminal.press("]")
    wait_for(lambda: "target 11" in command.ctl("status").out, "the change")
    terminal.process.kill()
    terminal.process.wait(10)
    again = Terminal(command.folder, "attach")
    try:
        wait_for(lambda: again.shows("RUNNING"), "the running screen")
        wait_for(lambda: again.shows("1 → 11"), "the change made before")
        assert command.ctl("stop").code == 0
        wait_for(lambda: again.shows("STOPPED"), "the end")
    finally:
        again.close()
    later = Terminal(command.folder, "attach")
    try:
        wait_for(lambda: later.shows("POST schools"), "the recorded run")
    finally:
        later.close()
