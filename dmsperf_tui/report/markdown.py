"""The summary in Markdown: what a CI job shows of a run, and what is pasted into a pull request.

Result first, then what ran, then the tables. Words that a server or a flow has made up stay words: they open
no table cell, no tag, no link, and call nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dmsperf_tui.plan.plain import line
from dmsperf_tui.plan.units import format_clock, format_duration
from dmsperf_tui.report.decisive import decisive
from dmsperf_tui.report.figures import duration, measured, no_value, number
from dmsperf_tui.report.outcome import outcome
from dmsperf_tui.report.summary import Gauge, ObjectivePart, Rate, Summary
from dmsperf_tui.report.text import threshold_value

MOST_OPERATIONS = 15
MOST_ERRORS = 10
_LONGEST = 200
# What means something in GitHub's Markdown within a line, addresses and $mathematics$ included. An underline
# between letters means nothing.
_SIGNS = re.compile(r"[\\`*\[\]<>#|~$&@]|:(?=\S)|(?<=www)\.|(?<![^\W_])_|_(?![^\W_])", re.IGNORECASE)
_BY_ITSELF = ("start", "stage", "order", "end")
"""Kinds of events that a plan makes without anybody's hand."""


def words(text: str) -> str:
    """A text that others have made up, in one line, as it is: no sign in it is Markdown or HTML."""
    told = line(text)
    told = told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"
    return _SIGNS.sub(_entity, told)


def code(text: str) -> str:
    """The same in a fixed pitch, where no @name is called and no number becomes a link."""
    return f"<code>{words(text)}</code>" if text else ""


def _entity(match: re.Match[str]) -> str:
    sign = match.group()
    # Names are looked for when entities are signs again: what does not show keeps the sign from the name.
    return f"&#{ord(sign)};" + ("&#8203;" if sign in "@#" else "")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> Iterator[str]:
    """The last `right` columns are figures. Nothing where there are no rows."""
    rows = list(rows)
    if not rows:
        return
    left = len(heads) - right
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * left}{'--:|' * right}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def headline(code: int | None, state: str = "") -> str:
    """`✅ Passed`, `❌ Failed (99: a threshold failed)`; of a stopped run that it was stopped."""
    if code == 0:
        return "✅ Passed" + (" (stopped by hand)" if state == "stopped" else "")
    said = outcome(code) if code is None else f"{code}: {outcome(code)}"
    return f"❌ Failed ({said})"


def markdown_summary(summary: Summary, level: int = 2) -> str:
    """`level` is that of its heading: 2 for one of its own, more inside another."""
    run = summary.run
    lines = [f"{'#' * level} {headline(run.exit_code, run.state)}: {words(run.scenario)}", ""]
    if run.message:
        lines += [f"**{words(run.message)}**", ""]
    if run.state == "failed":
        # Load never started: all below would say that nothing was measured.
        return "\n".join([*lines, *_what_ran(summary)]).rstrip("\n") + "\n"
    if missed := _missed(summary):
        lines += [f"Missed: {', '.join(map(code, missed))}", ""]
    lines += [*_verdict(summary), ""]
    lines += _what_ran(summary)
    for title, rows in (
        ("Thresholds", _thresholds(summary)),
        ("Objectives", _objectives(summary)),
        ("Operations", _operations(summary)),
        ("Errors", _errors(summary)),
        ("Findings", _findings(summary)),
        ("Events", _events(summary)),
    ):
        if found := list(rows):
            lines += [f"{'#' * (level + 1)} {title}", "", *found]
    return "\n".join(lines).rstrip("\n") + "\n"


def _missed(summary: Summary) -> list[str]:
    """What decided on the result, in a word each: an objective by its title."""
    titles = {(part.metric, part.expression): part.title for part in summary.objectives}
    return [
        f"{titles.get((part.metric, part.expression), part.metric)} {part.expression}"
        for part in summary.thresholds
        if not part.ok
    ]


def _verdict(summary: Summary) -> Iterator[str]:
    mark = {"valid": "✅", "suspect": "⚠️", "invalid": "❌"}[summary.validity.verdict]
    reasons = "; ".join(words(reason) for reason in summary.validity.reasons)
    yield f"Verdict on the load generator: {mark} {summary.validity.verdict}" + (
        f" ({reasons})" if reasons else ""
    )


