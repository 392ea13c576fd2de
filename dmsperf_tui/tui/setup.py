"""Set-up: choose environment, profile and scenario, see the load they make, start it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from textwrap import wrap

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, OptionList

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import WorkloadPlan
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.charts import PreviewChart, plan_points
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.environment import EnvironmentPanel
from dmsperf_tui.tui.readings import Reading

_KINDS = {"environments": "environment", "profiles": "profile", "scenarios": "scenario"}


class SetupView(Horizontal):
    """What will run. `options` is the choice so far; `config` what it came to, None where it is faulty."""

    class StartAsked(Message):
        """The Start button was pressed."""

    def __init__(self, options: Options, places: Places | None, *, id: str) -> None:
        super().__init__(id=id)
        self.options = options
        self.config: RunConfig | None = None
        self.problem = ""
        self._places = places

    def compose(self) -> ComposeResult:
        with Vertical(id="choosing"):
            yield Choices("Environment", id="environments")
            yield Choices("Profile", id="profiles")
            yield Choices("Scenario", id="scenarios")
        with Vertical(id="chosen"):
            yield PreviewChart(title="Load", id="preview")
            with VerticalScroll(id="details", classes="panel"):
                yield Reading(id="details-lines")
            yield EnvironmentPanel(id="target")
            with Horizontal(id="go"):
                yield Button("▶ Start", id="start", variant="success")
                yield Reading(id="problem")

    def on_resize(self) -> None:
        if self.config is not None:
            self.call_after_refresh(self._show, self.config, self.options)

    def on_mount(self) -> None:
        self.query_one("#details").border_title = "Scenario"
        self.run_worker(self._fill(), group="catalogue")

    async def _fill(self) -> None:
        for kind, option in _KINDS.items():
            entries = await asyncio.to_thread(catalogue, kind, self._places)
            self.query_one(f"#{kind}", Choices).fill(entries, getattr(self.options, option))
        self.query_one("#scenarios", Choices).focus()
        self.refresh_config()

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        name = event.option_id
        if name is None:
            return
        before = self.options
        match event.option_list.id:
            case "environments":
                self.options = replace(before, environment=name)
            case "profiles":
                self.options = replace(before, profile=name)
            case _:
                self.options = replace(before, scenario=name)
        if self.options != before:
            self.refresh_config()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.screen.focus_next()

    @on(Button.Pressed, "#start")
    def _start(self) -> None:
        self.post_message(self.StartAsked())

    def say(self, text: str, style: str = "$foreground-muted") -> None:
        """Shows one line beside the button."""
        self.query_one("#problem", Reading).put(Content.styled(text, style))

    def refuse(self, text: str) -> None:
        """Shows why a run did not start."""
        self.say(f"✗ {text}", "$error")

    def refresh_config(self) -> None:
        """Reads the chosen files again."""
        self.run_worker(self.resolve_now(), group="resolve", exclusive=True)

    async def resolve_now(self) -> RunConfig | None:
        """The present choice's configuration, freshly read; None, and why on screen, where it is faulty."""
        options = self.options
        try:
            config = await asyncio.to_thread(resolve, options, self._places)
        except ConfigError as error:
            self._show_problem(str(error))
            return None
        self.config, self.problem = config, ""
        self._show(config, options)
        return config

    def _show(self, config: RunConfig, options: Options) -> None:
        plan = config.plan
        length_s = plan.duration_ns / 1e9
        preview = self.query_one(PreviewChart)
        preview.show(plan_points(plan), length_s)
        most = max((w for w in plan.workloads if w.iterations), default=None, key=lambda w: w.end_ns)
        longest = "at most " if most is not None and most.end_ns == plan.duration_ns else ""
        users = "1 VU" if plan.peak_vus == 1 else f"peak {plan.peak_vus:,} VUs"
        preview.border_title = Content(f"Load of {plan.name}")
        preview.border_subtitle = Content(f"{longest}{format_duration(length_s)} · {users}")
        self.query_one("#details-lines", Reading).put(self._details(config, options))
        self.query_one(EnvironmentPanel).show_choice(config.environment)
        self.query_one("#start", Button).disabled = False
        self.say("s starts   ↑ ↓ choose   tab next")

    def _show_problem(self, text: str) -> None:
        self.config, self.problem = None, text
        preview = self.query_one(PreviewChart)
        preview.show([], 0.0)
        preview.border_title = "Load"
        preview.border_subtitle = ""
        self.query_one("#details-lines", Reading).put(
            Content.assemble(("✗ This cannot run yet:\n", "bold $error"), text)
        )
        self.query_one("#start", Button).disabled = True
        self.refuse("mend what is said above, or choose another")

    def _details(self, config: RunConfig, options: Options) -> Content:
        plan, profile = config.plan, config.profile
        width = max(30, self.query_one("#details").scrollable_content_region.width)
        lines = [Content.styled(plan.title, "bold")]
        lines += [Content(line) for line in wrap(plan.description, width)]
        for workload in plan.workloads:
            lines += _hanging("workload", f"{workload.name}  {_workload_words(workload)}", width)
        judged = [f"{row.metric}  {row.expression}" for row in plan.thresholds] or ["no thresholds"]
        for label, words in zip(["judged by", *[""] * len(judged)], judged, strict=False):
            lines += _hanging(label, words, width)
        lines += _hanging("profile", f"{profile.title}: {profile.description}", width)
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
    parts += [f"--set {key}={value}" for key, value in options.settings.items()]
    return "  ".join(parts)
