"""The run's clock, on a time of its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.engine.clock import RunClock


class Time:
    """What time it is, as the test says."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time(1000)


@pytest.fixture
def clock(time: Time) -> RunClock:
    return RunClock(1000, time)


def test_it_goes_with_time_and_is_negative_before_the_start(clock: RunClock, time: Time) -> None:
    for now, elapsed in ((900, -100), (1000, 0), (1250, 250)):
        time.now = now
        assert (clock.elapsed_ns(), clock.wall_ns()) == (elapsed, elapsed)


def test_it_stands_still_while_frozen(clock: RunClock, time: Time) -> None:
    time.now = 1500
    clock.freeze(1400)
    assert clock.frozen
    time.now = 2000
    assert clock.elapsed_ns() == 400
    assert clock.paused_ns == 600
    assert clock.wall_ns() == 1000


def test_it_goes_on_from_the_instant_of_the_thaw(clock: RunClock, time: Time) -> None:
    time.now = 1400
    clock.freeze(1400)
    time.now = 2100
    clock.thaw(2000)
    assert not clock.frozen
    assert clock.elapsed_ns() == 500
    assert clock.paused_ns == 600
    time.now = 2600
    assert (clock.elapsed_ns(), clock.paused_ns, clock.wall_ns()) == (1000, 600, 1600)


def test_freezing_and_thawing_twice_is_the_same_as_once(clock: RunClock, time: Time) -> None:
    time.now = 3000
    clock.thaw(1100)
    assert clock.paused_ns == 0
    clock.freeze(1200)
    clock.freeze(1900)
    assert clock.elapsed_ns() == 200
    clock.thaw(2000)
    clock.thaw(2900)
    assert (clock.paused_ns, clock.elapsed_ns()) == (800, 1200)


def test_a_thaw_told_earlier_than_the_freeze_takes_nothing_back(clock: RunClock, time: Time) -> None:
    time.now = 2000
    clock.freeze(1500)
    clock.thaw(1400)
    assert (clock.paused_ns, clock.elapsed_ns()) == (0, 1000)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), max_size=12))
def test_elapsed_is_the_time_between_the_pauses(spans: list[tuple[int, int]]) -> None:
    """(running, paused) spans; two clocks that hear of them at different times agree."""
    time = Time(0)
    host, worker = RunClock(0, time), RunClock(0, time)
    ran = paused = 0
    for running, waiting in spans:
        froze = time.now + running
        time.now = froze
        host.freeze(froze)
        time.now += waiting // 3
        worker.freeze(froze)
        ran, paused = ran + running, paused + waiting
        time.now = froze + waiting
        assert host.elapsed_ns() == worker.elapsed_ns() == ran
        host.thaw(time.now)
        worker.thaw(time.now)
        assert host.elapsed_ns() == worker.elapsed_ns() == ran
        assert host.paused_ns == paused
        assert host.wall_ns() == ran + paused
