"""Runs end when they are told to, whatever a worker, a flow or a terminal does."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time

from tests.e2e.conftest import PASSED, Command, Standin, wait_for
from tests.e2e.test_faults import BASE, _workers

FLOW = '[workloads.a]\nexecutor = "constant-vus"\nvus = 2\nduration = "60s"\nflow = "f.py:go"\n'


def test_frozen_worker_is_lost_and_the_others_take_over(command: Command, standin: Standin) -> None:
    running = command.start(
        *BASE, "--env", standin.url, "--workers", "2", "--vus", "4", "--duration", "9s", **standin.variables
    )
    wait_for(lambda: standin.requests > 20, "load")
    frozen = _workers(running.pid)[0]
    frozen.send_signal(signal.SIGSTOP)
    finished = command.finish(running)
    assert finished.code in PASSED, finished.err
    (event,) = [event for event in command.summary["events"] if event["kind"] == "worker-lost"]
    assert "it had said nothing for 5 s" in event["text"]
    assert not frozen.is_running()


def test_abort_ends_a_flow_that_swallows_everything(command: Command, standin: Standin) -> None:
    (command.folder / "a.toml").write_text(FLOW)
    (command.folder / "f.py").write_text(
        "async def go(vu):\n"
        "    while True:\n"
        "        try:\n"
        "            await vu.get('/', name='GET root')\n"
        "            await vu.sleep(0.05)\n"
        "        except BaseException:\n"
        "            pass\n"
    )
    running = command.start("--batch", "--scenario", "a.toml", "--env", standin.url)
    wait_for(lambda: "running" in command.ctl("status").out, "load")
    assert command.ctl("abort").code == 0
    begun = time.monotonic()
    assert command.finish(running).code == 103
    assert time.monotonic() - begun < 10


def test_flow_that_awaits_nothing_can_be_stopped(command: Command, standin: Standin) -> None:
    (command.folder / "a.toml").write_text(FLOW)
    (command.folder / "f.py").write_text(
        "async def go(vu):\n    if vu.iteration:\n        return\n    await vu.get('/', name='GET root')\n"
    )
    running = command.start("--batch", "--scenario", "a.toml", "--env", standin.url)
    wait_for(lambda: "running" in command.ctl("status").out, "load")
    running.send_signal(signal.SIGINT)
    assert command.finish(running).code == 105


def test_failure_that_is_no_text_is_reported_as_text(command: Command, standin: Standin) -> None:
    (command.folder / "a.toml").write_text(FLOW.replace("60s", "1s"))
    (command.folder / "f.py").write_text(
        "async def go(vu):\n"
        "    response = await vu.get('/', name='GET root')\n"
        "    vu.fail('GET root', response.status, {'odd': 1})\n"
        "    await vu.sleep(0.1)\n"
    )
    assert command.run("--batch", "--scenario", "a.toml", "--env", standin.url).code == 0
    assert command.summary["errors"][0]["kind"] == "200"


def test_terminal_that_does_not_read_holds_up_nothing(command: Command, standin: Standin) -> None:
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(write_end, False)
    while True:
        try:
            os.write(write_end, b"x" * 512)
        except BlockingIOError:
            break
    os.set_blocking(write_end, True)
    running = subprocess.Popen(
        [sys.executable, "-m", "dmsperf_tui", *BASE, "--env", standin.url, "--duration", "6s"],
        cwd=command.folder,
        env={**os.environ, **standin.variables},
        stdout=subprocess.DEVNULL,
        stderr=write_end,
    )
    try:
        assert running.wait(30) in PASSED
    finally:
        running.kill()
        os.close(read_end)
        os.close(write_end)
    assert command.summary["run"]["state"] == "finished"
    assert command.summary["metrics"]["http_reqs"]["count"] == standin.requests


def test_flow_file_is_imported_once_a_worker_and_before_load(command: Command, standin: Standin) -> None:
    (command.folder / "a.toml").write_text(
        FLOW.replace("60s", "2s") + FLOW.replace("60s", "2s").replace("workloads.a", "workloads.b")
    )
    (command.folder / "f.py").write_text(
        "import pathlib, time\n"
        "with open('imports.txt', 'a') as f: f.write('x')\n"
        "time.sleep(1)\n"
        "async def go(vu):\n"
        "    await vu.get('/', name='GET root')\n"
        "    await vu.sleep(0.1)\n"
    )
    assert command.run("--batch", "--scenario", "a.toml", "--env", standin.url).code == 0
    assert (command.folder / "imports.txt").read_text() == "x"
    first = command.summary["timeline"][0]
    assert first["requests"] > 20, "the first second is as full as the others"
