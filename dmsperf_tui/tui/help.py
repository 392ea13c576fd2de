"""The help: every key by group, and what each panel shows."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dmsperf_tui.tui.keys import ALL_KEYS
from dmsperf_tui.tui.phases import Phase

_PANELS = (
    (
        "Header",
        "the run's state and clock; users there → users aimed at, or starts a second → rate aimed at; the "
        "newest second's requests and p95",
    ),
    (
        "waiting",
        "of a rate: iterations that are due while all VUs are busy; dropped: never started; cut: still "
        "waiting at the end",
    ),
    ("verdict", "✓ valid, ▲ suspect, ✗ invalid: whether the load generator kept up, so the numbers hold"),
    (
        "Virtual users",
        "or starts: actual, target (plan and hand together) and plan; ▲ marks a change, ‖ a pause, ◆ VUs all "
        "busy, │ the end of the warm-up",
    ),
    ("Requests/s", "requests that ended in each second, and those of them that failed"),
    (
        "Latency",
        "p50, p95, p99 of each second, on a logarithmic scale; a dotted line is a threshold; with a rate the "
        "response time, which counts from the planned start",
    ),
    (
        "Entities",
        "of a load phase: each kind in the order of its creation, and how many are there: ✓ done, "
        "● being created, ◌ waiting, ✗ with failures, ▲ not created",
    ),
    ("Operations", "one row a named request, totals since the start; ids never make new rows"),
    (
        "Thresholds",
        "what the run is judged by: ✓ holds, ✗ fails, ◌ nothing to judge yet; ━ how near",
    ),
    ("Errors", "failures by operation and kind, counted, newest first, with what the first one said"),
    ("Environment", "where the load goes, the checks made before it, and the generator's health"),
    ("Steer", "each workload's load and iterations; the newest change and how fast it was applied"),
)


_WIDTH = 100
"""Of the dialog, its frame included; as in the style sheet."""


def help_content(phase: Phase, width: int, *, by_rate: bool = False) -> Content:
    """Keys that work now stand out; the others are shown dim, so that nothing has to be guessed."""
    lines: list[Content] = []
    for group in ("Run", "Load", "View"):
        lines.append(Content.styled(group, "bold $primary"))
        for key in ALL_KEYS:
            if key.group == group:
                now = phase in key.phases
                lines.append(
                    Content.assemble(
                        (f"  {key.shown:<10}", "bold $footer-key-foreground" if now else "$foreground-muted"),
                        (key.words(by_rate=by_rate)[1], "" if now else "$foreground-muted"),
                    )
                )
        lines.append(Content(""))
    lines.append(Content.styled("Panels", "bold $primary"))
    for name, text in _PANELS:
        first, *rest = wrap(text, max(20, width - 16))
        lines.append(Content.assemble((f"  {name:<14}", "bold"), first))
        lines += [Content(" " * 16 + line) for line in rest]
    return Content("\n").join(lines)


class HelpScreen(ModalScreen[None]):
    """Closed by any of the keys that open or leave things."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "close", "Close")]

    def __init__(self, phase: Phase, *, by_rate: bool) -> None:
        super().__init__()
        self._phase, self._by_rate = phase, by_rate

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="help"):
            with VerticalScroll():
                width = min(_WIDTH, self.app.size.width) - 8
                yield Static(help_content(self._phase, width, by_rate=self._by_rate), markup=False)
            yield Static("↑ ↓ scroll    esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss(None)
