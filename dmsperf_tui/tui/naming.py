"""A name for a file that is saved anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dmsperf_tui.plan.errors import ConfigError


class NamePrompt(ModalScreen[str | None]):
    """Asks for a name; `judge` says what it would do, and raises ConfigError for one that cannot be."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "call_off", "Cancel")]

    def __init__(self, question: str, name: str, judge: Callable[[str], str]) -> None:
        super().__init__()
        self._question, self._given, self._judge = question, name, judge

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            yield Input(self._given)
            yield Static("Enter saves it, Esc does not", classes="hint", id="says", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._judged(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self._judged(event.value):
            self.dismiss(event.value.strip())

    def _judged(self, text: str) -> bool:
        says = self.query_one("#says", Static)
        try:
            says.update(Content.styled(self._judge(text.strip()), "$foreground-muted"))
        except ConfigError as error:
            says.update(Content.styled(f"✗ {error}", "$error"))
            return False
        return True

    def action_call_off(self) -> None:
        self.dismiss(None)
