"""A screen over the run with all there is about one row: to read, to copy, to keep."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.tui.export import write_export
from dmsperf_tui.tui.readings import Reading


async def export(widget: Widget, name: str, content: bytes, results: str) -> None:
    """Writes a file for the person, beside the run's record where that is possible, and says where it is."""
    app = widget.app
    try:
        path = await asyncio.to_thread(write_export, name, content, Path(results), Path.cwd())
    except OSError as fault:
        app.notify(
            f"{name} cannot be written: {fault.strerror}",
            title="Not exported",
            severity="error",
            markup=False,
        )
    else:
        app.notify(shown(path), title="Exported", markup=False)


class DetailScreen(ModalScreen[None]):
    """Title, a text that scrolls, and the keys below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "Back to the run", key_display="esc"),
        Binding("y,c", "copy", "Copy this as text", key_display="y"),
    ]
    KEYS: ClassVar[str] = "↑ ↓ scroll   y copies   esc closes"

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog detail"):
            with VerticalScroll():
                yield Reading(classes="head")
                yield Reading(classes="text")
            yield Static(self.KEYS, classes="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    @property
    def shown(self) -> str:
        """The words on the screen."""
        return self.query_one(".head", Reading).shown + "\n" + self.query_one(".text", Reading).shown

    def put(self, head: Content, text: Content) -> None:
        """Shows these words; nothing while the screen is only coming, or on its way out."""
        for name, words in ((".head", head), (".text", text)):
            for reading in self.query(name).results(Reading):
                reading.put(words)

    def said(self) -> tuple[str, str]:
        """What `y` copies, and what to call it."""
        raise NotImplementedError

    def action_copy(self) -> None:
        text, what = self.said()
        self.app.copy_to_clipboard(text)
        self.notify(
            f"{what}, {len(text.splitlines())} lines, sent to the terminal's clipboard (OSC 52)",
            title="Copied",
            markup=False,
        )

    def action_close(self) -> None:
        self.dismiss(None)
