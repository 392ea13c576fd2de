"""A recorded run opened as if live: its samples and failures, whatever became of the file they are in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.report.summary import (
    CheckPart,
    Operation,
    RunPart,
    Summary,
    Trend,
    Validity,
    WorkloadPart,
)
from dmsperf_tui.run.record import Record
from dmsperf_tui.run.replay import read_samples, read_snapshot
from dmsperf_tui.run.statistics import ErrorGroup
from tests.tui import fakes

CONFLICT = ErrorGroup("POST schools", "status", "409")
REFUSED = ErrorGroup("GET schools", "connecting", "connect refused")


def conflict(number: int) -> Sample:
    return Sample("POST /schools", 409, f"409: number {number}", '{"detail":"x"}', "{}", at_s=float(number))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record.create(tmp_path, "abc123", "dms/smoke")


def test_samples_of_one_kind_are_read_and_no_others(record: Record) -> None:
    for number in (3, 1, 2):
        record.error(CONFLICT, conflict(number))
        record.error(REFUSED, Sample("GET /schools", 0, "refused", at_s=9.0))
    found = read_samples(record.folder, "POST schools", "status", "409")
    assert found == [conflict(1), conflict(2), conflict(3)]
    assert read_samples(record.folder, "POST schools", "check", "409") == []
    record.close()


def test_a_torn_line_and_one_that_is_none_of_ours_are_passed_over(record: Record) -> None:
    record.error(CONFLICT, conflict(1))
    path = record.folder / "errors.jsonl"
    whole = path.read_bytes()
    garbage = b'[1]\n{"operation":"POST schools"}\n' + b"x" * 600_000 + b"\n"
    path.write_bytes(garbage + whole + whole[: len(whole) // 2])
    assert read_samples(record.folder, "POST schools", "status", "409") == [conflict(1)]
    record.close()


def test_five_are_enough(record: Record) -> None:
    for number in range(8):
        record.error(CONFLICT, conflict(number))
    assert len(read_samples(record.folder, "POST schools", "status", "409")) == 5
    record.close()


def test_a_file_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"errors\.jsonl: is not there: the record has no samples"):
        read_samples(tmp_path, "POST schools", "status", "409")


TREND = Trend.model_validate(
    {"count": 4, "avg": 5, "min": 1, "max": 9, "med": 4, "p(90)": 7, "p(95)": 8, "p(99)": 9, "p(99.9)": 9}
)


def summary(scenario: object) -> Summary:
    return Summary(
        run=RunPart(
            id="abc123",
            scenario="dms/smoke",
            profile="dev",
            environment="embedded",
            started_at="2026-11-21T10:00:00.000+00:00",
            ended_at="2026-11-21T10:00:30.000+00:00",
            duration_s=30.0,
            state="finished",
            exit_code=0,
        ),
        validity=Validity(verdict="valid"),
        metrics={},
        operations=[
            Operation.model_validate(
                {
                    "name": "POST schools", "workload": "arrivals", "method": "POST", "count": 4, "failed": 1,
                    "rate": 1, "avg": 5, "med": 4, "p(90)": 7, "p(95)": 8, "p(99)": 9, "max": 9,
                    "response": TREND,
                }
            )
        ],
        workloads={
            "arrivals": WorkloadPart(
                executor="constant-arrival-rate", flow="dms.create_school", vus_max=5, started=4, completed=4,
                interrupted=0, dropped=0, max_vus=5,
            )
        },
        segments=[],
        thresholds=[],
        checks=[CheckPart(name="has a Location", passes=3, fails=1)],
        errors=[],
        events=[],
        timeline=[],
        generator={},
        manifest={"scenario": scenario},
        histograms={},
    )  # fmt: skip


SCENARIO = {
    "title": "Arrivals",
    "system": "dms",
    "workloads": {
        "arrivals": {
            "executor": "constant-arrival-rate",
            "rate": 90,
            "time_unit": "1m",
            "duration": "30s",
            "pre_allocated_vus": 5,
            "flow": "dms.create_school",
        }
    },
}


def test_a_recorded_run_has_what_every_panel_shows(record: Record) -> None:
    for number in (7, 2):
        record.error(CONFLICT, conflict(number))
    record.error(CONFLICT, conflict(2))
    record.summary(summary(SCENARIO))
    record.close()
    snapshot = read_snapshot(record.folder)
    assert snapshot.info.title == "Arrivals"
    (workload,) = snapshot.workloads
    assert (workload.executor, workload.flow) == ("constant-arrival-rate", "dms.create_school")
    assert (workload.open, workload.time_unit_s, workload.max_vus) == (True, 60.0, 5)
    assert [(row.name, row.passes, row.fails) for row in snapshot.checks] == [("has a Location", 3, 1)]
    (operation,) = snapshot.operations
    assert (operation.p90_ms, operation.r50_ms, operation.r95_ms) == (7, 4, 8)
    failures = [(row.at_s, row.kind, row.count, row.text) for row in snapshot.failures]
    assert failures == [(2.0, "409", 2, "number 2"), (7.0, "409", 1, "number 7")]


def test_a_record_of_another_version_is_read_as_far_as_it_goes(record: Record) -> None:
    record.summary(summary(SCENARIO))
    record.close()
    row = asdict(fakes.row(0))
    less = {key: value for key, value in row.items() if key != "requests"}
    rows = [row, 5, less, {**row, "second": 1, "new": 3}, {**row, "second": "x"}, {**row, "second": 2}]
    file = record.folder / "timeline.jsonl"
    file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows) + b'{"second": 3')
    read = read_snapshot(record.folder).rows
    assert [each.second for each in read] == [0, 1, 2]
    assert read[0] == fakes.row(0)
    path = record.folder / "summary.json"
    whole = path.read_bytes()
    faults: tuple[dict[str, object], ...] = ({"environment": 5}, {"preflight": [{}]}, {"speedup": "fast"})
    for wrong in faults:
        content = orjson.loads(whole)
        content["manifest"] |= wrong
        path.write_bytes(orjson.dumps(content))
        with pytest.raises(ConfigError, match="is no readable record"):
            read_snapshot(record.folder)


@pytest.mark.parametrize("scenario", [{}, None, {"workloads": {"x": {"executor": "of another version"}}}])
def test_a_scenario_of_another_version_takes_nothing_else_away(record: Record, scenario: object) -> None:
    record.summary(summary(scenario))
    record.close()
    snapshot = read_snapshot(record.folder)
    assert snapshot.info.title == "dms/smoke"
    assert snapshot.workloads[0].flow == "dms.create_school"
    assert snapshot.failures == ()


def test_what_a_server_said_is_fit_for_a_terminal(record: Record) -> None:
    group = ErrorGroup("GET x", "status", "500")
    group.samples.append(Sample("GET /x", 500, "500: red \x1b[31m\r\n and \u202e back\x9b"))
    assert group.said == "red ␛[31m and <202E> back<9B>"
    record.error(group, group.samples[0])
    assert orjson.loads((record.folder / "errors.jsonl").read_bytes())["detail"] == group.samples[0].detail
    record.close()
