"""The questions that the screen asks: each returns its answer, None where it was called off."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.steering import VuChange, parse_vu_change
from dmsperf_tui.run.snapshot import RunSnapshot

Answer = Literal["stop", "leave"]


class StopDialog(ModalScreen[bool | None]):
    """Really stop? A second stop, while one is under way, is at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,s,S", "answer(True)", "Stop"),
        Binding("n,escape,q", "answer(False)", "Go on"),
    ]

    def __init__(self, *, at_once: bool) -> None:
        super().__init__()
        self._at_once = at_once

    def compose(self) -> ComposeResult:
        question = "End the run at once?" if self._at_once else "Stop the run?"
        what = (
            "What is in flight is cut off. The record is kept."
            if self._at_once
            else "Nothing new starts; what runs may finish. The record is kept."
        )
        with Vertical(classes="dialog"):
            yield Static(question, classes="question", markup=False)
            yield Static(what, classes="hint", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("y  End it" if self._at_once else "y  Stop", id="yes", variant="error")
                yield Button("n  Go on", id="no")

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


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


class Prompt(ModalScreen[str | None]):
    """One line of text, checked as it is typed; what is wrong with it stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "call_off", "Cancel")]

    def __init__(self, question: str, hint: str, placeholder: str = "", most: int = 0) -> None:
        super().__init__()
        self._question, self._hint = question, hint
        self._placeholder, self._most = placeholder, most

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield Input(placeholder=self._placeholder, max_length=self._most)
            yield Static(self._hint, classes="hint", id="says", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def judge(self, text: str) -> tuple[bool, Content]:
        """Whether `text` will do, and what to say of it. Subclasses know."""
        return bool(text.strip()), Content(self._hint)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        empty = not event.value.strip()
        says = Content(self._hint) if empty else self.judge(event.value)[1]
        self.query_one("#says", Static).update(says)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        good, says = self.judge(event.value)
        if good:
            self.dismiss(event.value.strip())
        else:
            self.query_one("#says", Static).update(says)

    def action_call_off(self) -> None:
        self.dismiss(None)


class VuPrompt(Prompt):
    """A new VU target, with what it will come to."""

    def __init__(self, snapshot: RunSnapshot) -> None:
        super().__init__(
            f"Virtual users: {snapshot.vus} now, target {snapshot.heading}, plan {snapshot.planned}",
            "50   +10   -10   +20%   50 over 30s     Enter sets it, Esc does not",
            "50 over 30s",
        )
        self._heading = snapshot.heading

    def judge(self, text: str) -> tuple[bool, Content]:
        try:
            change = parse_vu_change(text)
        except ConfigError as error:
            return False, Content.styled(f"✗ {error}", "$error")
        return True, Content.styled(f"✓ {self._effect(change)}", "$success")

    def _effect(self, change: VuChange) -> str:
        over = f" over {change.over_s:g} s" if change.over_s else ", now"
        return f"VUs {self._heading} → {change.apply(self._heading)}{over}"
