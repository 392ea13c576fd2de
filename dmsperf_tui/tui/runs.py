"""All runs: live ones with their state, then recorded ones, newest first; each can be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.link import SocketLink
from dmsperf_tui.run.record_head import Heads, RecordHead
from dmsperf_tui.run.registry import LiveRun, live_runs
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import (
    count,
    ending,
    findings_word,
    middle_cut,
    milliseconds,
    shorten,
    state_tone,
)

_EVERY_S = 2.0
"""How often the live ones are asked how they are."""
_PATIENCE_S = 1.0
_EMPTY = "No runs yet. Those that are started appear here, live or recorded: 1 sets one up."


@dataclass(frozen=True, slots=True)
class Live:
    """A live run, and how it was when asked last; None: it has not answered yet."""

    run: LiveRun
    snapshot: RunSnapshot | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells, behind the glyph (with ▲ for findings) and the id; 0 where there is no room."""

    when: int
    what: int
    numbers: int
    outcome: int

    @classmethod
    def fitting(cls, width: int) -> Columns:
        """Numbers before the outcome's words, which its glyph says too."""
        when = 15 if width >= 50 else 0
        numbers = 28 if width >= 72 else 0
        outcome = 28 if width >= 100 else 0
        return cls(
            when, max(0, width - 11 - when - numbers - outcome - (2 if outcome else 0)), numbers, outcome
        )

    def line(
        self, glyph: str, style: str, run: str, when: str, what: str, numbers: str, outcome: str
    ) -> Content:
        """One run."""
        parts: list[tuple[str, str]] = [
            (f"{glyph:<3}", style),
            (f"{run:<8}", "bold"),
            (f"{when:<{self.when}}"[: self.when], "$foreground-muted"),
            (middle_cut(what, max(0, self.what - 1)).ljust(self.what), ""),
            (f"{numbers:>{self.numbers}}"[: self.numbers], ""),
            (f"  {shorten(outcome, self.outcome)}" if self.outcome else "", style),
        ]
        return Content.assemble(*[part for part in parts if part[0]])


def live_line(live: Live, width: int) -> Content:
    """`●  7f3a    RUNNING   dms/concurrent · dev · embedded     38 VUs  04:12 / 23:00`."""
    run, snapshot, columns = live.run, live.snapshot, Columns.fitting(width)
    if snapshot is None:
        return columns.line("◌", "$primary", run.id, "live", run.scenario, "", "does not answer")
    info, tone = snapshot.info, state_tone(snapshot, lost=False)
    verb = "opens" if snapshot.state.over else "steers"
    planned = format_clock(round(info.planned_s))
    users = f"{snapshot.vus:,} VU" + ("" if snapshot.vus == 1 else "s")
    numbers = f"{users}  {format_clock(snapshot.elapsed_s):>{len(planned)}} / {planned}"
    what = f"{info.scenario} · {info.profile} · {info.environment}"
    return columns.line(
        tone.glyph, tone.style, run.id, tone.word, what, numbers, f"{tone.word}: enter {verb} it"
    )


def record_line(head: RecordHead, width: int, now: datetime) -> Content:
    """`✓▲ 7f3a    today 10:15   dms/concurrent · dev     94,992    44 ms    23:00  PASSED, 1 finding`."""
    columns = Columns.fitting(width)
    if head.problem:
        return columns.line("✗", "$error", head.id, "unreadable", head.problem, "", "cannot be opened")
    tone = ending(head.state, head.exit_code, head.verdict)
    what = f"{head.scenario} · {head.profile}" + (f" · {head.environment}" if columns.what >= 36 else "")
    p95 = f"{milliseconds(head.p95_ms)} ms" if head.p95_ms is not None else "-"
    return columns.line(
        tone.glyph + ("▲" if head.findings else ""),
        tone.style,
        head.id,
        when_words(head.started, now),
        what,
        f"{count(head.requests):>10} {p95:>8} {format_clock(head.duration_s):>8}",
        tone.word + (f", {findings_word(head.findings)}" if head.findings else ""),
    )


def columns_line(width: int) -> Content:
    """The names above the columns of recorded runs."""
    numbers = f"{'requests':>10} {'p95':>8} {'length':>8}"
    line = Columns.fitting(width).line("", "", "run", "started", "scenario · profile", numbers, "outcome")
    return Content.styled(line.plain, "$foreground-muted")


def when_words(started: datetime | None, now: datetime) -> str:
    """`today 10:15`, `21 Nov 10:15`, `21 Nov 2025` in this machine's time."""
    if started is None:
        return "never started"
    at, today = started.astimezone(now.tzinfo), now.date()
    if at.date() == today:
        return f"today {at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == today.year else f"{at.day} {at:%b %Y}"


def matches(text: str, words: Sequence[str]) -> bool:
    """Whether all `words` are in it, whatever their case."""
    folded = text.casefold()
    return all(word in folded for word in words)


