"""A scripted run: a link that records what it is told, and snapshots made of plain arithmetic."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from dmsperf_tui.run.commands import Command, Reply
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.snapshot import (
    CheckRow,
    ErrorRow,
    EventRow,
    FailureRow,
    HealthRow,
    OperationRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
    WorkloadRow,
)
from dmsperf_tui.systems.checks import PreflightRow

INFO = RunInfo(
    id="7f3a",
    scenario="dms/concurrent",
    title="Concurrent users",
    profile="dev",
    environment="embedded",
    url="http://127.0.0.1:41893",
    try_out=True,
    insecure=False,
    results="results/20261121T101500Z-dms-concurrent-7f3a",
    planned_s=1380.0,
    plan=((0.0, 0), (114.0, 38), (1200.0, 38), (1380.0, 0)),
)
CHECKS = (
    PreflightRow("health", True, "DMS answers", 0.02),
    PreflightRow("discovery", True, "data management API 5.2.0, Data Standard 5.2", 0.01),
    PreflightRow("token", True, "client credentials accepted, valid for 30 min", 0.03),
)


def row(second: int, *, spike: bool = False) -> TimelineRow:
    """Second `second` of the scripted run: a ramp to 38, ten more by hand at 120 s, waves in latency."""
    planned = min(38, second // 3)
    hand = 10 if second >= 120 else 0
    p50 = 14 + 4 * math.sin(second / 11) + planned / 6
    p99 = 900.0 if spike else p50 * (4.5 + 2 * math.sin(second / 3))
    return TimelineRow(
        second=second,
        planned=planned,
        target=planned + hand,
        vus=planned + (min(hand, (second - 119) * 2) if hand else 0),
        requests=int((planned + hand) * 9 + 12 * math.sin(second / 5)),
        failed=4 if second % 47 > 44 else 0,
        iterations=planned,
        p50_ms=p50,
        p95_ms=p50 * (2.4 + 0.4 * math.sin(second / 5)),
        p99_ms=p99,
        max_ms=p99 * 1.2,
    )


def rows(start: int, end: int, *, spike_at: int | None = None) -> tuple[TimelineRow, ...]:
    return tuple(row(second, spike=second == spike_at) for second in range(start, end))


OPERATIONS = tuple(
    OperationRow(name, "concurrent_rampup", count, failed, rate, avg, avg * 0.9, avg * 2.4, avg * 5, avg * 11)
    for name, count, failed, rate, avg in (
        ("POST students", 19_812, 0, 96.4, 18.2),
        ("POST studentSchoolAssociations", 19_790, 29, 96.2, 24.9),
        ("GET students/{id}", 40_331, 0, 201.0, 6.1),
        ("GET students", 9_904, 2, 48.1, 31.7),
        ("PUT students/{id}", 4_951, 0, 24.0, 15.3),
        ("POST schools", 204, 0, 0.9, 11.9),
    )
)
ERRORS = (
    ErrorRow(
        "POST studentSchoolAssociations",
        "status",
        "409",
        29,
        61.0,
        248.0,
        "unresolved-reference: the student [/ref] does not exist",
    ),
    ErrorRow("GET students", "read", "timeout", 2, 190.0, 231.0, "no answer within 60 s"),
)
THRESHOLDS = (
    ThresholdRow("http_req_duration", "p(95)<2000", True, 43.7),
    ThresholdRow("http_req_duration", "p(99)<100", True, 91.0),
    ThresholdRow("http_req_failed", "rate<0.0001", False, 0.00033),
)
EVENTS = (
    EventRow(0.0, "start", "load starts", 0),
    EventRow(120.4, "vus", "VUs 38 → 48", 120, 0.6),
)


FLOW_CHECKS = (
    CheckRow("student was created", 19_812, 0),
    CheckRow("association refers to its student", 19_761, 29),
    CheckRow("answer has an ETag", 24_763, 0),
)
FAILURES = (
    FailureRow(190.4, "GET students", "timeout", 1, "no answer within 60 s"),
    FailureRow(231.2, "GET students", "timeout", 1, "no answer within 60 s"),
    FailureRow(
        248.1,
        "POST studentSchoolAssociations",
        "409",
        3,
        "unresolved-reference: the student [/ref] does not exist",
    ),
)


def preparing() -> RunSnapshot:
    return RunSnapshot(
        INFO, RunState.PREPARING, 0.0, preflight=CHECKS[:1], message="waiting for the embedded DMS to answer"
    )


def running(elapsed: int = 252, *, first: int = 0, spike_at: int | None = None) -> RunSnapshot:
    """The run after `elapsed` seconds, with the rows from second `first` on."""
    newest = row(max(elapsed - 1, 0))
    return RunSnapshot(
        INFO,
        RunState.RUNNING,
        float(elapsed),
        planned=newest.planned,
        target=newest.target,
        heading=newest.target,
        vus=newest.vus,
        requests=94_992,
        requests_sent=95_000,
        failed=31,
        rate=float(newest.requests),
        in_flight=8,
        iterations=19_790,
        p95_ms=newest.p95_ms,
        health=HealthRow("valid", (), 0.4, 0.37, 0.1, (), 2, 2),
        workloads=(
            WorkloadRow(
                "concurrent_rampup",
                "ramping-vus",
                "dms.enroll_student",
                newest.planned,
                newest.target,
                newest.vus,
                0,
                newest.target != newest.planned,
                100,
                19_790,
                0,
                0,
                None,
            ),
        ),
        operations=OPERATIONS,
        thresholds=THRESHOLDS,
        errors=ERRORS,
        events=tuple(event for event in EVENTS if event.at_s <= elapsed),
        preflight=CHECKS,
        rows=rows(first, elapsed, spike_at=spike_at),
    )


def ended(elapsed: int = 1380, state: RunState = RunState.FINISHED, exit_code: int = 0) -> RunSnapshot:
    """The run when it is over: nobody left, all thresholds hold where it passed."""
    snapshot = running(elapsed)
    good = exit_code == 0
    thresholds = tuple(
        replace(t, ok=True, value=0.00002 if not t.ok else t.value) if good else t for t in THRESHOLDS
    )
    return replace(
        snapshot,
        state=state,
        exit_code=exit_code,
        thresholds=thresholds,
        vus=0,
        target=0,
        heading=0,
        planned=0,
        rate=0.0,
    )


def rich(elapsed: int = 252) -> RunSnapshot:
    """The run with something for every panel: checks, failures as they came, a mix with shares."""
    snapshot = running(elapsed)
    one = snapshot.workloads[0]
    browse = replace(
        one, name="browse", weights={"read": 80.0, "write": 20.0}, active=True, stage=2, stages=4
    )
    return replace(snapshot, workloads=(browse,), checks=FLOW_CHECKS, failures=FAILURES)


class FakeLink(RunLink):
    """A run that does nothing by itself: tests push snapshots and read what it was told."""

    def __init__(self, *snapshots: RunSnapshot) -> None:
        self.sent: list[Command] = []
        self.closed = False
        self.refusal = ""
        """What every command is answered with, where it is not empty."""
        self.gone = False
        self._queue: asyncio.Queue[RunSnapshot | None] = asyncio.Queue()
        for snapshot in snapshots:
            self._queue.put_nowait(snapshot)

    def push(self, snapshot: RunSnapshot) -> None:
        self._queue.put_nowait(snapshot)

    def lose(self) -> None:
        """The host goes away."""
        self.gone = True
        self._queue.put_nowait(None)

    async def send(self, command: Command) -> Reply:
        if self.gone:
            raise ConnectionError("the run's host is gone")
        self.sent.append(command)
        return Reply(ok=not self.refusal, text=self.refusal or "done")

    async def snapshots(self) -> AsyncIterator[RunSnapshot]:
        while (snapshot := await self._queue.get()) is not None:
            yield snapshot

    async def close(self) -> None:
        self.closed = True
        self._queue.put_nowait(None)

    def told(self) -> Sequence[Command]:
        return self.sent
