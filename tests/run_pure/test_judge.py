"""Thresholds against known numbers."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.run.judge import Counts, Judge, value_of
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.totals import Totals
from tests.run_pure.measured import check, iterations, operation, totals_of

COUNTS = Counts(duration_s=4.0, dropped={"w": 2, "v": 4}, vus=3, vus_max=8)


def judge(thresholds: list[Threshold], totals: Totals, counts: Counts) -> tuple[ThresholdRow, ...]:
    return Judge(thresholds).rows(totals, counts)


@pytest.fixture
def measured() -> Totals:
    """100 requests of 1 to 100 ms, 5 failed; 20 of 500 ms in another workload, 10 failed; 10 iterations."""
    return totals_of(
        operation([number * 1000 for number in range(1, 96)]),
        operation([number * 1000 for number in range(96, 101)], failed=True, status=500),
        operation([500_000] * 10, name="POST y", workload="v"),
        operation([500_000] * 10, name="POST y", workload="v", failed=True, status=409),
        metrics=[
            iterations("w", [10_000, 20_000]),
            iterations("v", [30_000] * 8),
            check("a", 3, 1),
            check("b", 5, 1),
        ],
        bytes_=(1000, 20_000),
    )


@pytest.mark.parametrize(
    ("metric", "method", "value"),
    [
        ("http_req_duration{name:GET x}", "avg", 50.5),
        ("http_req_duration{name:GET x}", "min", 1.0),
        ("http_req_duration{name:GET x}", "max", 100.0),
        ("http_req_duration{name:GET x}", "med", 50.0),
        ("http_req_duration{name:GET x}", "p(95)", 95.0),
        ("http_req_duration{name:GET x}", "p(0)", 1.0),
        ("http_req_duration{scenario:v}", "p(50)", 500.0),
        ("http_req_duration", "avg", (5050 + 20 * 500) / 120),
        ("http_req_duration", "max", 500.0),
        ("iteration_duration", "avg", 27.0),
        ("http_reqs", "count", 120),
        ("http_reqs", "rate", 30),
        ("http_reqs{name:POST y}", "count", 20),
        ("http_reqs{scenario:w}", "rate", 25),
        ("http_req_failed", "rate", 15 / 120),
        ("http_req_failed{scenario:v}", "rate", 0.5),
        ("checks", "rate", 0.8),
        ("iterations", "count", 10),
        ("iterations", "rate", 2.5),
        ("dropped_iterations", "count", 6),
        ("dropped_iterations", "rate", 1.5),
        ("dropped_iterations{scenario:v}", "count", 4),
        ("data_sent", "count", 1000),
        ("data_received", "rate", 5000),
        ("vus", "value", 3),
        ("vus_max", "value", 8),
    ],
)
def test_a_threshold_is_given_the_measured_value(
    measured: Totals, metric: str, method: str, value: float
) -> None:
    found = value_of(parse_threshold(metric, f"{method}<1"), [measured], COUNTS)
    # A bucket of HdrHistogram is 0.1 % wide.
    assert found == pytest.approx(value, rel=0.001 if method.startswith(("p(", "med")) else 1e-9)


@pytest.mark.parametrize(
    ("metric", "expression"),
    [
        ("http_req_duration", "p(95)<1"),
        ("http_req_duration", "avg<1"),
        ("http_req_duration", "min>1"),
        ("iteration_duration", "max<1"),
        ("http_req_failed", "rate<0.1"),
        ("checks", "rate>0.9"),
    ],
)
def test_without_data_there_is_no_value_and_no_judgement(metric: str, expression: str) -> None:
    rows = judge([parse_threshold(metric, expression)], Totals(), COUNTS)
    assert rows == (ThresholdRow(metric, expression, None, None),)


def test_an_operation_that_never_ran_has_no_value(measured: Totals) -> None:
    for metric, method in (("http_req_duration", "p(95)"), ("http_req_failed", "rate")):
        threshold = parse_threshold(f"{metric}{{name:GET z}}", f"{method}<1")
        assert value_of(threshold, [measured], COUNTS) is None


def test_a_count_of_nothing_is_zero_and_a_rate_needs_time() -> None:
    before = Counts(duration_s=0.0)
    count, rate = parse_threshold("http_reqs", "count>=1"), parse_threshold("http_reqs", "rate>1")
    assert [row.ok for row in judge([count, rate], Totals(), before)] == [False, None]


def test_each_threshold_is_judged_at_its_bound(measured: Totals) -> None:
    thresholds = [
        parse_threshold("http_req_failed{scenario:v}", expression)
        for expression in ("rate<0.5", "rate<=0.5", "rate<0.501", "rate>0.5", "rate==0.5")
    ]
    assert [row.ok for row in judge(thresholds, measured, COUNTS)] == [False, True, True, False, True]


def test_the_smallest_and_the_largest_are_exact() -> None:
    totals = totals_of(operation([1_000_001, 1_000_003]))
    thresholds = [parse_threshold("http_req_duration", f"{method}<1") for method in ("min", "max", "avg")]
    found = [value_of(threshold, [totals], COUNTS) for threshold in thresholds]
    assert found == [1000.001, 1000.003, 1000.002]
