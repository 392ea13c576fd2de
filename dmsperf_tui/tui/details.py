"""What a choice means: what the scenario does, how hard, what judges it, and what was given by hand."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import rate_words


class DetailsPanel(VerticalScroll):
    """The chosen scenario and profile in words, or why they cannot run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._config: RunConfig | None = None
        self._options = Options()

    def compose(self) -> ComposeResult:
        yield Reading(id="details-lines")

    def on_mount(self) -> None:
        self.border_title = "Scenario"

    def on_resize(self) -> None:
        self._paint()

    def show(self, config: RunConfig, options: Options) -> None:
        self._config, self._options = config, options
        self._paint()

    def refuse(self, text: str) -> None:
        """Shows what is wrong with the choice."""
        self._config = None
        self.query_one(Reading).put(Content.assemble(("✗ This cannot run yet:\n", "bold $error"), text))

    def _paint(self) -> None:
        # Wrapped for a scroll bar's column less, as one may come and go with the lines.
        width = self.size.width - 1
        if self._config is not None and width > 20:
            self.query_one(Reading).put(_details(self._config, self._options, width))


def _details(config: RunConfig, options: Options, width: int) -> Content:
    plan, profile = config.plan, config.profile
    lines = [Content.styled(plan.title, "bold")]
    lines += [Content(line) for line in wrap(plan.description, width)]
    for workload in plan.workloads:
        lines += _hanging("workload", f"{workload.name}  {_workload_words(workload)}", width)
    judged = [f"{row.metric}  {row.expression}" for row in plan.thresholds] or ["no thresholds"]
    for label, words in zip(["judged by", *[""] * len(judged)], judged, strict=False):
        lines += _hanging(label, words, width)
    lines += _hanging("profile", ": ".join(filter(None, (profile.title, profile.description))), width)
    if typed := typed_options(options):
        lines += _hanging("given", typed, width, "$accent")
    return Content("\n").join(lines)


def _hanging(label: str, words: str, width: int, style: str = "") -> list[Content]:
    """A label and its words, wrapped beside it and not below."""
    rows = wrap(words, width - 10, break_on_hyphens=False) or [""]
    labels = [label, *[""] * len(rows)]
    return [
        Content.assemble((f"{head:<10}", "$foreground-muted"), (row, style))
        for head, row in zip(labels, rows, strict=False)
    ]


def _workload_words(workload: WorkloadPlan) -> str:
    parts = [workload.executor, workload.flow]
    if workload.iterations:
        parts.append(f"{workload.iterations:,} iterations")
    if workload.iterations_per_vu:
        parts.append(f"{workload.iterations_per_vu:,} iterations a VU")
    if arrival := workload.arrival:
        parts.append(f"up to {rate_words(workload.shape.peak, arrival.time_unit_s)}")
        parts.append(f"at most {arrival.max_vus:,} VUs")
        parts.append("late iterations wait" if arrival.late == "queue" else "late iterations are dropped")
    if workload.entities:
        parts.append("ends when its list is done")
    if workload.after:
        parts.append(f"after {workload.after}")
    if workload.think_time_s:
        parts.append(f"think time {format_duration(workload.think_time_s)}")
    return " · ".join(parts)


def typed_options(options: Options) -> str:
    """The flags that were given on the command line, as they were given."""
    parts = []
    if options.vus is not None:
        parts.append(f"--vus {options.vus}")
    if options.duration_s is not None:
        parts.append(f"--duration {format_duration(options.duration_s)}")
    if options.workers != 1:
        parts.append(f"--workers {options.workers}")
    if options.seed is not None:
        parts.append(f"--seed {options.seed}")
    if options.speedup != 1:
        parts.append(f"--speedup {options.speedup:g}")
    if options.data is not None:
        parts.append(f"--data {options.data}")
    if options.resume is not None:
        parts.append(f"--resume {options.resume}")
    if options.abort_on_4xx:
        parts.append("--abort-on-4xx")
    parts += [f"--set {key}={value}" for key, value in options.settings.items()]
    return "  ".join(parts)
