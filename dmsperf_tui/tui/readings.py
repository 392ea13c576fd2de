"""A small Static that repaints only when its words change, and never moves its neighbours."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from dmsperf_tui.plan.plain import guarded


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
        """Shows `content`, without control characters; asks for a new layout only where its size changes."""
        if (safe := guarded(content.plain)) is not content.plain:
            content = Content(safe, list(content.spans))
        if content == self._shown and content.spans == self._shown.spans:
            return
        before, self._shown = self._shown, content
        moved = self._moves(before, content)
        self.update(content, layout=moved)
        if moved:
            # Again, as a request that comes while a layout is being made is lost.
            self.call_after_refresh(self.refresh, layout=True)

    def _moves(self, before: Content, now: Content) -> bool:
        """Whether another layout is needed: texts of one length may be wrapped otherwise."""
        old, new = before.plain, now.plain
        if len(old) != len(new) or old.count("\n") != new.count("\n"):
            return True
        width = self.content_size.width
        if not width or max(map(len, [*old.split("\n"), *new.split("\n")])) <= width:
            return False
        rules = self.styles.get_rules()
        return before.get_height(rules, width) != now.get_height(rules, width)
