"""All that a flow can do, proven by what the server was sent and what the record says of it."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.scripted_server import COOKIE, LARGE, ScriptedServer
from tests.e2e.steered import SteeredRun, hold_conserved

SECRET = "hush-hush-of-a-flow-42"
FLOWS = f'''
async def tour(vu):
    row = vu.data["people"][vu.index % 2]
    with vu.group("outer"):
        with vu.group("inner"):
            await vu.get("/cookie", name="GET cookie")
        both = await vu.batch(
            vu.get("/slow/150", name="GET slow"),
            vu.get("/large", name="GET large", keep_body=False),
            vu.get("/slow/151", name="GET slow too", tags={{"kind": "slow"}}),
        )
    vu.check("in the order of the requests", len(both[1].body) < both[1].body_bytes == {len(LARGE)})
    answer = await vu.get("/echo", name="GET echo")
    vu.check("a body that is kept", answer.json()["headers"]["Host"].startswith("127.0.0.1"))
    vu.check("an answer's header", answer.header("content-type") == "application/json")
    vu.check("its own seed", vu.random.random() != vu.random.random() and vu.seed == 7)
    await vu.patch(
        "/patched", name="PATCH thing", headers={{"X-Colour": vu.env["COLOUR"]}},
        json={{"name": row["name"], "school": vu.data["config"]["school"], "vu": vu.number}},
    )
    vu.memory["laps"] = vu.memory.get("laps", 0) + 1
    if vu.memory["laps"] == 2:
        vu.cookies.clear()
    await vu.put("/lap", name="PUT lap", json={{"lap": vu.memory["laps"]}})
    vu.fail("PUT lap", "too few", "only one lap")


async def lap(vu):
    await vu.get("/lap", name="GET lap")


async def oops(vu):
    await vu.get("/a", name="GET a", headers={{"Authorization": "Bearer {SECRET}"}})
    raise LookupError("no such school: {SECRET}")


async def undeclared(vu):
    await vu.get("/a", name="GET a")
    vu.metrics.add("orders", 1)


async def give_up(vu):
    await vu.get("/a", name="GET a")
    if vu.iteration == 3:
        vu.abort("the district is gone")


async def whisper(vu):
    headers = {{"Authorization": "Bearer {SECRET}", "X-Api-Key": "{SECRET}"}}
    await vu.post("/echo", name="POST echo", headers=headers, json={{"plain": "to be seen"}})
    await vu.get("/cookie", name="GET cookie")
    await vu.get("/status/500", name="GET broken")
'''
CSV = "name,grade\nAda,9\nÉmile,10\n"
StartRun = Callable[..., SteeredRun]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as made:
        yield made


@pytest.fixture
def start(tmp_path: Path, server: ScriptedServer) -> Iterator[StartRun]:
    with ExitStack() as stack:

        def begin(load: dict[str, Any], *flags: str, **scenario: Any) -> SteeredRun:
            files = {"flows.py": FLOWS, "people.csv": CSV, "config.json": '{"school": 255901}'}
            run = SteeredRun(tmp_path, server.url, {"load": load}, *flags, files=files, **scenario)
            return stack.enter_context(run)

        yield begin


def test_tour_of_what_a_flow_can_do(server: ScriptedServer, start: StartRun) -> None:
    load = {
        "executor": "per-vu-iterations",
        "vus": 2,
        "iterations": 3,
        "flow": "flows.py:tour",
        "env": {"COLOUR": "blue"},
        "tags": {"team": "red"},
    }
    run = start(
        *(load, "--workers", "2", "--seed", "7"),
        data={"people": "people.csv", "config": "config.json"},
        thresholds={
            "http_reqs{group:::outer::inner}": ["count==6"],
            "http_reqs{group:::outer}": ["count==18"],
            "http_reqs{kind:slow}": ["count==6"],
            "http_reqs{team:red}": ["count==42"],
            "checks": ["rate==1"],
        },
    )
    run.finish()
    summary = run.summary
    hold_conserved(summary, len(server.kept))
    assert all(row["ok"] for row in summary["thresholds"]), summary["thresholds"]
    assert {check["name"]: check["passes"] for check in summary["checks"]} == dict.fromkeys(
        ("in the order of the requests", "a body that is kept", "an answer's header", "its own seed"), 6
    )
    assert {operation["name"]: operation["count"] for operation in summary["operations"]} == dict.fromkeys(
        [
            *("GET cookie", "GET slow", "GET large", "GET slow too", "GET echo", "PATCH thing", "PUT lap"),
        ],
        6,
    )
    patched = [orjson.loads(one.body) for one in server.of("/patched")]
    assert sorted((one["vu"], one["name"]) for one in patched) == sorted(
        (vu, name) for vu in (1, 2) for name in ("Ada", "Émile", "Ada")
    )
    assert {one["school"] for one in patched} == {255901}
    (patch,) = {one.headers["x-colour"] for one in server.of("/patched")}
    assert patch == "blue"
    # The first request of a VU has no cookie yet, nor has the one after it forgot its own.
    assert [one.headers.get("cookie") for one in server.of("/echo")] == [COOKIE] * 6
    laps = sorted(
        (orjson.loads(one.body)["lap"], one.headers.get("cookie") == COOKIE) for one in server.of("/lap")
    )
    assert laps == [(1, True), (1, True), (2, False), (2, False), (3, True), (3, True)]
    (error,) = summary["errors"]
    assert (error["operation"], error["phase"], error["kind"], error["count"]) == (
        *("PUT lap", "check", "too few"),
        6,
    )
    assert summary["metrics"]["group_duration"]["count"] == 12
    # Three at once in a batch, so an iteration has 0.15 s of waiting and not 0.3 s.
    assert summary["metrics"]["iteration_duration"]["min"] < 290
    assert COOKIE.partition("=")[2] not in run.record_text


def test_flow_that_raises_is_counted_and_its_traceback_told_once(
    server: ScriptedServer, start: StartRun
) -> None:
    load = {"executor": "per-vu-iterations", "vus": 1, "iterations": 20, "flow": "flows.py:oops"}
    run = start(load)
    run.finish()
    summary = run.summary
    hold_conserved(summary, len(server.kept))
    assert summary["workloads"]["load"]["completed"] == 20
    (error,) = summary["errors"]
    assert (error["operation"], error["phase"], error["kind"], error["count"]) == (
        *("flow flows.py:oops", "flow", "LookupError"),
        20,
    )
    samples = [orjson.loads(line) for line in (run.command.record / "errors.jsonl").read_bytes().splitlines()]
    assert len(samples) == 5
    assert ["Traceback" in sample["body"] for sample in samples] == [True, False, False, False, False]
    assert 'in oops\n    raise LookupError("no such school' in samples[0]["body"]
    assert SECRET not in run.record_text


def test_metric_that_is_not_declared_is_an_error_with_its_mend_and_the_run_goes_on(
    server: ScriptedServer, start: StartRun
) -> None:
    run = start({"executor": "per-vu-iterations", "iterations": 5, "flow": "flows.py:undeclared"})
    run.finish()
    hold_conserved(run.summary, len(server.kept))
    (error,) = run.summary["errors"]
    assert (error["phase"], error["kind"], error["count"]) == ("flow", "KeyError", 5)
    assert "add it to [metrics] of the scenario" in error["sample"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_abort_ends_the_whole_run_with_108(server: ScriptedServer, start: StartRun, workers: str) -> None:
    load = {"executor": "constant-vus", "vus": 4, "duration": "30s", "flow": "flows.py:give_up"}
    run = start({**load, "think_time": "50ms"}, "--workers", workers)
    finished = run.finish(codes=(108,))
    summary = run.summary
    hold_conserved(summary, len(server.kept))
    assert "a flow called abort: the district is gone" in finished.err
    assert (summary["run"]["state"], summary["run"]["exit_code"]) == ("aborted", 108)
    assert summary["run"]["duration_s"] < 3
    assert summary["workloads"]["load"]["interrupted"] >= 1
    assert not summary["errors"], "an abort is no error"


def test_min_iteration_duration_keeps_the_pace(server: ScriptedServer, start: StartRun) -> None:
    load = {
        "executor": "constant-vus",
        "vus": 1,
        "duration": "2s",
        "flow": "flows.py:lap",
        "min_iteration_duration": "250ms",
    }
    run = start(load)
    run.finish()
    hold_conserved(run.summary, len(server.kept))
    at_s = [one.at_s for one in server.kept]
    gaps_s = [after - before for before, after in itertools.pairwise(at_s)]
    assert 7 <= len(at_s) <= 8
    assert min(gaps_s) > 0.2, "the first request has a connection to make"
    assert statistics.median(gaps_s) == pytest.approx(0.25, abs=0.03)
    assert run.summary["metrics"]["iteration_duration"]["max"] < 240, "the wait is not the iteration's"


def test_http_debug_prints_exchanges_and_no_secret(server: ScriptedServer, start: StartRun) -> None:
    load = {"executor": "per-vu-iterations", "vus": 1, "iterations": 1, "flow": "flows.py:whisper"}
    run = start(load, "--http-debug")
    finished = run.finish()
    hold_conserved(run.summary, 3)
    said = finished.err
    assert "> POST /echo HTTP/1.1" in said
    assert "> Authorization: [removed]" in said
    assert "> X-Api-Key: [removed]" in said
    assert "to be seen" in said
    assert "< 500" in said
    assert said.count("> GET ") == 2
    text = said + finished.out + run.record_text
    assert SECRET not in text
    assert COOKIE.partition("=")[2] not in text


def test_http_debug_is_for_one_vu(server: ScriptedServer, start: StartRun) -> None:
    run = start(
        {"executor": "constant-vus", "vus": 3, "duration": "1s", "flow": "flows.py:lap"}, "--http-debug"
    )
    finished = run.finish(codes=(104,))
    assert "--http-debug: prints the requests of one VU, and run has up to 3; add --vus 1" in finished.err
    assert not server.kept


def test_in_process_is_the_same_run_and_says_so(server: ScriptedServer, start: StartRun) -> None:
    load = {"executor": "shared-iterations", "vus": 3, "iterations": 30, "flow": "flows.py:lap"}
    run = start({**load, "think_time": "50ms"}, "--in-process")
    server_seen = 0
    while not server_seen:
        server_seen = len(server.kept)
        assert run.process.poll() is None
    answer = run.ctl("vus", "5")
    assert "VUs 3 → 5" in answer.text
    run.finish()
    summary = run.summary
    hold_conserved(summary, len(server.kept))
    assert len(server.kept) == summary["metrics"]["iterations"]["count"] == 30
    assert summary["manifest"]["in_process"] is True
    assert not list(run.command.record.glob("worker-*.log"))
