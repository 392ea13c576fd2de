"""A run's state -> what front ends see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dmsperf_tui.plan.metrics import RESPONSE_TIME
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.run.findings import findings
from dmsperf_tui.run.snapshot import (
    CheckRow,
    EntityRow,
    ErrorRow,
    HealthRow,
    ListRow,
    ObjectiveRow,
    OperationRow,
    RunSnapshot,
    ThresholdRow,
    TimelineRow,
    WorkloadRow,
)
from dmsperf_tui.run.statistics import ErrorGroup
from dmsperf_tui.run.totals import DURATION, OperationTotals, trend_of

if TYPE_CHECKING:
    from dmsperf_tui.run.run import Run


def snapshot_of(run: Run, first_row: int) -> RunSnapshot:
    """The run as it is now, with the timeline rows from number `first_row` on."""
    workloads = tuple(_workload_row(run, workload) for workload in run.config.plan.workloads)
    levels, totals, rows = run.levels(), run.statistics.totals, run.timeline.rows
    newest = rows[-1] if rows and not run.state.over else None
    heading = sum(
        int(run.heading(workload))
        for workload in run.config.plan.workloads
        if run.active(workload) and workload.arrival is None
    )
    seconds = max(run.measured_s, 1e-9)
    warming_up = run.clock is not None and run.elapsed_ns < run.config.plan.warm_up_ns
    return RunSnapshot(
        info=run.info,
        state=run.state,
        elapsed_s=run.elapsed_ns / NS_PER_S,
        planned=levels.planned,
        target=levels.target,
        heading=heading,
        vus=levels.vus,
        requests=totals.requests,
        requests_sent=run.statistics.requests_sent,
        failed=totals.failed,
        rate=float(newest.requests) if newest else totals.requests / seconds,
        in_flight=run.statistics.in_flight,
        iterations=sum(row.iterations for row in workloads),
        interrupted=sum(row.interrupted for row in workloads),
        dropped=sum(row.dropped for row in workloads),
        p95_ms=_newest(run, "p95_ms", DURATION),
        response_p95_ms=_newest(run, "r95_ms", RESPONSE_TIME),
        planned_rate=levels.planned_rate,
        target_rate=levels.target_rate,
        starts_rate=float(newest.starts) if newest else 0.0,
        waiting=levels.waiting,
        cut=sum(row.cut for row in workloads),
        warming_up=warming_up,
        health=health_row(run),
        workloads=workloads,
        lists=tuple(list_row(run, name) for name in run.lists),
        operations=tuple(_operation_row(key, rows, seconds) for key, rows in totals.by_name().items()),
        thresholds=tuple(_threshold_row(run, row) for row in run.thresholds_now),
        objectives=tuple(_objective_row(run, row) for row in run.objectives_now),
        checks=tuple(CheckRow(name, *counts) for name, counts in totals.checks().items()),
        errors=tuple(
            error_row(group)
            for group in sorted(run.statistics.errors.values(), key=lambda group: -group.last_ns)
        ),
        failures=run.statistics.failures.rows,
        events=tuple(run.events),
        preflight=tuple(run.preflight),
        rows=tuple(rows[first_row:]),
        exit_code=run.exit_code,
        message=run.message,
    )


def health_row(run: Run) -> HealthRow:
    # A run that never came to load measured nothing that could be doubted.
    verdict, reasons = run.verdict.judge(over=run.state.over and run.clock is not None)
    last = run.last
    return HealthRow(
        verdict=verdict,
        reasons=reasons,
        loop_lag_p99_ms=last.lag_p99_ms if last else 0.0,
        cpu_share=last.cpu_share if last else 0.0,
        workers=run.config.workers,
        workers_alive=run.workers_alive,
        start_slip_p99_ms=last.slip_p99_ms if last else 0.0,
        findings=findings(run),
    )


def _workload_row(run: Run, workload: WorkloadPlan) -> WorkloadRow:
    gauge, steering = run.gauge(workload.name), run.steering[workload.name]
    own_ns, active, arrival = run.own_ns(workload), run.active(workload), workload.arrival
    planned = steering.plan_level(own_ns) if active else 0
    target = steering.level(own_ns) if active else 0
    most = run.max_vus.get(workload.name, 0)
    return WorkloadRow(
        name=workload.name,
        executor=workload.executor,
        flow=workload.flow,
        planned=most if arrival else int(planned),
        target=most if arrival else int(target),
        vus=gauge.vus,
        leaving=gauge.leaving,
        by_hand=steering.by_hand,
        peak=workload.peak_vus,
        iterations=gauge.completed,
        interrupted=gauge.interrupted,
        dropped=gauge.dropped,
        total_iterations=workload.iterations,
        open=arrival is not None,
        planned_rate=planned if arrival else 0.0,
        target_rate=target if arrival else 0.0,
        time_unit_s=arrival.time_unit_s if arrival else 1.0,
        max_vus=most,
        planned_starts=gauge.planned,
        started=gauge.started,
        running=gauge.running,
        waiting=gauge.waiting,
        cut=gauge.cut,
        stage=steering.stage_at(own_ns) + 1 if active else 0,
        stages=len(steering.shape.stages),
        active=active,
        weights=dict(run.weights[workload.name]) if len(workload.flows) > 1 else {},
    )


def list_row(run: Run, workload: str) -> ListRow:
    """How far the workload is with its list."""
    work, rate = run.lists[workload], run.paces[workload].rate
    return ListRow(
        workload=workload,
        total=work.total,
        before=work.before,
        created=work.created,
        failed=work.failed,
        order=work.order,
        rate=rate,
        eta_s=work.left / rate if rate > 0 else None,
        rows=tuple(
            EntityRow(part.name, part.order, part.count, created, failed)
            for part, created, failed in work.counts()
        ),
    )


def _threshold_row(run: Run, row: ThresholdRow) -> ThresholdRow:
    """A count that has not begun is no failure yet: its workload may come later."""
    if _may_come(run, row):
        return replace(row, ok=None)
    begun = run.state.over or row.value != 0 or not row.expression.startswith("count")
    return row if begun or row.ok is not False else replace(row, ok=None, value=None)


def _objective_row(run: Run, row: ObjectiveRow) -> ObjectiveRow:
    return replace(row, ok=None, level="", level_expression="") if _may_come(run, row) else row


def _may_come(run: Run, row: ThresholdRow | ObjectiveRow) -> bool:
    """The most VUs are not reached before the plan comes to them."""
    return not run.state.over and row.ok is False and row.metric == "vus_max" and ">" in row.expression


def _newest(run: Run, column: str, metric: str) -> float | None:
    if run.state.over:
        total = run.statistics.totals.trend(metric)
        return total.percentile_us(95) / 1000 if total.count else None
    # Two seconds back at most: an outage must not show the latency from before it.
    newest: list[TimelineRow] = run.timeline.rows[-2:]
    values: list[float | None] = [getattr(row, column) for row in reversed(newest)]
    return next((value for value in values if value is not None), None)


def _operation_row(key: tuple[str, str], rows: Sequence[OperationTotals], seconds: float) -> OperationRow:
    durations, responses = trend_of(rows), trend_of(rows, RESPONSE_TIME)
    p50, p90, p95, p99 = durations.percentiles_us((50, 90, 95, 99))
    r50, r95, r99 = responses.percentiles_us((50, 95, 99))
    requests = sum(row.requests for row in rows)
    return OperationRow(
        name=key[1],
        workload=key[0],
        count=requests,
        failed=sum(row.requests for row in rows if row.failed),
        rate=requests / seconds,
        avg_ms=durations.mean_us / 1000,
        p50_ms=p50 / 1000,
        p95_ms=p95 / 1000,
        p99_ms=p99 / 1000,
        max_ms=durations.max_us / 1000,
        r95_ms=r95 / 1000 if responses.count else None,
        r99_ms=r99 / 1000 if responses.count else None,
        p90_ms=p90 / 1000,
        r50_ms=r50 / 1000 if responses.count else None,
    )


def error_row(group: ErrorGroup) -> ErrorRow:
    return ErrorRow(
        operation=group.operation,
        phase=group.phase,
        kind=group.failure,
        count=group.count,
        first_s=group.first_ns / NS_PER_S,
        last_s=group.last_ns / NS_PER_S,
        sample=group.said[:300],
    )
