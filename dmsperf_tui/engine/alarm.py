"""Wakes the event loop when the next arrival is due.

Event loops count in whole milliseconds (uvloop, and epoll itself), which puts half a millisecond on every
start. Linux has timers that are files (timerfd), precise to some 0.1 ms: the loop waits for them as for a
socket.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import sys
from collections.abc import Callable
from typing import Protocol

_MS = 1_000_000
_MONOTONIC = 1


class Alarm(Protocol):
    """Rings once after each `set`; may ring early, so look at the clock."""

    def set(self, wait_ns: int) -> None:
        """Rings after `wait_ns`, at once where that is past. An instant that was set before is forgotten."""

    def cancel(self) -> None:
        """Does not ring."""

    def close(self) -> None:
        """Rings no more."""


class LoopAlarm:
    """The loop's own timer, rounded up to its milliseconds: one that fires early would only be set again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, wait_ns: int) -> None:
        self.cancel()
        self._timer = self._loop.call_later(max(0, math.ceil(wait_ns / _MS)) / 1000, self._ring)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        self.cancel()


class _Timer(ctypes.Structure):
    """struct itimerspec: no interval, one expiry."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerfdAlarm:
    """A timerfd. Raises OSError where there is none to be had."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        libc = ctypes.CDLL(None, use_errno=True)
        self._settime = libc.timerfd_settime
        self._timer = _Timer()
        self._pointer = ctypes.byref(self._timer)
        self._fd: int = libc.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        loop.add_reader(self._fd, self._expired)

    def set(self, wait_ns: int) -> None:
        # 0 would switch it off.
        self._timer.value_s, self._timer.value_ns = divmod(max(1, wait_ns), 1_000_000_000)
        self._settime(self._fd, 0, self._pointer, None)

    def cancel(self) -> None:
        self._timer.value_s = self._timer.value_ns = 0
        self._settime(self._fd, 0, self._pointer, None)

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            # Set anew, or cancelled, between its expiry and this call.
            return
        self._ring()


def precise_alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    """The most precise that this system has."""
    if sys.platform == "linux":
        try:
            return TimerfdAlarm(loop, ring)
        except (OSError, AttributeError):
            # A system that has no timerfd: an old kernel, or a sandbox.
            return LoopAlarm(loop, ring)
    return LoopAlarm(loop, ring)
