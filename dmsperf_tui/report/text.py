"""The text summary in k6's layout, which people's eyes know, with operations, events and verdict added."""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.plan.metrics import BUILT_IN
from dmsperf_tui.plan.units import format_clock, format_duration
from dmsperf_tui.report.decisive import decisive
from dmsperf_tui.report.figures import ALL_FAILED, duration, number, size
from dmsperf_tui.report.objectives import objective_lines
from dmsperf_tui.report.summary import Counter, Gauge, Rate, Summary, ThresholdPart, Trend

_HTTP = ("http_req_response_time", "http_req_duration", "http_req_failed", "http_reqs")
_EXECUTION = (
    "dropped_iterations",
    "flow_errors",
    "group_duration",
    "iteration_duration",
    "iteration_response_time",
    "iterations",
    "vus",
    "vus_max",
)
_NETWORK = ("data_received", "data_sent")
_NAME_WIDTH = 32
_OPERATION_WIDTH = 44
"""At least; a longer name makes its column wider."""


def _trend(trend: Trend) -> str:
    parts = (
        ("avg", trend.avg),
        ("min", trend.min),
        ("med", trend.med),
        ("max", trend.max),
        ("p(90)", trend.p90),
        ("p(95)", trend.p95),
        ("p(99)", trend.p99),
    )
    said = duration if trend.unit else number
    return " ".join(f"{name}={said(value):<9}" for name, value in parts).rstrip()


def _metric(name: str, metric: Trend | Counter | Rate | Gauge, width: int) -> str:
    match metric:
        case Trend():
            text = _trend(metric)
        case Counter() if name in _NETWORK:
            text = f"{size(metric.count):<9} {size(metric.rate)}/s"
        case Counter():
            text = f"{number(metric.count):<9} {metric.rate:.6g}/s"
        case Rate():
            total = metric.passes + metric.fails
            text = f"{metric.rate:<9.2%} {metric.passes} out of {total}"
        case Gauge():
            text = f"{number(metric.value):<9} min={number(metric.min)} max={number(metric.max)}"
    return f"    {name:.<{width}}: {text}"


def threshold_value(threshold: ThresholdPart) -> str:
    """`p(95)=148.21ms`, `rate=0.00%`, or that nothing was measured."""
    method = threshold.expression
    for operator in ("<", ">", "=", "!"):
        method = method.partition(operator)[0]
    if threshold.value is None:
        return "nothing measured" if threshold.ok else ALL_FAILED
    name = threshold.metric.partition("{")[0]
    if "duration" in name or (name.startswith("http_req_") and name != "http_req_failed"):
        shown = duration(threshold.value)
    elif name in ("http_req_failed", "checks"):
        shown = f"{threshold.value:.2%}"
    else:
        shown = number(threshold.value)
    return f"{method.strip()}={shown}"


def _thresholds(summary: Summary) -> Iterator[str]:
    shown = decisive(summary)
    if not shown:
        return
    yield "  █ THRESHOLDS"
    yield ""
    metric = ""
    for threshold in shown:
        if threshold.metric != metric:
            if metric:
                yield ""
            metric = threshold.metric
            yield f"    {metric}"
        at = f" (broken at {format_clock(threshold.broken_s)})" if threshold.broken_s is not None else ""
        mark = "✗" if not threshold.ok else "-" if threshold.value is None else "✓"
        yield f"    {mark} '{threshold.expression}' {threshold_value(threshold)}{at}"
    yield ""


def _checks(summary: Summary) -> Iterator[str]:
    if not summary.checks:
        return
    passes = sum(check.passes for check in summary.checks)
    fails = sum(check.fails for check in summary.checks)
    total = passes + fails
    measured_s = summary.run.duration_s - summary.run.warm_up_s
    per_s = total / measured_s if measured_s > 0 else 0.0
    yield f"    {'checks_total':.<20}: {total:<7} {per_s:.6g}/s"
    yield f"    {'checks_succeeded':.<20}: {passes / total:<7.2%} {passes} out of {total}"
    yield f"    {'checks_failed':.<20}: {fails / total:<7.2%} {fails} out of {total}"
    yield ""
    for check in summary.checks:
        yield f"    {'✗' if check.fails else '✓'} {check.name}"
        if check.fails:
            share = check.passes / (check.passes + check.fails)
            yield f"      ↳  {share:.0%} — ✓ {check.passes} / ✗ {check.fails}"
    yield ""


