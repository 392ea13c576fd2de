"""What the list of runs is made of: live runs as their hosts tell, and the records of a results folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from textual.content import Content

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.link import SocketLink
from dmsperf_tui.run.record_head import Heads, RecordHead
from dmsperf_tui.run.registry import LiveRun, live_runs
from dmsperf_tui.tui.run_lines import Live, live_line, record_line

_PATIENCE_S = 1.0
_WIDE = 400
"""Cells in which nothing of a line is left out."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of the list."""

    key: str
    run: str
    """Its id."""
    reference: str
    """What `run.replay.open_run` finds it by: a live one's id, a recorded one's folder."""
    line: Content


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


def matches(text: str, words: Sequence[str]) -> bool:
    """Whether all `words` are in it, whatever their case."""
    folded = text.casefold()
    return all(word in folded for word in words)


class RunsReading:
    """All runs, as they were when they were read last."""

    def __init__(self) -> None:
        self.results = Path()
        """Where records are looked for."""
        self.live: list[Live] = []
        self.problem = ""
        """Why live runs cannot be told."""
        self.done = False
        """Records have been read once."""
        self._reader = Heads(self.results)
        self._heads: list[RecordHead] = []

    async def read(self, results: Path) -> None:
        """Everything; of the records what has changed."""
        if results != self.results:
            self.results, self._reader, self._heads = results, Heads(results), []
        await self.read_live()
        reader = self._reader
        heads = await asyncio.to_thread(reader.newest_first)
        if reader is self._reader:
            self._heads, self.done = heads, True

    async def read_live(self) -> bool:
        """The live ones alone; whether others are there than before."""
        before = {one.run.id for one in self.live}
        self.problem = ""
        try:
            runs = await asyncio.to_thread(live_runs)
        except ConfigError as error:
            self.problem, runs = str(error), []
        found = await asyncio.gather(*[ask(run) for run in runs])
        self.live = sorted(found, key=lambda live: live.run.created, reverse=True)
        return {one.run.id for one in self.live} != before

    def live_rows(self, width: int) -> list[RunRow]:
        """The live ones, the newest first."""
        return [
            RunRow(f"live/{live.run.id}", live.run.id, live.run.id, live_line(live, width))
            for live in self.live
        ]

    def rows(self, width: int) -> list[RunRow]:
        """The live ones, then the records of others, each newest first."""
        now = datetime.now(UTC).astimezone()
        alive = {live.run.results for live in self.live}
        return self.live_rows(width) + [
            RunRow(f"record/{head.folder}", head.id, str(head.folder), record_line(head, width, now))
            for head in self._heads
            if str(head.folder.resolve()) not in alive
        ]

    def found(self, rows: Sequence[RunRow], words: Sequence[str]) -> list[RunRow]:
        """Those with all `words` in them, also where the terminal has no room for what they stand in."""
        if not words:
            return list(rows)
        texts = [row.line.plain for row in self.rows(_WIDE)]
        return [row for row, text in zip(rows, texts, strict=True) if matches(text, words)]
