"""Estimates against closed formulas; what a record says of an iteration."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import orjson
import pytest

from dmsperf_tui.engine.vu import Flow
from dmsperf_tui.plan.scenario import Plan, parse_plan
from dmsperf_tui.run import estimate as module
from dmsperf_tui.run.estimate import (
    Estimate,
    Pace,
    assumed,
    estimate,
    iterations,
    listed,
    recorded,
    thinking_s,
    two_digits,
    vu_seconds,
)
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.systems.dms.flows.bulk import students_in_batches
from dmsperf_tui.systems.dms.flows.journeys import create_school, enroll_student
from dmsperf_tui.systems.dms.flows.smoke import descriptor_lifecycle
from tests.systems.fake_vu import FakeVu, run

NO_ANSWER = Pace(1, 0)


def plan(speedup: float = 1.0, **workload: Any) -> Plan:
    given = {"flow": "dms.create_school", **workload}
    return parse_plan("x", {"workloads": {"one": given}}, speedup=speedup)


def count(pace: Pace = NO_ANSWER, **workload: Any) -> float:
    return iterations(plan(**workload).workloads[0], pace)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({"rate": 50, "duration": "5m"}, 15_000),
        ({"rate": 90, "time_unit": "1m", "duration": "100s"}, 150),
        # A constant rate's first is due at once: one more where the area is not whole.
        ({"rate": 1, "duration": "2500ms"}, 3),
    ],
)
def test_a_constant_rate_is_its_area(shape: dict[str, Any], expected: int) -> None:
    assert count(executor="constant-arrival-rate", pre_allocated_vus=1, **shape) == expected


def test_a_ramping_rate_is_the_area_below_it() -> None:
    stages = [
        {"duration": "10s", "target": 20},
        {"duration": "5s", "target": 20},
        {"duration": "3s", "target": 0},
    ]
    found = count(executor="ramping-arrival-rate", start_rate=10, stages=stages, pre_allocated_vus=1)
    assert found == 150 + 100 + 30
    odd = [{"duration": "1s", "target": 3}]
    assert count(executor="ramping-arrival-rate", stages=odd, pre_allocated_vus=1) == math.floor(1.5)


def test_iterations_that_have_a_number_are_that_number() -> None:
    assert count(executor="shared-iterations", vus=10, iterations=1000) == 1000
    assert count(executor="per-vu-iterations", vus=10, iterations=30) == 300


def test_vus_make_vu_seconds_by_the_time_of_an_iteration() -> None:
    # Little's law: 8 VUs for 60 s, of 0.5 s think time and 0.25 s of answers.
    assert count(Pace(1, 0.25), executor="constant-vus", vus=8, duration="60s", think_time="500ms") == 640
    stages = [{"duration": "10s", "target": 10}, {"duration": "20s", "target": 10}]
    ramp = plan(executor="ramping-vus", start_vus=0, stages=stages).workloads[0]
    assert vu_seconds(ramp) == 50 + 200
    assert iterations(ramp, Pace(1, 0.5)) == 500
    slow = count(Pace(1, 0.25), executor="constant-vus", duration="60s", min_iteration_duration="2s")
    assert slow == 30


def test_a_list_is_no_longer_than_itself_and_than_its_time() -> None:
    work = plan(executor="constant-vus", vus=2, duration="10s", entities="dms.load_phase").workloads[0]
    assert iterations(work, Pace(1, 0.1), entities=50) == 50
    assert iterations(work, Pace(1, 0.1), entities=5000) == pytest.approx(200)


def test_a_pause_of_a_range_counts_its_middle_and_speeds_up_to_the_floor() -> None:
    work = plan(executor="constant-vus", duration="10s", env={"PAUSE_S": "0.5-2"}).workloads[0]
    assert thinking_s(work, 1) == 1.25
    assert thinking_s(work, 5) == 0.25
    assert thinking_s(work, 10_000) == 0.01
    assert (
        thinking_s(plan(executor="constant-vus", duration="10s", env={"PAUSE_S": "x"}).workloads[0], 1) == 0
    )


def test_a_mixs_weights_are_shares_of_requests() -> None:
    mix = {"a": {"flow": "dms.enroll_student", "weight": 40}, "b": {"flow": "dms.read", "weight": 60}}
    work = plan(executor="constant-vus", duration="10s", flow=None, mix=mix).workloads[0]
    # 10 iterations of four requests, 60 of one.
    assert assumed(work).requests == pytest.approx(100 / 70)


@pytest.mark.parametrize(
    ("number", "rounded"), [(0.4, 0), (7.2, 7), (99, 99), (123, 120), (12_391, 12_000), (99_600, 100_000)]
)
def test_two_digits_are_all_that_an_estimate_has(number: float, rounded: int) -> None:
    assert two_digits(number) == rounded


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(15_000, None, True, ""), "15,000 requests"),
        (Estimate(1, None, True, ""), "1 request"),
        (Estimate(12_391, None, False, "as in run 7f3a"), "about 12,000 requests, as in run 7f3a"),
        (Estimate(7000, 6986, False, ""), "6,986 entities to create · about 7,000 requests"),
    ],
)
def test_it_says_what_it_rests_on(found: Estimate, words: str) -> None:
    assert found.words == words


def config(tmp_path: Path, scenario: str = "http/get", **options: Any) -> RunConfig:
    return resolve(Options(scenario=scenario, results=str(tmp_path), **options))


def test_without_a_record_the_assumption_is_said(tmp_path: Path) -> None:
    found = estimate(config(tmp_path, vus=10, duration_s=60.0))
    assert found.requests == pytest.approx(10 * 60 / 0.05)
    assert found.basis == "if an answer takes 50 ms"
    exact = estimate(config(tmp_path, "http/rate", duration_s=60.0))
    assert (exact.requests, exact.exact, exact.basis) == (3000, True, "")


def test_a_load_phase_counts_its_list(tmp_path: Path) -> None:
    small = config(tmp_path, "dms/load", profile="smoke")
    found = estimate(small)
    assert found.entities == listed(small.profile.values)
    assert found.requests == found.entities, "there is time enough for all"


def write_record(
    results: Path, run: str, *, environment: str = "embedded", scenario: str = "http/get", **record: Any
) -> Path:
    """10 s of 4 VUs, 200 iterations of two requests: an iteration took 0.2 s, 0.1 s of it think time."""
    folder = results / f"2026-11-21T1000{run}Z-{scenario.replace('/', '-')}-{run}"
    folder.mkdir()
    vu_work = {
        "executor": "constant-vus",
        "vus": 4,
        "duration": "10s",
        "flow": "dms.read",
        "think_time": "100ms",
    }
    content = {"workloads": {"get": vu_work}}
    summary = {
        "run": {"id": run, "scenario": scenario, "environment": environment},
        "manifest": {"speedup": 1.0, "scenario": content},
        "operations": [
            {"workload": "get", "count": 300},
            {"workload": "get", "count": 100},
            {"workload": "setup", "count": 50},
        ],
        "workloads": {"get": {"started": 200}},
    } | record
    (folder / "summary.json").write_bytes(orjson.dumps(summary))
    rows = [{"vus": 4, "requests": 45, "running": True}] * 10 + [{"vus": 4, "requests": 0, "running": False}]
    (folder / "timeline.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows) + b'{"vus')
    return folder


def test_a_record_tells_requests_and_time_of_an_iteration(tmp_path: Path) -> None:
    write_record(tmp_path, "11")
    found = recorded(tmp_path, "http/get", "embedded")
    assert found is not None
    run, paces = found
    assert run == "11"
    assert paces["get"].requests == 2
    assert paces["get"].busy_s == pytest.approx(4 * 10 / 200 - 0.1), "seconds of a pause count nothing"


def test_a_record_at_another_speed_tells_nothing(tmp_path: Path) -> None:
    content = {"workloads": {"get": {"executor": "constant-vus", "duration": "10s", "flow": "dms.read"}}}
    write_record(tmp_path, "11")
    write_record(tmp_path, "12", manifest={"speedup": 10.0, "scenario": content})
    found = [recorded(tmp_path, "http/get", "embedded", speedup) for speedup in (1.0, 10.0, 5.0)]
    assert [one and one[0] for one in found] == ["11", "12", None]


def test_the_newest_of_the_same_environment_is_taken_and_what_cannot_be_read_is_not(tmp_path: Path) -> None:
    assert recorded(tmp_path / "none", "http/get", "embedded") is None
    write_record(tmp_path, "11")
    write_record(tmp_path, "12", environment="elsewhere")
    write_record(tmp_path, "13", workloads={"get": {"started": 0}})
    (write_record(tmp_path, "14") / "summary.json").write_bytes(b'{"run": {')
    write_record(tmp_path, "15", scenario="http/get-more")
    for environment, newest in (("embedded", "11"), ("elsewhere", "12"), ("new", "12")):
        found = recorded(tmp_path, "http/get", environment)
        assert found is not None
        assert found[0] == newest


def test_the_requests_of_a_warm_up_count_as_well(tmp_path: Path) -> None:
    # 450 requests in the timeline, 225 measured.
    write_record(tmp_path, "11", operations=[{"workload": "get", "count": 225}])
    found = recorded(tmp_path, "http/get", "embedded")
    assert found is not None
    assert found[1]["get"].requests == pytest.approx(450 / 200)


def test_a_list_has_the_vu_seconds_that_the_others_leave(tmp_path: Path) -> None:
    load = {"executor": "constant-vus", "vus": 3, "duration": "1m", "flow": "dms.load_entity"}
    after = {"executor": "constant-vus", "vus": 2, "duration": "10s", "flow": "dms.read", "after": "load"}
    content = {"workloads": {"load": {**load, "entities": "dms.load_phase"}, "read": after}}
    write_record(
        tmp_path,
        "11",
        manifest={"speedup": 1.0, "scenario": content},
        operations=[{"workload": "load", "count": 400}, {"workload": "read", "count": 50}],
        workloads={"load": {"started": 400}, "read": {"started": 50}},
    )
    found = recorded(tmp_path, "http/get", "embedded")
    assert found is not None
    assert found[1]["read"].busy_s == pytest.approx(2 * 10 / 50)
    assert found[1]["load"].busy_s == pytest.approx((4 * 10 - 2 * 10) / 400)


def test_what_nobody_planned_and_what_is_no_row_ends_nothing(tmp_path: Path) -> None:
    idle = {"executor": "ramping-vus", "start_vus": 0, "stages": [{"duration": "10s", "target": 0}]}
    content = {"workloads": {"get": {**idle, "flow": "dms.read"}}}
    folder = write_record(tmp_path, "11", manifest={"speedup": 1.0, "scenario": content})
    rows = folder / "timeline.jsonl"
    rows.write_bytes(b"5\n" + rows.read_bytes())
    found = recorded(tmp_path, "http/get", "embedded")
    assert found is not None
    assert found[1]["get"].busy_s == pytest.approx(4 * 10 / 200), "VUs that were set by hand"
    write_record(tmp_path, "12", operations=["get"])
    write_record(tmp_path, "13", manifest={"speedup": 0.0, "scenario": content})
    assert recorded(tmp_path, "http/get", "embedded") == found


def test_only_the_newest_records_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    write_record(tmp_path, "10")
    for number in range(11, 14):
        write_record(tmp_path, str(number), environment="elsewhere")
    found = recorded(tmp_path, "http/get", "embedded")
    assert found is not None
    assert found[0] == "13"


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        (enroll_student, "dms.enroll_student"),
        (descriptor_lifecycle, "dms.descriptor_lifecycle"),
        (students_in_batches, "dms.students_in_batches"),
        (create_school, "dms.create_school"),
    ],
)
def test_what_is_assumed_of_our_flows_is_what_they_send(flow: Flow, name: str) -> None:
    times = 20
    sent = run(flow, FakeVu(profile={"data.schools": 1}), times=times).dms.sent
    work = plan(executor="constant-vus", duration="10s", flow=name).workloads[0]
    assert assumed(work).requests == pytest.approx(len(sent) / times, rel=0.02)
