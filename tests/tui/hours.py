"""A scripted run of hours, lived through as fast as the app can paint, with a person who tries everything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual.pilot import Pilot

from dmsperf_tui.run.snapshot import CheckRow, ErrorRow, EventRow, FailureRow, OperationRow, RunSnapshot
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.run_view import RunView
from tests.tui.fakes import ERRORS, EVENTS, FakeLink, running

SIZES = ((120, 40), (40, 12), (20, 5), (80, 24))
_KINDS = 30
"""Kinds of failure: as many at any time, always others by count and time."""
_EVENTS = 12
_FAILURES, _A_SECOND = 200, 50
"""Lines of the failure log that a snapshot holds, and how many of them are new each second."""


def second(at: int, operations: int = 12) -> RunSnapshot:
    """The run's snapshot at the end of second `at`: every number has changed, nothing has become more."""
    return replace(
        running(at, first=at - 1),
        operations=tuple(_operation(number, at) for number in range(operations)),
        errors=tuple(_error(number, at) for number in range(_KINDS)),
        failures=tuple(_failure(at * _A_SECOND - ago) for ago in reversed(range(_FAILURES))),
        checks=tuple(CheckRow(f"check {n} holds", at * 30, at % (n + 2)) for n in range(6)),
        events=(*EVENTS, *(_event(number, at) for number in range(_EVENTS))),
    )


def _operation(number: int, at: int) -> OperationRow:
    p50 = 5 + number + (at * 7 + number * 13) % 29
    name, count, rate = f"GET resource{number}/{{id}}", at * (number + 3), 10.0 + (at + number) % 9
    return OperationRow(
        name, "concurrent_rampup", count, at % 17, rate, p50 * 1.1, p50, p50 * 2.4, p50 * 5.0, p50 * 11.0,
    )  # fmt: skip


def _error(number: int, at: int) -> ErrorRow:
    likeness = ERRORS[number % len(ERRORS)]
    words = f"[{number}] {likeness.sample} at {at}"
    return replace(
        likeness, operation=f"POST r{number}", count=at + number, last_s=at - number % 7, sample=words
    )


def _failure(number: int) -> FailureRow:
    likeness = ERRORS[number % len(ERRORS)]
    words = f"[{number}] {likeness.sample}"
    return FailureRow(number / _A_SECOND, f"POST r{number % _KINDS}", likeness.kind, 1 + number % 3, words)


def _event(number: int, at: int) -> EventRow:
    """The newest changes by hand: one comes every twenty seconds, and the oldest is let go of."""
    when = max(0, at - at % 20 - number * 20)
    return EventRow(when + 0.4, "vus", f"VUs {number + 30} → {number + 31}", when, 0.3)


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something that a person does, in keys, and whether it brings another screen up meanwhile."""

    keys: Sequence[str]
    opens: bool = False
    leave: Sequence[str] = ("escape",)


GESTURES = (
    Gesture(("w", "y"), leave=()),
    Gesture(("z",), leave=("z",)),
    Gesture(("question_mark",), opens=True),
    Gesture(("ctrl+p", "p", "a"), opens=True, leave=("escape", "escape")),
    Gesture(("v", "5", "0"), opens=True),
    Gesture(("n", "h", "i"), opens=True),
    Gesture(("S",), opens=True),
    Gesture(("right_square_bracket", "h", "l", "u"), leave=()),
)
FILTERED = "operations"
"""A panel whose lines are filtered and sorted."""


class Hours:
    """An app on a scripted run, and the person before it."""

    def __init__(self, pilot: Pilot[None], app: DmsPerfApp, link: FakeLink, *, operations: int = 12) -> None:
        self.at = 0
        """Seconds of the run so far."""
        self._pilot, self._app, self._link = pilot, app, link
        self._operations = operations

    async def pass_(self, seconds: int) -> None:
        """So many seconds of the run, each of them painted."""
        for _ in range(seconds):
            self.at += 1
            snapshot = second(self.at, self._operations)
            self._link.push(snapshot)
            while self._app.snapshot is not snapshot:  # noqa: ASYNC110 - a queue and a message away
                await asyncio.sleep(0)
            self._app.repaint()
            await self._pilot.pause()
        self._link.sent.clear()

    async def everything(self, seconds: int, sizes: Sequence[tuple[int, int]] = SIZES) -> None:
        """Each panel, each gesture and each size once, with so many seconds in between.

        It ends as it began, so that what is kept after one time can be compared with what is after another.
        """
        view = self._app.query_one(RunView)
        for _ in view.there:
            await self._do(Gesture(("tab",), leave=()), seconds)
        view.go_to(FILTERED)
        await self._do(Gesture(("slash", "r", "1"), leave=("escape", "escape")), seconds)
        await self._do(Gesture(("o", "down", "down", "up"), leave=("O",)), seconds)
        for gesture in GESTURES:
            await self._do(gesture, seconds)
        for size in sizes:
            await self._pilot.resize_terminal(*size)
            await self.pass_(seconds)
        view.go_to(view.there[0])
        await self.pass_(1)

    async def _do(self, gesture: Gesture, seconds: int) -> None:
        await self._pilot.press(*gesture.keys)
        opened = len(self._app.screen_stack) > 1
        assert opened == gesture.opens, f"{' '.join(gesture.keys)}: another screen is there: {opened}"
        await self.pass_(seconds)
        await self._pilot.press(*gesture.leave)
