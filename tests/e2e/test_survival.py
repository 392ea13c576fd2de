"""A run survives its terminal: the app is started in a real pseudo-terminal, which then goes away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from dmsperf_tui.run.registry import live_runs
from tests.e2e.conftest import Command, Standin, wait_for
from tests.e2e.terminal import Terminal


@pytest.fixture
def terminal(command: Command, standin: Standin, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """On a run of six seconds, or as long as the test says."""
    made = Terminal(
        command.folder,
        *("--scenario", "dms/baseline", "--env", standin.url, "--duration", getattr(request, "param", "6s")),
        *("--set", "workloads.baseline_single_user.think_time=0.02"),
        **standin.variables,
    )
    made.wait_for("Start")
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
        again.wait_for("RUNNING")
        again.wait_for("1 → 11")
        assert command.ctl("stop").code == 0
        again.wait_for("STOPPED")
    finally:
        again.close()
    later = Terminal(command.folder, "attach")
    try:
        later.wait_for("POST schools")
    finally:
        later.close()
