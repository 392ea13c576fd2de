"""Runs end when they should, with every iteration and second accounted for: defects that reviews found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import tomli_w

from tests.e2e.conftest import PASSED, Command, Finished, wait_for
from tests.truth.bench import TruthServer


@pytest.fixture
def server() -> Iterator[TruthServer]:
    with TruthServer("--delay-ms", "1") as server:
        yield server


FLOWS = """
import asyncio

async def nothing(vu):
    pass

async def stubborn(vu):
    while True:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue

async def slow(vu):
    await vu.sleep(2.5)
"""


def write(command: Command, workloads: dict[str, Any], **more: Any) -> None:
    for load in workloads.values():
        if load.setdefault("flow", "http.request") == "http.request":
            load["request"] = {"path": "/x"}
    (command.folder / "flows.py").write_text(FLOWS)
    content = {"system": "http", "workloads": workloads, **more}
    (command.folder / "s.toml").write_text(tomli_w.dumps(content))


def run(command: Command, server: TruthServer, *flags: str) -> Finished:
    return command.run("--batch", "--scenario", "s.toml", "--env", server.url, *flags)


def arrivals(rate: float, duration: str, **options: Any) -> dict[str, Any]:
    executor = {"executor": "constant-arrival-rate", "rate": rate, "duration": duration}
    return {**executor, "pre_allocated_vus": 10, **options}


def test_every_worker_does_its_iterations_before_the_workload_is_over(
    command: Command, server: TruthServer
) -> None:
    write(
        command,
        {"w": {"executor": "per-vu-iterations", "vus": 8, "iterations": 1, "flow": "flows.py:nothing"}},
    )
    finished = run(command, server, "--workers", "4")
    assert finished.code in PASSED, finished.err
    assert command.summary["workloads"]["w"]["completed"] == 8


def test_iteration_executor_ends_though_a_worker_has_no_vu(command: Command, server: TruthServer) -> None:
    write(command, {"w": {"executor": "shared-iterations", "vus": 1, "iterations": 5}})
    finished = run(command, server, "--workers", "2")
    assert finished.code in PASSED, finished.err
    assert server.count == command.summary["workloads"]["w"]["completed"] == 5
    assert command.summary["run"]["duration_s"] < 5


def test_what_waits_for_another_is_not_hurried_by_the_others_grace(
    command: Command, server: TruthServer
) -> None:
    """The first one uses up its grace, so that the second ends later than its plan had it at most."""
    write(
        command,
        {
            "a": {
                "executor": "constant-vus",
                "duration": "1s",
                "flow": "flows.py:slow",
                "graceful_stop": "8s",
            },
            "b": {
                "executor": "per-vu-iterations",
                "iterations": 2,
                "max_duration": "1s",
                "flow": "flows.py:slow",
                "graceful_stop": "8s",
                "after": "a",
            },
        },
    )
    finished = run(command, server)
    assert finished.code in PASSED, finished.err
    assert command.summary["workloads"]["b"]["completed"] == 1
    assert "worker-lost" not in {event["kind"] for event in command.summary["events"]}


def test_graceful_stop_does_not_wait_for_the_plan_of_a_flow_that_will_not_end(
    command: Command, server: TruthServer
) -> None:
    load = {"executor": "constant-vus", "duration": "10m", "flow": "flows.py:stubborn", "graceful_stop": "0s"}
    write(command, {"w": load})
    running = command.start("--batch", "--scenario", "s.toml", "--env", server.url)

    def under_way() -> bool:
        status = command.ctl("status", "--json").out
        return bool(status) and orjson.loads(status)["workloads"][0]["running"] == 1

    wait_for(under_way, "its iteration")
    assert command.ctl("stop").code == 0
    before_s = time.monotonic()
    command.finish(running)
    assert time.monotonic() - before_s < 20
    assert command.summary["run"]["state"] == "aborted", "its only worker had to be killed"


def test_rates_of_a_warm_up_that_ends_within_a_second_are_of_what_was_measured(
    command: Command, server: TruthServer
) -> None:
    write(command, {"w": arrivals(100, "6s")}, warm_up="1500ms", thresholds={"http_reqs": ["rate>95"]})
    finished = run(command, server)
    assert finished.code in PASSED, finished.out
    assert command.summary["metrics"]["http_reqs"]["rate"] == pytest.approx(100, rel=0.04)


def test_healthy_run_is_not_ended_by_a_rate_before_anything_is_measured(
    command: Command, server: TruthServer
) -> None:
    rules = [{"threshold": "rate>60", "abort_on_fail": True}]
    write(command, {"w": arrivals(100, "4s")}, thresholds={"http_reqs": rules})
    finished = run(command, server)
    assert finished.code in PASSED, finished.out
    assert command.summary["run"]["state"] == "finished"


def test_broken_rule_that_ends_the_run_is_its_exit_code(command: Command, server: TruthServer) -> None:
    rules = [{"threshold": "count<150", "abort_on_fail": True}]
    write(command, {"w": arrivals(100, "60s")}, thresholds={"http_reqs": rules})
    finished = run(command, server)
    assert finished.code in (99, 96), finished.out
    assert command.summary["run"]["state"] == "aborted"
    assert command.summary["run"]["duration_s"] < 10


def test_arrivals_need_a_vu_on_each_worker(command: Command, server: TruthServer) -> None:
    write(command, {"w": arrivals(20, "4s", pre_allocated_vus=1)})
    finished = run(command, server, "--workers", "2")
    assert finished.code == 104
    assert "1 VUs for 2 workers" in finished.err


def test_rate_beyond_counting_still_hears_a_stop(command: Command, server: TruthServer) -> None:
    write(command, {"w": arrivals(100, "60s")})
    running = command.start("--batch", "--scenario", "s.toml", "--env", server.url)
    wait_for(lambda: server.count > 20, "load")
    assert command.ctl("rate", "1000000").code == 0
    time.sleep(2)
    assert command.ctl("abort").code == 0
    finished = command.finish(running)
    assert finished.code == 103, finished.err
    part = command.summary["workloads"]["w"]
    assert part["planned"] == part["started"] + part["dropped"] + part["cut"] + part["waiting"]
    assert part["started"] == part["completed"] + part["interrupted"] + part["running"]
