"""A run second by second, and its segments."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.run.statistics import Second
from dmsperf_tui.run.timeline import Levels, Timeline
from tests.run_pure.measured import histogram_of, iterations, operation


class Now:
    """The load at this instant, as the test says; each look is a second later on the run's clock."""

    def __init__(self) -> None:
        self.levels = Levels(planned=5, target=5, vus=5, running=True)

    def __call__(self) -> Levels:
        if self.levels.running:
            self.levels = replace(self.levels, elapsed_ns=self.levels.elapsed_ns + 10**9)
        return self.levels


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def timeline(now: Now) -> Timeline:
    return Timeline(now)


def second_of(
    number: int, *values_us: int, failed: int = 0, unsent: int = 0, warm_up: bool = False
) -> Second:
    """A second of one operation: the last `failed` of its requests failed, `unsent` never went out."""
    second = Second(number, warm_up=warm_up)
    sent_failed = failed - unsent if unsent else failed
    well = len(values_us) - sent_failed
    parts = [operation(values_us[:well]), operation(values_us[well:], unsent=unsent, failed=True)]
    second.totals.take([part for part in parts if part.requests], [], 0, 0)
    return second


def test_a_row_has_the_rates_and_latencies_of_its_second(timeline: Timeline) -> None:
    second = second_of(0, *range(1000, 101_000, 1000), failed=3)
    second.totals.take([operation([500_000], name="POST y")], [iterations("w", [10] * 7)], 0, 0)
    row = timeline.close(second)
    assert (row.second, row.requests, row.failed, row.iterations) == (0, 101, 3, 7)
    assert row.p50_ms == pytest.approx(51, rel=0.001)
    assert row.p95_ms == pytest.approx(96, rel=0.001)
    assert row.max_ms == 500
    assert timeline.rows == [row]


def test_a_second_without_requests_has_no_latencies(timeline: Timeline) -> None:
    row = timeline.close(second_of(0))
    assert (row.requests, row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms) == (0, None, None, None, None)
    assert row.running


def test_a_second_of_unsent_requests_alone_has_no_latencies(timeline: Timeline) -> None:
    row = timeline.close(second_of(0, unsent=4, failed=4))
    assert (row.requests, row.failed, row.p99_ms) == (4, 4, None)


def test_a_row_shows_the_load_at_the_end_of_its_second(timeline: Timeline, now: Now) -> None:
    now.levels = Levels(planned=10, target=20, vus=15, running=True)
    timeline.mark(0)
    now.levels = Levels(planned=1, target=2, vus=3, running=True)
    row = timeline.close(second_of(0))
    assert (row.planned, row.target, row.vus) == (10, 20, 15)
    unmarked = timeline.close(second_of(1))
    assert (unmarked.planned, unmarked.target, unmarked.vus) == (1, 2, 3)


def test_only_a_second_paused_from_start_to_end_is_not_running(timeline: Timeline, now: Now) -> None:
    now.levels = Levels(planned=5, target=5, vus=5, running=False)
    assert timeline.close(second_of(0, 1000)).running
    assert not timeline.close(second_of(1)).running


@pytest.mark.parametrize(("after", "segments"), [(0, 1), (1, 1), (2, 2), (30, 2)])
def test_changes_within_two_seconds_share_a_segment(timeline: Timeline, after: int, segments: int) -> None:
    timeline.open_segment(10, "VUs to 20", 20)
    timeline.open_segment(10 + after, "VUs to 30", 30)
    assert len(timeline.segments) == segments
    newest = timeline.segments[-1]
    assert newest.vus == 30
    assert newest.end is None
    assert newest.why == ("VUs to 20; VUs to 30" if segments == 1 else "VUs to 30")
    if segments == 2:
        assert timeline.segments[0].end == newest.start == 10 + after


def test_the_same_reason_is_told_once(timeline: Timeline) -> None:
    timeline.open_segment(0, "start", 1)
    timeline.open_segment(1, "start", 2)
    assert [(segment.why, segment.vus) for segment in timeline.segments] == [("start", 2)]


