"""What came of a suite, in words, and its published schema.

After a change of the schema on purpose: `.venv/bin/python -m tests.report.test_suite` writes
docs/suite.schema.json anew.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from dmsperf_tui.report.outcome import OUTCOMES, outcome, worst
from dmsperf_tui.report.suite import StepPart, SuiteSummary, step_of, suite_markdown, suite_text
from dmsperf_tui.report.summary import ObjectivePart
from tests.report.records import summary

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "suite.schema.json"


def schema_text() -> str:
    return json.dumps(SuiteSummary.model_json_schema(by_alias=True), indent=2) + "\n"


def test_the_published_schema_is_that_of_the_model() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        "run: .venv/bin/python -m tests.report.test_suite; raise the schema's version where readers break"
    )


def test_a_suites_summary_survives_its_file() -> None:
    assert SuiteSummary.model_validate_json(suite().to_json()) == suite()


@pytest.mark.parametrize(("first", "second"), itertools.combinations(OUTCOMES, 2))
def test_the_worst_code_is_the_one_that_applies_first(first: int, second: int) -> None:
    assert worst([second, first]) == worst([first, second]) == first


def test_no_code_is_passed_and_an_unknown_one_is_the_worst() -> None:
    assert (worst([]), worst([0, 1, 104])) == (0, 1)
    assert (outcome(99), outcome(1), outcome(None)) == (
        "a threshold failed",
        "exit code 1",
        "no end is recorded",
    )


def suite() -> SuiteSummary:
    record = summary()
    record.objectives = [
        ObjectivePart(
            group="Response times", title=title, metric="m", expression="p(95)<300", value=value, ok=ok
        )
        for title, value, ok in (("Auth", 500.0, False), ("List", 20.0, True), ("Search", None, None))
    ]
    return SuiteSummary(
        suite="k12-acceptance",
        title="Targets",
        environment="staging",
        started_at="2026-01-02T03:04:05.000+00:00",
        ended_at="2026-01-02T03:09:05.000+00:00",
        exit_code=107,
        steps=[
            step_of("/results/one", record),
            StepPart(scenario="k12/quiz", exit_code=107, folder="/results/two", message="no users | at all"),
            StepPart(scenario="k12/last"),
        ],
    )


def test_a_step_is_what_its_record_says() -> None:
    step = suite().steps[0]
    assert (step.scenario, step.exit_code, step.verdict, step.vus) == ("dms/smoke", 99, "suspect", 12)
    assert (step.requests, step.failed, step.p95_ms) == (1000, 0.025, 12.0)
    assert step.thresholds_failed == [
        "http_req_duration max<2000",
        "http_req_failed{name:POST students} rate<0.02",
        "http_req_response_time p(95)<100 over 10s",
    ]
    assert (step.objectives, step.objectives_missed) == (2, ["Auth p(95)<300"]), "Search was not measured"


def test_the_table_has_each_step_and_why_it_failed() -> None:
    lines = [" ".join(line.split()) for line in suite_text(suite()).splitlines()]
    assert "✗ 1 dms/smoke failed (99) 12.00ms 2.50% 12 1 of 2, 1 not measured suspect" in lines
    assert "✗ http_req_duration max<2000" in lines
    assert "✗ 2 k12/quiz failed (107) - - - - -" in lines
    assert "no users | at all" in lines
    assert "- 3 k12/last not run - - - - -" in lines
    assert lines[-1] == "suite k12-acceptance: no load was made, exit code 107"


def test_a_suite_under_way_has_no_outcome_yet() -> None:
    under_way = suite()
    under_way.exit_code = None
    under_way.steps[2].started_at = "2026-01-02T03:09:00.000+00:00"
    lines = [" ".join(line.split()) for line in suite_text(under_way).splitlines()]
    assert "- 3 k12/last not finished - - - - -" in lines
    assert lines[-1] == "suite k12-acceptance: not finished"
    text = suite_markdown(under_way, [])
    assert text.startswith("## ❌ Not finished: suite Targets\n")
    assert "| – | <code>3 k12/last</code> | not finished |" in text


def test_markdown_has_the_table_and_what_failed_in_full() -> None:
    text = suite_markdown(suite(), [summary()])
    assert text.startswith("## ❌ Failed (107: no load was made): suite Targets\n")
    assert "| ❌ | <code>1 dms/smoke</code> | failed (99): a threshold failed | 12.00ms |" in text
    assert "| – | <code>3 k12/last</code> | not run |" in text
    assert "<details><summary>dms/smoke: ❌ Failed (99: a threshold failed)</summary>\n\n### ❌" in text


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
