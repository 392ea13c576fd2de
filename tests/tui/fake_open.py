"""A scripted run of an open workload: 100 a second, doubled by hand at 150 s, more than its VUs can do."""

from __future__ import annotations

import math
from dataclasses import replace

from dmsperf_tui.run.snapshot import (
    EventRow,
    HealthRow,
    OperationRow,
    RunInfo,
    RunSnapshot,
    RunState,
    ThresholdRow,
    TimelineRow,
    WorkloadRow,
)
from tests.tui.fakes import CHECKS, INFO, running

OPEN_INFO: RunInfo = replace(
    INFO,
    id="9c1e",
    scenario="dms/arrivals",
    title="Arrivals",
    results="results/20261121T101500Z-dms-arrivals-9c1e",
    planned_s=600.0,
    plan=(),
    rate_plan=((0.0, 100.0), (300.0, 100.0), (600.0, 150.0)),
    open=True,
    warm_up_s=30.0,
)
DOUBLED_S = 150
FINDING = (
    "arrivals: all 50 VUs were busy, so iterations came late (812 waited, 30 dropped, 0 cut): the system "
    "answers too slowly for this rate and as many VUs"
)
OPEN_EVENTS = (
    EventRow(0.0, "start", "start: dms/arrivals", 0),
    EventRow(150.2, "rate", "rate 100/s → 200/s", 150, 0.03),
    EventRow(171.0, "busy", "arrivals: all its VUs are busy, so iterations wait", 171),
)


def open_row(second: int) -> TimelineRow:
    """Second `second`: on time until the rate is doubled; from 20 s after that on iterations wait."""
    doubled = second >= DOUBLED_S
    late = max(0, second - DOUBLED_S - 20)
    p50 = 21 + 3 * math.sin(second / 9) + (9 if doubled else 0)
    vus = min(50, 14 + 6 * late) if doubled else 7
    starts = (196 if doubled else 100) + int(4 * math.sin(second / 4))
    return TimelineRow(
        second=second,
        planned=0,
        target=0,
        vus=vus,
        requests=starts,
        failed=0,
        iterations=196 if doubled else 100,
        p50_ms=p50,
        p95_ms=p50 * 1.9,
        p99_ms=p50 * 3,
        max_ms=p50 * 4,
        warm_up=second < 30,
        planned_rate=100.0,
        target_rate=200.0 if doubled else 100.0,
        starts=starts,
        dropped=1 if second > 200 else 0,
        waiting=min(12, late),
        r50_ms=p50 + 2 * late,
        r95_ms=p50 * 1.9 + 8 * late,
        r99_ms=p50 * 3 + 12 * late,
        open_vus=vus,
        open_starts=starts,
    )


def open_running(elapsed: int = 231, *, first: int = 0) -> RunSnapshot:
    """The run after `elapsed` seconds, with the rows from second `first` on."""
    newest = open_row(max(elapsed - 1, 0))
    dropped = max(0, elapsed - 201)
    return RunSnapshot(
        OPEN_INFO,
        RunState.RUNNING,
        float(elapsed),
        vus=newest.vus,
        requests=31_204,
        requests_sent=31_254,
        rate=float(newest.requests),
        in_flight=newest.vus,
        iterations=31_204,
        dropped=dropped,
        p95_ms=newest.p95_ms,
        response_p95_ms=newest.r95_ms,
        planned_rate=newest.planned_rate,
        target_rate=newest.target_rate,
        starts_rate=float(newest.starts),
        waiting=newest.waiting,
        warming_up=elapsed < 30,
        health=HealthRow("valid", (), 0.4, 0.37, 0.2, (FINDING,) if dropped else (), 2, 2),
        workloads=(
            WorkloadRow(
                name="arrivals",
                executor="ramping-arrival-rate",
                flow="dms.enroll_student",
                planned=50,
                target=50,
                vus=newest.vus,
                leaving=0,
                by_hand=newest.target_rate != newest.planned_rate,
                peak=50,
                iterations=31_204,
                interrupted=0,
                dropped=dropped,
                total_iterations=None,
                open=True,
                planned_rate=newest.planned_rate,
                target_rate=newest.target_rate,
                max_vus=50,
                planned_starts=31_204 + newest.vus + dropped + newest.waiting,
                started=31_204 + newest.vus,
                running=newest.vus,
                waiting=newest.waiting,
                stage=1,
                stages=2,
                active=True,
            ),
        ),
        operations=(
            OperationRow("POST students", "arrivals", 31_204, 0, 155.2, 24, 23, 44, 70, 140, 301, 420),
        ),
        thresholds=(
            ThresholdRow("http_req_response_time", "p(95)<200 over 30s", False, 322.0, 187.0),
            ThresholdRow("http_req_failed", "rate<0.01", True, 0.0),
        ),
        events=tuple(event for event in OPEN_EVENTS if event.at_s <= elapsed),
        preflight=CHECKS,
        rows=tuple(open_row(second) for second in range(first, elapsed)),
    )


CHECKOUT = replace(open_running().workloads[0], name="checkout", target_rate=0.5, planned_rate=0.5)


def mixed() -> RunSnapshot:
    """The closed run with an open workload beside it: an iteration every other second, by a VU or two."""
    closed = running()
    browse = replace(closed.workloads[0], name="browse", active=True)
    rows = tuple(
        replace(
            row,
            vus=row.vus + 1 + row.second % 2,
            open_vus=1 + row.second % 2,
            planned_rate=0.5,
            target_rate=0.5,
            starts=row.iterations + row.second % 2,
            open_starts=row.second % 2,
        )
        for row in closed.rows
    )
    info = replace(closed.info, rate_plan=((0.0, 0.5), (1380.0, 0.5)))
    return replace(
        closed,
        info=info,
        workloads=(browse, CHECKOUT),
        vus=closed.vus + CHECKOUT.vus,
        planned_rate=0.5,
        target_rate=0.5,
        rows=rows,
    )
