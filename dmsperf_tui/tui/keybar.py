"""The footer: the keys that work now, as many as fit, the dearest first.

Not Textual's Footer: that one rebuilds its widgets at each refresh of the bindings, and keeps what it
dropped; and it cuts words in two where the terminal is narrow.
"""

from __future__ import annotations

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from dmsperf_tui.tui.keys import ALL_KEYS, Key
from dmsperf_tui.tui.phases import Phase

_GAP = "  "


def fitting(phase: Phase, width: int) -> list[Key]:
    """The footer's keys in their fixed order, the least needed left out."""
    here = [key for key in ALL_KEYS if phase in key.phases and key.rank < 9 and key.word]
    while here and sum(len(key.shown) + 1 + len(key.word) + len(_GAP) for key in here) > width:
        here.remove(max(here, key=lambda key: (key.rank, here.index(key))))
    return here


class KeyBar(Static):
    """One line of keys; a click does what the key does."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._phase = Phase.SETUP

    def show(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        parts: list[Content] = []
        for key in fitting(self._phase, self.size.width):
            word = "Resume" if key.action == "pause" and self._phase is Phase.PAUSED else key.word
            part = Content.assemble((key.shown, "bold $footer-key-foreground"), " ", word, _GAP)
            if key.action:
                part = part.stylize(Style.from_meta({"@click": f"app.{key.action}"}))
            parts.append(part)
        self.update(Content("").join(parts), layout=False)
