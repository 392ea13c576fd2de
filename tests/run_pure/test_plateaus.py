"""Rate limiting and an open breaker, recognised from each second's statuses."""

from __future__ import annotations

from dmsperf_tui.run.plateaus import MOST_EVENTS, Plateaus

FINE, LIMITED, BROKEN = {201: 50}, {201: 20, 429: 30}, {500: 48, 201: 2}


def seen(seconds: list[dict[int, int]]) -> tuple[list[tuple[int, str, str]], list[str]]:
    """(second, kind, text) of the events, and the findings."""
    plateaus = Plateaus()
    events = [
        (number, *event)
        for number, statuses in enumerate(seconds)
        for event in plateaus.second(number, statuses)
    ]
    return events, plateaus.findings()


def test_a_breaker_of_30_s_is_called_one() -> None:
    events, findings = seen([FINE] * 5 + [BROKEN] * 30 + [FINE] * 5)
    assert [(second, kind) for second, kind, _ in events] == [(7, "outage"), (35, "outage")]
    assert events[0][2] == "since 00:05 nearly everything is answered 500"
    assert "after 30 s: a circuit breaker" in events[1][2]
    assert len(findings) == 1
    assert findings[0].startswith("nearly everything was answered 500 for 30 s from 00:05: plateaus of 30 s")


def test_another_outage_is_told_without_a_guess() -> None:
    _, (finding,) = seen([FINE] * 5 + [{503: 9}] * 8 + [FINE])
    assert finding == "nearly everything was answered 503 for 8 s from 00:05: see the service's own log"


def test_a_service_that_is_gone_and_a_client_that_is_refused_are_told_apart() -> None:
    assert "without an answer for 4 s from 00:00: is the service running" in seen([{0: 9}] * 4 + [FINE])[1][0]
    assert "answered 401 for 4 s from 00:00: its client is refused" in seen([{401: 9}] * 4 + [FINE])[1][0]


def test_errors_among_others_and_bad_seconds_alone_are_no_plateau() -> None:
    assert seen([FINE, BROKEN, BROKEN, FINE, {500: 8, 201: 2}, FINE]) == ([], [])


def test_a_second_without_answers_ends_no_outage() -> None:
    events, _ = seen([BROKEN, BROKEN, {}, BROKEN, FINE])
    assert [kind for _, kind, _ in events] == ["outage", "outage"]
    assert "after 4 s" in events[1][2]


def test_rate_limiting_by_windows_is_one_stretch_with_the_rate_that_passed() -> None:
    window = [{201: 100}] * 5 + [{429: 100}] * 5
    events, (finding,) = seen(window * 3 + [FINE] * 15)
    assert [(second, kind) for second, kind, _ in events] == [(5, "rate-limit"), (41, "rate-limit")]
    assert events[1][2] == "no more 429 since 00:30"
    assert "1500 requests were answered 429 within 25 s" in finding
    assert "about 40/s got through" in finding


def test_a_long_run_of_trouble_does_not_flood_the_timeline() -> None:
    events, findings = seen(([LIMITED] + [FINE] * 12 + [BROKEN] * 3) * 50)
    assert len(events) == MOST_EVENTS
    assert "and 45 more" in findings[1]
