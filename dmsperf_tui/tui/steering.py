"""What a person can tell a run, by key: each becomes a command, and a refusal is shown."""

from __future__ import annotations

from textual import events, on
from textual.app import App
from textual.content import Content

from dmsperf_tui.run.commands import (
    Changing,
    Command,
    HoldLevel,
    Pause,
    Preview,
    Release,
    Reply,
    Resume,
    SetRate,
    SetVus,
    Skip,
    Stop,
    Undo,
    Weights,
)
from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.snapshot import RunSnapshot, WorkloadRow
from dmsperf_tui.tui.dialogs import Choose, ChooseLevel, ChooseSkip, Dialog, StopDialog
from dmsperf_tui.tui.levels import Level, change_by, rate_levels, under_way, vus_levels
from dmsperf_tui.tui.messages import SnapshotArrived
from dmsperf_tui.tui.phases import STEERED, Phase
from dmsperf_tui.tui.prompts import (
    ExtendPrompt,
    LevelPrompt,
    NotePrompt,
    ScalePrompt,
    SharesPrompt,
    shares_words,
)
from dmsperf_tui.tui.workloads import WorkloadsPanel


class SteeringApp(App[None]):
    """An app with a link to a run, and the run's newest snapshot."""

    def __init__(self, link: RunLink | None) -> None:
        super().__init__()
        self.phase = Phase.SETUP if link is None else Phase.STARTING
        self.snapshot: RunSnapshot | None = None
        self.scope: str | None = None
        """The workload that changes are for; None: each that they fit."""
        self._link = link

    def repaint(self) -> None:
        """What a person looks at has changed, rather than the run."""
        raise NotImplementedError

    async def on_key(self, event: events.Key) -> None:
        """A key that was on its way while a question came up is the question's: it was pressed behind it."""
        screen = self.screen
        if isinstance(screen, Dialog) and await screen.early(event):
            event.stop()
            event.prevent_default()

    # What it is told, and what it answers

    def tell(self, command: Command | None) -> None:
        """Sends a command, if there is one; a refusal is shown."""
        if self._link is not None and command is not None:
            self.run_worker(self.send(self._link, command), group="commands")

    async def send(self, link: RunLink, command: Command) -> bool:
        """Whether it was done; why not is shown."""
        try:
            reply = await link.send(command)
        except ConnectionError:
            reply = Reply(ok=False, text="the run's host is gone")
        if not reply.ok:
            self.notify(reply.text or "refused", title="Not done", severity="warning", markup=False)
        return reply.ok

    async def foresee(self, change: Changing) -> Reply | None:
        """What a change would come to now, or why it would be refused; None: the run is gone."""
        if self._link is None:
            return None
        try:
            return await self._link.send(Preview(change=change))
        except ConnectionError:
            return None

    def _say_why_not(self, change: Changing) -> None:
        """Nothing here fits it: the run knows the reason."""
        self.tell(Preview(change=change))

    # Which workload is meant

    @property
    def aim(self) -> str | None:
        """What the next change is for: the row that the keyboard is on, else the scope."""
        focused = self.screen.focused if self._screen_stack else None
        if focused is not None:
            for panel in focused.ancestors_with_self:
                if isinstance(panel, WorkloadsPanel):
                    return panel.at_cursor or self.scope
        return self.scope

    def action_next_scope(self) -> None:
        """All workloads, then each by itself."""
        if self.snapshot is None:
            return
        names = [row.name for row in under_way(self.snapshot)]
        if len(self.snapshot.workloads) < 2:
            self.notify("There is one workload: every change is for it.", markup=False)
            return
        order = [None, *names]
        at = order.index(self.scope) if self.scope in order else 0
        self._steer(order[(at + 1) % len(order)])

    def _steer(self, scope: str | None) -> None:
        self.scope = scope
        self.repaint()

    @on(WorkloadsPanel.Moved)
    def _row_moved(self) -> None:
        self.repaint()

    @on(WorkloadsPanel.Chosen)
    def _row_chosen(self, event: WorkloadsPanel.Chosen) -> None:
        """The row's workload becomes the scope; chosen again, all do."""
        if self.snapshot is None or len(self.snapshot.workloads) < 2:
            return
        if event.workload not in (row.name for row in under_way(self.snapshot)):
            self.notify(f"{event.workload} is not under way: there is no load to change.", markup=False)
        else:
            self._steer(None if event.workload == self.scope else event.workload)

    @on(SnapshotArrived)
    def _keep_scope(self, event: SnapshotArrived) -> None:
        """A workload that has ended cannot be steered any more."""
        if self.scope is None or self.scope in (row.name for row in under_way(event.snapshot)):
            return
        if self.phase in STEERED:
            self.notify(f"{self.scope} has ended: keys steer all workloads now.", markup=False)
        self._steer(None)

    # The load

    def action_level_by(self, steps: int) -> None:
        if self.snapshot is None:
            return
        change, rows = change_by(self.snapshot, steps, self.aim), under_way(self.snapshot, self.aim)
        meant = [row.name for row in rows if row.open == isinstance(change, SetRate)]
        if len(meant) > 1:
            names = ", ".join(meant)
            self.notify(f"Which one? {names}: g goes through them.", title="Not done", markup=False)
        else:
            self.tell(change)

    def action_set_vus(self) -> None:
        if self.snapshot is not None:
            self._ask_one(vus_levels(self.snapshot, self.aim), SetVus(amount=0, unit="by", workload=self.aim))

    def action_set_rate(self) -> None:
        if self.snapshot is not None:
            refused = SetRate(amount=0, unit="by", workload=self.aim)
            self._ask_one(rate_levels(self.snapshot, self.aim), refused)

    def _ask_one(self, levels: list[Level], refused: SetVus | SetRate) -> None:
        if len(levels) > 1:

            def chosen(place: int | None) -> None:
                if place is not None:
                    self.ask_level(levels[place])

            self.push_screen(ChooseLevel(levels), chosen)
        elif levels:
            self.ask_level(levels[0])
        else:
            self._say_why_not(refused)

    def ask_level(self, level: Level) -> None:
        """Asks for a new value, and sets it."""
        self.push_screen(LevelPrompt(level, self.foresee), self.tell)

    def action_hold(self) -> None:
        self.tell(HoldLevel(workload=self.aim))

    def action_release(self) -> None:
        self.tell(Release(workload=self.aim))

    def action_scale(self) -> None:
        self.ask_scale(self.aim)

    def ask_scale(self, workload: str | None) -> None:
        self.push_screen(ScalePrompt(workload, self.foresee), self.tell)

    def action_extend(self) -> None:
        self.ask_extend(self.aim)

    def ask_extend(self, workload: str | None) -> None:
        if self.snapshot is not None:
            prompt = ExtendPrompt(self.snapshot.info.planned_s, workload, self.foresee)
            self.push_screen(prompt, self.tell)

    def action_set_shares(self) -> None:
        if self.snapshot is None:
            return
        rows = [row for row in under_way(self.snapshot, self.aim) if row.weights]
        if len(rows) > 1:
            lines = [
                Content.assemble((row.name, "bold"), (f"  {shares_words(row.weights)}", "$foreground-muted"))
                for row in rows
            ]

            def chosen(place: int | None) -> None:
                if place is not None:
                    self.ask_shares(rows[place])

            self.push_screen(Choose("Which mix?", lines, "↑ ↓ Enter chooses, Esc does not"), chosen)
        elif rows:
            self.ask_shares(rows[0])
        else:
            self._say_why_not(Weights(weights={"any": 1}, workload=self.aim))

    def ask_shares(self, row: WorkloadRow) -> None:
        self.push_screen(SharesPrompt(row.name, row.weights, self.foresee), self.tell)

    def action_skip(self) -> None:
        if self.snapshot is None:
            return
        rows = [row for row in under_way(self.snapshot, self.aim) if row.stages > 1]
        if rows:
            self.ask_skip(rows, self.aim)
        else:
            self._say_why_not(Skip(workload=self.aim))

    def ask_skip(self, rows: list[WorkloadRow], workload: str | None) -> None:
        """Lists the stages of the one workload that has some; of several: each one's next stage.

        It asks at once, so that no key is lost; what the run says of each comes after.
        """
        at: int | None = 0
        if len(rows) == 1:
            (row,) = rows
            at = row.stage if row.stage < row.stages else None
            skips = [Skip(stage=stage, workload=workload) for stage in range(1, row.stages + 1)]
            offers = [f"stage {stage}/{row.stages}" for stage in range(1, row.stages + 1)]
        else:
            skips = [Skip(), *[Skip(workload=row.name) for row in rows]]
            offers = ["each goes on with its next stage", *[row.name for row in rows]]

        def chosen(place: int | None) -> None:
            if place is not None:
                self.tell(skips[place])

        dialog = ChooseSkip(offers, at=at, numbered=len(rows) == 1)
        self.push_screen(dialog, chosen)
        self.run_worker(self._say_skips(dialog, skips, rows), group="ask", exclusive=True)

    async def _say_skips(self, dialog: ChooseSkip, skips: list[Skip], rows: list[WorkloadRow]) -> None:
        """What each would come to, or why it would be refused."""
        for place, skip in enumerate(skips):
            reply = await self.foresee(skip)
            if not dialog.is_attached or reply is None:
                return
            if len(rows) == 1:
                # The list says which.
                says = reply.text.removeprefix(f"{rows[0].name}: ").removeprefix("skip to ")
                says += "   the present one, from its start" if skip.stage == rows[0].stage else ""
            elif skip.workload is None:
                continue
            else:
                says = reply.text.replace(": skip to ", ": ")
            dialog.say_more(place, says)

    def action_undo(self) -> None:
        self.tell(Undo())

    # The run

    def action_pause(self) -> None:
        self.tell(Resume() if self.phase is Phase.PAUSED else Pause())

    def action_note(self) -> None:
        self.push_screen(NotePrompt(), self.tell)

    def action_stop(self) -> None:
        self._ask_stop(at_once=self.phase is Phase.STOPPING)

    def action_abort(self) -> None:
        self._ask_stop(at_once=True)

    def _ask_stop(self, *, at_once: bool) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.tell(Stop(at_once=at_once))

        self.push_screen(StopDialog(at_once=at_once), answered)
