"""Thresholds against known numbers."""

from __future__ import annotations

from random import Random

import pytest

from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.engine.messages import MetricInterval
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.thresholds import Threshold, parse_threshold
from dmsperf_tui.run.judge import Counts, Judge, Readings
from dmsperf_tui.run.snapshot import ThresholdRow
from dmsperf_tui.run.totals import Totals
from tests.run_pure.measured import check, iterations, operation, totals_of

COUNTS = Counts(duration_s=4.0, dropped={"w": 2, "v": 4}, vus=3, vus_max=8)


def judge(thresholds: list[Threshold], totals: Totals, counts: Counts) -> tuple[ThresholdRow, ...]:
    return Judge(thresholds).rows(Readings(totals, counts))


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
    found = Readings(measured, COUNTS).value(parse_threshold(metric, f"{method}<1"))
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
        assert Readings(measured, COUNTS).value(threshold) is None


@pytest.mark.parametrize("method", ["count", "rate"])
@pytest.mark.parametrize(
    "metric", ["http_reqs", "iterations", "dropped_iterations", "data_sent", "flow_errors"]
)
def test_a_count_of_nothing_is_zero_once_there_was_time_to_count(metric: str, method: str) -> None:
    thresholds = [parse_threshold(metric, f"{method}>0").aborting(True, 0)]
    judge_ = Judge(thresholds)
    before = judge_.rows(Readings(Totals(), Counts(duration_s=0.0)))
    assert (before[0].ok, before[0].value) == (None, None)
    assert judge_.aborting(before, 1.0) is None, "nothing was measured yet"
    after = judge_.rows(Readings(Totals(), Counts(duration_s=1.0)))
    assert (after[0].ok, after[0].value) == (False, 0)
    assert judge_.aborting(after, 2.0) == after[0]


@pytest.mark.parametrize("metric", ["vus", "vus_max"])
def test_a_warm_up_has_no_number_of_users(metric: str) -> None:
    threshold = parse_threshold(metric, "value>5")
    assert Readings(Totals(), Counts(0.0, vus=3, vus_max=3)).value(threshold) is None


def test_dropped_iterations_are_selected_by_the_workloads_own_tags() -> None:
    tags = {"w": {"team": "a", "tier": "1"}, "v": {"team": "b"}, "u": {}}
    expected = {
        "": 14,
        "{team:a}": 2,
        "{team:b}": 4,
        "{team:a,tier:1}": 2,
        "{team:b,tier:1}": 0,
        "{scenario:v}": 4,
        "{scenario:v,team:a}": 0,
        "{scenario:u}": 8,
        "{team:c}": 0,
    }
    thresholds = [parse_threshold(f"dropped_iterations{chosen}", "count<1") for chosen in expected]
    rows = Judge(thresholds, tags).rows(Readings(Totals(), Counts(1.0, {"w": 2, "v": 4, "u": 8}), tags))
    assert dict(zip(expected, (row.value for row in rows), strict=True)) == expected


def test_each_threshold_is_judged_at_its_bound(measured: Totals) -> None:
    thresholds = [
        parse_threshold("http_req_failed{scenario:v}", expression)
        for expression in ("rate<0.5", "rate<=0.5", "rate<0.501", "rate>0.5", "rate==0.5")
    ]
    assert [row.ok for row in judge(thresholds, measured, COUNTS)] == [False, True, True, False, True]


def test_the_smallest_and_the_largest_are_exact() -> None:
    totals = totals_of(operation([1_000_001, 1_000_003]))
    thresholds = [parse_threshold("http_req_duration", f"{method}<1") for method in ("min", "max", "avg")]
    found = [Readings(totals, COUNTS).value(threshold) for threshold in thresholds]
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
        found = self.judge.rows(Readings(self.totals, Counts(float(self.at_s))))
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
    assert [row.ok for row in judge.rows(Readings(Totals(), Counts(7.0)))] == [True, True]


def test_thresholds_of_each_scope_have_their_own_value() -> None:
    seconds = Seconds("avg<100", "avg<100 for 1s", "avg<100 over 2s", "avg<100 per segment")
    seconds.pass_(10, 20, 30)
    assert [value for _, value, _ in seconds.rows] == [20, 30, 25, 20]


