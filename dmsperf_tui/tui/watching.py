"""The run on the screen: how it comes there, is heard of, is let go of, and what becomes of it on leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from rich.text import Text
from textual import events, on
from textual.screen import ModalScreen

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Stop
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.replay import open_run
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.tui.dialogs import Answer, Confirm, QuitDialog, StopDialog
from dmsperf_tui.tui.levels import by_rate
from dmsperf_tui.tui.messages import LinkEnded, SnapshotArrived
from dmsperf_tui.tui.outcome import farewell
from dmsperf_tui.tui.phases import LIVE, Phase, phase_of
from dmsperf_tui.tui.steering import SteeringApp
from dmsperf_tui.tui.timeline import Timeline
from dmsperf_tui.tui.wording import outcome, record_of

_GONE = "the run's host is gone"
_UNOPENED = (ConfigError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What reading a run raises: also a record that another version wrote, or that is damaged in any file."""


def _why(fault: BaseException) -> str:
    """Why a run cannot be read, in a line."""
    if isinstance(fault, ConnectionError):
        return _GONE
    if isinstance(fault, ConfigError):
        return str(fault)
    return f"its record cannot be read ({type(fault).__name__}: {fault})"


async def _with(first: RunSnapshot, others: AsyncIterator[RunSnapshot]) -> AsyncIterator[RunSnapshot]:
    yield first
    async for snapshot in others:
        yield snapshot


