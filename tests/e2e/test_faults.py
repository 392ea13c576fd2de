"""Faults are normal: they are counted by kind, the run goes on, and the record is whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from typing import Any

import orjson
import psutil
import pytest

from tests.e2e.conftest import PASSED, Command, Standin, wait_for

BASE = ("--batch", "--scenario", "dms/baseline", "--set", "workloads.baseline_single_user.think_time=0.01")


def _workers(host: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(host).children() if "dmsperf_tui.run.worker" in child.cmdline()]


def _errors(summary: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(error["operation"], error["kind"]): error["count"] for error in summary["errors"]}


def test_expired_token_is_renewed_by_the_host_once(command: Command, standin: Standin) -> None:
    running = command.start(
        *BASE, "--env", standin.url, "--vus", "5", "--duration", "4s", **standin.variables
    )
    # A token is renewed only when it is half a second old: one refused sooner has another fault.
    wait_for(lambda: standin.requests > 300, "load")
    standin.expire_tokens()
    finished = command.finish(running)
    summary, stats = command.summary, standin.stats()
    assert finished.code in (*PASSED, 99), finished.err
    assert stats["tokens_issued"] == 2
    assert 1 <= stats["unauthorized"] <= 5
    assert _errors(summary) == {("POST schools", "401"): stats["unauthorized"]}
    assert summary["metrics"]["http_reqs"]["count"] == stats["requests"], "a 401 and its repeat are two"
    assert [event["text"] for event in summary["events"] if event["kind"] == "token"] == ["renewed after 401"]


def test_token_is_renewed_ahead_of_expiry(command: Command, standin: Standin) -> None:
    standin.faults(token_ttl_s=2)
    finished = command.run(*BASE, "--env", standin.url, "--duration", "5s", **standin.variables)
    assert finished.code in PASSED, finished.err
    assert standin.stats()["unauthorized"] == 0
    assert standin.stats()["tokens_issued"] >= 3
    assert command.summary["metrics"]["http_req_failed"]["passes"] == 0


def test_errors_of_the_server_are_counted_and_fail_the_threshold(command: Command, standin: Standin) -> None:
    standin.faults(error_rate=0.5)
    finished = command.run(*BASE, "--env", standin.url, "--duration", "3s", **standin.variables)
    assert finished.code == 99
    summary, stats = command.summary, standin.stats()
    assert _errors(summary)[("POST schools", "500")] == stats["statuses"]["500"]
    assert summary["metrics"]["http_req_failed"]["passes"] == stats["statuses"]["500"]
    failed = [row for row in summary["thresholds"] if not row["ok"]]
    assert [row["metric"] for row in failed] == ["http_req_failed"]
    assert "✗ 'rate<0.01'" in finished.out
    samples = [orjson.loads(line) for line in (command.record / "errors.jsonl").read_bytes().splitlines()]
    assert 1 <= len(samples) <= 5
    assert samples[0]["status"] == 500


def test_service_that_dies_mid_run_is_a_kind_of_error_and_the_run_goes_on(command: Command) -> None:
    server = command.start("serve")
    assert server.stdout is not None
    ready = orjson.loads(server.stdout.readline())
    standin = Standin(ready["url"], ready["client_id"], ready["client_secret"])
    running = command.start(*BASE, "--env", standin.url, "--duration", "4s", **standin.variables)
    wait_for(lambda: standin.requests > 20, "load")
    server.kill()
    finished = command.finish(running)
    assert finished.code == 99
    kinds = {error["kind"] for error in command.summary["errors"]}
    assert "connect refused" in kinds
    assert command.summary["run"]["duration_s"] == pytest.approx(4, abs=0.5)


def test_unreachable_service_stops_the_run_before_load(command: Command) -> None:
    finished = command.run(*BASE, "--env", "http://127.0.0.1:9", CLIENT_ID="a", CLIENT_SECRET="b")
    assert finished.code == 107
    assert "reachable" in finished.err
    assert command.summary["run"]["state"] == "failed"
    assert "is the service running?" in command.summary["run"]["message"]


def test_wrong_credentials_stop_the_run_and_are_nowhere_in_the_record(
    command: Command, standin: Standin
) -> None:
    finished = command.run(*BASE, "--env", standin.url, CLIENT_ID="me", CLIENT_SECRET="hush-hush-42")
    assert finished.code == 107
    assert "check CLIENT_ID and CLIENT_SECRET" in finished.err
    for path in command.record.iterdir():
        assert b"hush-hush-42" not in path.read_bytes()


def test_secrets_of_a_good_run_are_nowhere(command: Command, standin: Standin) -> None:
    finished = command.run(*BASE, "--env", standin.url, "--duration", "1s", **standin.variables)
    text = finished.out + finished.err
    for path in command.record.rglob("*"):
        if path.is_file():
            text += path.read_bytes().decode("latin-1")
    assert standin.client_secret not in text
    assert "Bearer" not in text


def test_killed_worker_is_said_and_the_others_go_on(command: Command, standin: Standin) -> None:
    running = command.start(
        *BASE, "--env", standin.url, "--vus", "9", "--workers", "3", "--duration", "6s", **standin.variables
    )
    wait_for(lambda: standin.requests > 100, "load")
    _workers(running.pid)[0].kill()
    finished = command.finish(running)
    summary = command.summary
    assert finished.code in PASSED, finished.err
    assert summary["validity"]["verdict"] in ("suspect", "invalid")
    assert "worker 1 was lost" in summary["validity"]["reasons"]
    assert [event["kind"] for event in summary["events"]].count("worker-lost") == 1
    assert "worker 1 of 3 was lost" in finished.err
    assert summary["timeline"][-2]["vus"] == 9, "the others took over its share"
    workload = summary["workloads"]["baseline_single_user"]
    assert workload["started"] == workload["completed"] + workload["interrupted"]


def test_run_that_loses_all_workers_ends_as_invalid(command: Command, standin: Standin) -> None:
    running = command.start(*BASE, "--env", standin.url, **standin.variables)
    wait_for(lambda: standin.requests > 5, "load")
    _workers(running.pid)[0].kill()
    finished = command.finish(running)
    assert finished.code == 96
    assert command.summary["run"]["state"] == "aborted"
    assert "all workers were lost" in command.summary["validity"]["reasons"]


def test_killed_host_leaves_no_load_and_a_readable_record(command: Command, standin: Standin) -> None:
    running = command.start(*BASE, "--env", standin.url, "--vus", "3", "--workers", "2", **standin.variables)
    wait_for(lambda: standin.requests > 20, "load")
    workers = _workers(running.pid)
    wait_for(lambda: (command.record / "timeline.jsonl").exists(), "a second of record")
    running.kill()
    command.finish(running)
    gone, alive = psutil.wait_procs(workers, timeout=5)
    assert len(gone) == 2
    assert not alive
    rows = [orjson.loads(line) for line in (command.record / "timeline.jsonl").read_bytes().splitlines()]
    assert rows[0]["requests"] > 0


def test_suspended_host_leaves_no_load_and_says_so_when_it_wakes(command: Command, standin: Standin) -> None:
    running = command.start(*BASE, "--env", standin.url, "--vus", "2", **standin.variables)
    wait_for(lambda: standin.requests > 20, "load")
    workers = _workers(running.pid)
    running.send_signal(signal.SIGSTOP)
    try:
        counted = standin.requests
        quiet = time.monotonic()

        def stopped() -> bool:
            nonlocal counted, quiet
            if standin.requests != counted:
                counted, quiet = standin.requests, time.monotonic()
            return time.monotonic() - quiet > 0.5

        wait_for(stopped, "the workers to stop their load", patience_s=6)
        assert len(workers) == 1
    finally:
        running.send_signal(signal.SIGCONT)
    finished = command.finish(running)
    assert finished.code == 105
    summary = command.summary
    assert summary["run"]["state"] == "aborted"
    assert "the host had said nothing for 4 s" in summary["run"]["message"]
    # The cut interrupts what is in flight: the server has it, and no answer is counted for it.
    sent = summary["generator"]["requests_sent"]
    assert sent == standin.requests
    assert 0 <= sent - summary["metrics"]["http_reqs"]["count"] <= 2, "at most one for each VU"


def test_ctrl_c_once_drains_and_twice_ends_at_once(command: Command, standin: Standin) -> None:
    standin.faults(latency_ms=3000)
    running = command.start(*BASE, "--env", standin.url, "--vus", "4", **standin.variables)
    wait_for(lambda: standin.requests >= 4, "load")
    running.send_signal(signal.SIGINT)
    wait_for(lambda: "stopping" in command.ctl("status").out, "the first Ctrl-C to be heard")
    running.send_signal(signal.SIGINT)
    finished = command.finish(running)
    assert finished.code == 105
    summary = command.summary
    assert summary["run"]["state"] == "aborted"
    workload = summary["workloads"]["baseline_single_user"]
    assert workload["interrupted"] == 4
    assert workload["started"] == workload["completed"] + workload["interrupted"]
    assert summary["generator"]["requests_sent"] == standin.requests


def test_sigterm_drains_and_leaves_a_full_record(command: Command, standin: Standin) -> None:
    running = command.start(*BASE, "--env", standin.url, "--vus", "4", **standin.variables)
    wait_for(lambda: standin.requests > 50, "load")
    running.terminate()
    finished = command.finish(running)
    assert finished.code == 105
    summary = command.summary
    assert summary["run"]["state"] == "stopped"
    assert summary["workloads"]["baseline_single_user"]["interrupted"] == 0
    assert summary["metrics"]["http_reqs"]["count"] == standin.requests
    assert "verdict" in finished.out


def test_unwritable_results_are_said_before_load(command: Command, standin: Standin) -> None:
    if os.geteuid() == 0:
        blocked = command.folder / "blocked"
        blocked.write_text("a file where a folder should be")
    else:
        blocked = command.folder / "blocked"
        blocked.mkdir()
        blocked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    finished = command.run(*BASE, "--env", standin.url, "--results", str(blocked), **standin.variables)
    assert finished.code == 104
    assert "--results DIR" in finished.err
    assert standin.requests == 0


def test_full_disk_is_said_before_load(command: Command, standin: Standin) -> None:
    script = (
        "import shutil, sys\n"
        "from types import SimpleNamespace\n"
        "shutil.disk_usage = lambda path: SimpleNamespace(total=10**9, used=10**9, free=1000)\n"
        "from dmsperf_tui.cli import main\n"
        "main()\n"
    )
    (command.folder / "full.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "full.py", *BASE, "--env", standin.url],
        cwd=command.folder,
        env={**os.environ, **standin.variables},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 104
    assert "the disk is full" in done.stderr
    assert standin.requests == 0
