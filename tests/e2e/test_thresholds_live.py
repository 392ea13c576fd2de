"""Thresholds of real runs: what they select, when they end a run, and the mend of each mistake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.scripted_server import ScriptedServer
from tests.e2e.steered import SteeredRun, hold_conserved, requests, tell
from tests.truth.bench import TruthServer

BROKEN = 99


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as made:
        yield made


def rows_of(summary: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["metric"], row["expression"]): row for row in summary["thresholds"]}


@pytest.mark.parametrize("delay_s", [0.0, 2.5])
def test_abort_on_fail_ends_the_load_once_it_may(
    server: ScriptedServer, tmp_path: Path, delay_s: float
) -> None:
    failing = {"threshold": "rate<0.5", "abort_on_fail": True, "delay_abort_eval": f"{delay_s}s"}
    load = requests("/status/500", "constant-vus", vus=2, duration="30s", think_time="50ms")
    thresholds = {"http_req_failed": [failing], "http_reqs": ["count>0"]}
    with SteeredRun(tmp_path, server.url, {"load": load}, "--workers", "2", thresholds=thresholds) as run:
        finished = run.finish(codes=(BROKEN,))
        over_s = time.perf_counter()
        summary = run.summary
    assert "threshold broken: http_req_failed rate<0.5" in finished.err
    assert summary["run"]["state"] == "aborted"
    assert summary["run"]["exit_code"] == BROKEN
    assert delay_s < summary["run"]["duration_s"] < delay_s + 2.5
    assert server.kept[-1].at_s < over_s
    assert server.kept[-1].at_s - server.kept[0].at_s < summary["run"]["duration_s"] + 0.1
    hold_conserved(summary, len(server.kept))
    ok = {row["metric"]: row["ok"] for row in summary["thresholds"]}
    assert ok == {"http_req_failed": False, "http_reqs": True}


FLOW = """
async def shop(vu):
    with vu.group("cart"):
        await vu.get("/status/200", name="GET cart", tags={"kind": "a"})
    status = 503 if vu.iteration % 4 == 0 else 200
    await vu.get(f"/status/{status}", name="GET maybe", tags={"kind": "b"})
    vu.check("always", True)
    vu.check("every other", vu.iteration % 2 == 0)
    vu.metrics.add("orders", 2, kind="a")
    vu.metrics.add("orders", 1, kind="b")
    vu.metrics.add("basket", 12.5)
    vu.metrics.add("happy", vu.iteration < 30)
    vu.metrics.add("level", vu.iteration)
