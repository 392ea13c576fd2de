"""The terminal app: what is looked at, be it set-up, the run or the list of runs, and the keys for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.launch import LaunchError, launch
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui import keys, theme
from dmsperf_tui.tui.help import HelpScreen
from dmsperf_tui.tui.keybar import KeyBar
from dmsperf_tui.tui.layout import PANELS, TALL, WIDE
from dmsperf_tui.tui.palette import RunCommands
from dmsperf_tui.tui.phases import ENDED, Phase
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.runs import RunsView
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.terminal import Ticks, forget_told_size, without_colours
from dmsperf_tui.tui.watching import WatchingApp

_STYLES = ("base", "run", "charts", "tables", "steer", "setup", "environment", "dialogs")


class MainScreen(Screen[None]):
    """The one screen; it binds tab here, before Textual's own."""

    AUTO_FOCUS = ""  # each view knows where the keyboard belongs

    BINDINGS: ClassVar[list[BindingType]] = [keys.binding(key, "app.") for key in keys.TABS]


class DmsPerfApp(WatchingApp):
    """Set up a load test, watch it, steer it."""

    TITLE = "dmsperf-tui"
    CSS_PATH = [f"css/{name}.tcss" for name in _STYLES]  # noqa: RUF012 - as below
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings()]
    COMMANDS = App.COMMANDS | {RunCommands}
    # Textual declares these two as `ClassVar[...] | None`, which no annotation of ours can match.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        options: Options,
        *,
        link: RunLink | None = None,
        start: Callable[[RunConfig], Awaitable[RunLink]] = launch,
        places: Places | None = None,
        refresh_hz: float | None = None,
    ) -> None:
        super().__init__(link)
        theme.put_on(self)  # once mounted, a change of theme would style everything a second time
        self._options = options
        self._places = places
        self._start = start
        self._ticks = Ticks(self, self._paint, refresh_hz)
        self._stale = False
        """Something has changed that is not painted yet."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.CHART_COLOURS

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        if self.current_theme.ansi:
            self.theme_variables = variables = variables | theme.ANSI
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return without_colours(filters) if self.no_color else filters

    def get_default_screen(self) -> Screen[None]:
        return MainScreen()

    def compose(self) -> ComposeResult:
        with ContentSwitcher(id="views", initial="setup" if self._link is None else "run"):
            yield SetupView(self._options, self._places, id="setup")
            yield RunView(id="run")
            yield RunsView(id="runs")
        yield KeyBar(id="keys")

    def on_load(self) -> None:
        forget_told_size()  # while it is not yet drawn

    def on_mount(self) -> None:
        # A shell's job control gives an emptied screen back: what has not changed since is painted as well.
        self.app_resume_signal.subscribe(self, lambda _: self._paint_whole(), immediate=True)
        self._ticks.go()
        self.show_phase()
        if self._link is not None:
            # Not before the first layout: what asks for a new one while that is made is not heard.
            self.call_after_refresh(self.take_up, self._link)

    async def on_unmount(self) -> None:
        await self.let_go()

    def _paint_whole(self) -> None:
        if self.is_running:
            self.screen.refresh()

    @on(events.AppBlur)
    def _unfocused(self) -> None:
        self._ticks.go(looked_at=False)

    @on(events.AppFocus)
    def _focused(self) -> None:
        self._ticks.go()

    def pop_screen(self) -> AwaitComplete:
        # It holds what has drawn a dialog, and all that it drew: 1 MB in six of them (Textual's issue 6665).
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    # What is looked at: set-up, the run, or the list of runs

    @property
    def looking_at(self) -> str:
        return self.query_one("#views", ContentSwitcher).current or ""

    def look_at(self, view: str) -> None:
        self.query_one("#views", ContentSwitcher).current = view
        self.show_phase()
        if view == "run":
            self.repaint()
            self.query_one(RunView).take_focus()

    def show_phase(self) -> None:
        """Keys, footer and palette follow from what is looked at and how the run is."""
        view, phase = self.looking_at, self.run_phase
        if view == "runs":
            phase = Phase.RUNS
        elif view == "setup" and phase is not Phase.STARTING:
            phase = Phase.SETUP
        self.query_one(KeyBar).show(phase, by_rate=self.by_rate, without=keys.idle(self.snapshot))
        if phase is not self.phase:
            self.phase = phase
            # Only here: each refresh of the bindings costs memory that Textual does not give back.
            self.refresh_bindings()

    def heard(self, *, at_once: bool) -> None:
        self._stale = True
        if self.is_running:
            self.show_phase()
            if at_once:
                self._paint()

    def not_opened(self, why: str) -> None:
        if self.looking_at == "runs" or self.snapshot is not None:
            self.notify(why, title="Not opened", severity="error", markup=False)
        else:
            self.look_at("setup")
            self.query_one(SetupView).refuse(why)

    def repaint(self) -> None:
        self.heard(at_once=True)

    def _paint(self) -> None:
        # While the app is left its views are closed one by one, and its timer is not.
        if self._stale and self.is_running and self.snapshot is not None and self.looking_at == "run":
            self._stale = False
            self.query_one(RunView).paint(self.timeline, self.snapshot, self.run_phase, self.scope)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return keys.works(action, self.phase, run=self.snapshot is not None)

    @on(SetupView.StartAsked)
    def action_start(self) -> None:
        if self.phase in ENDED and not self.started_here:
            if self.snapshot is not None:
                self.query_one(SetupView).choose_like(self.snapshot.info)
            self.action_setup()
        elif self.phase in ENDED or self.phase is Phase.SETUP:
            self.run_worker(self._begin(), group="start", exclusive=True)

    async def _begin(self) -> None:
        setup = self.query_one(SetupView)
        config = await setup.resolve_now()
        if config is None:
            self.action_setup()
            return
        if not await setup.agreed(config) or not await self.leaves_live_run():
            return
        self.look_at("setup")
        self.enter(Phase.STARTING)
        setup.say("◌ Starting the run's host …", "$primary")
        try:
            await self.start_run(self._start, config)
        except (ConfigError, LaunchError, OSError) as error:
            self.enter(Phase.SETUP)
            setup.refuse(str(error))
            self.notify(str(error), title="The run did not start", severity="error", markup=False)

    def action_window(self) -> None:
        self.query_one(RunView).next_window()
        self.repaint()

    def action_scale_axis(self) -> None:
        self.query_one(RunView).toggle_log()
        self.repaint()

    def action_zoom(self) -> None:
        self.query_one(RunView).toggle_zoom()

    def action_step_back(self) -> None:
        if self.looking_at != "run":
            if self.snapshot is not None:
                self.action_run()
            elif self.looking_at == "runs":
                self.action_setup()
        elif not self.query_one(RunView).unzoom() and self.phase in ENDED:
            self.action_setup()

    def action_next_panel(self, step: int) -> None:
        if self.looking_at == "run":
            self.query_one(RunView).next_panel(step)
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_panel(self, name: str) -> None:
        self.query_one(RunView).go_to(name)

    def action_edit(self) -> None:
        self.query_one(SetupView).edit()

    def action_check(self) -> None:
        self.query_one(SetupView).check()

    def action_options(self) -> None:
        self.query_one(SetupView).choose_options()

    def action_search(self) -> None:
        self.query_one(SetupView).search()

    def action_copy_command(self) -> None:
        self.query_one(SetupView).copy_command()

    def action_embedded(self) -> None:
        self.query_one(SetupView).toggle_embedded()

    def action_setup(self) -> None:
        self.look_at("setup")
        setup = self.query_one(SetupView)
        setup.query_one("#scenarios").focus()
        setup.refresh_config()

    def action_run(self) -> None:
        self.look_at("run")

    def action_runs(self) -> None:
        self.look_at("runs")
        self.query_one(RunsView).read(Path(self.query_one(SetupView).options.results))
        self.query_one(RunsView).take_focus()

    def action_open_run(self) -> None:
        self.query_one(RunsView).open()

    def action_filter_runs(self) -> None:
        self.query_one(RunsView).ask_filter()

    @on(RunsView.Chosen)
    def _run_chosen(self, event: RunsView.Chosen) -> None:
        here = self.snapshot is not None and event.run == self.snapshot.info.id
        if here and self.run_phase is not Phase.LOST:
            self.action_run()
        elif self.bound:
            self.say_bound()
        else:
            self.run_worker(self.open_run(event.reference, event.results), group="start", exclusive=True)

    def action_steps(self) -> None:
        self.query_one(SetupView).open_steps()

    def action_help(self) -> None:
        view = self.query_one(RunView)
        panel = view.current_panel if self.looking_at == "run" else None
        panels = [view.panel(name) for name in PANELS]
        self.push_screen(HelpScreen(self.phase, panel, panels, by_rate=self.by_rate))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Theme", "Change the colours, dark or light", self.action_change_theme)
        if self.looking_at != "run":
            return
        for title, about, bring_up in self.query_one(RunView).commands():
            yield SystemCommand(title, about, partial(self._seen, bring_up))

    def _seen(self, bring_up: Callable[[], None]) -> None:
        bring_up()
        self.repaint()
