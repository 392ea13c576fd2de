"""A panel whose rows can be filtered by words that a person types into a line of its frame."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from dmsperf_tui.plan.plain import line
from dmsperf_tui.tui.panel import RunPanel


def matches(words: str, *texts: str) -> bool:
    """Whether each of the words is somewhere in the texts, in small letters or capitals."""
    there = "\n".join(texts).casefold()
    return all(word in there for word in words.casefold().split())


class FilterLine(Input):
    """Where the words are typed: there while they are."""


class FilteredPanel(Vertical, RunPanel):
    """`/` opens the line, Enter keeps the words, Esc takes them back."""

    FILTER_KEYS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter: rows with all the words that you type", key_display="/"),
        Binding("escape", "unfilter", "Without the filter again", key_display="esc"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.words = ""
        """What is filtered by; empty: nothing."""

    def compose_filter(self) -> ComposeResult:
        """The line, to stand last in the panel."""
        yield FilterLine(placeholder="words to look for", compact=True)

    def rows(self) -> Widget:
        """What has the keyboard while nothing is typed."""
        raise NotImplementedError

    def refilter(self) -> None:
        """The words have changed."""
        raise NotImplementedError

    @property
    def filter_title(self) -> str:
        """For the panel's title: ` · filter: post`, or nothing."""
        return f" · filter: {line(self.words)}" if self.words else ""

    def on_mount(self) -> None:
        self._close()

    def action_filter(self) -> None:
        field = self.query_one(FilterLine)
        field.can_focus = field.display = True
        field.focus()

    def action_unfilter(self) -> None:
        self.query_one(FilterLine).value = ""
        self._close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "unfilter":
            # Else escape is for whoever comes next: to leave a zoomed panel.
            return bool(self.words) or self.query_one(FilterLine).display
        return True

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.words = " ".join(event.value.split())
        self.refilter()

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        self._close()

    def _close(self) -> None:
        field = self.query_one(FilterLine)
        if field.has_focus:
            self.rows().focus(scroll_visible=False)
        field.can_focus = field.display = False
