"""A run's state -> its summary."""

from __future__ import annotations

import os
import platform
import resource
from datetime import UTC, datetime
from typing import Any

from dmsperf_tui import __version__
from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.plan.metrics import HTTP_TRENDS
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.report.hdr import encoded
from dmsperf_tui.report.summary import (
    TIMELINE_POINTS,
    CheckPart,
    Counter,
    ErrorPart,
    EventPart,
    Gauge,
    Operation,
    Rate,
    RunPart,
    Segment,
    Summary,
    ThresholdPart,
    TimelinePoint,
    Trend,
    Validity,
    WorkloadPart,
)
from dmsperf_tui.run.run import Run
from dmsperf_tui.run.snapshot import TimelineRow
from dmsperf_tui.run.statistics import DURATION, OperationTotals
from dmsperf_tui.run.timeline import SegmentTotals
from dmsperf_tui.settings.environment import public

_PERCENTILES = (50, 90, 95, 99, 99.9)


def _trend(histogram: Histogram) -> Trend:
    p50, p90, p95, p99, p999 = (value / 1000 for value in histogram.percentiles_us(_PERCENTILES))
    return Trend(
        count=histogram.count,
        avg=histogram.mean_us / 1000,
        min=histogram.min_us / 1000,
        max=histogram.max_us / 1000,
        med=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p999=p999,
    )


def _metrics(run: Run, seconds: float) -> dict[str, Trend | Counter | Rate | Gauge]:
    statistics, counts = run.statistics, run.counts()

    def counter(total: int) -> Counter:
        return Counter(count=total, rate=total / seconds)

    def rate(passes: int, fails: int) -> Rate:
        return Rate(rate=passes / (passes + fails) if passes + fails else 0.0, passes=passes, fails=fails)

    metrics: dict[str, Trend | Counter | Rate | Gauge] = {
        "http_reqs": counter(statistics.requests),
        "http_req_failed": rate(statistics.failed, statistics.requests - statistics.failed),
        "iterations": counter(sum(histogram.count for histogram in statistics.iterations.values())),
        "dropped_iterations": counter(counts.dropped),
        "data_sent": counter(statistics.data_sent),
        "data_received": counter(statistics.data_received),
    }
    for metric in (*HTTP_TRENDS, "iteration_duration"):
        histogram = statistics.trend(metric)
        if histogram.count:
            metrics[metric] = _trend(histogram)
    if statistics.checks:
        metrics["checks"] = rate(
            sum(passes for passes, _ in statistics.checks.values()),
            sum(fails for _, fails in statistics.checks.values()),
        )
    vus = [row.vus for row in run.timeline.rows] or [0]
    metrics["vus"] = Gauge(value=vus[-1], min=min(vus), max=max(vus))
    metrics["vus_max"] = Gauge(value=run.vus_max, min=run.vus_max, max=run.vus_max)
    return metrics


def _operation(totals: OperationTotals, seconds: float) -> Operation:
    trend = _trend(totals.trend(DURATION))
    return Operation(
        name=totals.name,
        workload=totals.workload,
        method=totals.method,
        count=totals.requests,
        failed=totals.failed,
        rate=totals.requests / seconds,
        avg=trend.avg,
        med=trend.med,
        p90=trend.p90,
        p95=trend.p95,
        p99=trend.p99,
        max=trend.max,
    )


def _segment(segment: SegmentTotals, end: int) -> Segment:
    p50, p95, p99 = (value / 1000 for value in segment.durations.percentiles_us((50, 95, 99)))
    some = segment.durations.count > 0
    return Segment(
        start_s=segment.start,
        end_s=segment.end if segment.end is not None else end,
        why=segment.why,
        vus=segment.vus,
        requests=segment.requests,
        failed=segment.failed,
        rate=segment.requests / segment.seconds if segment.seconds else 0.0,
        p50=p50 if some else None,
        p95=p95 if some else None,
        p99=p99 if some else None,
    )


def _point(rows: list[TimelineRow]) -> TimelinePoint:
    last = rows[-1]

    def worst(name: str) -> float | None:
        values = [value for row in rows if (value := getattr(row, name)) is not None]
        return max(values) if values else None

    return TimelinePoint(
        second=last.second,
        planned=last.planned,
        target=last.target,
        vus=last.vus,
        requests=sum(row.requests for row in rows),
        failed=sum(row.failed for row in rows),
        p50=worst("p50_ms"),
        p95=worst("p95_ms"),
        p99=worst("p99_ms"),
        max=worst("max_ms"),
    )


