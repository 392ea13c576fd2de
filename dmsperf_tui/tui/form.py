"""Lines of a form: a label, a place to type, and what is to be said of it beside it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Checkbox, Input, Static

from dmsperf_tui.tui.readings import Reading

CHANGED = "●"
_TICKS = {True: "X", False: "·"}


class Field(Horizontal):
    """One value. `text` is what is typed, `said` what stands beside it."""

    def __init__(self, key: str, label: str, text: str = "", *, empty: str = "", wide: bool = False) -> None:
        """`empty` is shown where nothing is typed; a `wide` one leaves no room beside it."""
        super().__init__(classes="field -words" if wide else "field")
        self.key = key
        self._label, self._text, self._empty = label, text, empty

    def compose(self) -> ComposeResult:
        yield Static(" ", classes="mark", markup=False)
        yield Static(self._label, classes="label", markup=False)
        yield Input(self._text, placeholder=self._empty, compact=True)
        yield Reading(classes="said")

    @property
    def input(self) -> Input:
        return self.query_one(Input)

    @property
    def text(self) -> str:
        return self.input.value.strip() if self.is_mounted else self._text

    @property
    def said(self) -> str:
        return self.query_one(Reading).shown

    def say(self, words: str, style: str = "$foreground-muted") -> None:
        self.query_one(Reading).put(Content.styled(words, style))

    def mark(self, changed: bool) -> None:
        """Whether it differs from what was there."""
        self.query_one(".mark", Static).update(
            Content.styled(CHANGED if changed else " ", "$accent"), layout=False
        )


class Tick(Checkbox):
    """Yes or no. Textual's own shows its X at all times, and tells the two by colour alone."""

    def __init__(self, label: str, value: bool, *, id: str) -> None:
        super().__init__(label, value, id=id, compact=True)
        self.BUTTON_INNER = _TICKS[value]

    def watch_value(self) -> None:
        self.BUTTON_INNER = _TICKS[self.value]
        super().watch_value()


class Form(ModalScreen[ScreenResultType]):
    """Fields, one below the other: tab, arrows and the mouse go from one to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "The next field"),
        Binding("up", "app.focus_previous", "The field before"),
    ]

    @property
    def fields(self) -> dict[str, Field]:
        return {field.key: field for field in self.query(Field)}

    @property
    def texts(self) -> dict[str, str]:
        """What is typed, by the field's key."""
        return {key: field.text for key, field in self.fields.items()}
