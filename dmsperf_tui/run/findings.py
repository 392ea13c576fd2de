"""What a run shows about the system under load, and what its figures cannot show: told beside the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.run.totals import DURATION

if TYPE_CHECKING:
    from dmsperf_tui.run.run import Run

STALL_RATIO = 10
STALL_US = 100_000
LEAST_REQUESTS = 100


def findings(run: Run) -> tuple[str, ...]:
    """One line each."""
    found = [
        _cap_reached(run, workload) if workload.arrival else _closed_loop(run, workload)
        for workload in run.config.plan.workloads
    ]
    return tuple(text for text in found if text)


def _cap_reached(run: Run, workload: WorkloadPlan) -> str:
    gauge = run.gauge(workload.name)
    if not (gauge.dropped or gauge.queued):
        return ""
    return (
        f"{workload.name}: all {run.max_vus[workload.name]} VUs were busy, so iterations came late "
        f"({gauge.queued} waited, {gauge.dropped} dropped, {gauge.cut} cut): the system answers too slowly "
        f"for this rate and as many VUs"
    )


def _closed_loop(run: Run, workload: WorkloadPlan) -> str:
    """A stall that a closed loop hides: its VUs waited for it, each with one slow sample to show.

    Coordinated omission (G. Tene, "How not to measure latency").
    """
    durations = run.statistics.totals.trend(DURATION, (("scenario", workload.name),))
    if durations.count < LEAST_REQUESTS or durations.max_us < STALL_US:
        return ""
    p99_us = durations.percentile_us(99)
    if durations.max_us < STALL_RATIO * p99_us:
        return ""
    return (
        f"{workload.name} is a closed loop: an answer took {durations.max_us / 1000:.0f} ms, and VUs that "
        f"wait ask nothing, so p99 = {p99_us / 1000:.3g} ms hides what arrivals would have met; an arrival "
        f"rate shows it"
    )
