"""What a person can tell a run, by key: each becomes a command, and a refusal is shown."""

from __future__ import annotations

from textual.app import App

from dmsperf_tui.run.commands import Command, HoldLevel, Pause, Release, Resume, Skip, Stop
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.dialogs import ChooseLevel, SkipDialog, StopDialog
from dmsperf_tui.tui.levels import Level, change_by, main_levels
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.prompts import ExtendPrompt, LevelPrompt, NotePrompt, ScalePrompt


class SteeringApp(App[None]):
    """An app with a link to a run, and the run's newest snapshot."""

    def __init__(self, link: RunLink | None) -> None:
        super().__init__()
        self.phase = Phase.SETUP if link is None else Phase.STARTING
        self.snapshot: RunSnapshot | None = None
        self._link = link

    def tell(self, command: Command | None) -> None:
        """Sends a command, if there is one; a refusal is shown."""
        if self._link is not None and command is not None:
            self.run_worker(self._send(self._link, command), group="commands")

    async def _send(self, link: RunLink, command: Command) -> None:
        try:
            reply = await link.send(command)
        except ConnectionError:
            return  # the end of its snapshots says so too
        if not reply.ok:
            self.notify(reply.text or "refused", title="Not done", severity="warning", markup=False)

    def action_pause(self) -> None:
        self.tell(Resume() if self.phase is Phase.PAUSED else Pause())

    def action_level_by(self, steps: int) -> None:
        if self.snapshot is not None:
            self.tell(change_by(self.snapshot, steps))

    def action_set_level(self) -> None:
        if self.snapshot is None:
            return
        levels = main_levels(self.snapshot)
        if len(levels) > 1:
            self.push_screen(ChooseLevel(levels), self.ask_level)
        else:
            self.ask_level(levels[0])

    def ask_level(self, level: Level | None) -> None:
        """Asks for a new value, and sets it."""
        if level is not None:
            self.push_screen(LevelPrompt(level), self.tell)

    def action_hold(self) -> None:
        self.tell(HoldLevel())

    def action_release(self) -> None:
        self.tell(Release())

    def action_scale(self) -> None:
        if self.snapshot is not None:
            self.push_screen(ScalePrompt(self.snapshot), self.tell)

    def action_skip(self) -> None:
        if self.snapshot is None:
            return
        rows = [row for row in self.snapshot.workloads if row.active and row.stage < row.stages]
        if not rows:
            # The run says why not.
            self.tell(Skip())
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.tell(Skip())

        self.push_screen(SkipDialog(rows), answered)

    def action_extend(self) -> None:
        if self.snapshot is not None:
            self.push_screen(ExtendPrompt(self.snapshot), self.tell)

    def action_note(self) -> None:
        self.push_screen(NotePrompt(), self.tell)

    def action_stop(self) -> None:
        at_once = self.phase is Phase.STOPPING

        def answered(yes: bool | None) -> None:
            if yes:
                self.tell(Stop(at_once=at_once))

        self.push_screen(StopDialog(at_once=at_once), answered)