class WatchingApp(SteeringApp):
    """A steering app whose run comes and goes, whatever a person looks at meanwhile."""

    def __init__(self, link: RunLink | None) -> None:
        super().__init__(link)
        self.timeline = Timeline()
        self.exit_code: int | None = None
        """The run's, once one has ended on this screen."""
        self.run_phase = self.phase
        """Of the run on the screen, also while something else is looked at; SETUP: there is none."""
        self.started_here = False
        self._in_process = False
        """Whether what was started here lives in this process, and ends with it."""
        self._quit_when_over = False
        self._left = False
        self._quit_when_there = False
        """Leave once the run that is being started is there to be named."""

    # What a person sees of it

    @property
    def looking_at(self) -> str:
        """`setup`, `run` or `runs`."""
        raise NotImplementedError

    def look_at(self, view: str) -> None:
        """Brings one of them up."""
        raise NotImplementedError

    def heard(self, *, at_once: bool) -> None:
        """There is something new of the run; `at_once`: it is in another phase, which is not left to wait."""
        raise NotImplementedError

    def not_opened(self, why: str) -> None:
        """The run that was to come to the screen does not."""
        raise NotImplementedError

    # How it comes, and goes

    async def start_run(self, start: Callable[[RunConfig], Awaitable[RunLink]], config: RunConfig) -> None:
        """Lets go of the run on the screen and watches a new one. Raises what `start` raises."""
        await self._leave_run()
        try:
            link = await start(config)
        except BaseException:
            self._quit_when_there = False
            raise
        self.started_here, self._in_process = True, config.in_process
        await self._close_dialogs()
        self.take_up(link)

    async def open_run(self, reference: str, results: Path) -> None:
        """Watches another run instead, live or recorded, if it can be opened and read."""
        try:
            link = await open_run(reference, results)
            snapshots = link.snapshots()
            first = await anext(snapshots)
        except StopAsyncIteration:
            self.not_opened(_GONE)
            return
        except _UNOPENED as fault:
            self.not_opened(_why(fault))
            return
        await self._leave_run()
        self.started_here = False
        await self._close_dialogs()
        self.take_up(link, _with(first, snapshots))

    async def _leave_run(self) -> None:
        """Of the run on the screen nothing stays; says where to find one that goes on."""
        left = self.snapshot.info.id if self.snapshot is not None and self.run_phase in LIVE else ""
        await self.let_go()
        self.snapshot = None
        if left:
            words = f"It goes on; take it up again here, or with: dmsperf-tui attach {left}"
            self.notify(words, title=f"Left run {left}", markup=False)

    async def _close_dialogs(self) -> None:
        """What they ask is about the run before: no answer of theirs may go to the next one."""
        while isinstance(self.screen, ModalScreen):
            await self.screen.dismiss(None)

    async def let_go(self) -> None:
        """Of the run on the screen, which goes on; nothing where there is none."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def leaves_live_run(self) -> bool:
        """Whether another run may be started, now that one is live on the screen."""
        if self.run_phase not in LIVE or self.snapshot is None:
            return True
        if self.bound:
            self.say_bound()
            return False
        run = self.snapshot.info.id
        what = f"Run {run} goes on beside it, and both share this machine; 3 finds it again."
        asked = Confirm("Start another run?", what, "Start", "Do not")
        answer: bool | None = await self.push_screen_wait(asked)
        return bool(answer)

    @property
    def bound(self) -> bool:
        """A run is under way that cannot outlive the app."""
        return self._in_process and self.started_here and self.run_phase in LIVE

    def say_bound(self) -> None:
        """Why it is not let go of."""
        self.notify("This run lives in the app (--in-process): stop it, or stay.", markup=False)

    # What is heard of it

    @property
    def by_rate(self) -> bool:
        """Whether what is steered now is all set by rates."""
        return self.snapshot is not None and by_rate(self.snapshot, self.aim)

    def take_up(self, link: RunLink, snapshots: AsyncIterator[RunSnapshot] | None = None) -> None:
        """Reads it from now on; `snapshots` are the link's, where they are being read already."""
        self._link = link
        self.timeline = Timeline()
        self.snapshot = None
        self.exit_code = None
        self.scope = None
        self._quit_when_over = False
        reading = self._read(link, snapshots or link.snapshots(), self.timeline)
        self.run_worker(reading, group="link", exclusive=True)

    async def _read(self, link: RunLink, snapshots: AsyncIterator[RunSnapshot], timeline: Timeline) -> None:
        why = _GONE
        try:
            async for snapshot in snapshots:
                # Taken here and not by the message, of which some are replaced by newer ones.
                timeline.extend(snapshot.rows)
                self.post_message(SnapshotArrived(link, snapshot))
        except _UNOPENED as fault:
            why = _why(fault)
        self.post_message(LinkEnded(link, why))

    @on(SnapshotArrived)
    def _snapshot_arrived(self, event: SnapshotArrived) -> None:
        if event.link is not self._link or not self.is_running:
            return  # of a run that was let go of, or its views are being closed
        snapshot = event.snapshot
        first, self.snapshot = self.snapshot is None, snapshot
        was_live = self.run_phase in LIVE
        if first:
            self.run_phase = phase_of(snapshot.state)
            self.look_at("run")
            if self._quit_when_there and not self.bound:
                self.leave()
            self._quit_when_there = False
        else:
            self.enter(phase_of(snapshot.state))
        if snapshot.state.over:
            self.exit_code = snapshot.exit_code
            if was_live and self.looking_at != "run":
                tone = outcome(snapshot)
                words = f"{tone.glyph} {tone.word}; 2 shows it"
                self.notify(words, title=f"Run {snapshot.info.id} has ended", markup=False)
            if self._quit_when_over:
                self.leave()
            elif isinstance(self.screen, QuitDialog):
                self.screen.say_ended()

    @on(LinkEnded)
    def _link_ended(self, event: LinkEnded) -> None:
        if event.link is not self._link or not self.is_running:
            return
        if self.snapshot is None:
            self.enter(Phase.SETUP)
            self.not_opened(event.why)
        elif self.run_phase in LIVE:
            self.enter(Phase.LOST)
            text = f"{_GONE}; its record is in {record_of(self.snapshot.info)}"
            self.notify(text, title="Host gone", severity="error", markup=False)
            if self._quit_when_over:
                self.leave()

    def enter(self, phase: Phase) -> None:
        """The run on the screen is in `phase` now."""
        another, self.run_phase = phase is not self.run_phase, phase
        self.heard(at_once=another)

    # Leaving it, and the app

    async def on_event(self, event: events.Event) -> None:
        # The key behind the one that leaves would be told to the run, or to a screen that is gone.
        if not (self._left and isinstance(event, events.InputEvent)):
            await super().on_event(event)

    def action_detach(self) -> None:
        if self.bound:
            self.say_bound()
        else:
            self.leave()

    def action_quit_run(self) -> None:
        stopping = self.run_phase is Phase.STOPPING
        if self.run_phase is Phase.STARTING and not self._quit_when_there:
            self._quit_when_there = True
            words = "A run is being started: leaving once it is there. q again leaves at once."
            self.notify(words, markup=False)
        elif self.run_phase not in LIVE or self.snapshot is None or self._quit_when_over:
            self.leave()
        elif self.bound:
            self.push_screen(StopDialog(at_once=stopping), self._stop_answered)
        elif not isinstance(self.screen, QuitDialog):
            self.push_screen(QuitDialog(self.snapshot.info.id, stopping=stopping), self._quit_answered)

    def _stop_answered(self, yes: bool | None) -> None:
        if yes:
            self._quit_answered("stop")

    def _quit_answered(self, answer: Answer | None) -> None:
        if answer == "leave" or (answer == "stop" and self.run_phase not in LIVE):
            self.leave()
        elif answer == "stop":
            self._quit_when_over = True
            self.notify("Closing once the run has ended; q again leaves it at once.", markup=False)
            if self.run_phase is not Phase.STOPPING and self._link is not None:
                self.run_worker(self._stop_to_quit(self._link), group="commands")

    async def _stop_to_quit(self, link: RunLink) -> None:
        if not await self.send(link, Stop()):
            self._quit_when_over = False

    async def action_quit(self) -> None:
        """Textual's own ctrl+q asks as well."""
        self.action_quit_run()

    def action_help_quit(self) -> None:
        """Ctrl+c likewise, as a terminal's user expects."""
        self.action_quit_run()

    def leave(self) -> None:
        """Ends the app with a word about the run; no key that is still on its way does anything then."""
        self._left = True
        words = farewell(self.snapshot, self.run_phase) if self.snapshot is not None else ""
        if self.run_phase is Phase.STARTING:
            words = "a run was being started; take it up with: dmsperf-tui attach"
        # A path that is wrapped cannot be copied.
        message = Text(words, no_wrap=True, overflow="ignore") if words else None
        self.exit(return_code=self.exit_code or 0, message=message)