@pytest.mark.parametrize("scope", ["for 3s", "over 3s"])
@pytest.mark.parametrize("partial_s", [0.0, 0.1, 0.89])
def test_a_partial_second_is_in_no_window(scope: str, partial_s: float) -> None:
    """It has fewer requests, and those that a pause or the end interrupts."""
    judge = Judge([parse_threshold("http_reqs", f"count>=10 {scope}")])
    full = totals_of(operation([1000] * 10))
    for at_s, partial in enumerate((False, True, False, True, True, False, True), 1):
        counts = Counts(partial_s if partial else 0.9)
        judge.second(totals_of(operation([1000])) if partial else full, counts, float(at_s), 0)
    judge.finish(8.0)
    (row,) = judge.rows(Readings(Totals(), Counts(4.0)))
    assert (row.ok, row.value) == (True, 10 if scope.startswith("for") else 30)


def test_a_window_goes_on_after_a_pause() -> None:
    seconds = Seconds("avg<100 for 3s", "avg<100 over 3s")
    seconds.pass_(300, 300)
    for _ in range(5):
        seconds.judge.second(totals_of(operation([1])), Counts(0.4), float(seconds.at_s), 0)
    assert [ok for ok, _, _ in seconds.rows] == [True, True]
    seconds.pass_(300)
    assert seconds.rows == [(False, 300, 3), (False, 300, 3)]


def test_a_partial_second_is_in_its_segment() -> None:
    judge = Judge([parse_threshold("http_reqs", "count>=15 per segment")])
    for length_s in (1.0, 0.5):
        judge.second(totals_of(operation([1000] * 8)), Counts(length_s), 1.0, 0)
    judge.finish(2.0)
    assert [(row.ok, row.value) for row in judge.rows(Readings(Totals(), Counts(1.5)))] == [(True, 16)]


@pytest.mark.parametrize(
    ("durations", "for_ok", "over_ok"),
    [
        ((500, 500), False, False),
        ((50, 50), True, True),
        ((10, 500), True, False),
        ((500, 10, None), True, False),
        ((500, None, 500), False, False),
        ((None, None), None, None),
        ((), None, None),
        ((500, 500, 500, 500, 50), True, False),
    ],
)
def test_a_window_longer_than_the_run_is_as_long_as_the_run(
    durations: tuple[float | None, ...], for_ok: bool | None, over_ok: bool | None
) -> None:
    seconds = Seconds("avg<100 for 60s", "avg<100 over 60s")
    seconds.pass_(*durations)
    assert all(broken_s is None for _, _, broken_s in seconds.rows)
    seconds.judge.finish(9.0)
    assert [ok for ok, _, _ in seconds.rows] == [for_ok, over_ok]
    assert all(broken_s == (9.0 if ok is False else None) for ok, _, broken_s in seconds.rows)


@pytest.mark.parametrize("durations", [(10, 10, 500, 500), (10, 10, 10, 500)])
def test_a_rest_after_a_whole_window_is_no_window(durations: tuple[float, ...]) -> None:
    seconds = Seconds("avg<100 for 3s", "avg<300 over 3s")
    seconds.pass_(10, 10, 10, *durations)
    expected = [(True, 500, None), (False, 337, 7) if durations[2] == 500 else (True, 173, None)]
    assert seconds.rows == expected
    seconds.judge.finish(9.0)
    assert seconds.rows == expected


ROLLED = [
    ("http_req_duration", "avg"),
    ("http_req_duration", "min"),
    ("http_req_duration", "max"),
    ("http_req_duration", "med"),
    ("http_req_duration", "p(0)"),
    ("http_req_duration", "p(95)"),
    ("http_req_duration{name:GET y}", "p(100)"),
    ("http_req_failed", "rate"),
    ("http_req_failed{name:GET y}", "rate"),
    ("checks", "rate"),
    ("http_reqs", "count"),
    ("http_reqs", "rate"),
    ("iterations", "count"),
    ("dropped_iterations", "count"),
    ("data_received", "count"),
    ("weight", "count"),
    ("level", "value"),
    ("vus", "value"),
]


