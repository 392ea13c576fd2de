"""What the workers measured, merged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.messages import ErrorInterval, Gauges, Sample, WorkloadGauge
from dmsperf_tui.run.statistics import FAILURE_ROWS, Second, Statistics
from dmsperf_tui.run.totals import trend_of
from tests.run_pure.measured import Host, check, histogram_of, interval, iterations, operation

# --- merging -------------------------------------------------------------------------------------


def test_operations_of_all_workers_are_one() -> None:
    host = Host(workers=2)
    host.statistics.take(0, interval(0, [operation([1000]), operation([2000], failed=True)]))
    host.statistics.take(
        1,
        interval(0, [operation([3000]), operation([], unsent=1, failed=True), operation([9], name="GET y")]),
    )
    totals = host.statistics.totals
    rows = totals.by_name()["w", "GET x"]
    assert sorted((row.failed, row.requests) for row in rows) == [(False, 2), (True, 2)]
    assert trend_of(rows) == histogram_of([1000, 2000, 3000])
    assert trend_of(rows, "http_req_blocked").count == 0
    assert (totals.requests, totals.failed) == (5, 2)
    (second,) = host.closed
    assert (second.totals.requests, second.totals.failed) == (5, 2)
    assert second.totals.trend("http_req_duration") == histogram_of([1000, 2000, 3000, 9])
    assert second.durations_by_operation() == {
        ("w", "GET x"): histogram_of([1000, 2000, 3000]),
        ("w", "GET y"): histogram_of([9]),
    }


def test_percentiles_are_merged_and_never_averaged() -> None:
    host = Host(workers=2)
    host.statistics.take(0, interval(0, [operation([1] * 99)]))
    host.statistics.take(1, interval(0, [operation([1000])]))
    assert host.statistics.totals.trend("http_req_duration").percentiles_us((50, 99, 100)) == [1, 1, 1000]


def test_iterations_checks_and_bytes_add_up() -> None:
    host = Host(workers=2)
    host.statistics.take(
        0,
        interval(0, [], [iterations("w", [5, 7]), check("ok", 2, 1)], bytes_=(10, 100), sent=3, in_flight=2),
    )
    host.statistics.take(
        1,
        interval(
            0,
            [],
            [iterations("w", [9]), iterations("v", [1]), check("ok", 1, 0), check("new", 0, 1)],
            bytes_=(1, 2),
            sent=4,
        ),
    )
    totals = host.statistics.totals
    assert totals.trend("iteration_duration", [("scenario", "w")]) == histogram_of([5, 7, 9])
    assert totals.trend("iteration_duration", [("scenario", "v")]) == histogram_of([1])
    assert totals.trend("iteration_duration").count == 4
    assert totals.checks() == {"ok": (3, 1), "new": (0, 1)}
    assert (totals.data_sent, totals.data_received) == (11, 102)
    assert (host.statistics.requests_sent, host.statistics.in_flight) == (7, 2)
    assert host.closed[0].iterations == 4


def test_the_worst_worker_tells_the_health_of_a_second() -> None:
    host = Host(workers=2)
    host.statistics.take(0, interval(0, lag_ms=4.0, cpu=0.3, slip_ms=1.0, due=(10, 10)))
    host.statistics.take(1, interval(0, lag_ms=2.0, cpu=0.9, slip_ms=7.0, due=(10, 3)))
    (second,) = host.closed
    assert (second.lag_p99_ms, second.cpu_share, second.slip_p99_ms) == (4.0, 0.9, 7.0)
    assert (second.due_free, second.due_prompt) == (20, 13)


def test_the_warm_up_is_in_no_total_but_in_one_of_its_own() -> None:
    host = Host()
    for second in range(4):
        host.statistics.take(
            0, interval(second, [operation([1000] * (second + 1))], bytes_=(1, 1), warm_up=second < 2)
        )
    assert host.statistics.warm_up.requests == 1 + 2
    assert host.statistics.totals.requests == 3 + 4
    assert (host.statistics.warm_up.data_sent, host.statistics.totals.data_sent) == (2, 2)
    assert [second.warm_up for second in host.closed] == [True, True, False, False]
    assert [second.totals.requests for second in host.closed] == [1, 2, 3, 4]


def test_a_second_that_nobody_reported_is_of_the_warm_up_where_the_one_before_was() -> None:
    host = Host()
    host.statistics.take(0, interval(0, warm_up=True))
    host.statistics.take(0, interval(2, warm_up=True))
    host.statistics.take(0, interval(3))
    host.statistics.take(0, interval(9))
    host.statistics.close_all()
    assert [second.warm_up for second in host.closed] == [True, True, True, *[False] * 7]


def test_errors_of_a_kind_are_one_group_with_their_samples() -> None:
    host = Host(workers=2)
    samples = [Sample("GET /x", 500, f"answer {number}") for number in range(3)]
    host.statistics.take(
        0, interval(0, errors=[ErrorInterval("GET x", "status", "500", 4, 90, 95, samples[:2])])
    )
    host.statistics.take(
        1, interval(0, errors=[ErrorInterval("GET x", "status", "500", 1, 10, 20, samples[2:])])
    )
    host.statistics.take(0, interval(1, errors=[ErrorInterval("GET x", "wait", "timeout", 1, 200, 200)]))
    group = host.statistics.errors["GET x", "status", "500"]
    assert (group.count, group.first_ns, group.last_ns) == (5, 10, 95)
    assert group.samples == samples
    assert host.samples == [(group, sample) for sample in samples]
    assert host.statistics.errors["GET x", "wait", "timeout"].count == 1


def test_tags_select_operations() -> None:
    host = Host()
    one, other = operation([1], workload="a"), operation([2, 3], workload="b")
    third = operation([4, 5, 6, 7], workload="b", name="GET y")
    host.statistics.take(0, interval(0, [one, other, third]))

    def counts(*tags: tuple[str, str]) -> int:
        totals = host.statistics.totals
        requests = sum(one.requests for one in totals.select(tags))
        assert totals.trend("http_req_duration", tags).count == requests
        return requests

    assert counts() == 7
    assert counts(("name", "GET x")) == 3
    assert counts(("scenario", "b")) == 6
    assert counts(("scenario", "b"), ("name", "GET x")) == 2
    assert counts(("name", "GET z")) == 0


# --- seconds -------------------------------------------------------------------------------------


def test_a_second_closes_when_all_live_workers_have_reported_it() -> None:
    host = Host(workers=3)
    for worker in (2, 0):
        host.statistics.take(worker, interval(0))
        assert host.numbers == []
    host.statistics.take(1, interval(0))
    assert host.numbers == [0]


def test_seconds_close_in_order() -> None:
    host = Host(workers=2)
    for second in (0, 1, 2):
        host.statistics.take(0, interval(second))
    assert host.numbers == []
    for second in (0, 1, 2):
        host.statistics.take(1, interval(second))
        assert host.numbers == list(range(second + 1))


def test_a_silent_worker_is_waited_for_only_so_long() -> None:
    host = Host(workers=2)
    for second in range(3):
        host.statistics.take(0, interval(second, [operation([1])]))
        assert host.numbers == []
    for second in range(3, 10):
        host.statistics.take(0, interval(second, [operation([1])]))
    assert host.numbers[:6] == [0, 1, 2, 3, 4, 5]
    assert 9 not in host.numbers


def test_what_comes_late_is_counted_in_the_next_open_second() -> None:
    host = Host(workers=2)
    for second in range(10):
        host.statistics.take(0, interval(second, [operation([1])]))
    done = len(host.closed)
    host.statistics.take(1, interval(0, [operation([5] * 7)]))
    host.statistics.close_all()
    assert host.numbers == list(range(10))
    assert host.closed[done].totals.requests == 8
    assert sum(second.totals.requests for second in host.closed) == host.statistics.totals.requests == 17


def test_no_second_waits_for_a_lost_worker() -> None:
    host = Host(workers=2)
    host.statistics.take(0, interval(0))
    host.statistics.take(1, interval(0))
    host.statistics.lose(1)
    host.statistics.take(0, interval(1))
    assert host.numbers == [0, 1]


def test_a_second_that_nobody_reported_is_there_and_empty() -> None:
    host = Host()
    host.statistics.take(0, interval(0, [operation([1])]))
    for second in range(2, 8):
        host.statistics.take(0, interval(second, [operation([1])]))
    host.statistics.close_all()
    assert host.numbers == list(range(8))
    assert [second.totals.requests for second in host.closed] == [1, 0, 1, 1, 1, 1, 1, 1]


def test_at_the_end_everything_closes_once() -> None:
    host = Host(workers=2)
    host.statistics.take(0, interval(0))
    host.statistics.take(0, interval(2))
    host.statistics.close_all()
    host.statistics.close_all()
    assert host.numbers == [0, 1, 2]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=40)
)
def test_seconds_are_complete_in_order_and_lose_no_request(
    reports: list[tuple[int, int, int, bool]],
) -> None:
    """Workers skip seconds, lag behind and are lost; each step reports for the worker's next second."""
    host = Host(workers=3)
    clock = [0, 0, 0]
    lost: set[int] = set()
    sent = 0
    for worker, skipped, requests, loses in reports:
        if worker in lost:
            continue
        clock[worker] += skipped
        host.statistics.take(worker, interval(clock[worker], [operation([1] * requests)] if requests else []))
        clock[worker] += 1
        sent += requests
        if loses and len(lost) < 2:
            lost.add(worker)
            host.statistics.lose(worker)
        assert host.numbers == list(range(len(host.closed)))
    host.statistics.close_all()
    assert host.numbers == list(range(len(host.closed)))
    assert sum(second.totals.requests for second in host.closed) == host.statistics.totals.requests == sent
    assert sum(second.totals.trend("http_req_duration").count for second in host.closed) == sent


