"""The help: what the panel that is looked at shows and its own keys, then every key, then every panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dmsperf_tui.tui.keys import ALL_KEYS
from dmsperf_tui.tui.panel import RunPanel
from dmsperf_tui.tui.phases import Phase

GROUPS = ("Run", "Load", "View", "Set-up", "Runs")
ELSEWHERE = "Elsewhere"
"""Over the keys that do nothing in the present phase."""
_TERMS = (
    (
        "Header",
        "the run's state, its clock and what is left; VUs there → VUs aimed at, or starts a second → rate "
        "aimed at; requests, p95 and failures of the newest second; how many thresholds hold and fail",
    ),
    (
        "verdict",
        "✓ valid, ▲ suspect, ✗ invalid: whether the load generator kept up, so that the numbers hold; ▲ also "
        "marks what was found about the system under load",
    ),
    (
        "waiting",
        "of a rate: iterations that are due while all VUs are busy; dropped: never started; cut: still "
        "waiting at the end",
    ),
    ("Steer", "each workload's load and iterations; the newest change and how fast it was applied"),
)
_WIDTH = 100
"""Of the dialog, its frame included; as in the style sheet."""
_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "enter": "enter",
    "escape": "esc",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "ctrl+s": "^s",
}


def shown_key(keys: str) -> str:
    """A binding's keys as a person reads them: `/`, `esc`, `y c`."""
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))


def own_bindings(panel: type[RunPanel]) -> Iterator[Binding]:
    """The keys that a panel's class, or one of ours that it is made of, binds itself."""
    for owner in panel.__mro__:
        if owner.__module__.startswith("dmsperf_tui."):
            for binding in owner.__dict__.get("BINDINGS", ()):
                yield binding if isinstance(binding, Binding) else Binding(*binding)


def help_content(
    phase: Phase,
    width: int,
    *,
    by_rate: bool = False,
    panel: RunPanel | None = None,
    panels: Sequence[RunPanel] = (),
) -> Content:
    """Keys that work now come first; the others follow dim, so that nothing has to be guessed."""
    lines: list[Content] = []
    if panel is not None:
        lines.append(Content.assemble((panel.TITLE, "bold $primary"), ("  this panel", "$foreground-muted")))
        lines += [Content(f"  {line}") for line in wrap(panel.ABOUT, max(14, width - 2))]
        lines += [
            line
            for binding in own_bindings(type(panel))
            for line in _entry(shown_key(binding.key), binding.description, width, 10, now=True)
        ]
        lines.append(Content(""))
    keys = [(group, key) for group in GROUPS for key in ALL_KEYS if key.group == group]
    works = {group: [key for of, key in keys if of == group and phase in key.phases] for group in GROUPS}
    for name, listed in (*works.items(), (ELSEWHERE, [key for _, key in keys if phase not in key.phases])):
        now = name != ELSEWHERE
        if listed:
            lines.append(Content.styled(name, "bold $primary" if now else "$foreground-muted"))
            for key in listed:
                lines += _entry(key.shown, key.words(by_rate=by_rate)[1], width, 10, now=now)
            lines.append(Content(""))
    lines.append(Content.styled("Panels", "bold $primary"))
    for name, text in (*_TERMS, *((each.TITLE, each.ABOUT) for each in panels)):
        lines += _entry(name, text, width, 16, now=True)
    return Content("\n").join(lines)


def _entry(name: str, words: str, width: int, column: int, *, now: bool) -> Iterator[Content]:
    """A name and its words beside it; below it where the room is short."""
    tone = "bold $footer-key-foreground" if now else "$foreground-muted"
    if width < column + 20:
        yield Content.styled(f"  {name}", tone)
        for line in wrap(words, max(12, width - 4)):
            yield Content.styled(f"    {line}", "" if now else "$foreground-muted")
        return
    first, *rest = wrap(words, width - column - 3) or [""]
    said = "" if now else "$foreground-muted"
    yield Content.assemble((f"  {name:<{column}} ", tone), (first, said))
    for line in rest:
        yield Content.styled(" " * (column + 3) + line, said)


class HelpScreen(ModalScreen[None]):
    """Closed by any of the keys that open or leave things."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "close", "Close the help", show=False)
    ]

    def __init__(
        self, phase: Phase, panel: RunPanel | None, panels: Sequence[RunPanel], *, by_rate: bool
    ) -> None:
        super().__init__()
        self._phase, self._by_rate = phase, by_rate
        self._panel, self._panels = panel, panels

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="help"):
            with VerticalScroll():
                yield Static(markup=False, id="help-words")
            yield Static("↑ ↓ scroll    esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        # A small terminal has no room for the frame's air.
        self.set_class(self.app.size.height < 16, "-tight")
        width = min(_WIDTH, self.app.size.width) - (3 if self.app.size.height < 16 else 8)
        words = help_content(
            self._phase, width, by_rate=self._by_rate, panel=self._panel, panels=self._panels
        )
        self.query_one("#help-words", Static).update(words)

    def action_close(self) -> None:
        self.dismiss(None)