@pytest.mark.parametrize("window_s", [1, 2, 7, 60])
def test_a_rolling_window_is_its_seconds_merged(window_s: int) -> None:
    """Of each kind of metric, second by second, the same as all seconds of the window in one."""
    own = {"weight": MetricType.COUNTER, "level": MetricType.GAUGE}
    # A bound that always holds: a broken threshold rolls no further.
    thresholds = [parse_threshold(metric, f"{method}>=-1 over {window_s}s", own) for metric, method in ROLLED]
    judge = Judge(thresholds)
    random = Random(5)
    past: list[tuple[Totals, Counts]] = []
    measured = 0
    for at_s in range(80):
        totals = _random_second(random)
        counts = Counts(random.uniform(0.9, 1.1), {"w": random.randrange(3)}, random.randrange(9), at_s)
        judge.second(totals, counts, at_s + 1.0, 0)
        past.append((totals, counts))
        merged, together = Totals(), past[-window_s:]
        for each, _ in together:
            merged.add(each)
        dropped = {"w": sum(one.dropped["w"] for _, one in together)}
        length_s = sum(one.duration_s for _, one in together)
        readings = Readings(merged, Counts(length_s, dropped, counts.vus, at_s))
        wanted = [readings.value(one) for one in thresholds]
        rows = judge.rows(Readings(Totals(), Counts(0.0)))
        for threshold, row, value in zip(thresholds, rows, wanted, strict=True):
            if value is not None:
                assert row.value == pytest.approx(value, rel=1e-12), (
                    at_s,
                    threshold.metric,
                    threshold.method,
                )
                measured += 1
    assert measured > 80 * len(ROLLED) / 2


def _random_second(random: Random) -> Totals:
    """Now and then nothing; else times from 0 to an hour."""
    if random.random() < 0.3:
        return Totals()
    operations = [
        operation(
            [int(10 ** random.uniform(-1, 9.5)) for _ in range(random.randrange(20))],
            name=random.choice(("GET x", "GET y")),
            failed=random.random() < 0.3,
            unsent=random.randrange(3),
        )
        for _ in range(3)
    ]
    if random.random() < 0.3:
        operations.append(operation([3_600_000_000] * random.choice((255, 256, 70_000))))
    metrics = [
        iterations("w", [random.randrange(1, 10_000) for _ in range(5)]),
        check("a", random.randrange(5), random.randrange(5)),
        MetricInterval("weight", {"scenario": "w"}, total=random.random()),
    ]
    if random.random() < 0.5:
        value = random.random()
        metrics.append(MetricInterval("level", {"scenario": "w"}, value=value, least=value, most=value))
    return totals_of(*operations, metrics=metrics, bytes_=(10, random.randrange(1000)))


def test_a_counter_of_fractions_is_back_at_zero_after_its_window() -> None:
    """Fractions that are added and taken away again would leave a rest."""
    own = {"weight": MetricType.COUNTER}
    judge = Judge([parse_threshold("weight", "count<100 over 2s", own)])
    for at_s, weight in enumerate((0.1, 0.7, 0.2, 0.0, 0.0), 1):
        metric = MetricInterval("weight", {}, total=weight)
        judge.second(totals_of(metrics=[metric]), Counts(1.0), float(at_s), 0)
    assert judge.rows(Readings(Totals(), Counts(5.0)))[0].value == 0


def test_the_cost_of_a_second_is_not_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in histograms merged: as many for an hour as for two seconds."""
    merges = []
    add = Histogram.add

    def counted(self: Histogram, other: Histogram) -> None:
        merges.append(other)
        add(self, other)

    costs = []
    for window_s in (2, 3600):
        seconds = Seconds(f"p(95)<10000 over {window_s}s")
        seconds.pass_(*range(1, 40))
        second = totals_of(operation([1000]))
        with monkeypatch.context() as patched:
            patched.setattr(Histogram, "add", counted)
            merges.clear()
            seconds.judge.second(second, Counts(1.0), 41.0, 0)
        costs.append(len(merges))
    assert costs == [1, 1]


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
    rows = judge.rows(Readings(totals_of(operation([1], failed=True)), COUNTS))
    found = judge.aborting(rows, elapsed_s)
    assert (found == rows[1]) if ends else (found is None)


def test_a_threshold_that_holds_or_has_no_data_ends_nothing() -> None:
    judge = Judge([parse_threshold("http_req_failed", "rate<0.1").aborting(True, 0)])
    for totals in (Totals(), totals_of(operation([1] * 20))):
        assert judge.aborting(judge.rows(Readings(totals, COUNTS)), 99) is None


def test_a_broken_window_ends_the_run_at_once() -> None:
    seconds = Seconds()
    seconds.judge = Judge([parse_threshold("http_req_duration", "avg<100 for 2s").aborting(True, 0)])
    ended_s = []
    for duration in (10, 500, 500, 10):
        seconds.pass_(duration)
        rows = seconds.judge.rows(Readings(seconds.totals, COUNTS))
        if seconds.judge.aborting(rows, seconds.at_s):
            ended_s.append(seconds.at_s)
    assert ended_s == [3, 4]
