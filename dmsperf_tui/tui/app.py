"""The terminal app: composes set-up and run, binds keys, routes commands down and snapshots up."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import ContentSwitcher

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.launch import LaunchError, launch
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.replay import open_run
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui import keys, theme
from dmsperf_tui.tui.dialogs import Answer, Confirm, QuitDialog, StopDialog
from dmsperf_tui.tui.help import HelpScreen
from dmsperf_tui.tui.keybar import KeyBar
from dmsperf_tui.tui.layout import PANELS, TALL, WIDE
from dmsperf_tui.tui.levels import by_rate
from dmsperf_tui.tui.messages import LinkEnded, SnapshotArrived
from dmsperf_tui.tui.outcome import farewell
from dmsperf_tui.tui.palette import RunCommands
from dmsperf_tui.tui.phases import ENDED, LIVE, Phase, phase_of
from dmsperf_tui.tui.run_view import WINDOWS, RunView
from dmsperf_tui.tui.runs import RunsView
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.steering import SteeringApp
from dmsperf_tui.tui.timeline import Timeline
from dmsperf_tui.tui.wording import outcome, record_of

_STYLES = ("base", "run", "charts", "tables", "steer", "setup", "environment", "dialogs")
_UNFOCUSED_HZ = 1.0
"""How often a terminal that nobody looks at is painted."""


_NO_COLOUR = NoColor()


def usual_refresh_hz() -> float:
    """Paints a second: fewer over SSH, where each of them is bytes on a line."""
    return 2.0 if "SSH_CONNECTION" in os.environ else 4.0


class MainScreen(Screen[None]):
    """The one screen; it binds tab here, before Textual's own."""

    AUTO_FOCUS = ""  # each view knows where the keyboard belongs

    BINDINGS: ClassVar[list[BindingType]] = [keys.binding(key, "app.") for key in keys.TABS]