def test_a_second_that_closes_late_counts_for_the_segment_it_was_in(timeline: Timeline) -> None:
    timeline.open_segment(0, "start", 1)
    timeline.open_segment(3, "VUs to 5", 5)
    for number in range(5):
        timeline.close(second_of(number, *([1000] * (number + 1)), failed=1))
    first, second = timeline.segments
    assert (first.requests, first.failed, first.seconds) == (1 + 2 + 3, 3, 3)
    assert (second.requests, second.failed, second.seconds) == (4 + 5, 2, 2)
    assert first.durations == histogram_of([1000] * 6)


def test_paused_seconds_are_not_time_under_load(timeline: Timeline, now: Now) -> None:
    timeline.open_segment(0, "start", 1)
    timeline.close(second_of(0, 1000))
    now.levels = replace(now.levels, running=False)
    timeline.close(second_of(1))
    timeline.close(second_of(2))
    assert timeline.segments[0].seconds == 1


def test_the_second_of_a_change_counts_for_what_was_before(timeline: Timeline) -> None:
    timeline.open_segment(0.0, "start", 2)
    timeline.open_segment(3.856, "VUs 2 → 20", 20)
    for number in range(6):
        timeline.close(second_of(number, 1000))
    first, second = timeline.segments
    assert (first.start, first.end, first.seconds, second.start) == (0, 4, 4, 4)


def test_a_part_of_a_second_at_the_end_is_a_part_of_a_second(timeline: Timeline, now: Now) -> None:
    timeline.open_segment(0.0, "start", 2)
    timeline.close(second_of(0, 1000))
    now.levels = replace(now.levels, elapsed_ns=now.levels.elapsed_ns + 250_000_000, running=False)
    timeline.close(second_of(1, 1000))
    assert timeline.segments[0].seconds == 1.25


@pytest.mark.parametrize("warm_up_s", [0, 2])
def test_the_measured_time_is_the_runs_own_without_the_warm_up(now: Now, warm_up_s: int) -> None:
    """However late each second was marked, and whenever the last one came in: rates divide by one length."""
    timeline = Timeline(now, warm_up=warm_up_s > 0)
    timeline.open_segment(0, "start", 2)
    now.levels = replace(now.levels, running=False)
    for number, late_ms in enumerate((3, 0, 40, 7)):
        now.levels = replace(now.levels, elapsed_ns=(number + 1) * 10**9 + late_ms * 10**6)
        timeline.mark(number)
        second = second_of(number, 1000, warm_up=number < warm_up_s)
        second.last = number == 3
        now.levels = replace(now.levels, elapsed_ns=now.levels.elapsed_ns + 12 * 10**6)
        timeline.close(second)
    assert timeline.measured_s == pytest.approx(4.019 - warm_up_s, rel=1e-9)
    assert timeline.measured_s + timeline.warm_up_s == pytest.approx(4.019, rel=1e-9)
    assert sum(segment.seconds for segment in timeline.segments) == pytest.approx(4.019, rel=1e-9)


def test_a_clock_that_was_frozen_before_a_mark_that_is_known_already_counts_no_time_twice(
    timeline: Timeline, now: Now
) -> None:
    now.levels = replace(now.levels, running=False)
    for number, elapsed_ms in enumerate((1000, 1990, 1980, 2400)):
        now.levels = replace(now.levels, elapsed_ns=elapsed_ms * 10**6)
        timeline.close(second_of(number))
    assert timeline.measured_s == pytest.approx(2.4, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(st.integers(0, 40), max_size=12),
    requests=st.lists(st.integers(0, 5), min_size=1, max_size=45),
    behind=st.integers(0, 4),
)
def test_segments_tile_the_run_and_their_requests_are_the_total(
    changes: list[int], requests: list[int], behind: int
) -> None:
    """Changes come as time goes on; seconds close some seconds behind."""
    timeline = Timeline(Now())
    timeline.open_segment(0, "start", 1)
    closed = 0
    for present in range(len(requests) + behind):
        for number, change in enumerate(sorted(changes)):
            if change == present:
                timeline.open_segment(change, f"change {number}", number)
        if present >= behind:
            timeline.close(second_of(closed, *([1000] * requests[closed])))
            closed += 1
    assert len(timeline.rows) == len(requests)
    segments = timeline.segments
    assert sum(segment.requests for segment in segments) == sum(requests)
    assert sum(segment.durations.count for segment in segments) == sum(requests)
    assert sum(segment.seconds for segment in segments) == len(requests)
    assert segments[0].start == 0
    assert segments[-1].end is None
    for before, later in pairwise(segments):
        assert before.end == later.start >= before.start + 2


