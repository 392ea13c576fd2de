"""`setup` and `teardown`: once a run, outside what is measured, with what they return for every VU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.scripted_server import ScriptedServer
from tests.e2e.steered import SteeredRun, hold_conserved

SECRET = "hush-hush-of-setup-42"
FLOWS = f'''
import os
import time


def say(what):
    with open("said.txt", "a") as file:
        file.write(what + "\\n")


async def prepare(vu):
    say(f"setup {{os.getpid()}}")
    made = await vu.post("/setup", name="POST setup", json={{"a": 1}})
    time.sleep(0.3)
    return {{"school": 255901, "token": "{SECRET}", "status": made.status}}


async def look(vu):
    given = vu.setup
    vu.memory.setdefault("pid", os.getpid())
    headers = {{"X-School": str(given["school"]), "Authorization": "Bearer " + given["token"],
               "X-Vu": str(vu.number), "X-Pid": str(os.getpid())}}
    await vu.get("/load", name="GET load", headers=headers)
    await vu.sleep(0.05)


async def tidy(vu):
    say(f"teardown {{vu.setup['school']}} {{vu.setup['status']}}")
    await vu.delete("/teardown", name="DELETE teardown")


async def broken(vu):
    await vu.get("/setup", name="GET setup")
    raise LookupError("no school district here")
'''
LOAD = {"executor": "constant-vus", "vus": 6, "duration": "1500ms", "flow": "flows.py:look"}
StartRun = Callable[..., SteeredRun]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as made:
        yield made


@pytest.fixture
def start(tmp_path: Path, server: ScriptedServer) -> Iterator[StartRun]:
    with ExitStack() as stack:

        def begin(*flags: str, **scenario: Any) -> SteeredRun:
            files = {"flows.py": FLOWS}
            run = SteeredRun(tmp_path, server.url, {"load": LOAD}, *flags, files=files, **scenario)
            return stack.enter_context(run)

        yield begin


def test_both_run_once_outside_the_load_and_the_value_reaches_every_vu(
    server: ScriptedServer, start: StartRun
) -> None:
    run = start("--workers", "2", setup="flows.py:prepare", teardown="flows.py:tidy")
    finished = run.finish()
    said = (run.command.folder / "said.txt").read_text().splitlines()
    assert [line.split()[0] for line in said] == ["setup", "teardown"]
    assert said[1] == "teardown 255901 200"
    load = server.of("/load")
    assert len(server.of("/setup")) == len(server.of("/teardown")) == 1
    assert server.kept[0].path == "/setup"
    assert server.kept[-1].path == "/teardown"
    assert {one.headers["x-school"] for one in load} == {"255901"}
    assert {one.headers["authorization"] for one in load} == {f"Bearer {SECRET}"}
    assert {one.headers["x-vu"] for one in load} == {"1", "2", "3", "4", "5", "6"}
    assert len({one.headers["x-pid"] for one in load}) == 2, "VUs of two workers"

    summary = run.summary
    hold_conserved(summary, len(load))
    assert summary["metrics"]["http_reqs"]["count"] == len(load)
    assert [operation["name"] for operation in summary["operations"]] == ["GET load"]
    assert summary["run"]["duration_s"] == pytest.approx(1.5, abs=0.4), "setup's 0.3 s are not in it"
    assert server.kept[1].at_s - server.kept[0].at_s > 0.3
    assert SECRET not in run.record_text + finished.out + finished.err


def test_failing_setup_is_107_and_no_load(server: ScriptedServer, start: StartRun) -> None:
    run = start(setup="flows.py:broken", teardown="flows.py:tidy")
    finished = run.finish(codes=(107,))
    assert "setup failed: LookupError: no school district here" in finished.err
    assert [one.path for one in server.kept] == ["/setup"], "neither load nor teardown"
    assert run.summary["run"]["state"] == "failed"
    assert "LookupError" in run.summary["run"]["message"]
    assert run.summary["metrics"]["http_reqs"]["count"] == 0


def test_failing_teardown_is_said_and_the_record_is_whole(server: ScriptedServer, start: StartRun) -> None:
    run = start(setup="flows.py:prepare", teardown="flows.py:broken")
    finished = run.finish()
    (event,) = [event for event in run.summary["events"] if event["kind"] == "teardown-failed"]
    assert event["text"] == "teardown failed: LookupError: no school district here"
    assert event["text"] in finished.err
    assert "teardown failed" in run.summary["run"]["message"]
    assert run.summary["run"]["state"] == "finished"
    hold_conserved(run.summary, len(server.of("/load")))
    assert orjson.loads((run.command.record / "events.jsonl").read_bytes().splitlines()[-1])["kind"] == "end"


def test_stopped_run_is_torn_down_as_well(server: ScriptedServer, start: StartRun) -> None:
    run = start("--duration", "60s", setup="flows.py:prepare", teardown="flows.py:tidy")
    while not server.of("/load"):
        assert run.process.poll() is None
    assert run.ctl("stop").code == 0
    run.finish()
    assert server.kept[-1].path == "/teardown"
    assert run.summary["run"]["state"] == "stopped"


@pytest.mark.parametrize("key", ["setup", "teardown"])
def test_misnamed_function_is_said_before_any_load(server: ScriptedServer, start: StartRun, key: str) -> None:
    run = start(**{key: "flow.py:prepare"})
    finished = run.finish(codes=(104,))
    assert f"run.toml:1: {key}: no such file 'flow.py'" in finished.err
    assert not server.kept