"""
HOLDING = {
    "http_reqs{status:503}": "count==10",
    "http_reqs{status:404}": "count==0",
    "http_reqs{expected_response:true}": "count==70",
    "http_reqs{kind:b,status:200}": "count==30",
    "http_reqs{group:::cart}": "count==40",
    "http_reqs{scenario:shop}": "count==80",
    "http_reqs{scenario:nobody}": "count==0",
    "http_reqs{method:GET}": "count==80",
    "http_reqs{team:red}": "count==80",
    "http_req_failed": "rate==0.125",
    "http_req_failed{name:GET maybe}": "rate==0.25",
    "http_req_failed{group:::cart}": "rate==0",
    "http_req_duration{expected_response:true}": "p(95)<5000",
    "group_duration{group:::cart}": "max<5000",
    "checks": "rate==0.75",
    "checks{check:every other}": "rate==0.5",
    "iterations": "count==40",
    "iterations{scenario:shop}": "count==40",
    "orders": "count==120",
    "orders{kind:a}": "count==80",
    "basket": "avg==12.5",
    "happy": "rate==0.75",
    "level": "value==39",
    "vus_max": "value==1",
}
FAILING = {"http_reqs": "count<80", "orders{kind:b}": "count>40", "basket{scenario:shop}": "max<12"}


def test_tags_statuses_groups_checks_and_custom_metrics_select(
    server: ScriptedServer, tmp_path: Path
) -> None:
    load = {
        "executor": "per-vu-iterations",
        "iterations": 40,
        "flow": "shop.py:shop",
        "tags": {"team": "red"},
    }
    with SteeredRun(
        tmp_path,
        server.url,
        {"shop": load},
        files={"shop.py": FLOW},
        metrics={"orders": "counter", "basket": "trend", "happy": "rate", "level": "gauge"},
        thresholds={metric: [expression] for metric, expression in {**HOLDING, **FAILING}.items()},
    ) as run:
        finished = run.finish(codes=(BROKEN,))
        summary = run.summary
    hold_conserved(summary, len(server.kept))
    broken = {row["metric"]: row["value"] for row in summary["thresholds"] if not row["ok"]}
    assert broken == {"http_reqs": 80, "orders{kind:b}": 40, "basket{scenario:shop}": 12.5}
    assert all(row["value"] is not None for row in summary["thresholds"])
    assert "✗ 'count<80'" in finished.out
    metrics = summary["metrics"]
    assert metrics["http_reqs{status:503}"]["count"] == 10
    assert metrics["http_req_failed{name:GET maybe}"]["passes"] == 10
    assert metrics["http_req_duration{expected_response:true}"]["count"] == 70
    assert metrics["group_duration"]["count"] == 40
    assert metrics["orders"]["count"] == 120
    assert metrics["orders{kind:a}"]["count"] == 80
    assert (metrics["basket"]["count"], metrics["basket"]["med"]) == (40, 12.5)
    assert (metrics["happy"]["passes"], metrics["happy"]["fails"]) == (30, 10)
    assert (metrics["level"]["min"], metrics["level"]["max"]) == (0, 39)


def test_windows_and_segments_find_what_the_whole_run_hides(tmp_path: Path) -> None:
    """25 of 330 requests take longer than 0.4 s, all answered in the third second."""
    expected = {
        "p(90)<400": True,
        "p(90)<400 over 1s": False,
        "p(80)<400 over 5s": True,
        "p(90)<400 for 1s": False,
        "p(90)<400 for 2s": True,
        "max<400 per segment": False,
        "p(80)<400 per segment": True,
    }
    load = requests("/load", "constant-arrival-rate", rate=50, duration="6s", pre_allocated_vus=90)
    thresholds = {"http_req_duration": list(expected)}
    with (
        TruthServer("--delay-ms", "5", "--stall", "2.05:0.9") as server,
        SteeredRun(tmp_path, server.url, {"load": load}, thresholds=thresholds) as run,
    ):
        wait_for(lambda: server.count >= 175, "the stall to be over")
        run.ctl("rate", "60")
        run.finish(codes=(BROKEN, 96))
        summary = run.summary
        hold_conserved(summary, server.count)
    rows = rows_of(summary)
    assert {expression: rows["http_req_duration", expression]["ok"] for expression in expected} == expected
    broken = {expression: row["broken_s"] for (_, expression), row in rows.items() if not row["ok"]}
    assert broken["p(90)<400 over 1s"] == broken["p(90)<400 for 1s"] == 3
    assert len(summary["segments"]) == 2
    assert broken["max<400 per segment"] >= summary["segments"][1]["start_s"]


@pytest.mark.parametrize(
    ("thresholds", "line", "said"),
    [
        ('http_req_duratoin = ["p(95)<1"]', 6, "unknown metric 'http_req_duratoin'; did you mean"),
        ('http_req_duration = ["rate<1"]', 6, "http_req_duration: "),
        ('http_req_failed = ["p(95)<1"]', 6, "http_req_failed: "),
        ('\n"http_reqs{status:500}" = ["count=0"]', 7, "'count=0' is not a threshold; write"),
        ('"http_reqs{url:x}" = ["count==0"]', 6, "url (a URL) cannot be selected by; select by name"),
        ('"vus{scenario:a}" = ["value>0"]', 6, "vus has no tags to select by"),
        ('orders = ["count>1"]', 6, "unknown metric 'orders'"),
        ('http_reqs = ["count>1 over 1500ms"]', 6, "windows are whole seconds"),
        ('http_reqs = [{threshold = "count>1", abort = true}]', 6, "unknown key 'abort'; did you mean"),
    ],
)
def test_mistake_names_file_line_key_and_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thresholds: str, line: int, said: str
) -> None:
    text = '[workloads.a]\nexecutor = "constant-vus"\nduration = "1s"\nflow = "dms.create_school"\n'
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(f"{text}[thresholds]\n{thresholds}\n")
    answer = tell("--batch", "--scenario", "bad.toml")
    assert answer.code == 104
    assert answer.text.startswith(f"dmsperf-tui: bad.toml:{line}: thresholds.")
    assert said in answer.text
    assert ";" in answer.text, "the mend"
    assert len(answer.text.splitlines()) == 1
    assert not (tmp_path / "results").exists()
