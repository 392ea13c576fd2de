"""A small Static that repaints only when its words change, and never moves its neighbours."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Reading(Static):
    """One line of text that is shown anew each tick and seldom differs."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self._shown = Content("")

    @property
    def shown(self) -> str:
        """The words on the screen."""
        return self._shown.plain

    def put(self, content: Content) -> None:
        """Shows `content`; asks for a new layout only where its size has changed."""
        if content == self._shown and content.spans == self._shown.spans:
            return
        before = self._shown.plain
        self._shown = content
        now = content.plain
        moved = len(before) != len(now) or before.count("\n") != now.count("\n")
        self.update(content, layout=moved)
        if moved:
            # Again, as a request that comes while a layout is being made is lost.
            self.call_after_refresh(self.refresh, layout=True)