# --- gauges --------------------------------------------------------------------------------------


def test_gauges_add_up_and_the_newest_counts() -> None:
    host = Host()
    for worker, started in ((0, 1), (0, 10), (1, 5)):
        gauge = WorkloadGauge(vus=2, leaving=1, started=started, completed=started - 1, running=1)
        host.statistics.take_gauges(worker, Gauges({"w": gauge}, 1, started))
    total = host.statistics.gauge("w")
    assert (total.vus, total.leaving, total.started, total.completed, total.running) == (4, 2, 15, 13, 2)
    assert host.statistics.gauge("unknown") == WorkloadGauge()
    assert (host.statistics.in_flight, host.statistics.requests_sent) == (2, 15)


def test_a_lost_workers_vus_are_gone_and_its_requests_stay() -> None:
    host = Host()
    for worker in (0, 1):
        gauge = WorkloadGauge(vus=3, leaving=1, started=9, completed=5, interrupted=1, running=3, taken=6)
        host.statistics.take_gauges(worker, Gauges({"w": gauge}, 2, 9))
    host.statistics.lose(1)
    total = host.statistics.gauge("w")
    assert (total.vus, total.leaving, total.running) == (3, 1, 3)
    assert (total.started, total.completed, total.interrupted) == (18, 10, 5)
    assert (host.statistics.in_flight, host.statistics.requests_sent) == (2, 18)
    assert host.statistics.taken(1, "w") == 6
    assert (host.statistics.taken(1, "v"), host.statistics.taken(5, "w")) == (0, 0)


