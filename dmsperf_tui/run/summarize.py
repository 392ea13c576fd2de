"""A run's state -> its summary."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from dmsperf_tui import __version__
from dmsperf_tui.engine.histogram import Histogram
from dmsperf_tui.plan.metrics import (
    BUILT_IN,
    FLOW_ERRORS,
    HTTP_METRICS,
    HTTP_TRENDS,
    OTHER_TRENDS,
    RESPONSE_TIME,
    START_SLIP,
    MetricType,
)
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.thresholds import Threshold, room
from dmsperf_tui.plan.units import NS_PER_S
from dmsperf_tui.report.hdr import encoded
from dmsperf_tui.report.summary import (
    TIMELINE_POINTS,
    CheckPart,
    Counter,
    EntityPart,
    ErrorPart,
    EventPart,
    Gauge,
    ObjectivePart,
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
from dmsperf_tui.run.timeline import SegmentTotals
from dmsperf_tui.run.totals import DURATION, OperationTotals, Tags, Totals, gauge_of, trend_of
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import public

_PERCENTILES = (50, 90, 95, 99, 99.9)


def _trend(histogram: Histogram, unit: Literal["ms", ""] = "ms") -> Trend:
    p50, p90, p95, p99, p999 = (value / 1000 for value in histogram.percentiles_us(_PERCENTILES))
    return Trend(
        unit=unit,
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


_Metric = Trend | Counter | Rate | Gauge


def _rate(passes: int, fails: int) -> Rate:
    return Rate(rate=passes / (passes + fails) if passes + fails else 0.0, passes=passes, fails=fails)


def _metrics(run: Run, seconds: float) -> dict[str, _Metric]:
    """k6's metrics over the measured time, the scenario's own, and what thresholds select of them."""
    totals, counts = run.statistics.totals, run.counts()

    def counter(total: float) -> Counter:
        return Counter(count=total, rate=total / seconds)

    metrics: dict[str, _Metric] = {
        "http_reqs": counter(totals.requests),
        "http_req_failed": _rate(totals.failed, totals.requests - totals.failed),
        "iterations": counter(totals.trend("iteration_duration").count),
        "dropped_iterations": counter(sum(counts.dropped.values())),
        "data_sent": counter(totals.data_sent),
        "data_received": counter(totals.data_received),
    }
    for metric in (*HTTP_TRENDS, *OTHER_TRENDS):
        histogram = totals.trend(metric)
        if histogram.count:
            metrics[metric] = _trend(histogram)
    flow_errors = totals.of(FLOW_ERRORS)
    if flow_errors:
        metrics[FLOW_ERRORS] = counter(int(sum(one.total for one in flow_errors)))
    checks = totals.checks().values()
    if checks:
        metrics["checks"] = _rate(sum(passes for passes, _ in checks), sum(fails for _, fails in checks))
    vus = [row.vus for row in run.timeline.rows if not row.warm_up] or [0]
    metrics["vus"] = Gauge(value=vus[-1], min=min(vus), max=max(vus))
    metrics["vus_max"] = Gauge(value=run.vus_max, min=run.vus_max, max=run.vus_max)
    for name, kind in run.config.plan.metrics.items():
        custom = _custom(totals, name, kind, seconds)
        if custom is not None:
            metrics[name] = custom
    for threshold in run.config.plan.thresholds:
        new = threshold.tags and threshold.metric not in metrics
        part = _selected(totals, threshold, seconds) if new else None
        if part is not None:
            metrics[threshold.metric] = part
    return metrics


def _custom(totals: Totals, name: str, kind: MetricType, seconds: float, tags: Tags = ()) -> _Metric | None:
    found = totals.of(name, tags)
    if not found:
        return None
    match kind:
        case MetricType.TREND:
            histogram = totals.trend(name, tags)
            return _trend(histogram, "" if name not in BUILT_IN else "ms") if histogram.count else None
        case MetricType.RATE:
            return _rate(sum(one.passes for one in found), sum(one.fails for one in found))
        case MetricType.COUNTER:
            total = sum(one.total for one in found)
            return Counter(count=total, rate=total / seconds)
        case MetricType.GAUGE:
            value, least, most = gauge_of(found)
            return Gauge(value=value, min=least, max=most)


def _selected(totals: Totals, threshold: Threshold, seconds: float) -> _Metric | None:
    """A tagged sub-metric, as k6 has one for each that a threshold names."""
    name, tags = threshold.name, threshold.tags
    if name in HTTP_METRICS:
        rows = totals.select(tags)
        requests = sum(row.requests for row in rows)
        failed = sum(row.requests for row in rows if row.failed)
        if name == "http_reqs":
            return Counter(count=requests, rate=requests / seconds)
        if name == "http_req_failed":
            return _rate(failed, requests - failed)
        histogram = totals.trend(name, tags)
        return _trend(histogram) if histogram.count else None
    return _custom(totals, name, threshold.type, seconds, tags)


def _operation(key: tuple[str, str], rows: Sequence[OperationTotals], seconds: float) -> Operation:
    trend = _trend(trend_of(rows))
    responses = trend_of(rows, RESPONSE_TIME)
    requests = sum(row.requests for row in rows)
    return Operation(
        name=key[1],
        workload=key[0],
        method=rows[0].method,
        count=requests,
        failed=sum(row.requests for row in rows if row.failed),
        rate=requests / seconds,
        avg=trend.avg,
        med=trend.med,
        p90=trend.p90,
        p95=trend.p95,
        p99=trend.p99,
        max=trend.max,
        response=_trend(responses) if responses.count else None,
    )


def _workload(run: Run, workload: WorkloadPlan) -> WorkloadPart:
    gauge = run.gauge(workload.name)
    return WorkloadPart(
        executor=workload.executor,
        flow=workload.flow,
        vus_max=run.workload_vus_max.get(workload.name, 0),
        planned_iterations=workload.iterations,
        planned=gauge.planned,
        started=gauge.started,
        completed=gauge.completed,
        interrupted=gauge.interrupted,
        running=gauge.running,
        dropped=gauge.dropped,
        cut=gauge.cut,
        waiting=gauge.waiting,
        queued=gauge.queued,
        max_vus=run.max_vus.get(workload.name),
        flows=run.weights[workload.name] if len(workload.flows) > 1 else {},
    )


def _segment(segment: SegmentTotals, end: int) -> Segment:
    p50, p95, p99 = _some(segment.durations, (50, 95, 99))
    r95, r99 = _some(segment.responses, (95, 99))
    return Segment(
        start_s=float(segment.start),
        end_s=float(segment.end if segment.end is not None else max(end, segment.start)),
        why=segment.why,
        vus=segment.vus,
        iterations_rate=segment.rate,
        warm_up=segment.warm_up,
        requests=segment.requests,
        failed=segment.failed,
        rate=segment.requests / segment.seconds if segment.seconds else 0.0,
        p50=p50,
        p95=p95,
        p99=p99,
        response_p95=r95,
        response_p99=r99,
    )


def _some(histogram: Histogram, percentiles: tuple[float, ...]) -> list[float | None]:
    """In milliseconds; None for each where there is nothing."""
    if not histogram.count:
        return [None] * len(percentiles)
    return [value / 1000 for value in histogram.percentiles_us(percentiles)]


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
        rate_planned=last.planned_rate,
        rate_target=last.target_rate,
        starts=sum(row.starts for row in rows),
        dropped=sum(row.dropped for row in rows),
        waiting=last.waiting,
        response_p95=worst("r95_ms"),
        response_p99=worst("r99_ms"),
        warm_up=last.warm_up,
    )


def _timeline(rows: list[TimelineRow]) -> list[TimelinePoint]:
    width = -(-len(rows) // TIMELINE_POINTS) or 1
    return [_point(rows[start : start + width]) for start in range(0, len(rows), width)]


def _objectives(config: RunConfig) -> dict[str, Any] | None:
    found = config.objectives
    if found is None:
        return None
    return {
        "name": found.name,
        "title": found.title,
        "system": found.system,
        "gate": config.objectives_gate,
        "levels": found.levels,
    }


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
        "in_process": config.in_process,
        "environment": public(config.environment),
        "insecure": config.environment.insecure,
        "try_out": run.info.try_out,
        "scenario": config.scenario_source,
        "profile": config.profile.values,
        "sources": config.sources,
        "objectives": _objectives(config),
        "origin": config.origin.run if config.origin else None,
        "resumed": config.origin is not None and config.origin.resume,
        "preflight": [
            {
                "name": row.name,
                "ok": row.ok,
                "detail": row.detail,
                "mend": row.mend,
                "seconds": round(row.seconds, 3),
                "fatal": row.fatal,
            }
            for row in run.preflight
        ],
    }


def _iso(start_wall_s: float | None) -> str:
    return (
        datetime.fromtimestamp(start_wall_s, UTC).isoformat(timespec="milliseconds") if start_wall_s else ""
    )


def summarize(run: Run, started_at: float | None, ended_at: float | None) -> Summary:
    """The record as of now. `started_at` and `ended_at` are seconds since the epoch."""
    seconds = max(run.measured_s, 1e-9)
    snapshot = run.snapshot(first_row=len(run.timeline.rows))
    end = len(run.timeline.rows)
    health = snapshot.health
    totals = run.statistics.totals
    return Summary(
        run=RunPart(
            id=run.info.id,
            scenario=run.info.scenario,
            profile=run.info.profile,
            environment=run.info.environment,
            started_at=_iso(started_at),
            ended_at=_iso(ended_at),
            duration_s=run.elapsed_ns / NS_PER_S,
            planned_s=run.info.planned_s,
            paused_s=run.clock.paused_ns / NS_PER_S if run.clock else 0.0,
            warm_up_s=run.timeline.warm_up_s,
            state=run.state.value,
            exit_code=run.exit_code,
            message=run.message,
        ),
        validity=Validity.model_validate(
            {"verdict": health.verdict, "reasons": health.reasons, "findings": health.findings}
        ),
        metrics=_metrics(run, seconds),
        operations=[_operation(key, rows, seconds) for key, rows in totals.by_name().items()],
        workloads={workload.name: _workload(run, workload) for workload in run.config.plan.workloads},
        entities=[
            EntityPart(
                workload=one.workload,
                name=row.name,
                order=row.order,
                total=row.total,
                created=row.created,
                failed=row.failed,
            )
            for one in snapshot.lists
            for row in one.rows
        ],
        segments=[_segment(segment, end) for segment in run.timeline.segments],
        thresholds=[
            ThresholdPart(
                metric=row.metric,
                expression=row.expression,
                ok=row.ok is not False,
                value=row.value,
                broken_s=row.broken_s,
            )
            for row in run.thresholds()
        ],
        objectives=[
            ObjectivePart(
                group=row.group,
                title=row.title,
                metric=row.metric,
                expression=row.expression,
                value=row.value,
                unit=row.unit,
                ok=row.ok,
                level=row.level,
                level_expression=row.level_expression,
                margin=None if row.value is None else room(row.expression, row.value),
            )
            for row in snapshot.objectives
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
            "loop_lag_p99_ms": run.verdict.worst["lag"],
            "cpu_share": run.verdict.worst["cpu"],
            "start_slip_p99_ms": totals.trend(START_SLIP).percentile_us(99) / 1000,
        },
        manifest=_manifest(run),
        histograms={
            f"{workload}/{name}{suffix}": encoded(histogram)
            for (workload, name), rows in totals.by_name().items()
            for metric, suffix in ((DURATION, ""), (RESPONSE_TIME, " (response time)"))
            if (histogram := trend_of(rows, metric)).count
        },
    )
