"""The terminal app: composes set-up and run, binds keys, routes commands down and snapshots up."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.launch import LaunchError, launch
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.settings.config import Options, RunConfig
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui import keys, theme
from dmsperf_tui.tui.dialogs import Answer, QuitDialog, StopDialog
from dmsperf_tui.tui.header import WIDE
from dmsperf_tui.tui.help import HelpScreen
from dmsperf_tui.tui.keybar import KeyBar
from dmsperf_tui.tui.levels import by_rate
from dmsperf_tui.tui.messages import LinkEnded, SnapshotArrived
from dmsperf_tui.tui.outcome import farewell
from dmsperf_tui.tui.palette import RunCommands
from dmsperf_tui.tui.phases import ENDED, LIVE, Phase, phase_of
from dmsperf_tui.tui.run_view import RunView
from dmsperf_tui.tui.setup import SetupView
from dmsperf_tui.tui.steering import SteeringApp
from dmsperf_tui.tui.timeline import Timeline
from dmsperf_tui.tui.wording import record_of


class MainScreen(Screen[None]):
    """The one screen; it binds tab here, before Textual's own."""

    BINDINGS: ClassVar[list[BindingType]] = [keys.binding(key, "app.") for key in keys.TABS]


class DmsPerfApp(SteeringApp):
    """Set up a load test, watch it, steer it."""

    TITLE = "dmsperf-tui"
    CSS_PATH = "styles.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings()]
    COMMANDS = App.COMMANDS | {RunCommands}
    # Textual declares these two as `ClassVar[...] | None`, which no annotation of ours can match.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012

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
        if "TEXTUAL_THEME" not in os.environ:
            self.theme = theme.DARK.name
        self.timeline = Timeline()
        self.exit_code: int | None = None
        """The run's, once one has ended on this screen."""
        self._options = options
        self._places = places
        self._start_run = start
        self._refresh_hz = refresh_hz or (2.0 if "SSH_CONNECTION" in os.environ else 4.0)
        self._stale = False
        self._quit_when_over = False
        self._started_here = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.CHART_COLOURS

    def get_default_screen(self) -> Screen[None]:
        return MainScreen()

    def compose(self) -> ComposeResult:
        with ContentSwitcher(id="views", initial="setup" if self._link is None else "run"):
            yield SetupView(self._options, self._places, id="setup")
            yield RunView(id="run")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        if threading.current_thread() is threading.main_thread():
            # A terminal that vanishes must not end in a spin on its dead device: leave; the run goes on.
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hang_up)
        self.set_interval(1 / self._refresh_hz, self._paint)
        if self._link is not None:
            # Not before the first layout: what asks for a new one while that is made is not heard.
            self.call_after_refresh(self._watch, self._link)

    async def on_unmount(self) -> None:
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        await self._let_go()

    def _hang_up(self) -> None:
        self.exit(return_code=128 + signal.SIGHUP)

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
            pass
        self.post_message(LinkEnded(link))

    async def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    @on(SnapshotArrived)
    def _snapshot_arrived(self, event: SnapshotArrived) -> None:
        snapshot = event.snapshot
        if self.snapshot is None:
            self.query_one(ContentSwitcher).current = "run"
        self.snapshot = snapshot
        self._stale = True
        self._enter(phase_of(snapshot.state))
        self.query_one(KeyBar).show(self.phase, by_rate=self._by_rate())
        if snapshot.state.over:
            self.exit_code = snapshot.exit_code
            if self._quit_when_over:
                self._leave()

    @on(LinkEnded)
    def _link_ended(self, event: LinkEnded) -> None:
        if event.link is not self._link:
            return
        if self.snapshot is None:
            self.query_one(ContentSwitcher).current = "setup"
            self._enter(Phase.SETUP)
            self.query_one(SetupView).refuse("the run's host is gone")
        elif self.phase in LIVE:
            self._stale = True
            self._enter(Phase.LOST)
            text = f"the run's host is gone; its record is in {record_of(self.snapshot.info)}"
            self.notify(text, title="Host gone", severity="error", markup=False)
            if self._quit_when_over:
                self._leave()

    def _enter(self, phase: Phase) -> None:
        if phase is self.phase:
            return
        self.phase = phase
        self.query_one(KeyBar).show(phase, by_rate=self._by_rate())
        # Only here: each refresh of the bindings costs memory that Textual does not give back.
        self.refresh_bindings()
        self._paint()

    def _by_rate(self) -> bool:
        return self.snapshot is not None and by_rate(self.snapshot)

    def _paint(self) -> None:
        if self._stale and self.snapshot is not None:
            self._stale = False
            self.query_one(RunView).paint(self.timeline, self.snapshot, self.phase)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        phases = keys.PHASES.get(action)
        return phases is None or self.phase in phases

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
        self._enter(Phase.STARTING)
        self.query_one(ContentSwitcher).current = "setup"
        setup.say("◌ Starting the run's host …", "$primary")
        await self._let_go()
        try:
            link = await self._start_run(config)
        except (ConfigError, LaunchError, OSError) as error:
            self._enter(Phase.SETUP)
            setup.refuse(str(error))
            self.notify(str(error), title="The run did not start", severity="error", markup=False)
            return
        self._started_here = True
        self._watch(link)

    def action_window(self) -> None:
        self.query_one(RunView).next_window()
        self._stale = True
        self._paint()

    def action_zoom(self) -> None:
        self.query_one(RunView).toggle_zoom()

    def action_step_back(self) -> None:
        if not self.query_one(RunView).unzoom() and self.phase in ENDED:
            self.action_setup()

    def action_next_panel(self, step: int) -> None:
        if self.query_one(ContentSwitcher).current == "run":
            self.query_one(RunView).next_panel(step)
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_setup(self) -> None:
        self._enter(Phase.SETUP)
        self.query_one(ContentSwitcher).current = "setup"
        self.query_one(SetupView).refresh_config()

    def action_steps(self) -> None:
        self.query_one(SetupView).open_steps()

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self.phase, by_rate=self._by_rate()))

    def action_detach(self) -> None:
        if self._bound:
            self.notify("This run lives in the app (--in-process): stop it, or stay.", markup=False)
        else:
            self._leave()

    @property
    def _bound(self) -> bool:
        """A run is under way that cannot outlive the app."""
        return self._options.in_process and self._started_here and self.phase in LIVE

    def action_quit_run(self) -> None:
        if self.phase not in LIVE or self.snapshot is None or self._quit_when_over:
            self._leave()
        elif self._bound:
            self.push_screen(StopDialog(at_once=self.phase is Phase.STOPPING), self._stop_answered)
        elif not isinstance(self.screen, QuitDialog):
            stopping = self.phase is Phase.STOPPING
            self.push_screen(QuitDialog(self.snapshot.info.id, stopping=stopping), self._quit_answered)

    def _stop_answered(self, yes: bool | None) -> None:
        if yes:
            self._quit_answered("stop")

    def _quit_answered(self, answer: Answer | None) -> None:
        if answer == "leave" or (answer == "stop" and self.phase not in LIVE):
            self._leave()
        elif answer == "stop":
            self._quit_when_over = True
            if self.phase is not Phase.STOPPING:
                self.tell(Stop())
            self.notify("Closing once the run has ended; q again leaves it at once.", markup=False)

    async def action_quit(self) -> None:
        """Textual's own ctrl+q asks as well."""
        self.action_quit_run()

    def action_help_quit(self) -> None:
        """Ctrl+c likewise, as a terminal's user expects."""
        self.action_quit_run()

    def _leave(self) -> None:
        words = farewell(self.snapshot, self.phase) if self.snapshot is not None else ""
        # A path that is wrapped cannot be copied.
        message = Text(words, no_wrap=True, overflow="ignore") if words else None
        self.exit(return_code=self.exit_code or 0, message=message)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Theme", "Change the colours, dark or light", self.action_change_theme)
