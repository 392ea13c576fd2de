"""The whole app as a person meets it: a real run, in terminals of 80x24, by keys, read off the screen."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest

from dmsperf_tui.run.registry import live_runs
from tests.e2e.conftest import Command, wait_for
from tests.e2e.terminal import Terminal

SCENARIO = """
title = "Visits"
description = "Schools are read, and something that is not there."
system = "dms"

[workloads.visits]
executor = "constant-vus"
vus = 2
duration = "2m"
flow = "visits.py:visit"
think_time = "100ms"

[thresholds]
http_req_failed = ["rate<0.9"]
"""
FLOW = """
async def visit(vu):
    await vu.get("/data/ed-fi/schools?limit=1", name="GET schools")
    await vu.get("/data/ed-fi/absent", name="GET absent")
"""
_COLOUR = re.compile(rb"\x1b\[[0-9;]*?[34]8;(?:5;(\d+)|2;(\d+);(\d+);(\d+))")


def coloured(drawn: bytes) -> list[bytes]:
    """The colours that are none of the greys, as the terminal was told them."""
    return [
        found.group()
        for found in _COLOUR.finditer(drawn)
        if (found[1] and not 232 <= int(found[1]) <= 255 and int(found[1]) not in (16, 231))
        or (found[2] and not found[2] == found[3] == found[4])
    ]


@pytest.fixture
def terminal(command: Command) -> Iterator[Callable[..., Terminal]]:
    """Opens one more."""
    opened: list[Terminal] = []

    def open_one(*args: str, **variables: str) -> Terminal:
        opened.append(Terminal(command.folder, *args, **variables))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
    for run in live_runs():
        os.kill(run.pid, signal.SIGKILL)


def test_a_run_is_set_up_steered_and_left_by_keys_while_another_watches(
    command: Command, terminal: Callable[..., Terminal]
) -> None:
    (command.folder / "scenarios").mkdir()
    (command.folder / "scenarios" / "visits.toml").write_text(SCENARIO)
    (command.folder / "scenarios" / "visits.py").write_text(FLOW)
    # Whoever started it told it a size, as `docker exec -e` does: it is the window that counts.
    told = {"COLUMNS": "80", "LINES": "24"}
    first = terminal("--scenario", "visits", "--env", "embedded", COLORTERM="truecolor", **told)
    first.wait_for("Load of visits", "embedded", "s Start")
    first.wait_for("peak 2 VUs", "as its files say")
    first.press("s")
    first.wait_for("● RUNNING", "visits", "GET absent")
    # Two look at it: what one of them does, the other sees. This one has no colours.
    second = terminal("attach", NO_COLOR="1")
    second.wait_for("● RUNNING", "GET absent")

    first.press("v")
    first.wait_for("50 over 30s")
    first.press("7\r")
    for each in (first, second):
        each.wait_for("7→7")
        each.wait_for("VUs 2 → 7")
    first.press(" ")
    for each in (first, second):
        each.wait_for("‖ PAUSED")
    first.press("n")
    first.wait_for("A note")
    first.press("before lunch\r")
    first.wait_gone("A note")
    first.press(" ")
    for each in (first, second):
        each.wait_for("● RUNNING")

    # An error and what was answered, while the other terminal stands still; then the window is made tiny.
    second.stall()
    first.press("\x1b[Z" * 3)
    first.wait_for("Errors", "1 kind")
    first.press("\r")
    first.wait_for("GET /data/ed-fi/absent", "404")
    first.press("\x1b")
    first.wait_gone("esc closes")
    first.resize(20, 5)
    first.wait_for("● RUNNING")
    first.resize(80, 24)
    first.wait_for("GET absent", "q Quit")
    first.press("d")
    wait_for(lambda: first.process.poll() == 0, "the first terminal's end")
    wait_for(lambda: b"dmsperf-tui attach" in first.drawn, "how to take the run up again")

    second.go_on()
    second.wait_for("● RUNNING", "resume")
    second.press("S")
    second.wait_for("y")
    second.press("y")
    second.wait_for("■ STOPPED", "record  results")

    assert coloured(first.drawn)
    assert not coloured(second.drawn)
    summary = command.summary
    assert summary["run"]["state"] == "stopped"
    kinds = [event["kind"] for event in summary["events"]]
    assert [kind for kind in kinds if kind in ("vus", "pause", "resume", "note", "stop")] == [
        "vus", "pause", "note", "resume", "stop",
    ]  # fmt: skip
    absent = next(row for row in summary["operations"] if row["name"] == "GET absent")
    assert absent["failed"] == absent["count"] > 0
