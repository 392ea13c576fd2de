"""The list of scenarios, with a line to search it by words."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from dmsperf_tui.tui.choices import Choices


class Finder(Vertical):
    """The list is fewer with each word; Enter keeps what is found, Esc brings all back.

    A search that finds nothing ends with its line: what is chosen is always in the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "List all scenarios again"),
        Binding("down", "to_found", "From the search to what it found"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._before = ""

    def compose(self) -> ComposeResult:
        yield Input(id="search", placeholder="/ words of name, title, description", compact=True)
        yield Choices("Scenario", id="scenarios")

    def on_mount(self) -> None:
        self._line.display = False

    @property
    def _line(self) -> Input:
        return self.query_one("#search", Input)

    @property
    def choices(self) -> Choices:
        return self.query_one("#scenarios", Choices)

    def search(self) -> None:
        """Opens the line above the list."""
        line = self._line
        if not line.display:
            self._before = self.choices.chosen
            line.value = self.choices.words
            line.display = True
        line.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._line.display:
            self.choices.narrow(event.value.strip(), self.choices.chosen or self._before)

    @on(Input.Submitted)
    def action_to_found(self) -> None:
        self._line.display = False
        self._end_in_vain()
        self.choices.focus()

    @on(Input.Blurred)
    def _end_in_vain(self) -> None:
        if not self.choices.chosen:
            with self.prevent(Input.Changed):
                self._line.value = ""
            self.choices.narrow("", self._before)

    def action_clear(self) -> None:
        if self._line.display:
            # Called off: as it was before.
            self.choices.narrow("", self._before)
            self.action_to_found()
        else:
            self.choices.narrow("", self.choices.chosen or self._before)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "to_found" or self._line.has_focus
