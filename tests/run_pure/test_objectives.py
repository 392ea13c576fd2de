"""Objectives against raw samples: every value by counting, and what is not measured is never met."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.messages import Gauges, MetricInterval, WorkloadGauge
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.objectives import ObjectiveSet
from dmsperf_tui.plan.objectives_reader import parse_objectives
from dmsperf_tui.plan.thresholds import parse_threshold
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.report.summary import Summary
from dmsperf_tui.run.findings import findings
from dmsperf_tui.run.judge import Counts, Judge, Readings
from dmsperf_tui.run.objectives import held_to, objective_rows
from dmsperf_tui.run.replay import read_snapshot
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import SNAPSHOT, ObjectiveRow, RunInfo, RunState
from dmsperf_tui.run.summarize import summarize
from dmsperf_tui.run.totals import Totals
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.objectives import read_objectives
from dmsperf_tui.settings.places import DEFAULTS, Places
from tests.run_pure.measured import check, interval, operation, totals_of, trend
from tests.run_pure.measured import rate as rated
from tests.run_pure.test_control import FLOW

LISTS = '[categories.list]\ntitle = "Lists"\nobjectives = ["p(95)<300"]\n'
COUNTS = Counts(duration_s=10.0, vus=4, vus_max=100)


def shipped(name: str, scenario: str = "", **metrics: Any) -> ObjectiveSet:
    found, _ = read_objectives(name, Places((DEFAULTS,)).find("config/objectives", name, "objectives"))
    return found.of_run(scenario, metrics)


def rows(
    objectives: ObjectiveSet, totals: Totals, counts: Counts = COUNTS
) -> dict[tuple[str, str], ObjectiveRow]:
    found = objective_rows(objectives, Readings(totals, counts))
    return {(row.title, row.expression): row for row in found}


def of(entries: str) -> ObjectiveSet:
    head = 'title = "x"\nsystem = "http"\n[levels]\nlow = "look"\nhigh = "run"\n'
    return parse_objectives("x", tomllib.loads(head + entries))


def nearest_rank_ms(values_us: Sequence[int], percentile: float) -> float:
    """The one at its place in the sorted list; HdrHistogram rounds the place."""
    ordered = sorted(values_us)
    return ordered[max(1, math.floor(percentile / 100 * len(ordered) + 0.5)) - 1] / 1000


@pytest.mark.parametrize("seed", range(5))
def test_each_category_has_the_percentiles_of_its_raw_samples(seed: int) -> None:
    """Of several operations and workloads at once, failures left out: merged, never averaged."""
    random, objectives = Random(seed), shipped("k12")
    names = ["auth", "list", "gradebook", "ai"]
    raw: dict[str, list[int]] = {name: [] for name in names}
    operations = []
    for number in range(40):
        category = random.choice(names)
        values = [int(random.lognormvariate(11 + number % 5, 1)) + 1 for _ in range(random.randrange(1, 200))]
        failed = random.random() < 0.2
        raw[category] += [] if failed else values
        operations.append(
            operation(
                values,
                name=f"GET {number % 7}",
                workload=random.choice("wv"),
                failed=failed,
                tags={"category": category},
            )
        )
    operations.append(operation([9_999_999] * 50, name="without a category"))
    found = objective_rows(objectives, Readings(totals_of(*operations), COUNTS))
    shown = {(row.metric, row.expression): row for row in found if row.group == "Response times"}
    judged = 0
    for one in objectives.objectives:
        if one.measure is None or one.group != "Response times":
            continue
        row = shown[one.measure.metric, one.expression]
        values = raw.get(dict(one.measure.tags)["category"], [])
        if not values:
            assert (row.value, row.ok, row.level) == (None, None, "")
            continue
        assert one.measure.percentile is not None
        expected = nearest_rank_ms(values, one.measure.percentile)
        assert row.value == pytest.approx(expected, rel=0.001)  # a bucket of HdrHistogram is 0.1 % wide
        if abs(expected / one.measure.bound - 1) > 0.002:
            assert row.ok is (expected < one.measure.bound)
            judged += 1
    assert judged >= 10


def test_one_slow_category_is_the_only_one_missed() -> None:
    totals = totals_of(
        *(operation([20_000] * 50, tags={"category": name}) for name in ("auth", "list", "detail")),
        operation([1_200_000] * 50, tags={"category": "gradebook"}),
    )
    found = objective_rows(shipped("k12"), Readings(totals, COUNTS))
    assert {row.title for row in found if row.ok is False} == {"Gradebook (computed)"}
    assert {row.title for row in found if row.ok} == {
        "Auth (login, me)",
        "List endpoints (index)",
        "Detail endpoints (show)",
        "Gradebook (computed)",  # 1.2 s is within its p99
    }
    assert all(row.value is None for row in found if row.ok is None)


@pytest.mark.parametrize(
    ("p95_ms", "ok", "level", "begins"),
    [
        (239, True, "", ""),
        (260, True, "scale", "p(95)>240"),
        (310, False, "scale", "p(95)>240"),
        (460, False, "alert", "p(95)>450"),
    ],
)
def test_the_worst_level_that_is_reached_is_told(p95_ms: int, ok: bool, level: str, begins: str) -> None:
    totals = totals_of(operation([p95_ms * 1000] * 100, tags={"category": "auth"}))
    row = rows(shipped("k12"), totals)["Auth (login, me)", "p(95)<300"]
    assert (row.ok, row.level, row.level_expression) == (ok, level, begins)


def test_the_indicators_of_the_dms() -> None:
    """2,000 requests in 10 s, of which 40 failed and a tenth took 3 s."""
    totals = totals_of(
        operation([100_000] * 1760 + [3_000_000] * 200), operation([100_000] * 40, failed=True, status=500)
    )
    found = rows(shipped("dms"), totals)
    told = {title: (row.value, row.ok, row.level, row.unit) for (title, _), row in found.items()}
    p95 = told.pop("Response time (p95)")
    p99 = told.pop("Response time (p99)")
    assert [p95[0], p99[0]] == pytest.approx([3000, 3000], rel=0.001)
    assert (p95[1:], p99[1:]) == ((False, "", "ms"), (True, "", "ms"))
    assert told == {
        "Throughput": (200.0, True, "", "/s"),
        "Error rate": (0.02, False, "", "share"),
        "Concurrent users": (100.0, True, "", "VUs"),
        "Database connection pool": (None, None, "", ""),
        "Memory usage": (None, None, "", ""),
        "CPU usage": (None, None, "", ""),
    }


def test_critical_levels_of_the_dms_are_reached() -> None:
    totals = totals_of(operation([11_000_000] * 90), operation([11_000_000] * 10, failed=True))
    found = rows(shipped("dms"), totals, Counts(10.0, vus_max=3))
    assert [row.level for row in found.values()] == ["critical"] * 4 + [""] * 4
    assert found["Concurrent users", "value>=100"].ok is False


def test_generations_are_told_by_the_minute_and_held_against_nothing() -> None:
    objectives = shipped("k12", ai_generations=MetricType.COUNTER)
    totals = totals_of(metrics=[MetricInterval("ai_generations", {"scenario": "w"}, total=16)])
    row = rows(objectives, totals)["AI generations a minute", ""]
    assert (row.value, row.unit, row.ok) == (96.0, "/min", None), "16 in 10 s"
    unknown = rows(shipped("k12"), totals)["AI generations a minute", ""]
    assert (unknown.metric, unknown.value, unknown.ok) == ("", None, None), "the scenario has no such metric"


def test_a_concurrency_target_has_its_users_times_and_errors() -> None:
    totals = totals_of(operation([900_000] * 96), operation([900_000] * 4, failed=True))
    found = objective_rows(shipped("k12", "k12/grading_rush"), Readings(totals, COUNTS))
    told = [
        (row.title, row.metric, row.value, row.ok, row.unit) for row in found if row.group == "Concurrency"
    ]
    assert told == [
        ("Grading rush", "vus_max", 100.0, True, "VUs"),
        ("Grading rush", "http_req_duration", pytest.approx(900, rel=0.001), True, "ms"),
        ("Grading rush", "http_req_failed", 0.04, False, "share"),
    ]


GRADEBOOK = "Gradebook (computed)"


def test_errors_that_come_quickly_are_no_fast_answers() -> None:
    tags = {"category": "gradebook"}
    totals = totals_of(
        operation([1_200_000] * 10, tags=tags), operation([5_000] * 990, failed=True, status=500, tags=tags)
    )
    found = rows(shipped("k12"), totals)
    assert found[GRADEBOOK, "p(50)<500"].value == pytest.approx(1200, rel=0.001)
    assert found[GRADEBOOK, "p(95)<1000"].ok is False


@pytest.mark.parametrize("unsent", [0, 20])
def test_a_category_of_which_all_failed_is_missed_without_a_value(unsent: int) -> None:
    """Answered 500 at once, or never sent at all; the others are met."""
    times = [] if unsent else [5_000] * 20
    totals = totals_of(
        operation(times, unsent=unsent, failed=True, status=500, tags={"category": "gradebook"}),
        operation([5_000] * 20, tags={"category": "list"}),
    )
    found = objective_rows(shipped("k12"), Readings(totals, COUNTS))
    assert {(row.value, row.ok, row.level) for row in found if row.title == GRADEBOOK} == {(None, False, "")}
    assert {row.title for row in found if row.ok is False} == {GRADEBOOK}
    assert {row.title for row in found if row.ok} == {"List endpoints (index)"}


def test_the_scenarios_own_thresholds_judge_failures_and_pass_without_samples() -> None:
    own = (
        parse_threshold("http_req_duration{category:list}", "p(95)<300"),
        parse_threshold("http_req_duration{category:list,expected_response:true}", "p(90)<300"),
    )
    readings = Readings(totals_of(operation([5_000], failed=True, tags={"category": "list"})), COUNTS)
    judged = held_to(of(LISTS), own, Judge(own).rows(readings), readings)
    assert [row.ok for row in judged] == [True, None]


@pytest.mark.parametrize("spelled", ["p(95)<300", "p(95) < 300.0"])
def test_a_gate_fails_by_what_is_missed_however_the_scenario_spells_it(spelled: str) -> None:
    own = (parse_threshold("http_req_duration{expected_response:true, category:list}", spelled),)
    judge, objectives = Judge(own), of(LISTS)
    assert objectives.beside(own) == own
    failed = Readings(totals_of(operation([5_000], failed=True, tags={"category": "list"})), COUNTS)
    assert [row.ok for row in held_to(objectives, own, judge.rows(failed), failed)] == [False]
    assert [row.ok for row in held_to(None, own, judge.rows(failed), failed)] == [None]
    idle = Readings(totals_of(operation([5_000], failed=True, tags={"category": "ai"})), COUNTS)
    assert [row.ok for row in held_to(objectives, own, judge.rows(idle), idle)] == [None]


def test_nothing_is_met_before_anything_was_measured() -> None:
    for name in ("k12", "dms"):
        found = objective_rows(shipped(name, "k12/load"), Readings(Totals(), Counts(0.0)))
        assert found
        assert {(row.value, row.ok, row.level) for row in found} == {(None, None, "")}


def test_a_count_of_a_category_without_samples_is_not_measured() -> None:
    objectives = of(
        '[measures.a]\ntitle = "Reports"\nmetric = "http_reqs{category:report}"\nobjectives = ["rate<5"]\n'
        '[measures.b]\ntitle = "Lost"\nmetric = "dropped_iterations"\nobjectives = ["count<5"]\n'
        'high = "count>=0"\n'
    )
    found = rows(objectives, totals_of(operation([1000])))
    assert (found["Reports", "rate<5"].value, found["Reports", "rate<5"].ok) == (None, None)
    lost = found["Lost", "count<5"]
    assert (lost.value, lost.ok, lost.level, lost.unit) == (0.0, True, "high", ""), "none was lost"


def test_every_kind_of_metric_can_be_an_objective() -> None:
    objectives = of(
        '[metrics]\nbasket = "trend"\nfound = "rate"\n'
        '[measures.a]\ntitle = "checks"\nmetric = "checks{check:ok}"\nobjectives = ["rate>=0.75"]\n'
        '[measures.b]\ntitle = "basket"\nmetric = "basket"\nobjectives = ["max<5", "p(97.5)<1"]\n'
        'low = "max>2"\n'
        '[measures.c]\ntitle = "found"\nmetric = "found"\nvalue = "rate"\n'
        '[measures.d]\ntitle = "times"\nmetric = "http_req_duration"\n'
        'objectives = ["avg<3", "med<3", "min<3"]\n'
    ).of_run("x", {"basket": MetricType.TREND, "found": MetricType.RATE})
    totals = totals_of(
        operation([1000, 2000, 9000]),
        metrics=[check("ok", 3, 1), trend("basket", [1000, 4000]), rated("found", 1, 3)],
    )
    found = {key: (row.value, row.ok, row.level, row.unit) for key, row in rows(objectives, totals).items()}
    assert found == {
        ("checks", "rate>=0.75"): (0.75, True, "", "share"),
        ("basket", "max<5"): (4.0, True, "low", ""),
        ("basket", "p(97.5)<1"): (4.0, False, "", ""),
        ("found", ""): (0.25, None, "", "share"),
        ("times", "avg<3"): (4.0, False, "", "ms"),
        ("times", "med<3"): (2.0, True, "", "ms"),
        ("times", "min<3"): (1.0, True, "", "ms"),
    }


def test_a_gate_and_its_objectives_have_the_same_values() -> None:
    random, objectives = Random(7), shipped("k12", "k12/load")
    totals = totals_of(
        *(
            operation([random.randrange(1, 9_000_000) for _ in range(100)], tags={"category": name})
            for name in ("auth", "ai", "search")
        )
    )
    readings = Readings(totals, COUNTS)
    judged = {(row.metric, row.expression): row for row in Judge(objectives.beside(())).rows(readings)}
    for row in objective_rows(objectives, readings):
        if row.metric:
            threshold = judged.pop((row.metric, row.expression))
            assert (threshold.value, threshold.ok) == (row.value, row.ok)
    assert not judged


# --- of a run -------------------------------------------------------------------------------------

WISHES = """\
title = "Wishes"
system = "http"
[levels]
high = "run"
[categories.list]
title = "Lists"
objectives = ["p(95)<300"]
high = "p(95)>450"
[categories.ai]
title = "AI"
objectives = ["p(95)<300"]
[measures.users]
title = "Users"
metric = "vus_max"
objectives = ["value>=50"]
high = "value<20"
"""


class Held:
    """A run of two seconds under load: 20 requests of the category `list` in each, of half a second."""

    def __init__(self, folder: Path, *, gate: bool) -> None:
        path = folder / "wishes.toml"
        path.write_text(WISHES, encoding="utf-8")
        workload = {"executor": "constant-vus", "vus": 50, "duration": "60s", **FLOW}
        content = {"system": "http", "workloads": {"w": workload}, "objectives": str(path)}
        flag = str(path) if gate else None
        options = Options(
            scenario="t.toml", environment="http://127.0.0.1:1", content=content, objectives=flag
        )
        info = RunInfo("id", "t", "t", "p", "e", "http://h", False, False, str(folder), 60.0)
        info = replace(info, objectives="wishes", objectives_gate=gate)
        self.folder = folder
        self.run = Run(
            resolve(options),
            info,
            on_second=lambda *_: None,
            on_event=lambda *_: None,
            on_sample=lambda *_: None,
        )

    def load(self, *, failed: int = 0) -> None:
        """`failed` of 20 more requests of the category `ai` in each second fail, each in 5 ms."""
        ns = 0
        self.run.clock = RunClock(0, lambda: ns)
        self.run.state = RunState.RUNNING
        self.run.event("start", "start")
        for second in range(2):
            ns = (second + 1) * NS_PER_S
            self.run.tick(second)
            slow = operation([500_000] * 20, workload="w", tags={"category": "list"})
            self.run.take_gauges(0, Gauges({"w": WorkloadGauge(vus=10, made=10)}, 0, 0))
            parts = [slow]
            if failed:
                ai: dict[str, Any] = {"workload": "w", "tags": {"category": "ai"}}
                parts.append(operation([5_000] * failed, failed=True, status=500, **ai))
                parts.append(operation([200_000] * (20 - failed), **ai))
            self.run.take_interval(0, interval(second, parts))
        self.run.judge_now()

    def end(self) -> None:
        self.run.stop_clock()
        self.run.judge.finish(2.0)
        self.run.judge_now()
        self.run.state = RunState.FINISHED

    def rows(self) -> list[tuple[str, float | None, bool | None, str]]:
        return [(row.title, row.value, row.ok, row.level) for row in self.run.snapshot().objectives]


@pytest.fixture(params=[False, True], ids=["shown", "gate"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Held:
    return Held(tmp_path, gate=request.param)


SLOW = ("Lists", pytest.approx(500, rel=0.001), False, "high")


def test_a_run_tells_them_before_while_and_after_it_is_under_load(held: Held) -> None:
    assert [row[1:] for row in held.rows()] == [(None, None, "")] * 3
    held.load()
    users = ("Users", 10.0, None, "")  # there may be more to come
    assert held.rows() == [SLOW, ("AI", None, None, ""), users]
    held.end()
    assert held.rows() == [SLOW, ("AI", None, None, ""), ("Users", 10.0, False, "high")]


def test_only_a_gate_makes_them_thresholds_of_the_run(held: Held) -> None:
    held.load()
    live = {row.metric: (row.ok, row.value is None) for row in held.run.snapshot().thresholds}
    held.end()
    ended = {row.metric: row.ok for row in held.run.snapshot().thresholds}
    if held.run.config.objectives_gate:
        assert live == {
            "http_req_duration{category:list,expected_response:true}": (False, False),
            "http_req_duration{category:ai,expected_response:true}": (None, True),
            "vus_max": (None, False),
        }
        assert ended == {
            "http_req_duration{category:list,expected_response:true}": False,
            "http_req_duration{category:ai,expected_response:true}": None,
            "vus_max": False,
        }
    else:
        assert not live
        assert not ended
    assert not [text for text in findings(held.run) if "judged nothing" in text], "not measured says it"


def test_they_go_through_the_socket_and_the_record(held: Held) -> None:
    held.load()
    held.end()
    snapshot = held.run.snapshot()
    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(snapshot)) == snapshot
    record = summarize(held.run, 1.0, 3.0)
    assert Summary.model_validate_json(record.to_json()).objectives == record.objectives
    first, absent, users = record.objectives
    assert [first.value, first.margin] == pytest.approx([500, -2 / 3], rel=0.01)
    assert (absent.value, absent.ok, absent.margin) == (None, None, None)
    assert (users.value, users.ok, users.margin, users.unit) == (10, False, -0.8, "VUs")
    assert record.manifest["objectives"] == {
        "name": "wishes",
        "title": "Wishes",
        "system": "http",
        "gate": held.run.config.objectives_gate,
        "levels": {"high": "run"},
    }
    (held.folder / "summary.json").write_text(record.to_json(), encoding="utf-8")
    replayed = read_snapshot(held.folder)
    assert replayed.objectives == snapshot.objectives
    assert replayed.info.objectives == "wishes"
    assert replayed.info.objectives_gate is held.run.config.objectives_gate


def test_a_category_of_which_all_failed_fails_a_gate_and_goes_through_the_record(held: Held) -> None:
    held.load(failed=20)
    gate = held.run.config.objectives_gate
    ai = "http_req_duration{category:ai,expected_response:true}"

    def judged() -> list[tuple[float | None, bool | None]]:
        return [(row.value, row.ok) for row in held.run.snapshot().thresholds if row.metric == ai]

    assert held.rows()[1] == ("AI", None, False, "")
    assert judged() == ([(None, False)] if gate else []), "while it goes on"
    held.end()
    assert held.rows()[1] == ("AI", None, False, "")
    assert judged() == ([(None, False)] if gate else [])
    assert [row.ok for row in held.run.thresholds() if row.metric == ai] == ([False] if gate else [])
    record = summarize(held.run, 1.0, 3.0)
    assert (record.objectives[1].value, record.objectives[1].ok) == (None, False)
    assert [part.ok for part in record.thresholds if part.metric == ai] == ([False] if gate else [])
    assert ai not in record.metrics, "there is nothing to tell of it"
    (held.folder / "summary.json").write_text(record.to_json(), encoding="utf-8")
    replayed = read_snapshot(held.folder)
    assert replayed.objectives == held.run.snapshot().objectives
    assert replayed.thresholds == held.run.snapshot().thresholds


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (0, []),
        (1, ["AI: 2 of 40 requests failed; its response times are those of the others"]),
        (20, ["AI: 40 of 40 requests failed: there is no response time to judge"]),
    ],
)
def test_failures_that_the_times_leave_out_are_told_from_5_percent_on(
    tmp_path: Path, failed: int, said: list[str]
) -> None:
    held = Held(tmp_path, gate=False)
    held.load(failed=failed)
    assert [text for text in held.run.snapshot().health.findings if text.startswith("AI: ")] == said
    held.end()
    assert [text for text in findings(held.run) if text.startswith("AI: ")] == said


def test_less_than_5_percent_and_other_scenarios_failures_are_no_finding(held: Held) -> None:
    held.load()
    few = operation([5_000] * 2, workload="w", failed=True, tags={"category": "list"})
    rest = operation([5_000] * 2, workload="w", failed=True, tags={"category": "of no objective"})
    held.run.take_interval(0, interval(2, [few, rest]))
    assert not [text for text in findings(held.run) if "requests failed" in text], "2 of 42"