counts = st.tuples(
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.integers(0, 50),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
)


@settings(max_examples=60)
@given(st.lists(counts, min_size=1, max_size=5), st.sets(st.integers(0, 4)))
def test_both_equations_hold_over_all_workers_also_after_a_loss(
    workers: list[tuple[int, int, int, int, int, int]], lost: set[int]
) -> None:
    """What a lost worker was running was interrupted, and what waited there was cut."""
    host = Host()
    for worker, (completed, interrupted, running, waiting, dropped, cut) in enumerate(workers):
        started = completed + interrupted + running
        gauge = WorkloadGauge(
            planned=started + waiting + dropped + cut,
            started=started,
            completed=completed,
            interrupted=interrupted,
            running=running,
            waiting=waiting,
            dropped=dropped,
            cut=cut,
        )
        host.statistics.take_gauges(worker, Gauges({"w": gauge}, 0, 0))
    for worker in lost:
        host.statistics.lose(worker)
    total = host.statistics.gauge("w")
    assert total.started == total.completed + total.interrupted + total.running
    assert total.planned == total.started + total.dropped + total.cut + total.waiting
    assert total.started == sum(sum(one[:3]) for one in workers)
    assert total.planned == sum(sum(one) for one in workers)
    live = [one for worker, one in enumerate(workers) if worker not in lost]
    assert (total.running, total.waiting) == (sum(one[2] for one in live), sum(one[3] for one in live))


@pytest.mark.parametrize(
    ("done", "lost", "all_done"),
    [
        ((True, True), (), True),
        ((True, False), (), False),
        ((True, False), (1,), True),
        ((False, True), (1,), False),
        ((True, True), (0, 1), False),
    ],
)
def test_a_workload_is_done_when_all_live_workers_are(
    done: tuple[bool, bool], lost: tuple[int, ...], all_done: bool
) -> None:
    host = Host()
    for worker, one in enumerate(done):
        host.statistics.take_gauges(worker, Gauges({"w": WorkloadGauge(done=one)}, 0, 0))
    for worker in lost:
        host.statistics.lose(worker)
    assert host.statistics.gauge("w").done is all_done


@pytest.mark.parametrize("losing", [0, 1])
def test_a_worker_lost_before_it_reported_anything_holds_nothing_up(losing: int) -> None:
    host = Host(workers=2)
    host.statistics.lose(losing)
    host.statistics.take(1 - losing, interval(0))
    assert host.numbers == [0]


