"""The footer: the keys that work now, as many as fit, the dearest first.

Not Textual's Footer: that one rebuilds its widgets at each refresh of the bindings, and keeps what it
dropped; and it cuts words in two where the terminal is narrow.
"""

from __future__ import annotations

from collections.abc import Collection

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from dmsperf_tui.tui.keys import ALL_KEYS, Key
from dmsperf_tui.tui.phases import Phase

_GAP = "  "


def fitting(
    phase: Phase, width: int, *, by_rate: bool = False, without: Collection[str] = ()
) -> list[tuple[Key, str]]:
    """The footer's keys and words in their fixed order, the least needed left out.

    `without`: actions that have nothing to act on just now.
    """
    here = [
        (key, key.words(by_rate=by_rate)[0])
        for key in ALL_KEYS
        if phase in key.phases and key.rank < 9 and key.word and key.action not in without
    ]
    while here and sum(len(key.shown) + 1 + len(word) + len(_GAP) for key, word in here) > width:
        here.remove(max(here, key=lambda each: (each[0].rank, here.index(each))))
    return here


class KeyBar(Static):
    """One line of keys; a click does what the key does."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._shown: tuple[Phase, bool, frozenset[str]] = (Phase.SETUP, False, frozenset({"run"}))

    def show(self, phase: Phase, *, by_rate: bool, without: frozenset[str]) -> None:
        """`without`: actions that have nothing to act on just now."""
        if (phase, by_rate, without) != self._shown:
            self._shown = (phase, by_rate, without)
            self._paint()

    def on_resize(self) -> None:
        self._paint()

    async def on_click(self, event: events.Click) -> None:
        # Not Textual's own `@click`: that gives keys and words one colour.
        action = event.style.meta.get("key")
        if action:
            await self.run_action(f"app.{action}")

    def _paint(self) -> None:
        phase, by_rate, without = self._shown
        parts: list[Content] = []
        for key, usual in fitting(phase, self.size.width, by_rate=by_rate, without=without):
            word = "Resume" if key.action == "pause" and phase is Phase.PAUSED else usual
            part = Content.assemble((key.shown, "bold $footer-key-foreground"), " ", word, _GAP)
            parts.append(part.stylize(Style.from_meta({"key": key.action})))
        self.update(Content("").join(parts), layout=False)
