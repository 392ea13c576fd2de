"""What is told to a whole run, in one run of all seven executors: weights, pause, resume, stop and abort."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.steered import SteeredRun, hold_conserved, requests
from tests.truth.bench import Stamps, TruthServer

SEEN_WITHIN_S = 0.25
DELAY_S = 0.1
EXECUTORS: dict[str, dict[str, Any]] = {
    "constant-vus": {"vus": 2, "duration": "60s"},
    "ramping-vus": {"start_vus": 2, "stages": [{"duration": "60s", "target": 2}]},
    "externally-controlled": {"vus": 2, "duration": "60s"},
    "shared-iterations": {"vus": 2, "iterations": 5000},
    "per-vu-iterations": {"vus": 2, "iterations": 5000},
    "constant-arrival-rate": {"rate": 20, "duration": "60s", "pre_allocated_vus": 8},
    "ramping-arrival-rate": {
        "start_rate": 20,
        "stages": [{"duration": "60s", "target": 20}],
        "pre_allocated_vus": 8,
    },
}


@contextmanager
def running(folder: Path) -> Iterator[tuple[TruthServer, SteeredRun]]:
    """All of them side by side, each a mix whose second flow has no share; under load."""
    workloads = {
        executor: requests(
            {"first": f"/{executor}/first", "second": f"/{executor}/second"}, executor, **options
        )
        for executor, options in EXECUTORS.items()
    }
    for workload in workloads.values():
        workload["mix"]["second"]["weight"] = 0
    with (
        TruthServer("--delay-ms", str(1000 * DELAY_S)) as server,
        SteeredRun(folder, server.url, workloads, "--workers", "2") as run,
    ):
        server.wait_for_load(60)
        yield server, run


class Played:
    """Weights of each, then pause, resume and stop; all by the server's stamps."""

    def __init__(self, server: TruthServer, run: SteeredRun) -> None:
        self.unnamed = run.ctl("weights", "first=0,second=1")
        self.weighed = {
            executor: run.ctl("weights", "first=0,second=1", "--workload", executor) for executor in EXECUTORS
        }
        self.unknown = run.ctl("weights", "third=1", "--workload", "constant-vus")
        time.sleep(0.8)
        run.ctl("pause")
        wait_for(lambda: bool(run.status["state"] == "paused"), "paused")
        self.paused_s = time.perf_counter()
        self.paused_again = run.ctl("pause")
        time.sleep(1.0)
        self.resumed = run.ctl("resume")
        self.resumed_again = run.ctl("resume")
        time.sleep(1.2)
        self.stopped = run.ctl("stop")
        run.finish()
        self.too_late = run.ctl("vus", "3")
        self.stamps, self.summary = server.stamps, run.summary
        hold_conserved(self.summary, len(self.stamps))

    def of(self, executor: str, flow: str) -> Stamps:
        return self.stamps.of(f"{executor}/{flow}")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with running(tmp_path_factory.mktemp("all")) as (server, run):
        yield Played(server, run)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_weights_change_what_is_sent(played: Played, executor: str) -> None:
    answer = played.weighed[executor]
    assert answer.code == 0
    assert "shares first 0%, second 100%" in answer.text
    first, second = played.of(executor, "first"), played.of(executor, "second")
    assert second.arrivals_s[0] > answer.given_s
    assert second.arrivals_s[0] < answer.answered_s + SEEN_WITHIN_S
    assert first.arrivals_s[-1] < answer.answered_s + SEEN_WITHIN_S
    assert played.summary["workloads"][executor]["flows"] == {"first": 0, "second": 1}


def test_weights_need_a_name_and_known_flows(played: Played) -> None:
    assert played.unnamed.code == played.unknown.code == 1
    assert "more than one workload is under way" in played.unnamed.text
    assert "unknown flow 'third' of constant-vus" in played.unknown.text


@pytest.mark.parametrize("executor", EXECUTORS)
def test_pause_and_resume(played: Played, executor: str) -> None:
    stamps = played.of(executor, "second")
    assert stamps.between(played.paused_s, played.resumed.given_s) == 0
    again_s = played.resumed.answered_s
    # Twenty a second, of two VUs of 100 ms as of the rates; more comes only of what waited, a tick's worth.
    assert stamps.between(again_s, again_s + 1) == pytest.approx(20, abs=4)


def test_state_that_a_command_does_not_fit_refuses_it(played: Played) -> None:
    assert (played.paused_again.code, played.resumed_again.code) == (1, 1)
    assert "it cannot be paused" in played.paused_again.text
    assert "nothing to resume" in played.resumed_again.text
    assert played.too_late.code == 104
    assert "no run is active" in played.too_late.text
    kinds = [event["kind"] for event in played.summary["events"]]
    assert [kinds.count(kind) for kind in ("weights", "pause", "resume", "stop")] == [7, 1, 1, 1]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_stop_starts_nothing_more_and_lets_iterations_finish(played: Played, executor: str) -> None:
    stopped_s = played.stopped.answered_s
    assert played.of(executor, "second").arrivals_s[-1] < stopped_s + SEEN_WITHIN_S
    counts = played.summary["workloads"][executor]
    assert counts["interrupted"] == 0
    done = len(played.of(executor, "first")) + len(played.of(executor, "second"))
    assert counts["started"] == counts["completed"] == done
    assert played.summary["run"]["state"] == "stopped"


def test_paused_time_is_in_no_rate(played: Played) -> None:
    run, metrics = played.summary["run"], played.summary["metrics"]
    assert run["paused_s"] == pytest.approx(played.resumed.given_s - played.paused_s, abs=0.3)
    assert metrics["http_reqs"]["count"] == len(played.stamps)
    assert metrics["http_reqs"]["rate"] == pytest.approx(len(played.stamps) / run["duration_s"], rel=0.001)
    whole_s = played.stamps.arrivals_s[-1] - played.stamps.arrivals_s[0]
    assert run["duration_s"] == pytest.approx(whole_s - run["paused_s"], abs=0.4)


def test_abort_interrupts_all_of_them_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as (server, run):
        answer = run.ctl("abort")
        run.finish(codes=(103,))
        stamps, summary = server.stamps, run.summary
        hold_conserved(summary, len(stamps))
        assert summary["run"]["state"] == "aborted"
        assert stamps.arrivals_s[-1] < answer.answered_s + SEEN_WITHIN_S
        for executor, counts in summary["workloads"].items():
            assert counts["interrupted"] >= 1, executor
        # An iteration that was interrupted has sent its request, and is in no statistic.
        interrupted = sum(counts["interrupted"] for counts in summary["workloads"].values())
        assert summary["metrics"]["http_reqs"]["count"] == len(stamps) - interrupted
