"""A summary made by hand: every part of it, figures that are easy to recognise."""

from __future__ import annotations

from dmsperf_tui.report.summary import (
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


def trend(count: int, *, avg: float, low: float, med: float, high: float, p99: float) -> Trend:
    return Trend(
        count=count, avg=avg, min=low, max=high, med=med, p90=med + 1, p95=med + 2, p99=p99, p999=high
    )


def summary() -> Summary:
    return Summary(
        run=RunPart(
            id="20260102-030405-smoke-ab12",
            scenario="dms/smoke",
            profile="dev",
            environment="embedded",
            started_at="2026-01-02T03:04:05.000+00:00",
            ended_at="2026-01-02T03:05:05.000+00:00",
            duration_s=50.0,
            paused_s=10.0,
            state="finished",
            exit_code=99,
        ),
        validity=Validity(verdict="suspect", reasons=["worker 2 was lost"]),
        metrics={
            "http_reqs": Counter(count=1000, rate=20.0),
            "http_req_failed": Rate(rate=0.025, passes=25, fails=975),
            "http_req_duration": trend(1000, avg=12.345, low=0.437, med=10.0, high=2031.0, p99=148.21),
            "http_req_waiting": trend(1000, avg=1, low=1, med=1, high=1, p99=1),
            "iterations": Counter(count=250, rate=5.0),
            "dropped_iterations": Counter(count=0, rate=0.0),
            "iteration_duration": trend(250, avg=100, low=50, med=100, high=3000, p99=250),
            "vus": Gauge(value=0, min=0, max=12),
            "vus_max": Gauge(value=12, min=12, max=12),
            "data_received": Counter(count=2_500_000, rate=50_000.0),
            "data_sent": Counter(count=999_600, rate=999.0),
        },
        operations=[
            Operation(
                name="POST students",
                workload="smoke",
                method="POST",
                count=800,
                failed=25,
                rate=16.0,
                avg=12.0,
                med=10.0,
                p90=11.0,
                p95=12.0,
                p99=148.21,
                max=2031.0,
            ),
            Operation(
                name="GET students/{id}",
                workload="smoke",
                method="GET",
                count=200,
                failed=0,
                rate=4.0,
                avg=1.0,
                med=0.9,
                p90=1.1,
                p95=1.2,
                p99=1.5,
                max=2.0,
            ),
        ],
        workloads={
            "smoke": WorkloadPart(
                executor="constant-vus",
                flow="dms.descriptor_lifecycle",
                vus_max=12,
                started=252,
                completed=250,
                interrupted=2,
                dropped=0,
            )
        },
        segments=[
            Segment(
                start_s=0,
                end_s=50,
                why="start",
                vus=1,
                requests=1000,
                failed=25,
                rate=20,
                p50=10,
                p95=12,
                p99=148.21,
            ),
            Segment(
                start_s=50,
                end_s=60,
                why="pause",
                vus=1,
                requests=0,
                failed=0,
                rate=0,
                p50=None,
                p95=None,
                p99=None,
            ),
        ],
        thresholds=[
            ThresholdPart(metric="http_req_duration", expression="p(95)<2000", ok=True, value=12.0),
            ThresholdPart(metric="http_req_duration", expression="max<2000", ok=False, value=2031.0),
            ThresholdPart(
                metric="http_req_failed{name:POST students}", expression="rate<0.02", ok=False, value=0.03125
            ),
            ThresholdPart(metric="http_reqs", expression="count>=1000", ok=True, value=1000),
            ThresholdPart(metric="checks", expression="rate>0.9", ok=True, value=0.95),
            ThresholdPart(metric="iteration_duration", expression="avg<1", ok=True, value=None),
        ],
        checks=[
            CheckPart(name="status is 201", passes=90, fails=10),
            CheckPart(name="has location header", passes=100, fails=0),
        ],
        errors=[
            ErrorPart(
                operation="POST students",
                phase="status",
                kind="409",
                count=25,
                first_s=1.0,
                last_s=49.0,
                sample="409 Conflict: " + "x" * 200,
            )
        ],
        events=[
            EventPart(at_s=0.0, kind="start", text="start"),
            EventPart(at_s=12.3, kind="vus", text="VUs 1 to 12 over 10s", applied_s=0.0123),
            EventPart(at_s=20.0, kind="stage", text="stage 2"),
            EventPart(at_s=3700.0, kind="note", text="deployed build 42"),
        ],
        timeline=[
            TimelinePoint(
                second=0, planned=1, target=1, vus=1, requests=20, failed=0, p50=1, p95=2, p99=3, max=4
            ),
            TimelinePoint(
                second=1,
                planned=1,
                target=1,
                vus=1,
                requests=0,
                failed=0,
                p50=None,
                p95=None,
                p99=None,
                max=None,
            ),
        ],
        generator={"workers": 2, "workers_alive": 1},
        manifest={"try_out": True, "insecure": True, "speedup": 4.0},
        histograms={"smoke/POST students": "HISTF"},
    )
