"""The view of all runs: live ones with their state, then recorded ones, newest first; each can be opened."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.run_lines import columns_line
from dmsperf_tui.tui.run_reading import RunRow, RunsReading
from dmsperf_tui.tui.wording import shorten

_EVERY_S = 2.0
"""How often the live ones are asked how they are."""
_EMPTY = "No runs yet. Those that are started appear here, live or recorded: 1 sets one up."


class RunsView(Vertical):
    """The list, with a line to filter it by; while it is shown its live ones are read again every 2 s."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_filter", "Clear the filter", show=False)
    ]

    class Chosen(Message):
        """A run is to be opened."""

        def __init__(self, run: str, reference: str, results: Path) -> None:
            super().__init__()
            self.run = run
            self.reference = reference
            """What `run.replay.open_run` finds it by in `results`."""
            self.results = results

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._reading = RunsReading()
        self._rows: dict[str, RunRow] = {}
        """Those that are listed, by key."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="words of a run: its id, scenario, profile, outcome", id="runs-filter")
        with Vertical(classes="panel", id="runs-frame"):
            yield Reading(id="runs-columns")
            yield OptionList(id="runs-list", markup=False)
            yield Reading(id="runs-empty")

    def on_mount(self) -> None:
        self.query_one("#runs-frame").border_title = "Runs"
        self.query_one("#runs-filter").display = False
        self.set_interval(_EVERY_S, self._refresh_live)

    def on_resize(self) -> None:
        self._fill()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#runs-list", OptionList)

    def take_focus(self) -> None:
        """The keyboard is at the list."""
        self._list.focus()

    # Reading

    def read(self, results: Path) -> None:
        """Lists the live runs, and the records that are in `results`."""
        self.run_worker(self._read(results), group="runs", exclusive=True)

    async def _read(self, results: Path) -> None:
        await self._reading.read(results)
        self._fill()

    def _refresh_live(self) -> None:
        if self.is_on_screen:
            self.run_worker(self._read_again(), group="runs live", exclusive=True)

    async def _read_again(self) -> None:
        if await self._reading.read_live():
            await self._read(self._reading.results)
            return
        for row in self._reading.live_rows(self._width):
            if row.key in self._rows:
                self._list.replace_option_prompt(row.key, row.line)

    # Painting

    @property
    def _width(self) -> int:
        # The frame's, less its list's scrollbar: the list itself has no size while it is hidden.
        return self.query_one("#runs-frame").scrollable_content_region.width - 1

    def _fill(self) -> None:
        listed, width = self._list, self._width
        if width < 10:
            return
        chosen = listed.highlighted_option.id if listed.highlighted_option is not None else None
        rows = self._reading.rows(width)
        words = self.query_one("#runs-filter", Input).value.casefold().split()
        self._rows = {row.key: row for row in self._reading.found(rows, words)}
        with self.app.batch_update():
            listed.clear_options()
            listed.add_options([Option(row.line, id=row.key) for row in self._rows.values()])
            if self._rows:
                listed.highlighted = list(self._rows).index(chosen) if chosen in self._rows else 0
        self._say(len(self._rows), len(rows))

    def _say(self, kept: int, total: int) -> None:
        reading, live = self._reading, len(self._reading.live)
        self.query_one("#runs-frame").border_subtitle = Content(
            f"{live} live, {total - live} recorded in {shorten(str(reading.results), 30)}"
            if kept == total
            else f"{kept} of {total} runs"
        )
        empty = self.query_one("#runs-empty", Reading)
        words = reading.problem or ("" if kept else "No run has these words." if total else _EMPTY)
        if not reading.done:
            words = reading.problem or "◌ Reading the records …"
        empty.display = bool(words) and not kept
        empty.put(Content.styled(words, "$error" if reading.problem else "$foreground-muted"))
        self._list.display = bool(kept)
        columns = self.query_one("#runs-columns", Reading)
        columns.display = bool(kept)
        columns.put(columns_line(self._width))

    # What a person asks for

    def open(self) -> None:
        """The run under the cursor."""
        option = self._list.highlighted_option
        row = self._rows.get(option.id or "") if option is not None else None
        if row is not None:
            self.post_message(self.Chosen(row.run, row.reference, self._reading.results))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.open()

    def ask_filter(self) -> None:
        """Opens the line above the list."""
        line = self.query_one("#runs-filter", Input)
        line.display = True
        line.focus()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Input.Submitted)
    def _narrowed(self, event: Input.Submitted) -> None:
        event.stop()
        self.take_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "clear_filter" or self.query_one("#runs-filter").display

    def action_clear_filter(self) -> None:
        line = self.query_one("#runs-filter", Input)
        line.value = ""
        line.display = False
        self.take_focus()
