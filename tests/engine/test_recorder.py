"""What a worker measures, from responses made by hand."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.http import ConnectError, Response, WaitError
from dmsperf_tui.engine.measures import OTHER_NAMES
from dmsperf_tui.engine.messages import OperationInterval, Sample
from dmsperf_tui.engine.recorder import MOST_OPERATIONS, OperationStats, Recorder

US = 1000
MS = 1_000_000
ALWAYS = ("http_req_duration", "http_req_sending", "http_req_waiting", "http_req_receiving")
RARE = ("http_req_blocked", "http_req_connecting", "http_req_tls_handshaking")


def answered(
    *, sending: int = 10 * US, waiting: int = 5 * MS, receiving: int = 40 * US, status: int = 200
) -> Response:
    response = Response.make(status)
    response.sending_ns, response.waiting_ns, response.receiving_ns = sending, waiting, receiving
    response.duration_ns = sending + waiting + receiving
    return response


def connected(blocked: int, connecting: int, tls: int) -> Response:
    response = answered()
    response.blocked_ns, response.connecting_ns, response.tls_handshaking_ns = blocked, connecting, tls
    return response


def refused() -> Response:
    return Response.failed(ConnectError("connection_refused", "refused"), 0, 3 * MS)


def taken(stats: OperationStats) -> OperationInterval:
    """The interval of requests that all had the same outcome."""
    (interval,) = stats.take()
    return interval


@pytest.fixture
def stats() -> OperationStats:
    return OperationStats("load", "GET students", "GET")


def test_phases_add_up_in_microseconds(stats: OperationStats) -> None:
    stats.record(answered(), failed=False)
    interval = taken(stats)
    assert (interval.workload, interval.name, interval.method) == ("load", "GET students", "GET")
    assert (interval.requests, interval.status, interval.failed) == (1, 200, False)
    assert {metric: interval.trends[metric].sum_us for metric in ALWAYS} == {
        "http_req_duration": 5050,
        "http_req_sending": 10,
        "http_req_waiting": 5000,
        "http_req_receiving": 40,
    }


@pytest.mark.parametrize(("ns", "us"), [(499, 0), (500, 1), (1499, 1), (1500, 2)])
def test_nanoseconds_are_rounded_to_the_nearest_microsecond(stats: OperationStats, ns: int, us: int) -> None:
    stats.record(answered(sending=ns, waiting=0, receiving=0), failed=False)
    assert taken(stats).trends["http_req_sending"].sum_us == us


def test_phases_that_did_not_happen_are_counted_and_not_recorded(stats: OperationStats) -> None:
    for _ in range(9):
        stats.record(answered(), failed=False)
    stats.record(connected(3 * MS, 1 * MS, 0), failed=False)
    trends = taken(stats).trends
    assert {metric: (trends[metric].count, trends[metric].zeros) for metric in RARE} == {
        "http_req_blocked": (10, 9),
        "http_req_connecting": (10, 9),
        "http_req_tls_handshaking": (10, 10),
    }
    assert trends["http_req_connecting"].mean_us == 100
    assert trends["http_req_tls_handshaking"].buckets == {}


def test_a_request_that_was_never_sent_has_no_duration(stats: OperationStats) -> None:
    stats.record(refused(), failed=True)
    stats.record(answered(), failed=False)
    unsent, sent = stats.take()
    assert [(one.requests, one.status, one.failed) for one in (unsent, sent)] == [
        (1, 0, True),
        (1, 200, False),
    ]
    assert not set(unsent.trends) & set(ALWAYS)
    assert {sent.trends[metric].count for metric in ALWAYS} == {1}
    assert unsent.trends["http_req_blocked"].max_us == 3000
    assert sent.trends["http_req_blocked"].zeros == 1


def test_an_interval_of_unsent_requests_alone_is_still_told(stats: OperationStats) -> None:
    stats.record(refused(), failed=True)
    interval = taken(stats)
    assert (interval.requests, interval.failed) == (1, True)
    assert "http_req_duration" not in interval.trends


def test_a_request_without_an_answer_has_the_time_it_waited(stats: OperationStats) -> None:
    response = Response.make(0, error=WaitError("timeout", "no answer"))
    response.sending_ns, response.waiting_ns, response.duration_ns = (
        10 * US,
        60_000 * MS,
        60_000 * MS + 10 * US,
    )
    stats.record(response, failed=True)
    assert taken(stats).trends["http_req_duration"].max_us == 60_000_010


def test_a_refused_status_is_failed_with_its_duration(stats: OperationStats) -> None:
    stats.record(answered(status=409), failed=True)
    interval = taken(stats)
    assert (interval.status, interval.failed, interval.trends["http_req_duration"].count) == (409, True, 1)


def test_each_interval_starts_anew_and_an_idle_one_is_left_out(stats: OperationStats) -> None:
    stats.record(answered(), failed=True)
    first = taken(stats)
    assert stats.take() == []
    stats.record(answered(waiting=9 * MS), failed=False)
    second = taken(stats)
    assert (second.requests, second.failed) == (1, False)
    assert first.trends["http_req_waiting"].max_us == 5000
    assert second.trends["http_req_waiting"].min_us == 9000


@pytest.mark.parametrize("requests", [1, 511, 512, 513, 2000])
def test_no_request_is_lost_between_batches(stats: OperationStats, requests: int) -> None:
    for number in range(requests):
        stats.record(answered(waiting=(number + 1) * US, sending=0, receiving=0), failed=False)
    trends = taken(stats).trends
    assert {trends[metric].count for metric in (*ALWAYS, *RARE)} == {requests}
    assert trends["http_req_duration"].sum_us == requests * (requests + 1) // 2


def test_operations_of_two_workloads_stay_apart() -> None:
    recorder = Recorder(0)
    assert recorder.operation("a", "GET x", "GET") is recorder.operation("a", "GET x", "GET")
    recorder.operation("a", "GET x", "GET").record(answered(), failed=False)
    recorder.operation("b", "GET x", "GET").record(answered(), failed=False)
    recorder.operation("b", "GET y", "GET")
    assert [(one.workload, one.name) for one in recorder.take_operations()] == [
        ("a", "GET x"),
        ("b", "GET x"),
    ]
    assert recorder.take_operations() == []


def test_outcomes_of_one_operation_stay_apart(stats: OperationStats) -> None:
    for status, failed in ((200, False), (200, False), (409, True), (409, False), (200, True), (409, True)):
        stats.record(answered(status=status), failed=failed)
    assert {(one.status, one.failed): one.requests for one in stats.take()} == {
        (200, False): 2,
        (200, True): 1,
        (409, False): 1,
        (409, True): 2,
    }


def test_response_time_is_taken_from_the_planned_start_of_those_that_had_one(stats: OperationStats) -> None:
    late = connected(3 * MS, 1 * MS, 0)
    stats.record(late, failed=False, late_ns=70 * MS)
    stats.record(answered(), failed=False, late_ns=0)
    stats.record(answered(), failed=False)
    trends = taken(stats).trends
    response = trends["http_req_response_time"]
    assert (response.count, response.min_us, response.max_us) == (2, 5050, 70_000 + 3000 + 5050)
    assert trends["http_req_duration"].count == 3
    assert trends["http_req_duration"].max_us == 5050, "service time knows nothing of the wait"


def test_operations_of_other_groups_and_tags_stay_apart() -> None:
    recorder = Recorder(0)
    plain = recorder.operation("a", "GET x", "GET")
    grouped = recorder.operation("a", "GET x", "GET", "::login")
    tagged = recorder.operation("a", "GET x", "GET", "", {"kind": "list", "page": "1"})
    assert tagged is recorder.operation("a", "GET x", "GET", "", {"page": "1", "kind": "list"})
    for stats in (plain, grouped, tagged):
        stats.record(answered(), failed=False)
    assert [(one.group, one.tags) for one in recorder.take_operations()] == [
        ("", {}),
        ("::login", {}),
        ("", {"kind": "list", "page": "1"}),
    ]


def test_beyond_a_thousand_names_operations_are_one_and_it_is_told() -> None:
    recorder = Recorder(0)
    for number in range(MOST_OPERATIONS + 50):
        recorder.operation("a", f"GET /students/{number}", "GET").record(answered(), failed=False)
    intervals = recorder.take_operations()
    assert len(intervals) == MOST_OPERATIONS + 1
    assert sum(one.requests for one in intervals) == MOST_OPERATIONS + 50
    assert {one.name: one.requests for one in intervals}[OTHER_NAMES] == 50
    (error,) = recorder.take_errors()
    assert (error.operation, error.phase, error.failure, error.count) == (
        OTHER_NAMES,
        "flow",
        "too many names",
        50,
    )
    assert "names must not hold ids" in error.samples[0].detail
    assert recorder.operation("a", "GET /students/3", "GET").name == "GET /students/3"


def sample(body: str = "") -> Sample:
    return Sample("GET /x", 500, "500", body)


def test_errors_of_one_kind_are_grouped() -> None:
    recorder = Recorder(0)
    for operation, phase, failure in (
        ("GET x", "status", "500"),
        ("GET x", "status", "500"),
        ("GET x", "status", "503"),
        ("GET y", "status", "500"),
        ("GET x", "connect", "500"),
    ):
        recorder.error(operation, phase, failure, sample())
    groups = recorder.take_errors()
    assert [(group.operation, group.phase, group.failure, group.count) for group in groups] == [
        ("GET x", "status", "500", 2),
        ("GET x", "status", "503", 1),
        ("GET y", "status", "500", 1),
        ("GET x", "connect", "500", 1),
    ]
    assert all(0 < group.first_ns <= group.last_ns for group in groups)
    assert recorder.take_errors() == []


def test_only_five_samples_of_a_kind_are_kept_in_a_run() -> None:
    recorder = Recorder(0)
    kept = []
    for _ in range(3):
        for _ in range(3):
            recorder.error("GET x", "status", "500", sample())
        (group,) = recorder.take_errors()
        assert group.count == 3
        kept.append(len(group.samples))
    assert kept == [3, 2, 0]
    recorder.error("GET x", "status", "404", sample())
    assert len(recorder.take_errors()[0].samples) == 1


@pytest.mark.parametrize(
    ("length", "kept"), [(0, 0), (4095, 4095), (4096, 4096), (4097, 4096), (100_000, 4096)]
)
def test_a_samples_body_is_cut(length: int, kept: int) -> None:
    recorder = Recorder(0)
    recorder.error("GET x", "status", "500", sample("b" * length))
    assert recorder.take_errors()[0].samples[0].body == "b" * kept


def test_beyond_a_thousand_kinds_errors_are_one_group_that_says_what_is_in_it() -> None:
    recorder = Recorder(0)
    for number in range(MOST_OPERATIONS + 50):
        recorder.error(f"GET /x/{number}", "check", "odd", sample())
    recorder.error("GET /x/3", "check", "odd", sample())
    groups = {(one.operation, one.failure): one for one in recorder.take_errors()}
    assert len(groups) == MOST_OPERATIONS + 1
    other = groups[OTHER_NAMES, "too many kinds of errors"]
    assert (other.count, len(other.samples)) == (50, 5)
    assert other.samples[0].detail == f"GET /x/{MOST_OPERATIONS}: odd: 500"
    assert groups["GET /x/3", "odd"].count == 2
    assert not recorder.wants_sample("GET /x/another", "check", "odd")


def test_half_a_surrogate_pair_goes_out_as_a_question_mark() -> None:
    recorder = Recorder(0)
    recorder.error("a\ud800", "check", "b\ud800", Sample("c\ud800", 0, "d\ud800", "e\ud800", "\u00f6\ud800"))
    recorder.operation("w", "GET \ud800", "GET", "::\udfff", {"k\ud800": "v\ud800"}).record(answered(), False)
    (error,) = recorder.take_errors()
    assert (error.operation, error.failure) == ("a?", "b?")
    (kept,) = error.samples
    assert (kept.request, kept.detail, kept.body, kept.sent) == ("c?", "d?", "e?", "\u00f6?")
    (operation,) = recorder.take_operations()
    assert (operation.name, operation.group, operation.tags) == ("GET ?", "::?", {"k?": "v?"})
