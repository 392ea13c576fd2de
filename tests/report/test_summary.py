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
        "segments",
        "thresholds",
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
    assert set(data["validity"]) == {"verdict", "reasons"}
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
    assert set(data["thresholds"][0]) == {"metric", "expression", "ok", "value"}
    assert set(data["checks"][0]) == {"name", "passes", "fails"}


def test_a_record_of_another_schema_is_refused() -> None:
    data = json.loads(summary().to_json())
    data["schema"] = "dmsperf.summary/2"
    with pytest.raises(ValidationError, match="schema"):
        Summary.model_validate(data)


if __name__ == "__main__":
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema_text(), encoding="utf-8")
