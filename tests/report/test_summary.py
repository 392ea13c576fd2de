"""summary.json: its names, its schema and its way to a file and back.

After a change of the schema on purpose: `.venv/bin/python -m tests.report.test_summary` writes
docs/summary.schema.json anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from dmsperf_tui.report.summary import Counter, Gauge, Rate, Summary, Trend
from tests.report.records import summary

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "summary.schema.json"


def schema_text() -> str:
    return json.dumps(Summary.model_json_schema(by_alias=True), indent=2) + "\n"


def test_the_published_schema_is_that_of_the_model() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        "run: .venv/bin/python -m tests.report.test_summary; raise the schema's version where readers break"
    )


def test_a_summary_survives_its_file() -> None:
    record = summary()
    again = Summary.model_validate_json(record.to_json())
    assert again == record
    assert again.to_json() == record.to_json()


def test_metrics_come_back_as_what_they_were() -> None:
    metrics = Summary.model_validate_json(summary().to_json()).metrics
    kinds = {"http_reqs": Counter, "http_req_failed": Rate, "http_req_duration": Trend, "vus": Gauge}
    assert {name: type(metrics[name]) for name in kinds} == kinds


def test_the_file_has_the_names_of_the_design() -> None:
    data = json.loads(summary().to_json())
    assert list(data) == [
        "schema",
        "run",
        "validity",
        "metrics",
        "operations",
        "workloads",
        "entities",
        "segments",
        "thresholds",
        "objectives",
        "checks",
        "errors",
        "events",
        "timeline",
        "generator",
        "manifest",
        "histograms",
    ]
    assert data["schema"] == "dmsperf.summary/1"
    assert {
        "id",
        "scenario",
        "profile",
        "environment",
        "started_at",
        "ended_at",
        "duration_s",
        "state",
        "exit_code",
    } <= set(data["run"])
    assert set(data["validity"]) == {"verdict", "reasons", "findings"}
    assert set(data["metrics"]["http_reqs"]) == {"type", "count", "rate"}
    assert set(data["metrics"]["http_req_failed"]) == {"type", "rate", "passes", "fails"}
    assert set(data["metrics"]["http_req_duration"]) == {
        "type",
        "unit",
        "count",
        "avg",
        "min",
        "med",
        "max",
        "p(90)",
        "p(95)",
        "p(99)",
        "p(99.9)",
    }
    assert {
        "name",
        "method",
        "count",
        "failed",
        "rate",
        "avg",
        "med",
        "p(90)",
        "p(95)",
        "p(99)",
        "max",
    } <= set(data["operations"][0])
    assert set(data["thresholds"][0]) == {"metric", "expression", "ok", "value", "broken_s"}
    assert set(data["checks"][0]) == {"name", "passes", "fails"}


def test_what_open_workloads_add_has_its_names() -> None:
    data = json.loads(summary().to_json())
    assert data["run"]["warm_up_s"] == 5
    assert data["metrics"]["http_req_response_time"]["p(99)"] == 900
    assert data["operations"][1]["response"]["count"] == 200
    search = data["workloads"]["search"]
    assert search["planned"] == search["started"] + search["dropped"] + search["cut"] + search["waiting"]
    assert search["started"] == search["completed"] + search["interrupted"] + search["running"]
    assert (search["max_vus"], search["flows"]) == (20, {"read": 80, "write": 20})
    assert (data["segments"][0]["response_p(95)"], data["segments"][1]["response_p(95)"]) == (200, None)
    point = data["timeline"][0]
    assert (point["rate_planned"], point["rate_target"], point["starts"]) == (1, 2, 2)
    assert (point["dropped"], point["waiting"], point["warm_up"], point["response_p(99)"]) == (3, 1, True, 90)


def test_what_a_closed_run_lacks_may_be_left_out() -> None:
    """Records of before open workloads are read as they were."""
    data = json.loads(summary().to_json())
    for part, keys in {
        "run": ("warm_up_s",),
        "validity": ("findings",),
    }.items():
        for key in keys:
            del data[part][key]
    for workload in data["workloads"].values():
        for key in ("planned", "running", "cut", "waiting", "queued", "max_vus", "flows"):
            del workload[key]
    for operation in data["operations"]:
        del operation["response"]
    for threshold in data["thresholds"]:
        del threshold["broken_s"]
    again = Summary.model_validate(data)
    assert (again.workloads["smoke"].cut, again.workloads["smoke"].max_vus) == (0, None)
    assert (again.run.warm_up_s, again.validity.findings) == (0.0, [])


def test_a_record_of_another_schema_is_refused() -> None:
    data = json.loads(summary().to_json())
    data["schema"] = "dmsperf.summary/2"
    with pytest.raises(ValidationError, match="schema"):
        Summary.model_validate(data)


if __name__ == "__main__":
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema_text(), encoding="utf-8")
