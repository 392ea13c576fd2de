"""Thresholds against known numbers."""

from __future__ import annotations

import pytest

from dmsperf_tui.plan.thresholds import parse_threshold
from dmsperf_tui.run.judge import Counts, judge, value_of
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.statistics import Statistics
from tests.run_pure.measured import Host, interval, operation

COUNTS = Counts(duration_s=4.0, dropped=6, vus=3, vus_max=8)


@pytest.fixture
def statistics() -> Statistics:
    """100 requests of 1 to 100 ms, 5 failed; 20 of 500 ms in another workload, 10 failed; 10 iterations."""
    host = Host()
    host.statistics.take(
        0,
        interval(
            0,
            [
                operation([number * 1000 for number in range(1, 101)], failed=5),
                operation([500_000] * 20, failed=10, name="POST y", workload="v"),
            ],
            iterations={"w": [10_000, 20_000], "v": [30_000] * 8},
            checks={"a": (3, 1), "b": (5, 1)},
            bytes_=(1000, 20_000),
        ),
    )
    return host.statistics


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
        ("data_sent", "count", 1000),
        ("data_received", "rate", 5000),
        ("vus", "value", 3),
        ("vus_max", "value", 8),
    ],
)
def test_a_threshold_is_given_the_measured_value(
    statistics: Statistics, metric: str, method: str, value: float
) -> None:
    found = value_of(parse_threshold(metric, f"{method}<1"), statistics, COUNTS)
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
    rows = judge([parse_threshold(metric, expression)], Host().statistics, COUNTS)
    assert rows == (ThresholdRow(metric, expression, None, None),)


def test_an_operation_that_never_ran_has_no_value(statistics: Statistics) -> None:
    for metric, method in (("http_req_duration", "p(95)"), ("http_req_failed", "rate")):
        threshold = parse_threshold(f"{metric}{{name:GET z}}", f"{method}<1")
        assert value_of(threshold, statistics, COUNTS) is None


def test_a_count_of_nothing_is_zero_and_a_rate_needs_time() -> None:
    before = Counts(duration_s=0.0, dropped=0, vus=0, vus_max=0)
    count, rate = parse_threshold("http_reqs", "count>=1"), parse_threshold("http_reqs", "rate>1")
    assert [row.ok for row in judge([count, rate], Host().statistics, before)] == [False, None]


def test_each_threshold_is_judged_at_its_bound(statistics: Statistics) -> None:
    thresholds = [
        parse_threshold("http_req_failed{scenario:v}", expression)
        for expression in ("rate<0.5", "rate<=0.5", "rate<0.501", "rate>0.5", "rate==0.5")
    ]
    assert [row.ok for row in judge(thresholds, statistics, COUNTS)] == [False, True, True, False, True]


def test_the_smallest_and_the_largest_are_exact() -> None:
    host = Host()
    host.statistics.take(0, interval(0, [operation([1_000_001, 1_000_003])]))
    thresholds = [parse_threshold("http_req_duration", f"{method}<1") for method in ("min", "max", "avg")]
    found = [value_of(threshold, host.statistics, COUNTS) for threshold in thresholds]
    assert found == [1000.001, 1000.003, 1000.002]
