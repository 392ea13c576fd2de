"""The text summary: the whole of one, and how figures are written.

A new layout on purpose: `.venv/bin/python -m tests.report.test_text` writes summary.txt anew. Read the
difference before it is committed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dmsperf_tui.report.figures import duration, number, size
from dmsperf_tui.report.summary import RunPart, Summary, ThresholdPart, Validity
from dmsperf_tui.report.text import text_summary, threshold_value
from tests.report.records import summary

GOLDEN = Path(__file__).parent / "summary.txt"


def test_the_whole_text_of_a_summary() -> None:
    assert text_summary(summary()) == GOLDEN.read_text(encoding="utf-8")


def test_a_run_that_never_started_is_told_in_a_few_lines() -> None:
    empty = Summary(
        run=RunPart(
            id="r1",
            scenario="dms/smoke",
            profile="dev",
            environment="local",
            started_at="",
            ended_at="",
            duration_s=0,
            state="failed",
            exit_code=107,
            message="no token: connection refused",
        ),
        validity=Validity(verdict="valid"),
        metrics={},
        operations=[],
        workloads={},
        segments=[],
        thresholds=[],
        checks=[],
        errors=[],
        events=[],
        timeline=[],
        generator={},
        manifest={},
        histograms={},
    )
    assert text_summary(empty).splitlines() == [
        "",
        "  █ TOTAL RESULTS",
        "",
        "  ✓ verdict: valid",
        "  no token: connection refused",
        "  run r1: failed, exit code 107",
    ]


def test_no_line_ends_in_spaces() -> None:
    assert [line for line in text_summary(summary()).splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("value_ms", "text"),
    [
        (0, "0s"),
        (0.001, "1µs"),
        (0.437, "437µs"),
        (0.999, "999µs"),
        (0.9996, "1.00ms"),
        (1, "1.00ms"),
        (148.21, "148.21ms"),
        (999.99, "999.99ms"),
        (999.999, "1.00s"),
        (1000, "1.00s"),
        (2031, "2.03s"),
        (3_600_000, "3600.00s"),
    ],
)
def test_durations(value_ms: float, text: str) -> None:
    assert duration(value_ms) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.7, "1 kB"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (2_500_000, "2.5 MB"),
        (99_960, "100 kB"),
        (12_345_678_901, "12.3 GB"),
        (1_234_000_000_000, "1234 GB"),
    ],
)
def test_sizes(value: float, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (9812, "9812"),
        (96.4, "96.4"),
        (0.08, "0.08"),
        (100.26, "100"),
        (12.34567, "12.35"),
        (-3, "-3"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("metric", "expression", "value", "text"),
    [
        ("http_req_duration", "p(95)<500", 148.21, "p(95)=148.21ms"),
        ("http_req_duration{name:GET x}", "avg <= 500", 2031.0, "avg=2.03s"),
        ("http_req_waiting", "med<1", 0.5, "med=500µs"),
        ("iteration_duration", "max!=0", 1.0, "max=1.00ms"),
        ("http_req_failed", "rate<0.01", 0.0, "rate=0.00%"),
        ("checks", "rate>0.9", 0.9512, "rate=95.12%"),
        ("http_reqs", "count>=1000", 1000.0, "count=1000"),
        ("http_reqs", "rate===20", 20.5, "rate=20.5"),
        ("vus", "value<5", 3.0, "value=3"),
        ("http_req_duration", "p(95)<500", None, "nothing measured"),
    ],
)
def test_the_value_of_a_threshold(metric: str, expression: str, value: float | None, text: str) -> None:
    assert threshold_value(ThresholdPart(metric=metric, expression=expression, ok=True, value=value)) == text


if __name__ == "__main__":
    GOLDEN.write_text(text_summary(summary()), encoding="utf-8")