class DmsPerfApp(SteeringApp):
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
        # Here and not once mounted, where a change of theme styles everything a second time.
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        # One of ours that TEXTUAL_THEME names was not known when Textual looked for it.
        self.set_reactive(App.theme, "textual-dark")
        self.theme = theme.usual_theme(os.environ, self.console.color_system, self.available_themes)
        self.timeline = Timeline()
        self.exit_code: int | None = None
        """The run's, once one has ended on this screen."""
        self._options = options
        self._places = places
        self._start_run = start
        self._refresh_hz = refresh_hz or usual_refresh_hz()
        self._ticks: Timer | None = None
        self._run_phase = self.phase
        """Of the run on the screen, also while something else is looked at; SETUP: there is none."""
        self._stale = False
        self._quit_when_over = False
        self._started_here = False
        self._in_process = False
        """Whether what was started here lives in this process, and ends with it."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.CHART_COLOURS

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        if self.current_theme.ansi:
            self.theme_variables = variables = variables | theme.ANSI
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        if not self.no_color:
            return filters
        # Textual's own answer to NO_COLOR are greys, which are colours to a terminal.
        return [_NO_COLOUR if isinstance(each, Monochrome) else each for each in filters]

    def get_default_screen(self) -> Screen[None]:
        return MainScreen()

    def compose(self) -> ComposeResult:
        with ContentSwitcher(id="views", initial="setup" if self._link is None else "run"):
            yield SetupView(self._options, self._places, id="setup")
            yield RunView(id="run")
            yield RunsView(Path(self._options.results), id="runs")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        if threading.current_thread() is threading.main_thread():
            # A terminal that vanishes must not end in a spin on its dead device: leave; the run goes on.
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hang_up)
        # A shell's job control gives an emptied screen back: what has not changed since is painted as well.
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(), immediate=True)
        self._tick_at(self._refresh_hz)
        self._show_phase()
        if self._link is not None:
            # Not before the first layout: what asks for a new one while that is made is not heard.
            self.call_after_refresh(self._watch, self._link)

    async def on_unmount(self) -> None:
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        await self._let_go()

    def _hang_up(self) -> None:
        self.exit(return_code=128 + signal.SIGHUP)

    def _tick_at(self, hz: float) -> None:
        if self._ticks is not None:
            self._ticks.stop()
        self._ticks = self.set_interval(1 / hz, self._paint)

    @on(events.AppBlur)
    def _unfocused(self) -> None:
        self._tick_at(min(_UNFOCUSED_HZ, self._refresh_hz))

    @on(events.AppFocus)
    def _focused(self) -> None:
        self._tick_at(self._refresh_hz)

    # What is looked at: set-up, the run, or the list of runs

    @property
    def looking_at(self) -> str:
        """`setup`, `run` or `runs`."""
        return self.query_one("#views", ContentSwitcher).current or ""

    def _look_at(self, view: str) -> None:
        self.query_one("#views", ContentSwitcher).current = view
        self._show_phase()
        if view == "run":
            self.repaint()
            self.query_one(RunView).take_focus()

    def _enter(self, phase: Phase) -> None:
        """The run on the screen is in `phase` now."""
        if phase is not self._run_phase:
            self._run_phase = phase
            self._show_phase()
            self._paint()

    def _show_phase(self) -> None:
        view, phase = self.looking_at, self._run_phase
        if view == "runs":
            phase = Phase.RUNS
        elif view == "setup" and phase is not Phase.STARTING:
            phase = Phase.SETUP
        self.query_one(KeyBar).show(phase, by_rate=self._by_rate(), without=keys.idle(self.snapshot))
        if phase is not self.phase:
            self.phase = phase
            # Only here: each refresh of the bindings costs memory that Textual does not give back.
            self.refresh_bindings()

    # The run

    def _watch(self, link: RunLink) -> None:
        self._link = link
        self.timeline = Timeline()
        self.snapshot = None
        self.exit_code = None
        self.run_worker(self._read(link, self.timeline), group="link", exclusive=True)

    async def _read(self, link: RunLink, timeline: Timeline) -> None:
        try:
            async for snapshot in link.snapshots():
                # Taken here and not by the message, of which some are replaced by newer ones.
                timeline.extend(snapshot.rows)
                self.post_message(SnapshotArrived(snapshot))
        except ConnectionError:
            self.post_message(LinkEnded(link, "the run's host is gone"))
        except ConfigError as error:
            self.post_message(LinkEnded(link, str(error)))
        else:
            self.post_message(LinkEnded(link, "the run's host is gone"))

    async def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    @on(SnapshotArrived)
    def _snapshot_arrived(self, event: SnapshotArrived) -> None:
        snapshot = event.snapshot
        first, self.snapshot = self.snapshot is None, snapshot
        self._stale = True
        was_live = self._run_phase in LIVE
        if first:
            self._run_phase = phase_of(snapshot.state)
            self._look_at("run")
        else:
            self._enter(phase_of(snapshot.state))
            self._show_phase()
        if snapshot.state.over:
            self.exit_code = snapshot.exit_code
            if was_live and self.looking_at != "run":
                tone = outcome(snapshot)
                words = f"{tone.glyph} {tone.word}; 2 shows it"
                self.notify(words, title=f"Run {snapshot.info.id} has ended", markup=False)
            if self._quit_when_over:
                self._leave()

    @on(LinkEnded)
    def _link_ended(self, event: LinkEnded) -> None:
        if event.link is not self._link:
            return
        if self.snapshot is None:
            self._enter(Phase.SETUP)
            if self.looking_at == "runs":
                self.notify(event.why, title="Not opened", severity="error", markup=False)
            else:
                self._look_at("setup")
                self.query_one(SetupView).refuse(event.why)
        elif self._run_phase in LIVE:
            self._stale = True
            self._enter(Phase.LOST)
            text = f"the run's host is gone; its record is in {record_of(self.snapshot.info)}"
            self.notify(text, title="Host gone", severity="error", markup=False)
            if self._quit_when_over:
                self._leave()

    def _by_rate(self) -> bool:
        return self.snapshot is not None and by_rate(self.snapshot)

    def _paint(self) -> None:
        if self._stale and self.snapshot is not None and self.looking_at == "run":
            self._stale = False
            self.query_one(RunView).paint(self.timeline, self.snapshot, self._run_phase, self.scope)

    def repaint(self) -> None:
        """What a person looks at has changed, rather than the run."""
        self._stale = True
        self._paint()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return keys.works(action, self.phase, run=self.snapshot is not None)

    @on(SetupView.StartAsked)
    def action_start(self) -> None:
        if self.phase in ENDED and not self._started_here:
            self.action_setup()
        elif self.phase in ENDED or self.phase is Phase.SETUP:
            self.run_worker(self._start(), group="start", exclusive=True)

    async def _start(self) -> None:
        setup = self.query_one(SetupView)
        config = await setup.resolve_now()
        if config is None:
            self.action_setup()
            return
        if not await setup.agreed(config) or not await self._leaves_live_run():
            return
        self._enter(Phase.STARTING)
        self._look_at("setup")
        setup.say("◌ Starting the run's host …", "$primary")
        await self._let_go()
        try:
            link = await self._start_run(config)
        except (ConfigError, LaunchError, OSError) as error:
            self._enter(Phase.SETUP)
            setup.refuse(str(error))
            self.notify(str(error), title="The run did not start", severity="error", markup=False)
            return
        self._started_here, self._in_process = True, config.in_process
        self._watch(link)

    async def _leaves_live_run(self) -> bool:
        """Whether another run may come to the screen, now that one is live on it."""
        if self._run_phase not in LIVE or self.snapshot is None:
            return True
        if self._bound:
            self._says_bound()
            return False
        run = self.snapshot.info.id
        what = f"Run {run} goes on beside it, and both share this machine; 3 finds it again."
        asked = Confirm("Start another run?", what, "Start", "Do not")
        answer: bool | None = await self.push_screen_wait(asked)
        return bool(answer)

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
        self._look_at("setup")
        setup = self.query_one(SetupView)
        setup.query_one("#scenarios").focus()
        setup.refresh_config()

    def action_run(self) -> None:
        self._look_at("run")

    def action_runs(self) -> None:
        self._look_at("runs")
        self.query_one(RunsView).take_focus()

    def action_open_run(self) -> None:
        self.query_one(RunsView).open()

    def action_filter_runs(self) -> None:
        self.query_one(RunsView).ask_filter()

    @on(RunsView.Chosen)
    def _run_chosen(self, event: RunsView.Chosen) -> None:
        if self.snapshot is not None and event.run == self.snapshot.info.id:
            self.action_run()
        elif self._bound:
            self._says_bound()
        else:
            self.run_worker(self._open(event.reference), group="start", exclusive=True)

    async def _open(self, reference: str) -> None:
        try:
            link = await open_run(reference, Path(self._options.results))
        except (ConfigError, OSError) as error:
            self.notify(str(error), title="Not opened", severity="error", markup=False)
            return
        left = self.snapshot.info.id if self.snapshot is not None and self._run_phase in LIVE else ""
        await self._let_go()
        self._started_here = False
        self._enter(Phase.SETUP)
        self._watch(link)
        if left:
            words = f"It goes on; take it up again here, or with: dmsperf-tui attach {left}"
            self.notify(words, title=f"Left run {left}", markup=False)

    def action_steps(self) -> None:
        self.query_one(SetupView).open_steps()

    def action_help(self) -> None:
        view = self.query_one(RunView)
        panel = view.current_panel if self.looking_at == "run" else None
        panels = [view.panel(name) for name in PANELS]
        self.push_screen(HelpScreen(self.phase, panel, panels, by_rate=self._by_rate()))

    def _says_bound(self) -> None:
        self.notify("This run lives in the app (--in-process): stop it, or stay.", markup=False)

    def action_detach(self) -> None:
        if self._bound:
            self._says_bound()
        else:
            self._leave()

    @property
    def _bound(self) -> bool:
        """A run is under way that cannot outlive the app."""
        return self._in_process and self._started_here and self._run_phase in LIVE

    def action_quit_run(self) -> None:
        stopping = self._run_phase is Phase.STOPPING
        if self._run_phase not in LIVE or self.snapshot is None or self._quit_when_over:
            self._leave()
        elif self._bound:
            self.push_screen(StopDialog(at_once=stopping), self._stop_answered)
        elif not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self.snapshot.info.id, stopping=stopping), self._quit_answered)

    def _stop_answered(self, yes: bool | None) -> None:
        if yes:
            self._quit_answered("stop")

    def _quit_answered(self, answer: Answer | None) -> None:
        if answer == "leave" or (answer == "stop" and self._run_phase not in LIVE):
            self._leave()
        elif answer == "stop":
            self._quit_when_over = True
            if self._run_phase is not Phase.STOPPING:
                self.tell(Stop())
            self.notify("Closing once the run has ended; q again leaves it at once.", markup=False)

    async def action_quit(self) -> None:
        """Textual's own ctrl+q asks as well."""
        self.action_quit_run()

    def action_help_quit(self) -> None:
        """Ctrl+c likewise, as a terminal's user expects."""
        self.action_quit_run()

    def _leave(self) -> None:
        words = farewell(self.snapshot, self._run_phase) if self.snapshot is not None else ""
        # A path that is wrapped cannot be copied.
        message = Text(words, no_wrap=True, overflow="ignore") if words else None
        self.exit(return_code=self.exit_code or 0, message=message)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Theme", "Change the colours, dark or light", self.action_change_theme)
        if self.looking_at != "run":
            return
        view = self.query_one(RunView)
        for name in view.there:
            panel = view.panel(name)
            yield SystemCommand(f"Panel: {panel.TITLE}", panel.ABOUT, partial(view.go_to, name))
        for seconds, name in WINDOWS:
            words = "the whole run" if seconds is None else name
            yield SystemCommand(
                f"Window: {name}", f"Charts over {words}", partial(self._choose_window, seconds)
            )

    def _choose_window(self, seconds: float | None) -> None:
        self.query_one(RunView).choose_window(seconds)
        self.repaint()
