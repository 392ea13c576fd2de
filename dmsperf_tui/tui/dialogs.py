"""The questions that the screen asks: each returns its answer, None where it was called off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button, OptionList, Static

from dmsperf_tui.tui.levels import Level

Answer = Literal["stop", "leave"]


class Dialog(ModalScreen[ScreenResultType]):
    """A question in a frame, which it does without where the terminal has no room for one."""

    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-roomy")]  # noqa: RUF012 - Textual's declaration
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (8, "-low"), (16, "-high")]  # noqa: RUF012 - as above

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[events.Key] = []
        """Keys that came before there was anything to type into."""
        self._ready = False

    @on(events.Mount)
    async def _catch_up(self) -> None:
        while self._waiting:
            await self.take(self._waiting.pop(0))
        self._ready = True

    async def early(self, event: events.Key) -> bool:
        """A key pressed right behind the one that asked, on its way before the keyboard was here.

        Whether it is taken: else it may be bound.
        """
        if not self.wants(event):
            return False
        if self._ready:
            await self.take(event)
        else:
            self._waiting.append(event)
        return True

    def wants(self, event: events.Key) -> bool:
        """Whether an early key is for what has the keyboard here, once it does."""
        return False

    async def take(self, event: events.Key) -> None:
        """Does what the key would have done there."""
        raise NotImplementedError


class Confirm(Dialog[bool | None]):
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
    """Really stop? A second stop, while one is under way, is at once, and so is an abort."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("s,S", "answer(True)", "Stop")]

    def __init__(self, *, at_once: bool) -> None:
        if at_once:
            what = "What is in flight is cut off. The record is kept."
            super().__init__("End the run at once?", what, "End it")
        else:
            what = "Nothing new starts; what runs may finish. The record is kept."
            super().__init__("Stop the run?", what, "Stop")


class Choose(Dialog[int | None]):
    """One of several, by its place; a number typed goes to the line that it begins."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "call_off", "Cancel"),
        *[
            Binding(str(digit), f"type({digit})", f"To the line whose number has a {digit}", show=False)
            for digit in range(10)
        ],
    ]

    def __init__(
        self,
        question: str,
        lines: Sequence[Content],
        hint: str,
        *,
        at: int | None = 0,
        numbered: bool = False,
    ) -> None:
        """`at` is the place that is chosen beforehand; `numbered` lines are stages 1, 2, 3 and so on."""
        super().__init__()
        self._question, self._lines, self._hint = question, list(lines), hint
        self._at, self._numbered = at, numbered
        self._typed = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield OptionList(*self._lines, markup=False)
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        choices.highlighted = self._at
        # Some may have changed while they were composed.
        self._show_lines()

    def wants(self, event: events.Key) -> bool:
        if not self._ready:
            return event.key == "enter" or event.key.isdigit()
        return event.key == "enter" and not self.query_one(OptionList).has_focus

    async def take(self, event: events.Key) -> None:
        if event.key == "enter":
            self.query_one(OptionList).action_select()
        else:
            self.action_type(int(event.key))

    def say(self, place: int, line: Content) -> None:
        """Says more of one of the lines."""
        self._lines[place] = line
        if self.is_mounted:
            self._show_lines()

    def _show_lines(self) -> None:
        choices = self.query_one(OptionList)
        for place, line in enumerate(self._lines):
            choices.replace_option_prompt_at_index(place, line)
        # As wide as its longest line.
        choices.refresh(layout=True)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_type(self, digit: int) -> None:
        """Digits that follow each other make one number, as long as there is such a line."""
        if not self._numbered:
            return
        for typed in (f"{self._typed}{digit}", str(digit)):
            if 1 <= int(typed) <= len(self._lines):
                self._typed = typed
                self.query_one(OptionList).highlighted = int(typed) - 1
                return

    def action_call_off(self) -> None:
        self.dismiss(None)


class ChooseLevel(Choose):
    """Which workload is meant, where there are several."""

    def __init__(self, levels: Sequence[Level]) -> None:
        lines = [
            Content.assemble((level.title, "bold"), (f"  {level.now}", "$foreground-muted"))
            for level in levels
        ]
        super().__init__("Which one?", lines, "↑ ↓ Enter chooses, Esc does not")


class ChooseSkip(Choose):
    """Where to skip to. A stage that was left does not come again by itself, and no undo brings it back."""

    def __init__(self, offers: Sequence[str], *, at: int | None, numbered: bool) -> None:
        """`offers` are the stages, or the workloads whose next stage it may be."""
        lines = [
            Content.assemble((f"{place:>2}  " if numbered else "", "bold"), says)
            for place, says in enumerate(offers, 1)
        ]
        hint = "↑ ↓ or its number, Enter skips, Esc does not" if numbered else "↑ ↓ Enter skips, Esc does not"
        super().__init__("Skip the rest of this stage?", lines, hint, at=at, numbered=numbered)

    def say_more(self, place: int, says: str) -> None:
        """What the run says of one of them, in place of its name."""
        number = f"{place + 1:>2}  " if self._numbered else ""
        self.say(place, Content.assemble((number, "bold"), says))


class QuitDialog(Dialog[Answer | None]):
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
                yield Button("l  Leave running", id="leave", variant="primary")
                yield Button("esc  Stay", id="stay")

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()

    def say_ended(self) -> None:
        """The run has ended by itself meanwhile: there is nothing to stop or to leave running."""
        self.query_one(".question", Static).update("The run has ended.")
        self.query_one(".hint", Static).update("Its record stays; 3 lists all runs.")
        self.query_one("#stop", Button).display = False
        self.query_one("#leave", Button).label = "l  Close"

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_answer(event.button.id or "")

    def action_answer(self, answer: str) -> None:
        self.dismiss("stop" if answer == "stop" else "leave" if answer == "leave" else None)
