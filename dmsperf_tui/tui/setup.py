"""Set-up: choose environment, profile and scenario, see the load they make, start it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.widgets import Button, OptionList

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.plan.secrecy import without_userinfo
from dmsperf_tui.run.estimate import Estimate, estimate
from dmsperf_tui.run.snapshot import RunInfo
from dmsperf_tui.settings.catalogue import Entry, catalogue
from dmsperf_tui.settings.command_line import command_line, overrides_shown
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.draft import Draft
from dmsperf_tui.settings.faulty import faulty_profiles, faulty_scenarios
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile_sheet import read_sheet
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.tui import standing
from dmsperf_tui.tui.choices import Choices
from dmsperf_tui.tui.details import DetailsPanel
from dmsperf_tui.tui.environment_editor import EnvironmentEditor
from dmsperf_tui.tui.finder import Finder
from dmsperf_tui.tui.plan_words import length_words, peak_words
from dmsperf_tui.tui.preview import PreviewChart
from dmsperf_tui.tui.profile_editor import Edited, ProfileEditor
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_options import RunOptions
from dmsperf_tui.tui.start_dialog import StartDialog, destination, needs_asking
from dmsperf_tui.tui.steps_screen import StepsScreen
from dmsperf_tui.tui.target import TargetPanel
from dmsperf_tui.tui.wording import shorten

_KINDS = {"environments": "environment", "profiles": "profile", "scenarios": "scenario"}
_LEAST = (60, 18)
"""Columns and lines below which there is room for the lists alone."""
_RESTS_S = 0.015
"""A list that is run through is read where it rests."""

_CLOSED = suppress(NoMatches)
"""Files are read in threads; the app may be closed meanwhile, its lists and panels gone."""


class SetupView(Horizontal):
    """What will run. `options` is the choice so far; `config` what it came to, None where it is faulty."""

    class StartAsked(Message):
        """The Start button was pressed."""

    def __init__(self, options: Options, places: Places | None, *, id: str) -> None:
        super().__init__(id=id)
        self.options = options
        self.config: RunConfig | None = None
        self.problem = ""
        self.estimate: Estimate | None = None
        """Of `config`; None until it is made."""
        self._places = places
        self._agreed: set[tuple[str, ...]] = set()
        """Destinations of load, each with all its hosts: each was asked for once."""

    def compose(self) -> ComposeResult:
        with Vertical(id="choosing"):
            yield Choices("Environment", id="environments")
            yield Choices("Profile", id="profiles")
            yield Finder(id="finder")
        with Vertical(id="chosen"):
            yield PreviewChart(id="preview")
            yield DetailsPanel(id="details")
            yield TargetPanel(id="target")
            with Horizontal(id="go"):
                yield Button("▶ Start", id="start", variant="success")
                yield Reading(id="problem")

    def on_mount(self) -> None:
        # There is nothing to do with a picture of what is to come.
        self.query_one(PreviewChart).can_focus = False
        self._fill()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _LEAST[0] or event.size.height < _LEAST[1], "-tiny")

    @work(group="catalogue", exclusive=True)
    async def _fill(self) -> None:
        """Lists what there is; what cannot be used is marked a moment later."""
        with _CLOSED:
            for kind in _KINDS:
                self._list(kind, await asyncio.to_thread(catalogue, kind, self._places))
            if self.app.focused is None and self.display:
                # Behind a run that is looked at it would take the keyboard from there.
                self.query_one("#scenarios", Choices).focus()
            self.refresh_config()
            self._mark_faulty()

    def _list(self, kind: str, entries: Sequence[Entry]) -> None:
        self.query_one(f"#{kind}", Choices).fill(entries, getattr(self.options, _KINDS[kind]))

    def choose_like(self, run: RunInfo) -> None:
        """Chooses what `run` was of, as far as it is to be found here; else all stays as it is."""
        if run.scenario not in self.query_one("#scenarios", Choices).names:
            return
        there = self.query_one("#environments", Choices).names
        self.options = replace(
            self.options,
            scenario=run.scenario,
            profile=run.profile,
            # One that was given by its address goes by a name that no list has.
            environment=run.environment if run.environment in there else run.url,
            speedup=run.speedup,
        )
        for kind, of in _KINDS.items():
            self.query_one(f"#{kind}", Choices).choose(getattr(self.options, of))

    @work(group="faulty", exclusive=True)
    async def _mark_faulty(self) -> None:
        with _CLOSED:
            profiles, scenarios = self.query_one("#profiles", Choices), self.query_one("#scenarios", Choices)
            profiles.mark(await asyncio.to_thread(faulty_profiles, profiles.names, self._places))
            names, profile = scenarios.names, self.options.profile
            scenarios.mark(await asyncio.to_thread(faulty_scenarios, names, profile, self._places))

    @on(OptionList.OptionHighlighted)
    def _chosen(self, event: OptionList.OptionHighlighted) -> None:
        name, kind = event.option_id, _KINDS.get(event.option_list.id or "")
        if name is None or kind is None:
            return
        before = self.options
        match kind:
            case "environment":
                self.options = replace(before, environment=name)
            case "profile":
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
        """Shows some words beside the button."""
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
            screen = StepsScreen(config, partial(resolve, self.options, self._places))
            self.app.push_screen(screen, lambda _: self.refresh_config())

    # What is edited

    def edit(self) -> None:
        """The chosen environment or profile, whichever list has the focus."""
        focused = self.app.focused.id if self.app.focused is not None else None
        if focused == "environments":
            self.edit_environment()
        elif focused == "scenarios":
            self.edit_scenario()
        else:
            self._edit_profile()

    @work(group="edit", exclusive=True)
    async def edit_scenario(self) -> None:
        """A scenario is a file for an editor; what one run does otherwise has a form."""
        name = self.options.scenario
        found = await asyncio.to_thread(catalogue, "scenarios", self._places)
        path = next((entry.path for entry in found if entry.name == name and entry.path), Path(name))
        words = f"{shown(path)} is edited in an editor, a copy of it in your own folder scenarios/. "
        self.notify(f"{words}For one run: o.", title="Scenario", markup=False)

    @work(group="edit", exclusive=True)
    async def _edit_profile(self) -> None:
        places = self._places or Places.here()
        try:
            variables = await asyncio.to_thread(Variables.here)
            system = self.config.plan.system if self.config is not None else ""
            sheet = await asyncio.to_thread(read_sheet, self.options.profile, places, variables, system)
        except ConfigError as fault:
            self.notify(str(fault), title="Mend it in an editor", severity="error", markup=False)
            return
        edited = await self.app.push_screen_wait(ProfileEditor(sheet, self.options.settings, places))
        if edited is not None:
            await self._take(edited, {cell.key for cell in sheet.cells})

    async def _take(self, edited: Edited, keys: Collection[str]) -> None:
        """`keys` are those that were there to be edited; what is given for others stays."""
        others = {key: text for key, text in self.options.settings.items() if key not in keys}
        self.options = replace(self.options, profile=edited.profile, settings=others | dict(edited.settings))
        self._list("profiles", await asyncio.to_thread(catalogue, "profiles", self._places))
        self.refresh_config()
        self._mark_faulty()

    def choose_options(self) -> None:
        """What this run does otherwise."""

        def take(options: Options | None) -> None:
            if options is not None:
                self.options = options
                self.refresh_config()

        self.app.push_screen(RunOptions(self.options, self._places), take)

    def copy_command(self) -> None:
        """The choice as it is typed, so that a pipeline can repeat it."""
        line = command_line(self.options)
        self.app.copy_to_clipboard(line)
        self.notify(line, title="Copied", markup=False)

    def search(self) -> None:
        """Searches the scenarios."""
        self.query_one(Finder).search()

    # What the choice comes to

    async def agreed(self, config: RunConfig) -> bool:
        """Whether load may go to the environment: asked once for addresses that are not this machine's."""
        address = destination(config.environment)
        if not needs_asking(config) or address in self._agreed:
            return True
        found = self.estimate
        if found is None:
            found = await asyncio.to_thread(estimate, config)
        answer = await self.app.push_screen_wait(StartDialog(config, found.words))
        if answer is True:
            self._agreed.add(address)
        return answer is True

    def refresh_config(self) -> None:
        """Reads the chosen files again."""
        self._refresh()

    @work(group="resolve", exclusive=True)
    async def _refresh(self) -> None:
        with _CLOSED:
            await asyncio.sleep(_RESTS_S)
            config = await self.resolve_now()
            if config is None:
                return
            found = await asyncio.to_thread(estimate, config)
            if self.config is config:
                self.estimate = found
                self._show_load(config.plan, found)

    async def resolve_now(self) -> RunConfig | None:
        """The present choice's configuration, freshly read; None, and why on screen, where it is faulty."""
        options = self.options
        try:
            config = await asyncio.to_thread(resolve, options, self._places)
        except ConfigError as error:
            self._show_problem(str(error))
            return None
        self.config, self.problem, self.estimate = config, "", None
        self._show(config, options)
        return config

    def _show(self, config: RunConfig, options: Options) -> None:
        preview = self.query_one(PreviewChart)
        preview.show_plan(config.plan)
        preview.border_title = Content(f"Load of {config.plan.name}")
        self.query_one(DetailsPanel).show(config, options)
        self.query_one(TargetPanel).show_choice(config.environment)
        self.query_one("#start", Button).disabled = False
        self._show_load(config.plan, None)
        given = overrides_shown(options)
        if given:
            room = max(20, self.query_one("#problem", Reading).size.width)
            self.say(shorten(f"given {given}", room), "$accent")
        else:
            self.say("as its files say · o changes that")

    def _show_load(self, plan: Plan, found: Estimate | None) -> None:
        """Length, peaks and requests: as many words as the frame has room for."""
        preview, parts = self.query_one(PreviewChart), [length_words(plan), peak_words(plan)]
        if found is not None:
            self.query_one(DetailsPanel).estimated(found.words)
            longest = (" · ".join([*parts, words]) for words in (found.words, found.number))
            fitting = [words for words in longest if len(words) <= preview.size.width - 4]
            parts = fitting[:1] or parts
        preview.border_subtitle = Content(" · ".join(parts))

    def _show_problem(self, text: str) -> None:
        self.config, self.problem, self.estimate = None, text, None
        preview = self.query_one(PreviewChart)
        preview.show_plan(None)
        preview.border_title = "Load"
        preview.border_subtitle = ""
        self.query_one(DetailsPanel).refuse(text)
        self.query_one("#start", Button).disabled = True
        self.refuse("mend it, or choose another")

    # The environment: its check, its editor, and the embedded system that stays

    def check(self) -> None:
        """Checks now whether the chosen scenario can run in the chosen environment."""
        if self.config is None:
            self.notify("Mend the choice first, or choose another.", severity="warning", markup=False)
        else:
            self.query_one(TargetPanel).check(self.config)

    def toggle_embedded(self) -> None:
        """Starts an embedded system that stays, or stops the chosen one."""
        if not any(worker.group == "standing" and not worker.is_finished for worker in self.workers):
            self.run_worker(self._toggle_embedded(), group="standing")

    async def _toggle_embedded(self) -> None:
        self.choose_environment(await standing.toggle(self.app, self.options.environment))

    @on(TargetPanel.StandingChanged)
    def _standing_changed(self) -> None:
        self.choose_environment(None)

    def choose_environment(self, name: str | None) -> None:
        """Lists the environments anew and chooses `name`; None: the one that was chosen."""
        self.run_worker(self._list_environments(name), group="catalogue")

    async def _list_environments(self, name: str | None) -> None:
        entries = await asyncio.to_thread(catalogue, "environments", self._places)
        if not self.is_attached:
            return
        # Another one may have been chosen while the folders were read.
        chosen = name or self.options.environment
        self.options = replace(self.options, environment=chosen)
        self.query_one("#environments", Choices).fill(entries, chosen)
        self.refresh_config()

    @work(group="edit", exclusive=True)
    async def edit_environment(self) -> None:
        """The chosen environment's values; of an embedded one or a URL a new file is begun."""
        options, places = self.options, self._places or Places.here()
        if without_userinfo(options.environment) != options.environment:
            words = "A URL must not carry credentials: start again without them."
            self.notify(words, title="Not edited", severity="error", markup=False)
            return
        try:
            draft = await asyncio.to_thread(Draft.open, options.environment, places)
        except ConfigError as fault:
            self.notify(str(fault), title="Mend it in an editor", severity="error", markup=False)
            return
        self.app.push_screen(EnvironmentEditor(options, places, draft), self.choose_environment)
