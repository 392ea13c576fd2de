"""What came of a suite: schema `dmsperf.suite/1`, as a table for a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dmsperf_tui.plan.plain import line
from dmsperf_tui.report.figures import duration, number
from dmsperf_tui.report.markdown import code, headline, markdown_summary, table, words
from dmsperf_tui.report.outcome import outcome
from dmsperf_tui.report.summary import Gauge, Rate, Summary, Trend


class StepPart(BaseModel):
    """One step: of a run the main figures, and where its record is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    scenario: str
    run: str = ""
    """The run's id; empty: it did not come to one."""
    folder: str = ""
    """Its record."""
    exit_code: int | None = None
    """None: it has not ended, or, where it has not `started_at` either, not begun."""
    verdict: Literal["valid", "suspect", "invalid", ""] = ""
    message: str = ""
    """Why it did not run, or ended as it did."""
    started_at: str = ""
    duration_s: float = 0.0
    vus: int | None = None
    """The most that were there."""
    requests: int = 0
    failed: float | None = None
    """The share of requests."""
    p95_ms: float | None = None
    """Of `http_req_duration`, where there were requests."""
    thresholds_failed: list[str] = []
    objectives: int = 0
    """How many were measured and held against a bound."""
    objectives_not_measured: int = 0
    """Neither met nor missed: the step says nothing of them."""
    objectives_missed: list[str] = []
    """Title and expression of each."""


class SuiteSummary(BaseModel):
    """What a pipeline gates on, where a suite ran."""

    model_config = ConfigDict(populate_by_name=True, use_attribute_docstrings=True)

    schema_: Literal["dmsperf.suite/1"] = Field(default="dmsperf.suite/1", alias="schema")
    suite: str
    title: str
    environment: str
    started_at: str
    """UTC, ISO 8601."""
    ended_at: str
    exit_code: int | None
    """The worst of the steps': 104, 107, 105, 103, 108, 96, 99, 0. None: it is under way, or was killed."""
    speedup: float = 1.0
    steps: list[StepPart]

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2)


def step_of(folder: str, summary: Summary) -> StepPart:
    """The step whose record, in `folder`, has this summary."""
    metrics = summary.metrics
    vus, failed, latency = (metrics.get(name) for name in ("vus_max", "http_req_failed", "http_req_duration"))
    ran = summary.run.state != "failed"
    return StepPart(
        scenario=summary.run.scenario,
        run=summary.run.id,
        folder=folder,
        exit_code=summary.run.exit_code,
        verdict=summary.validity.verdict if ran else "",
        message=summary.run.message,
        started_at=summary.run.started_at,
        duration_s=summary.run.duration_s,
        vus=int(vus.max) if ran and isinstance(vus, Gauge) else None,
        requests=int(getattr(metrics.get("http_reqs"), "count", 0)),
        failed=failed.rate if isinstance(failed, Rate) and failed.passes + failed.fails else None,
        p95_ms=latency.p95 if isinstance(latency, Trend) and latency.count else None,
        thresholds_failed=[
            f"{part.metric} {part.expression}" for part in summary.thresholds if ran and not part.ok
        ],
        objectives=sum(part.ok is not None for part in summary.objectives) if ran else 0,
        objectives_not_measured=sum(part.value is None and part.ok is None for part in summary.objectives),
        objectives_missed=[
            f"{part.title} {part.expression}" for part in summary.objectives if ran and part.ok is False
        ],
    )


def _result(step: StepPart) -> str:
    if step.exit_code is None:
        return "not finished" if step.started_at else "not run"
    return "passed" if step.exit_code == 0 else f"failed ({step.exit_code})"


def _cells(step: StepPart) -> tuple[str, ...]:
    """p95, failed, VUs reached, objectives missed, verdict."""
    return (
        "-" if step.p95_ms is None else duration(step.p95_ms),
        "-" if step.failed is None else f"{step.failed:.2%}",
        "-" if step.vus is None else number(step.vus),
        _objectives(step),
        step.verdict or "-",
    )


def _objectives(step: StepPart) -> str:
    missed = f"{len(step.objectives_missed)} of {step.objectives}" if step.objectives else "-"
    return (
        f"{missed}, {step.objectives_not_measured} not measured" if step.objectives_not_measured else missed
    )


def _named(number: int, step: StepPart) -> str:
    """Two steps may be of one scenario."""
    return f"{number} {step.scenario}"


_HEADS = ("p95", "failed", "VUs", "objectives missed", "verdict")


def suite_text(suite: SuiteSummary) -> str:
    """The table at the end, what was missed below it, and the result."""
    rows: list[tuple[str, ...]] = [("step", "result", *_HEADS)]
    rows += [(_named(n, step), _result(step), *_cells(step)) for n, step in enumerate(suite.steps, start=1)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["", f"  █ SUITE {line(suite.title)}", ""]
    for row, step in zip(rows, [None, *suite.steps], strict=True):
        mark = " " if step is None else "-" if step.exit_code is None else "✗" if step.exit_code else "✓"
        # Names and words to the left, figures to the right.
        cells = [
            f"{text:>{width}}" if 2 <= column <= 5 else f"{text:<{width}}"
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"    {mark} {'  '.join(cells)}".rstrip())
        if step is not None:
            lines += [f"        {text}" for text in _why(step)]
    code = suite.exit_code
    result = "not finished" if code is None else f"{outcome(code)}, exit code {code}"
    lines += ["", f"  suite {suite.suite}: {result}"]
    return "\n".join(lines) + "\n"


def _why(step: StepPart) -> Iterator[str]:
    if step.message:
        yield line(step.message)
    for missed in step.thresholds_failed:
        yield f"✗ {missed}"
    if step.folder:
        yield f"record: {step.folder}"


def suite_markdown(suite: SuiteSummary, failed: list[Summary]) -> str:
    """The table first; then the whole summary of each step that has failed, folded up."""
    result = "❌ Not finished" if suite.exit_code is None else headline(suite.exit_code)
    lines = [f"## {result}: suite {words(suite.title)}", ""]
    lines += [
        f"{code(suite.suite)} on {code(suite.environment)}, {suite.started_at[:16].replace('T', ' ')} UTC",
        "",
    ]
    lines += table(
        ("", "Step", "Result", *_HEADS, "Record"),
        (
            (
                "–" if step.exit_code is None else "❌" if step.exit_code else "✅",
                code(_named(number, step)),
                _result(step) + (f": {outcome(step.exit_code)}" if step.exit_code else ""),
                *_cells(step),
                code(step.run),
            )
            for number, step in enumerate(suite.steps, start=1)
        ),
    )
    if suite.speedup != 1:
        lines += [f"- ⚠️ Sped up {suite.speedup:g} times: never a baseline.", ""]
    for summary in failed:
        title = f"{words(summary.run.scenario)}: {headline(summary.run.exit_code, summary.run.state)}"
        lines += [f"<details><summary>{title}</summary>", "", markdown_summary(summary, 3), "</details>", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
