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
    found = value_of(parse_threshold(metric, f"{method}<1"), measured, COUNTS)
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
        assert value_of(threshold, measured, COUNTS) is None


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
    found = [value_of(threshold, totals, COUNTS) for threshold in thresholds]
    assert found == [1000.001, 1000.003, 1000.002]


# --- windows and segments ------------------------------------------------------------------------


class Seconds:
    """Feeds a judge second by second; each second's requests all take the same time."""

    def __init__(self, *expressions: str, metric: str = "http_req_duration") -> None:
        self.judge = Judge([parse_threshold(metric, expression) for expression in expressions])
        self.totals = Totals()
        self.at_s = 0

    def pass_(self, *durations_ms: float | None, segment: int = 0, requests: int = 10) -> None:
        """None: nothing was measured."""
        for duration in durations_ms:
            second = Totals() if duration is None else totals_of(operation([int(duration * 1000)] * requests))
            self.at_s += 1
            self.totals.add(second)
            self.judge.second(second, Counts(1.0), float(self.at_s), segment)

    @property
    def rows(self) -> list[tuple[bool | None, float | None, float | None]]:
        found = self.judge.rows(self.totals, Counts(float(self.at_s)))
        return [(row.ok, row.value and round(row.value), row.broken_s) for row in found]


def test_for_breaks_when_it_is_broken_in_so_many_seconds_running() -> None:
    seconds = Seconds("p(95)<100 for 3s")
    assert seconds.rows == [(None, None, None)]
    seconds.pass_(50, 200, 200, 50, 200, 200)
    assert seconds.rows == [(True, 200, None)]
    seconds.pass_(300)
    assert seconds.rows == [(False, 300, 7)]
    seconds.pass_(50, 50, 50)
    assert seconds.rows == [(False, 300, 7)], "broken once, broken for good, with the value that broke it"


def test_for_does_not_count_seconds_without_a_sample_either_way() -> None:
    seconds = Seconds("p(95)<100 for 3s")
    seconds.pass_(200, 200, None, None, 200)
    assert seconds.rows == [(False, 200, 5)]


def test_over_breaks_when_any_whole_window_does() -> None:
    seconds = Seconds("avg<100 over 4s")
    seconds.pass_(300, 10, 10)
    assert seconds.rows[0][0] is True, "no window is whole yet"
    seconds.pass_(10)
    assert seconds.rows == [(True, 82, None)]
    seconds.pass_(10, 10, 10, 395)
    assert seconds.rows == [(False, 106, 8)]


def test_over_is_of_samples_and_not_of_seconds() -> None:
    seconds = Seconds("avg<100 over 2s")
    seconds.pass_(1000, requests=1)
    seconds.pass_(10, requests=99)
    assert seconds.rows == [(True, 20, None)]


def test_a_rate_over_a_window_is_per_second_of_it() -> None:
    seconds = Seconds("rate>=10 over 3s", metric="http_reqs")
    seconds.pass_(5, 5, 5)
    assert seconds.rows == [(True, 10, None)]
    seconds.pass_(5, requests=9)
    assert seconds.rows[0][0] is False


def test_per_segment_is_judged_when_a_segment_ends() -> None:
    seconds = Seconds("avg<100 per segment")
    seconds.pass_(300, 10, segment=0)
    assert seconds.rows == [(True, 155, None)], "it may still come right"
    seconds.pass_(10, 10, 10, segment=0)
    seconds.pass_(10, segment=1)
    assert seconds.rows[0][0] is True
    seconds.pass_(300, segment=1)
    seconds.pass_(10, segment=2)
    assert seconds.rows == [(False, 155, 8)]


@pytest.mark.parametrize(("last", "ok"), [(50, True), (500, False)])
def test_the_last_segment_ends_with_the_run(last: float, ok: bool) -> None:
    seconds = Seconds("avg<100 per segment")
    seconds.pass_(50, segment=0)
    seconds.pass_(last, segment=1)
    assert seconds.rows[0][0] is True
    seconds.judge.finish(2.0)
    assert seconds.rows == [(ok, last, None if ok else 2.0)]


def test_paused_and_empty_seconds_break_nothing() -> None:
    """A second in which nothing was asked for is no failure of the service's throughput."""
    judge = Judge([parse_threshold("http_reqs", f"rate>5 {scope}") for scope in ("for 2s", "over 2s")])
    for at_s in range(1, 5):
        judge.second(totals_of(operation([1] * 10)), Counts(1.0), float(at_s), 0)
    for at_s in range(5, 15):
        judge.second(Totals(), Counts(0.0), float(at_s), 0)
    for at_s in range(15, 18):
        judge.second(totals_of(operation([1] * 10)), Counts(1.0), float(at_s), 0)
    assert [row.ok for row in judge.rows(Totals(), Counts(7.0))] == [True, True]


def test_thresholds_of_each_scope_have_their_own_value() -> None:
    seconds = Seconds("avg<100", "avg<100 for 1s", "avg<100 over 2s", "avg<100 per segment")
    seconds.pass_(10, 20, 30)
    assert [value for _, value, _ in seconds.rows] == [20, 30, 25, 20]


# --- ending the run ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("abort", "delay_s", "elapsed_s", "ends"),
    [(True, 0, 1, True), (False, 0, 1, False), (True, 5, 5, False), (True, 5, 5.1, True)],
)
def test_a_broken_threshold_ends_the_run_where_it_says_so_and_not_too_early(
    abort: bool, delay_s: float, elapsed_s: float, ends: bool
) -> None:
    threshold = parse_threshold("http_req_failed", "rate<0.1").aborting(abort, delay_s)
    judge = Judge([parse_threshold("http_reqs", "count>1000"), threshold])
    rows = judge.rows(totals_of(operation([1], failed=True)), COUNTS)
    found = judge.aborting(rows, elapsed_s)
    assert (found == rows[1]) if ends else (found is None)


def test_a_threshold_that_holds_or_has_no_data_ends_nothing() -> None:
    judge = Judge([parse_threshold("http_req_failed", "rate<0.1").aborting(True, 0)])
    for totals in (Totals(), totals_of(operation([1] * 20))):
        assert judge.aborting(judge.rows(totals, COUNTS), 99) is None


def test_a_broken_window_ends_the_run_at_once() -> None:
    seconds = Seconds()
    seconds.judge = Judge([parse_threshold("http_req_duration", "avg<100 for 2s").aborting(True, 0)])
    ended_s = []
    for duration in (10, 500, 500, 10):
        seconds.pass_(duration)
        rows = seconds.judge.rows(seconds.totals, COUNTS)
        if seconds.judge.aborting(rows, seconds.at_s):
            ended_s.append(seconds.at_s)
    assert ended_s == [3, 4]
