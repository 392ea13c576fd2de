"""Set-up: choose environment, profile and scenario, see the load they make, start it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, OptionList

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.settings.catalogue import catalogue
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.details import DetailsPanel
from dmsperf_tui.tui.environment import EnvironmentPanel
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steps import STEPS
from dmsperf_tui.tui.steps_screen import StepsScreen
from dmsperf_tui.tui.wording import per, rate_words

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
            yield PreviewChart(id="preview")
            yield DetailsPanel(id="details")
            yield EnvironmentPanel(id="target")
            with Horizontal(id="go"):
                yield Button("▶ Start", id="start", variant="success")
                yield Reading(id="problem")

    def on_mount(self) -> None:
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

    def open_steps(self) -> None:
        """The steps that make the chosen environment ready; a word where there are none."""
        config = self.config
        if config is None:
            self.notify("Mend the choice first, or choose another.", severity="warning", markup=False)
        elif config.environment.embedded:
            words = "The embedded system needs no set-up: it starts ready with each run."
            self.notify(words, title="Nothing to do", markup=False)
        else:
            steps = STEPS if config.plan.system == "dms" else STEPS[:1]
            screen = StepsScreen(config, partial(resolve, self.options, self._places), steps=steps)
            self.app.push_screen(screen, lambda _: self.refresh_config())

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
        self._show_plan(config.plan)
        self.query_one(DetailsPanel).show(config, options)
        self.query_one(EnvironmentPanel).show_choice(config.environment)
        self.query_one("#start", Button).disabled = False
        self.say("s starts   ↑ ↓ choose   tab next")

    def _show_plan(self, plan: Plan) -> None:
        """Its shape, with its unit, its length and its peaks."""
        length_s, preview = plan.duration_ns / 1e9, self.query_one(PreviewChart)
        units = {workload.arrival.time_unit_s for workload in plan.workloads if workload.arrival}
        unit_s = units.pop() if len(units) == 1 else 1.0
        most = max((w for w in plan.workloads if w.iterations), default=None, key=lambda w: w.end_ns)
        longest = "at most " if most is not None and most.end_ns == plan.duration_ns else ""
        words = [f"{longest}{format_duration(length_s)}"]
        if plan.rate_corners:
            words.append(f"peak {rate_words(max(level for _, level in plan.rate_corners), unit_s)}")
        users = sum(workload.peak_vus for workload in plan.workloads if not workload.arrival)
        if plan.open:
            words.append(f"at most {plan.peak_vus:,} VU" + ("" if plan.peak_vus == 1 else "s"))
            preview.show([(at, level * unit_s) for at, level in plan.rate_corners], length_s, whole=False)
        else:
            words.append("1 VU" if users == 1 else f"peak {users:,} VUs")
            preview.show(plan.corners, length_s)
        unit = f"iterations{per(unit_s)}" if plan.open else "VUs"
        preview.border_title = Content(f"Load of {plan.name}, {unit}")
        preview.border_subtitle = Content(" · ".join(words))

    def _show_problem(self, text: str) -> None:
        self.config, self.problem = None, text
        preview = self.query_one(PreviewChart)
        preview.show([], 0.0)
        preview.border_title = "Load"
        preview.border_subtitle = ""
        self.query_one(DetailsPanel).refuse(text)
        self.query_one("#start", Button).disabled = True
        self.refuse("mend it, or choose another")