# --- open workloads and the warm-up --------------------------------------------------------------


def test_a_row_has_the_starts_and_drops_of_its_second_and_what_waits_at_its_end(
    timeline: Timeline, now: Now
) -> None:
    for number, (starts, dropped, waiting) in enumerate(((10, 0, 0), (15, 3, 7), (0, 0, 0))):
        now.levels = replace(now.levels, waiting=waiting, planned_rate=10.0, target_rate=15.0)
        second = second_of(number)
        second.starts, second.dropped = starts, dropped
        timeline.close(second)
    assert [(row.starts, row.dropped, row.waiting) for row in timeline.rows] == [
        (10, 0, 0),
        (15, 3, 7),
        (0, 0, 0),
    ]
    assert (timeline.rows[0].planned_rate, timeline.rows[0].target_rate) == (10, 15)


def test_response_times_stand_beside_service_times(timeline: Timeline) -> None:
    timeline.open_segment(0, "start", 1)
    second = Second(0)
    second.totals.take([operation([1000] * 10, responses_us=[900_000] * 4)], [], 0, 0)
    row = timeline.close(second)
    assert row.p95_ms == 1.0
    assert row.r95_ms == pytest.approx(900, rel=0.001)
    assert timeline.segments[0].responses.count == 4
    assert timeline.close(second_of(1, 1000)).r95_ms is None


def test_the_warm_up_is_a_segment_of_its_own_and_no_second_mixes(now: Now) -> None:
    timeline = Timeline(now, warm_up=True)
    timeline.open_segment(0, "start", 2)
    for number in range(6):
        timeline.close(second_of(number, *([1000] * (number + 1)), warm_up=number < 2))
    warm, measured = timeline.segments
    assert (warm.warm_up, warm.start, warm.end, warm.requests, warm.seconds) == (True, 0, 2, 3, 2)
    assert (measured.warm_up, measured.start, measured.end) == (False, 2, None)
    assert (measured.requests, measured.seconds, measured.why) == (18, 4, "the warm-up is over")
    assert timeline.measured_s == 4
    assert [row.warm_up for row in timeline.rows] == [True, True, False, False, False, False]


def test_a_change_within_the_warm_up_has_its_segment_there(now: Now) -> None:
    timeline = Timeline(now, warm_up=True)
    timeline.open_segment(0, "start", 2)
    for number in range(10):
        if number == 3:
            timeline.open_segment(2.5, "VUs 2 → 9", 9)
        timeline.close(second_of(number, 1000, warm_up=number < 6))
    assert [(s.start, s.end, s.warm_up, s.requests) for s in timeline.segments] == [
        (0, 3, True, 3),
        (3, 6, True, 3),
        (6, None, False, 4),
    ]


@pytest.mark.parametrize("behind", [1, 3])
def test_a_change_that_comes_before_the_last_second_of_the_warm_up_is_closed_is_measured(
    now: Now, behind: int
) -> None:
    """Seconds close late: the change at 6.2 s is known before second 5, the first measured one, is."""
    timeline = Timeline(now, warm_up=True)
    timeline.open_segment(0, "start", 2)
    closed = 0
    for present in range(12):
        if present == 7:
            timeline.open_segment(6.2, "VUs 2 → 9", 9)
        if present >= behind + 1:
            timeline.close(second_of(closed, 1000, warm_up=closed < 5))
            closed += 1
    assert [(s.start, s.end, s.warm_up) for s in timeline.segments] == [
        (0, 5, True),
        (5, 7, False),
        (7, None, False),
    ]
    assert [s.requests for s in timeline.segments] == [5, 2, closed - 7]