async def ask(run: LiveRun) -> Live:
    """How a live run is now; a host that does not answer is shown without."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            link = await SocketLink.connect(run.socket)
            try:
                return Live(run, await link.status())
            finally:
                await link.close()
    except (OSError, TimeoutError):
        return Live(run)


class RunsView(Vertical):
    """The list, with a line to filter it by; read when it is shown, its live ones again every 2 s."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_filter", "Clear the filter", show=False)
    ]

    class Chosen(Message):
        """A run is to be opened."""

        def __init__(self, run: str, reference: str) -> None:
            super().__init__()
            self.run = run
            self.reference = reference
            """What `run.replay.open_run` finds it by: a live one's id, a recorded one's folder."""

    def __init__(self, results: Path, *, id: str) -> None:
        super().__init__(id=id)
        self._results = results
        self._reader = Heads(results)
        self._live: list[Live] = []
        self._heads: list[RecordHead] = []
        self._references: dict[str, tuple[str, str]] = {}
        self._problem = ""
        self._read_once = False

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

    def on_show(self) -> None:
        self.run_worker(self._read_all(), group="runs", exclusive=True)

    def on_resize(self) -> None:
        self._fill()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#runs-list", OptionList)

    def take_focus(self) -> None:
        """The keyboard is at the list."""
        self._list.focus()

    # Reading

    async def _read_all(self) -> None:
        await self._read_live()
        self._heads = await asyncio.to_thread(self._reader.newest_first)
        self._read_once = True
        self._fill()

    def _refresh_live(self) -> None:
        if self.is_on_screen:
            self.run_worker(self._read_again(), group="runs live", exclusive=True)

    async def _read_again(self) -> None:
        before = {one.run.id for one in self._live}
        await self._read_live()
        if {one.run.id for one in self._live} == before:
            self._repaint_live()
        else:
            await self._read_all()

    async def _read_live(self) -> None:
        try:
            runs = await asyncio.to_thread(live_runs)
        except ConfigError as error:
            self._problem, runs = str(error), []
        found = await asyncio.gather(*[ask(run) for run in runs])
        self._live = sorted(found, key=lambda live: live.run.created, reverse=True)

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
        words = self.query_one("#runs-filter", Input).value.casefold().split()
        now = datetime.now(UTC).astimezone()
        lines = [
            (f"live/{live.run.id}", live.run.id, live.run.id, live_line(live, width)) for live in self._live
        ]
        alive = {live.run.results for live in self._live}
        for head in self._heads:
            folder = str(head.folder)
            if str(head.folder.resolve()) not in alive:
                lines.append((f"record/{folder}", head.id, folder, record_line(head, width, now)))
        kept = [
            line for line, text in zip(lines, self._texts(lines, now), strict=True) if matches(text, words)
        ]
        self._references = {option: (run, reference) for option, run, reference, _ in kept}
        with self.app.batch_update():
            listed.clear_options()
            listed.add_options([Option(content, id=option) for option, _, _, content in kept])
            if kept:
                ids = [option for option, *_ in kept]
                listed.highlighted = ids.index(chosen) if chosen in ids else 0
        self._say(len(kept), len(lines))

    def _texts(self, lines: Sequence[tuple[str, str, str, Content]], now: datetime) -> list[str]:
        """What a filter is held against: the widest form of each line, whatever the terminal shows."""
        wide = {f"live/{one.run.id}": live_line(one, 400).plain for one in self._live}
        wide |= {f"record/{head.folder}": record_line(head, 400, now).plain for head in self._heads}
        return [wide[option] for option, *_ in lines]

    def _say(self, kept: int, total: int) -> None:
        frame = self.query_one("#runs-frame")
        live = len(self._live)
        frame.border_subtitle = Content(
            f"{live} live, {total - live} recorded in {shorten(str(self._results), 30)}"
            if kept == total
            else f"{kept} of {total} runs"
        )
        empty = self.query_one("#runs-empty", Reading)
        words = self._problem or ("" if kept else "No run has these words." if total else _EMPTY)
        if not self._read_once:
            words = words or "◌ Reading the records …"
        empty.display = bool(words) and not kept
        empty.put(Content.styled(words, "$error" if self._problem else "$foreground-muted"))
        self._list.display = bool(kept)
        columns = self.query_one("#runs-columns", Reading)
        columns.display = bool(kept)
        columns.put(columns_line(self._width))

    def _repaint_live(self) -> None:
        for live in self._live:
            option = f"live/{live.run.id}"
            if option in self._references:
                self._list.replace_option_prompt(option, live_line(live, self._width))

    # What a person asks for

    def open(self) -> None:
        """The run under the cursor."""
        option = self._list.highlighted_option
        if option is not None and option.id in self._references:
            self.post_message(self.Chosen(*self._references[option.id]))

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