def _what_ran(summary: Summary) -> Iterator[str]:
    run, metrics = summary.run, summary.metrics
    requests, failed, vus = (metrics.get(name) for name in ("http_reqs", "http_req_failed", "vus_max"))
    row = [
        code(run.scenario),
        code(run.profile),
        code(run.environment),
        format_duration(round(run.duration_s)),
        number(vus.max) if isinstance(vus, Gauge) else "-",
        f"{getattr(requests, 'count', 0):,}",
        f"{getattr(requests, 'rate', 0.0):.1f}/s",
        f"{failed.rate:.2%}" if isinstance(failed, Rate) else "-",
    ]
    heads = ("Scenario", "Profile", "Environment", "Duration", "VUs", "Requests", "Rate", "Failed")
    yield from table(heads, [row], right=5)
    began = f", began {run.started_at[:19].replace('T', ' ')} UTC" if run.started_at else ""
    yield f"Run {code(run.id)}{began}, {run.state}."
    yield ""


def _thresholds(summary: Summary) -> Iterator[str]:
    yield from table(
        ("", "Metric", "Threshold", "Measured"),
        (
            (
                "❌ missed" if not part.ok else "– nothing measured" if part.value is None else "✅ met",
                code(part.metric),
                code(part.expression),
                words(threshold_value(part))
                + (f", first broken at {format_clock(part.broken_s)}" if part.broken_s is not None else ""),
            )
            for part in decisive(summary)
        ),
    )


def _objectives(summary: Summary) -> Iterator[str]:
    yield from table(
        ("", "Objective", "Asked for", "Measured", "Margin"),
        (
            (
                _objective_mark(part),
                f"{words(part.group)}: {words(part.title)}",
                code(part.expression),
                no_value(part.ok)
                if part.value is None
                else " ".join(measured(part.value, part.unit)).rstrip(),
                _margin(part.margin),
            )
            for part in summary.objectives
            if part.value is not None or part.ok is False
        ),
        right=2,
    )
    absent = (part for part in summary.objectives if part.value is None and part.ok is None)
    unmeasured = dict.fromkeys(part.title for part in absent)
    if unmeasured:
        yield f"Not measured: {', '.join(map(words, unmeasured))}."
        yield ""


def _objective_mark(part: ObjectivePart) -> str:
    mark = "–" if part.ok is None else "✅ met" if part.ok else "❌ missed"
    return f"{mark}, ⚠️ {words(part.level)}" if part.level else mark


def _margin(margin: float | None) -> str:
    return "-" if margin is None else f"{margin:+.0%}"


def _operations(summary: Summary) -> Iterator[str]:
    slowest = sorted(summary.operations, key=lambda part: part.p95, reverse=True)
    several = len({part.workload for part in slowest}) > 1
    yield from table(
        ("Operation", "Count", "Rate", "Median", "p95", "p99", "Max", "Failed"),
        (
            (
                code(f"{part.workload}: {part.name}" if several else part.name),
                f"{part.count:,}",
                f"{part.rate:.1f}/s",
                duration(part.med),
                duration(part.p95),
                duration(part.p99),
                duration(part.max),
                f"{part.failed / part.count if part.count else 0.0:.2%}",
            )
            for part in slowest[:MOST_OPERATIONS]
        ),
        right=7,
    )
    if (more := len(slowest) - MOST_OPERATIONS) > 0:
        yield f"The {MOST_OPERATIONS} slowest by p95; {more} more in the record."
        yield ""


def _errors(summary: Summary) -> Iterator[str]:
    yield from table(
        ("Count", "Operation", "Error", "First one"),
        (
            (f"{part.count:,}", code(part.operation), words(f"{part.kind} ({part.phase})"), code(part.sample))
            for part in summary.errors[:MOST_ERRORS]
        ),
    )
    if (more := len(summary.errors) - MOST_ERRORS) > 0:
        yield f"{more} more kinds in the record."
        yield ""


def _findings(summary: Summary) -> Iterator[str]:
    manifest = summary.manifest
    found = [words(finding) for finding in summary.validity.findings]
    if summary.run.warm_up_s:
        found.append(
            f"The first {format_duration(summary.run.warm_up_s)} were a warm-up: they are in no total."
        )
    if manifest.get("try_out"):
        found.append("A try-out: the embedded system shares the machine with the load generator.")
    if manifest.get("insecure"):
        found.append("TLS certificates were not verified.")
    if manifest.get("speedup", 1) != 1:
        found.append(f"Sped up {manifest['speedup']:g} times: never a baseline.")
    for finding in found:
        yield f"- ⚠️ {finding}"
    if found:
        yield ""


def _events(summary: Summary) -> Iterator[str]:
    shown = [event for event in summary.events if event.kind not in _BY_ITSELF]
    for event in shown:
        applied = f" (applied in {event.applied_s:.2f} s)" if event.applied_s is not None else ""
        yield f"- {format_clock(event.at_s)} {words(event.text)}{applied}"
    if shown:
        yield ""
