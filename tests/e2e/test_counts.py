"""Every count is right by the server's own: live, in `ctl status`, and in the record, for 1 and 3 workers."""

from __future__ import annotations

import orjson
import pytest

from tests.e2e.conftest import PASSED, Command, Standin, wait_for


def _snapshot(command: Command) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(command.ctl("status", "--json").out)
    return found


@pytest.mark.parametrize("workers", [1, 3])
def test_paused_status_and_final_record_agree_with_the_server(
    command: Command, standin: Standin, workers: int
) -> None:
    running = command.start(
        *("--batch", "--scenario", "dms/concurrent", "--env", standin.url, "--speedup", "200"),
        *("--workers", str(workers), "--vus", "12", "--seed", "7"),
        **standin.variables,
    )
    wait_for(lambda: standin.requests > 300, "some load")
    assert command.ctl("pause").code == 0
    wait_for(lambda: _snapshot(command)["state"] == "paused", "paused")

    def settled() -> bool:
        snapshot = _snapshot(command)
        return snapshot["requests"] == snapshot["requests_sent"]

    wait_for(settled, "the last second's statistics")
    snapshot, counted = _snapshot(command), standin.requests
    assert snapshot["in_flight"] == 0
    assert snapshot["requests"] == counted
    assert _snapshot(command)["requests"] == standin.requests == counted, "nothing is sent while paused"
    assert command.ctl("resume").code == 0

    finished = command.finish(running)
    assert finished.code in PASSED, finished.err
    summary, stats = command.summary, standin.stats()
    assert summary["metrics"]["http_reqs"]["count"] == stats["requests"] > counted
    assert summary["generator"]["requests_sent"] == stats["requests"]
    ours = {operation["name"]: operation["count"] for operation in summary["operations"]}
    assert ours == stats["operations"]
    assert sum(point["requests"] for point in summary["timeline"]) == stats["requests"]
    assert sum(segment["requests"] for segment in summary["segments"]) == stats["requests"]
    assert summary["metrics"]["http_req_duration"]["count"] == stats["requests"]
    assert stats["tokens_issued"] == 1, "all VUs share one token"
    workload = summary["workloads"]["concurrent_rampup"]
    assert workload["started"] == workload["completed"] + workload["interrupted"]
    assert summary["run"]["paused_s"] > 0.1


@pytest.mark.parametrize("workers", [1, 3])
def test_shared_iterations_are_each_done_once(command: Command, standin: Standin, workers: int) -> None:
    scenario = command.folder / "shared.toml"
    scenario.write_text(
        'system = "dms"\n[workloads.bulk]\nexecutor = "shared-iterations"\nvus = 7\niterations = 500\n'
        'flow = "dms.create_school"\n'
    )
    finished = command.run(
        *("--batch", "--scenario", "shared.toml", "--env", standin.url, "--workers", str(workers)),
        **standin.variables,
    )
    assert finished.code in PASSED, finished.err
    assert standin.stats()["operations"] == {"POST schools": 500}
    assert standin.stats()["statuses"] == {"201": 500}, "no id was made twice"
    summary = command.summary
    assert summary["metrics"]["iterations"]["count"] == 500
    assert summary["metrics"]["dropped_iterations"]["count"] == 0
    assert summary["workloads"]["bulk"]["planned_iterations"] == 500


def test_iterations_left_at_max_duration_are_dropped_and_counted(command: Command, standin: Standin) -> None:
    (command.folder / "shared.toml").write_text(
        'system = "dms"\n[workloads.bulk]\nexecutor = "shared-iterations"\nvus = 2\niterations = 100\n'
        'max_duration = "1s"\nflow = "dms.create_school"\nthink_time = "300ms"\n'
    )
    finished = command.run("--batch", "--scenario", "shared.toml", "--env", standin.url, **standin.variables)
    assert finished.code in PASSED, finished.err
    metrics = command.summary["metrics"]
    done = metrics["iterations"]["count"]
    assert 4 <= done <= 8
    assert metrics["dropped_iterations"]["count"] == 100 - done
