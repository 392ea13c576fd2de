"""A load phase: its list is created whole, whatever is killed on the way, and later runs work on it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from dmsperf_tui.run.entity_store import read_manifest
from dmsperf_tui.run.leftovers import leftovers
from dmsperf_tui.systems.dms.load_phase import LoadPhase
from tests.e2e.conftest import PASSED, Command, Finished, Standin, wait_for

SIZES = {"schools": 3, "students": 60, "staff": 9, "courses_per_school": 3, "sections_per_course": 2}
FAST = ("--set", "workloads.load.think_time=0", "--set", "workloads.load.start_vus=8")


def load(standin: Standin, *more: str) -> list[str]:
    sizes = [word for name, size in SIZES.items() for word in ("--set", f"data.{name}={size}")]
    return ["--batch", "--scenario", "dms/load", "--env", standin.url, *sizes, *more]


def folders(command: Command) -> list[Path]:
    return sorted((command.folder / "results").iterdir())


def summary_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((folder / "summary.json").read_bytes())
    return found


def planned(folder: Path) -> dict[str, int]:
    phase = LoadPhase.from_json(read_manifest(folder))
    return {part.name: part.count for part in phase.parts}


def held(standin: Standin, before: dict[str, int]) -> dict[str, int]:
    """How many of each resource the server has more than before."""
    now = standin.stats()["resources"]
    return {name: count - before.get(name, 0) for name, count in now.items() if count != before.get(name, 0)}


def done(folder: Path) -> int:
    """How many ids the run in the folder has noted."""
    return sum(1 for _ in leftovers(folder))


def passed(finished: Finished) -> None:
    assert finished.code in PASSED, finished.err


def test_a_load_phase_that_was_killed_halfway_is_resumed(standin: Standin, command: Command) -> None:
    """Nothing missing, nothing double, by the server's own count of its resources."""
    before = standin.stats()["resources"]
    standin.faults(latency_ms=4)
    process = command.start(*load(standin, *FAST, "--workers", "2"), **standin.variables)
    wait_for(lambda: (command.folder / "results").is_dir() and bool(folders(command)), "its folder")
    first = folders(command)[0]
    wait_for(lambda: (first / "load-phase-data" / "manifest.json").is_file(), "its list")
    counts = planned(first)
    total = sum(counts.values())
    wait_for(lambda: done(first) >= total // 2, "half of the list", 30)
    host = psutil.Process(process.pid)
    workers = host.children()
    host.send_signal(signal.SIGKILL)
    process.wait(10)
    psutil.wait_procs(workers, 10)
    assert total // 2 <= done(first) < total
    standin.faults(latency_ms=0)

    identity = first.name.rpartition("-")[2]
    again = ["--batch", "--env", standin.url, *FAST, "--resume", identity]
    passed(command.run(*again, **standin.variables))

    assert held(standin, before) == counts
    second = folders(command)[1]
    summary = summary_of(second)
    assert {row["name"]: (row["total"], row["created"], row["failed"]) for row in summary["entities"]} == {
        name: (count, count, 0) for name, count in counts.items()
    }
    assert summary["metrics"]["http_reqs"]["count"] == total - done(first)
    assert (summary["manifest"]["origin"], summary["manifest"]["resumed"]) == (identity, True)
    assert summary["manifest"]["profile"]["data.students"] == SIZES["students"]
    assert done(second) == total


def test_a_worker_that_is_lost_leaves_no_gap(standin: Standin, command: Command) -> None:
    before = standin.stats()["resources"]
    standin.faults(latency_ms=4)
    process = command.start(*load(standin, *FAST, "--workers", "2"), **standin.variables)
    wait_for(lambda: (command.folder / "results").is_dir() and bool(folders(command)), "its folder")
    wait_for(lambda: (folders(command)[0] / "load-phase-data" / "ids.bin").is_file(), "its list")
    wait_for(lambda: done(folders(command)[0]) > 300, "the first entities", 30)
    lost = next(
        child
        for child in psutil.Process(process.pid).children()
        if "dmsperf_tui.run.worker" in child.cmdline()
    )
    lost.kill()
    finished = command.finish(process)
    passed(finished)
    counts = planned(command.record)
    assert held(standin, before) == counts
    workload = command.summary["workloads"]["load"]
    assert (workload["planned"], workload["dropped"]) == (workload["started"], 0)
    assert command.summary["metrics"]["http_req_failed"]["passes"] == 0
    assert "worker-lost" in [event["kind"] for event in command.summary["events"]]


def test_an_outage_is_waited_out(standin: Standin, command: Command) -> None:
    """Every connection is reset for a while: what was being created is created after it."""
    before = standin.stats()["resources"]
    standin.faults(latency_ms=4)
    process = command.start(*load(standin, *FAST), **standin.variables)
    wait_for(lambda: (command.folder / "results").is_dir() and bool(folders(command)), "its folder")
    wait_for(lambda: (folders(command)[0] / "load-phase-data" / "ids.bin").is_file(), "its list")
    wait_for(lambda: done(folders(command)[0]) > 300, "the first entities", 30)
    standin.faults(reset_rate=1.0)
    met = standin.requests
    wait_for(lambda: standin.requests > met + 16, "two tries of each VU")
    standin.faults(reset_rate=0.0)
    passed(command.finish(process))
    assert held(standin, before) == planned(command.record)
    metrics = command.summary["metrics"]
    assert metrics["load_retries"]["count"] == metrics["http_req_failed"]["passes"] >= 8
    assert "entities_failed" not in metrics


def test_a_phase_that_is_over_before_its_list_says_how_to_go_on(standin: Standin, command: Command) -> None:
    standin.faults(latency_ms=20)
    finished = command.run(
        *load(standin, "--speedup", "1000", "--set", "load.duration=1000s"), **standin.variables
    )
    assert finished.code in (99, 96), finished.err
    (finding,) = [text for text in command.summary["validity"]["findings"] if "not created" in text]
    assert finding.endswith(f"--resume {command.summary['run']['id']} goes on with them")
    workload = command.summary["workloads"]["load"]
    missing = sum(row["total"] - row["created"] for row in command.summary["entities"])
    assert workload["dropped"] == missing > 0
    assert workload["planned"] == workload["started"] + workload["dropped"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scenario", "dms/load", "--data", "last"], "dms/load makes its own data"),
        (["--scenario", "dms/smoke", "--resume", "last"], "dms/smoke has no load phase"),
        (["--scenario", "dms/load", "--resume", "last", "--seed", "1"], "leave out --seed"),
        (["--scenario", "dms/load", "--resume", "nosuch"], "no run 'nosuch' with data of a load phase"),
        (["--scenario", "dms/load", "--resume", "last", "--data", "last"], "does not go with --resume"),
        (["--phase", "load", "--scenario", "dms/load"], "leave one of them out"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(command: Command, words: list[str], said: str) -> None:
    folder = command.folder / "results" / "2026-01-01T000000Z-dms-load-abc123" / "load-phase-data"
    folder.mkdir(parents=True)
    manifest = {"run": "abc123", "scenario": "dms/load", "url": "http://127.0.0.1:9", "seed": 1, "sizes": {}}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    finished = command.run("--batch", "--env", "http://127.0.0.1:9", *words)
    assert finished.code == 104
    assert said in finished.err
    assert len(finished.err.splitlines()) == 1


def test_data_of_another_place_is_not_worked_on(command: Command) -> None:
    folder = command.folder / "results" / "2026-01-01T000000Z-dms-load-abc123" / "load-phase-data"
    folder.mkdir(parents=True)
    manifest = {"run": "abc123", "scenario": "dms/load", "url": "http://127.0.0.1:9", "seed": 1, "sizes": {}}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    finished = command.run("--batch", "--phase", "readwrite", "--env", "http://127.0.0.1:8", "--data", "last")
    assert finished.code == 104
    assert "made its data at http://127.0.0.1:9" in finished.err


def test_the_embedded_system_keeps_nothing_to_go_on_with(command: Command) -> None:
    finished = command.run("--batch", "--phase", "load", "--resume", "last")
    assert finished.code == 104
    assert "forgets its data" in finished.err


def test_the_first_4xx_ends_the_run_where_that_is_asked_for(standin: Standin, command: Command) -> None:
    """The k6 suite's ABORT_ON_4XX, and its exit code."""
    scenario = command.folder / "strict.toml"
    scenario.write_text(
        'system = "dms"\n[workloads.w]\nexecutor = "constant-vus"\nduration = "30s"\nflow = "http.request"\n'
        '[workloads.w.request]\npath = "/data/ed-fi/nothings"\n',
        encoding="utf-8",
    )
    words = ["--batch", "--scenario", str(scenario), "--env", standin.url]
    finished = command.run(*words, ABORT_ON_4XX="true", **standin.variables)
    assert finished.code == 108
    assert "GET /data/ed-fi/nothings answered 404: The specified data could not be found" in finished.err
    assert os.fspath(command.record)
    assert command.summary["metrics"]["http_reqs"]["count"] == 1
