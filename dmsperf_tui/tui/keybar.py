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


def fitting(phase: Phase, width: int, *, by_rate: bool = False) -> list[tuple[Key, str]]:
    """The footer's keys and words in their fixed order, the least needed left out."""
    here = [
        (key, key.words(by_rate=by_rate)[0])
        for key in ALL_KEYS
        if phase in key.phases and key.rank < 9 and key.word
    ]
    while here and sum(len(key.shown) + 1 + len(word) + len(_GAP) for key, word in here) > width:
        here.remove(max(here, key=lambda each: (each[0].rank, here.index(each))))
    return here


class KeyBar(Static):
    """One line of keys; a click does what the key does."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._phase = Phase.SETUP
        self._by_rate = False

    def show(self, phase: Phase, *, by_rate: bool) -> None:
        if (phase, by_rate) != (self._phase, self._by_rate):
            self._phase, self._by_rate = phase, by_rate
            self._paint()

    def on_resize(self) -> None:
        self._paint()

    def _paint(self) -> None:
        parts: list[Content] = []
        for key, usual in fitting(self._phase, self.size.width, by_rate=self._by_rate):
            word = "Resume" if key.action == "pause" and self._phase is Phase.PAUSED else usual
            part = Content.assemble((key.shown, "bold $footer-key-foreground"), " ", word, _GAP)
            if key.action:
                part = part.stylize(Style.from_meta({"@click": f"app.{key.action}"}))
            parts.append(part)
        self.update(Content("").join(parts), layout=False)
