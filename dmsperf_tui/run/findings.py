"""What a run shows about the system under load, and what its figures cannot show: told beside the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dmsperf_tui.plan.metrics import FLOW_ERRORS
from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import NS_PER_S, format_clock
from dmsperf_tui.run.totals import DURATION

if TYPE_CHECKING:
    from dmsperf_tui.run.run import Run

STALL_RATIO = 10
STALL_US = 100_000
LEAST_REQUESTS = 100
FAILED_SHARE = 0.05
"""From where on the times of the other requests do not speak for a category."""


def findings(run: Run) -> tuple[str, ...]:
    """One line each."""
    found: list[str] = []
    for workload in run.config.plan.workloads:
        found.append(_flow_errors(run, workload))
        found.append(_cap_reached(run, workload) if workload.arrival else _closed_loop(run, workload))
    found += run.plateaus.findings()
    found += [_list_behind(run, workload) for workload in run.config.plan.workloads]
    found += _failures_left_out(run)
    if run.state.over:
        # Of objectives it is normal, and said with them.
        objectives = {(row.metric, row.expression) for row in run.objectives_now}
        found += [
            f"threshold {row.metric} {row.expression} judged nothing: no sample carried these tags"
            for row in run.thresholds_now
            if row.value is None and "{" in row.metric and (row.metric, row.expression) not in objectives
        ]
    return tuple(text for text in found if text)


def _failures_left_out(run: Run) -> Iterator[str]:
    """Objectives whose response times leave out so many failures that they need a word."""
    objectives = run.config.objectives.objectives if run.config.objectives else ()
    titles = {share.tags: line(one.title) for one in objectives if (share := one.failed)}
    for tags, title in titles.items():
        rows = run.statistics.totals.select(tags)
        requests, failed = sum(row.requests for row in rows), sum(row.requests for row in rows if row.failed)
        if not requests or failed / requests < FAILED_SHARE:
            continue
        said = f"{title}: {failed:,} of {requests:,} requests failed"
        if failed == requests:
            yield f"{said}: there is no response time to judge"
        else:
            yield f"{said}; its response times are those of the others"


def _list_behind(run: Run, workload: WorkloadPlan) -> str:
    """A load phase that its limit has cut off, or will."""
    work = run.lists.get(workload.name)
    if work is None:
        return ""
    if work.finished:
        failed = f"{work.failed:,} of {work.total:,} entities could not be created"
        if run.config.environment.embedded:
            # The embedded system and its data end with the run.
            return f"{workload.name}: {failed}" if work.failed else ""
        then = f"what refers to one of them is answered 409: --resume {run.info.id} tries them again"
        return f"{workload.name}: {failed}, and {then}" if work.failed else ""
    said = f"{workload.name}: {work.left:,} of {work.total:,} entities are not created"
    if run.state.over or workload.name in run.over:
        if run.config.environment.embedded:
            return said
        return f"{said}: --resume {run.info.id} goes on with them"
    rate, left_s = run.paces[workload.name].rate, (run.end_ns(workload) - run.elapsed_ns) / NS_PER_S
    if not rate or work.left / rate <= left_s:
        return ""
    return f"{said}, and at {rate:.0f}/s they take {format_clock(work.left / rate)}: longer than is left"


def _flow_errors(run: Run, workload: WorkloadPlan) -> str:
    tags = (("scenario", workload.name),)
    raised = int(sum(one.total for one in run.statistics.totals.of(FLOW_ERRORS, tags)))
    if not raised:
        return ""
    count = run.statistics.totals.trend("iteration_duration", tags).count
    return f"{workload.name}: its flow raised in {raised} of {count} iterations: see the errors of phase flow"


def _cap_reached(run: Run, workload: WorkloadPlan) -> str:
    gauge = run.gauge(workload.name)
    if not (gauge.dropped or gauge.queued):
        return ""
    waited = f"{gauge.queued} waited, " if gauge.queued else ""
    return (
        f"{workload.name}: of the iterations due {waited}{gauge.dropped} were dropped and {gauge.cut} cut, "
        f"with all {run.max_vus[workload.name]} VUs busy: the system answers too slowly for this rate and as "
        f"many VUs"
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
        f"{workload.name} is a closed loop: an answer took {durations.max_us / 1000:.0f} ms; "
        f"p99 = {p99_us / 1000:.3g} ms hides what arrivals would have met, for VUs that wait ask nothing; an "
        f"arrival rate shows it"
    )