def _operations(summary: Summary) -> Iterator[str]:
    if not summary.operations:
        return
    yield "  █ OPERATIONS"
    yield ""
    head = f"{'count':>9} {'req/s':>8} {'med':>9} {'p(95)':>9} {'p(99)':>9} {'max':>9} {'failed':>8}"
    several = len({operation.workload for operation in summary.operations}) > 1
    names = [f"{one.workload}: {one.name}" if several else one.name for one in summary.operations]
    width = max([_OPERATION_WIDTH, *map(len, names)])
    yield f"    {'':<{width}} {head}"
    for name, operation in zip(names, summary.operations, strict=True):
        share = operation.failed / operation.count if operation.count else 0.0
        yield (
            f"    {name:<{width}} {operation.count:>9} {operation.rate:>8.1f} "
            f"{duration(operation.med):>9} {duration(operation.p95):>9} {duration(operation.p99):>9} "
            f"{duration(operation.max):>9} {share:>8.2%}"
        )
    yield ""


def _arrivals(summary: Summary) -> Iterator[str]:
    """What became of the iterations that were due in open workloads: the sum shows that none is missing."""
    rows = {name: part for name, part in summary.workloads.items() if part.max_vus is not None}
    if not rows:
        return
    yield "  █ ARRIVALS" + (" (of the whole run, warm-up included)" if summary.run.warm_up_s else "")
    yield ""
    for name, part in rows.items():
        yield (
            f"    {name}: {part.planned} due = {part.started} started + {part.dropped} dropped + "
            f"{part.cut} cut + {part.waiting} waiting; {part.queued} waited for a VU, "
            f"{part.interrupted} were interrupted"
        )
    yield ""


def _entities(summary: Summary) -> Iterator[str]:
    """What a load phase has created."""
    if not summary.entities:
        return
    created, total = (sum(getattr(one, key) for one in summary.entities) for key in ("created", "total"))
    yield f"  █ ENTITIES ({created:,} of {total:,})"
    yield ""
    for one in summary.entities:
        mark = "✓" if one.created == one.total else "✗"
        failed = f", {one.failed:,} failed" if one.failed else ""
        yield f"    {mark} {one.order:>3}  {one.name:<52} {one.created:>9,} of {one.total:,}{failed}"
    yield ""


def _errors(summary: Summary) -> Iterator[str]:
    if not summary.errors:
        return
    yield "  █ ERRORS"
    yield ""
    for error in sorted(summary.errors, key=lambda error: -error.count):
        yield f"    {error.count:>7} × {error.operation}  {error.kind} ({error.phase})"
        if error.sample:
            yield f"            {error.sample[:100]}"
    yield ""


def _events(summary: Summary) -> Iterator[str]:
    shown = [event for event in summary.events if event.kind not in ("start", "stage", "order")]
    if not shown:
        return
    yield "  █ EVENTS"
    yield ""
    for event in shown:
        applied = f" (applied in {event.applied_s:.2f} s)" if event.applied_s is not None else ""
        yield f"    {format_clock(event.at_s)}  {event.text}{applied}"
    yield ""


def _verdict(summary: Summary) -> Iterator[str]:
    mark = {"valid": "✓", "suspect": "▲", "invalid": "✗"}[summary.validity.verdict]
    yield f"  {mark} verdict: {summary.validity.verdict}"
    for reason in summary.validity.reasons:
        yield f"      {reason}"
    for finding in summary.validity.findings:
        yield f"  ▲ {finding}"
    if summary.run.warm_up_s:
        yield f"  ▲ the first {format_duration(summary.run.warm_up_s)} were a warm-up: they are in no total"
    if summary.manifest.get("try_out"):
        yield "  ▲ a try-out: the embedded system shares this machine's CPU with the load generator"
    if summary.manifest.get("insecure"):
        yield "  ▲ TLS certificates were not verified"
    if summary.manifest.get("speedup", 1) != 1:
        yield f"  ▲ sped up {summary.manifest['speedup']:g} times: never a baseline"


def text_summary(summary: Summary) -> str:
    """What a terminal or a CI log shows at the end of a run."""
    lines: list[str] = [""]
    lines += _thresholds(summary)
    lines += objective_lines(summary)
    lines += ["  █ TOTAL RESULTS", ""]
    lines += _checks(summary)
    width = max([_NAME_WIDTH, *map(len, summary.metrics)])
    names = dict.fromkeys(metric.partition("{")[0] for metric in summary.metrics)
    custom = tuple(name for name in names if name not in BUILT_IN)
    for title, of in (
        ("CUSTOM", custom),
        ("HTTP", _HTTP),
        ("EXECUTION", _EXECUTION),
        ("NETWORK", _NETWORK),
    ):
        found = [metric for name in of for metric in summary.metrics if metric.partition("{")[0] == name]
        if found:
            lines.append(f"    {title}")
            lines += [_metric(name, summary.metrics[name], width) for name in found]
            lines.append("")
    lines += _operations(summary)
    lines += _arrivals(summary)
    lines += _entities(summary)
    lines += _errors(summary)
    lines += _events(summary)
    lines += _verdict(summary)
    if summary.run.message:
        lines.append(f"  {summary.run.message}")
    lines.append(f"  run {summary.run.id}: {summary.run.state}, exit code {summary.run.exit_code}")
    return "\n".join(lines) + "\n"
