"""The questions that the screen asks: each returns its answer, None where it was called off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static

from dmsperf_tui.run.snapshot import WorkloadRow
from dmsperf_tui.tui.levels import Level

Answer = Literal["stop", "leave"]


class Confirm(ModalScreen[bool | None]):
    """Really? `no`, going on as before, has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str, what: str, yes: str, no: str = "Go on") -> None:
        super().__init__()
        self._question, self._what, self._yes, self._no = question, what, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield Static(self._what, classes="hint", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(f"y  {self._yes}", id="yes", variant="error")
                yield Button(f"n  {self._no}", id="no")

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


class StopDialog(Confirm):
    """Really stop? A second stop, while one is under way, is at once."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("s,S", "answer(True)", "Stop")]

    def __init__(self, *, at_once: bool) -> None:
        if at_once:
            what = "What is in flight is cut off. The record is kept."
            super().__init__("End the run at once?", what, "End it")
        else:
            what = "Nothing new starts; what runs may finish. The record is kept."
            super().__init__("Stop the run?", what, "Stop")


class SkipDialog(Confirm):
    """Really skip? A stage that was skipped does not come again by itself."""

    def __init__(self, rows: Sequence[WorkloadRow]) -> None:
        what = "\n".join(f"{row.name}: stage {row.stage} of {row.stages} → {row.stage + 1}" for row in rows)
        super().__init__("Skip the rest of this stage?", what, "Skip")


class ChooseLevel(ModalScreen[Level | None]):
    """Which workload is meant, where there are several."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "call_off", "Cancel")]

    def __init__(self, levels: Sequence[Level]) -> None:
        super().__init__()
        self._levels = levels

    def compose(self) -> ComposeResult:
        lines = [
            Content.assemble((level.title, "bold"), (f"  {level.now}", "$foreground-muted"))
            for level in self._levels
        ]
        with Vertical(classes="dialog"):
            yield Static("Which one?", classes="question", markup=False)
            yield OptionList(*lines, markup=False)
            yield Static("↑ ↓ Enter chooses, Esc does not", classes="hint", markup=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._levels[event.option_index])

    def action_call_off(self) -> None:
        self.dismiss(None)


class QuitDialog(ModalScreen[Answer | None]):
    """What becomes of the run when this screen closes?"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "answer('stop')", "Stop it"),
        Binding("l,d", "answer('leave')", "Leave it"),
        Binding("escape,q,n", "answer('')", "Stay"),
    ]

    def __init__(self, run: str, *, stopping: bool) -> None:
        super().__init__()
        self._run = run
        self._stopping = stopping

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("The run is still going.", classes="question", markup=False)
            text = f"Left running, it is taken up again with:  dmsperf-tui attach {self._run}"
            yield Static(text, classes="hint", markup=False)
            with Horizontal(classes="buttons"):
                stop = "s  Wait for its end" if self._stopping else "s  Stop it"
                yield Button(stop, id="stop", variant="error")
                yield Button("l  Leave it running", id="leave", variant="primary")
                yield Button("esc  Stay", id="stay")

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_answer(event.button.id or "")

    def action_answer(self, answer: str) -> None:
        self.dismiss("stop" if answer == "stop" else "leave" if answer == "leave" else None)