def test_starts_and_drops_of_a_second_are_those_between_its_gauges_and_the_ones_before() -> None:
    """Gauges that came between two seconds' ends are of no second."""
    host = Host(workers=2)
    for worker in range(2):
        host.statistics.take(worker, interval(0, gauge=WorkloadGauge(started=10 + worker, dropped=1)))
    host.statistics.take_gauges(0, Gauges({"w": WorkloadGauge(started=17)}, 0, 0))
    for worker in range(2):
        host.statistics.take(worker, interval(1, gauge=WorkloadGauge(started=20 + worker, dropped=4)))
    assert [(second.starts, second.dropped) for second in host.closed] == [(21, 2), (20, 6)]


def test_the_starts_of_open_workloads_are_counted_apart() -> None:
    closed: list[Second] = []
    statistics = Statistics(closed.append, lambda group, sample: None, opened=frozenset({"w"}))
    for second, started in enumerate((4, 10)):
        statistics.take(0, interval(second, gauge=WorkloadGauge(started=started)))
    assert [(second.starts, second.open_starts) for second in closed] == [(4, 4), (6, 6)]
    statistics = Statistics(closed.append, lambda group, sample: None, opened=frozenset({"other"}))
    statistics.take(0, interval(0, gauge=WorkloadGauge(started=4)))
    assert (closed[-1].starts, closed[-1].open_starts) == (4, 0)


def test_the_last_second_is_closed_with_the_run() -> None:
    """What came after it would be in no second: it is as long as the run goes on."""
    closed: list[Second] = []
    statistics = Statistics(closed.append, lambda group, sample: None, workers=2)
    for worker in (0, 1):
        statistics.take_gauges(worker, interval(0).gauges)
    for worker in (0, 1):
        statistics.take(worker, interval(0))
    for worker in (0, 1):
        statistics.take(worker, interval(1, gauge=WorkloadGauge(done=True)))
        statistics.finish(worker)
    assert [(second.number, second.last) for second in closed] == [(0, False)]
    statistics.close_all()
    assert [(second.number, second.last) for second in closed] == [(0, False), (1, True)]


def test_a_worker_that_is_done_holds_up_no_second_of_another() -> None:
    closed: list[Second] = []
    statistics = Statistics(closed.append, lambda group, sample: None, workers=2)
    statistics.take_gauges(1, interval(0).gauges)
    statistics.take(0, interval(0, gauge=WorkloadGauge(done=True)))
    statistics.finish(0)
    for number in range(3):
        statistics.take(1, interval(number))
    assert [second.number for second in closed] == [0, 1, 2]


def test_a_workload_is_done_only_when_every_worker_has_said_so() -> None:
    statistics = Statistics(lambda second: None, lambda group, sample: None, workers=2)
    statistics.take_gauges(0, Gauges({"w": WorkloadGauge(done=True)}, 0, 0))
    assert not statistics.gauge("w").done, "the other worker has not begun"
    statistics.take_gauges(1, Gauges({"w": WorkloadGauge(done=True)}, 0, 0))
    assert statistics.gauge("w").done


def test_a_lost_worker_is_not_waited_for() -> None:
    statistics = Statistics(lambda second: None, lambda group, sample: None, workers=2)
    statistics.take_gauges(0, Gauges({"w": WorkloadGauge(done=True)}, 0, 0))
    statistics.lose(1)
    assert statistics.gauge("w").done


def test_the_failure_log_has_a_row_for_each_kind_and_second_over_all_workers() -> None:
    host = Host(workers=2)
    second_ns, said = 10**9, Sample("GET /x", 500, "500: boom")

    def failed(at_ns: int, count: int, kind: str = "500") -> ErrorInterval:
        return ErrorInterval("GET x", "status", kind, count, at_ns, at_ns + 5, [said])

    host.statistics.take(0, interval(0, errors=[failed(7, 2), failed(9, 1, "503")]))
    host.statistics.take(0, interval(1, errors=[failed(second_ns + 4, 1)]))
    host.statistics.take(1, interval(0, errors=[failed(3, 5)]))
    rows = host.statistics.failures.rows
    assert [(int(row.at_s), row.kind, row.count, row.text) for row in rows] == [
        (0, "500", 7, "boom"),
        (0, "503", 1, "500: boom"),
        (1, "500", 1, "boom"),
    ]


def test_the_failure_log_keeps_the_newest() -> None:
    host = Host()
    for second in range(FAILURE_ROWS + 50):
        error = ErrorInterval("GET x", "status", "500", 1, second * 10**9, second * 10**9)
        host.statistics.take(0, interval(second, errors=[error]))
    rows = host.statistics.failures.rows
    assert len(rows) == FAILURE_ROWS
    assert (rows[0].at_s, rows[-1].at_s) == (50.0, FAILURE_ROWS + 49.0)
