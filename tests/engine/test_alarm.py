"""The alarm that wakes the loop for arrivals: on both kinds of timer, both kinds of loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from time import perf_counter_ns
from typing import Any

import pytest
import uvloop

from dmsperf_tui.engine.alarm import Alarm, LoopAlarm, TimerfdAlarm, precise_alarm

MS = 1_000_000
Make = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Alarm]
linux = pytest.mark.skipif(sys.platform != "linux", reason="timerfd is Linux's")
kinds = pytest.mark.parametrize("make", [LoopAlarm, pytest.param(TimerfdAlarm, marks=linux), precise_alarm])
loops = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])


def run(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


@kinds
@loops
def test_rings_once_after_each_set(make: Make, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def main() -> None:
        rang: list[int] = []
        ringing = asyncio.Event()

        def ring() -> None:
            rang.append(perf_counter_ns())
            ringing.set()

        alarm = make(asyncio.get_running_loop(), ring)
        for wait_ns in (5 * MS, 1, 0, -MS):
            set_at_ns = perf_counter_ns()
            alarm.set(wait_ns)
            await ringing.wait()
            ringing.clear()
            # A loop's own timer may be a little early (uvloop: 0.9 ms); a timerfd never is.
            early_ns = 0 if isinstance(alarm, TimerfdAlarm) else MS
            assert rang.pop() - set_at_ns >= wait_ns - early_ns
        await asyncio.sleep(0.01)
        assert not rang
        alarm.close()

    run(new_loop, main())


@kinds
@loops
def test_a_newer_instant_and_cancel_forget_the_one_before(
    make: Make, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main() -> None:
        rang: list[int] = []
        alarm = make(asyncio.get_running_loop(), lambda: rang.append(1))
        alarm.set(MS)
        alarm.set(60_000 * MS)
        await asyncio.sleep(0.01)
        assert not rang
        alarm.set(MS)
        alarm.cancel()
        await asyncio.sleep(0.01)
        assert not rang
        alarm.set(MS)
        alarm.close()
        alarm.close()
        await asyncio.sleep(0.01)
        assert not rang

    run(new_loop, main())


@linux
def test_a_closed_timerfd_leaves_no_file_open() -> None:
    async def main() -> None:
        before = len(os.listdir("/proc/self/fd"))
        alarms = [TimerfdAlarm(asyncio.get_running_loop(), lambda: None) for _ in range(5)]
        assert len(os.listdir("/proc/self/fd")) == before + 5
        for alarm in alarms:
            alarm.close()
        assert len(os.listdir("/proc/self/fd")) == before

    run(uvloop.new_event_loop, main())