def _timeline(rows: list[TimelineRow]) -> list[TimelinePoint]:
    width = -(-len(rows) // TIMELINE_POINTS) or 1
    return [_point(rows[start : start + width]) for start in range(0, len(rows), width)]


def _manifest(run: Run) -> dict[str, Any]:
    config = run.config
    return {
        "dmsperf_tui": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": platform.node(),
        "cpus": os.cpu_count(),
        "open_files_limit": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "seed": config.seed,
        "speedup": config.speedup,
        "workers": config.workers,
        "environment": public(config.environment),
        "insecure": config.environment.insecure,
        "try_out": run.info.try_out,
        "scenario": config.scenario_source,
        "profile": config.profile.values,
        "sources": config.sources,
        "preflight": [
            {"name": row.name, "ok": row.ok, "detail": row.detail, "seconds": round(row.seconds, 3)}
            for row in run.preflight
        ],
    }


def _iso(start_wall_s: float | None) -> str:
    return (
        datetime.fromtimestamp(start_wall_s, UTC).isoformat(timespec="milliseconds") if start_wall_s else ""
    )


def summarize(run: Run, started_at: float | None, ended_at: float | None) -> Summary:
    """The record as of now. `started_at` and `ended_at` are seconds since the epoch."""
    seconds = max(run.elapsed_ns / NS_PER_S, 1e-9)
    snapshot = run.snapshot(first_row=len(run.timeline.rows))
    end = len(run.timeline.rows)
    health = snapshot.health
    workloads = {}
    for workload in run.config.plan.workloads:
        gauge = run.gauge(workload)
        workloads[workload.name] = WorkloadPart(
            executor=workload.executor,
            flow=workload.flow,
            vus_max=run.workload_vus_max.get(workload.name, 0),
            planned_iterations=workload.iterations,
            started=gauge.started,
            completed=gauge.completed,
            interrupted=gauge.interrupted,
            dropped=run.dropped(workload),
        )
    return Summary(
        run=RunPart(
            id=run.info.id,
            scenario=run.info.scenario,
            profile=run.info.profile,
            environment=run.info.environment,
            started_at=_iso(started_at),
            ended_at=_iso(ended_at),
            duration_s=run.elapsed_ns / NS_PER_S,
            paused_s=run.clock.paused_ns / NS_PER_S if run.clock else 0.0,
            state=run.state.value,
            exit_code=run.exit_code,
            message=run.message,
        ),
        validity=Validity.model_validate({"verdict": health.verdict, "reasons": list(health.reasons)}),
        metrics=_metrics(run, seconds),
        operations=[_operation(totals, seconds) for totals in run.statistics.select()],
        workloads=workloads,
        segments=[_segment(segment, end) for segment in run.timeline.segments],
        thresholds=[
            ThresholdPart(
                metric=row.metric, expression=row.expression, ok=row.ok is not False, value=row.value
            )
            for row in run.thresholds()
        ],
        checks=[CheckPart(name=row.name, passes=row.passes, fails=row.fails) for row in snapshot.checks],
        errors=[
            ErrorPart(
                operation=row.operation,
                phase=row.phase,
                kind=row.kind,
                count=row.count,
                first_s=round(row.first_s, 3),
                last_s=round(row.last_s, 3),
                sample=row.sample,
            )
            for row in snapshot.errors
        ],
        events=[
            EventPart(at_s=row.at_s, kind=row.kind, text=row.text, applied_s=row.applied_s)
            for row in run.events
        ],
        timeline=_timeline(run.timeline.rows),
        generator={
            "workers": run.config.workers,
            "workers_alive": run.workers_alive,
            "requests_sent": run.statistics.requests_sent,
            "loop_lag_p99_ms": health.loop_lag_p99_ms,
            "cpu_share": health.cpu_share,
        },
        manifest=_manifest(run),
        histograms={
            f"{workload}/{name}": encoded(totals.trend(DURATION))
            for (workload, name), totals in run.statistics.operations.items()
            if totals.trend(DURATION).count
        },
    )
