"""One kind of failure, and the requests that were kept of it: what was sent, and what came back."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import orjson
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.plain import line, plain
from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.replay import read_samples
from dmsperf_tui.run.snapshot import ErrorRow, RunSnapshot
from dmsperf_tui.run.statistics import ERROR_SAMPLES, said_of
from dmsperf_tui.tui.detail import DetailScreen, export
from dmsperf_tui.tui.wording import count

_DEEPEST = 50
"""JSON of more levels is not laid out: it would be blanks for the most part."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++')
_CUT_AT = 4096
"""Characters that are kept of a body."""


def head_text(row: ErrorRow) -> Content:
    """`POST schools  ✗ 409` above how often and when."""
    times = f"{count(row.count)} times, first {format_clock(row.first_s)}, last {format_clock(row.last_s)}"
    return Content.assemble(
        (line(row.operation), "bold"),
        (f"  ✗ {line(row.kind)}", "bold $error"),
        (f"\n{times}, phase {row.phase}", "$foreground-muted"),
    )


def sample_text(sample: Sample, kind: str = "", *, laid_out: bool = True) -> Content:
    """Request line, what was sent, the answer's status and what it said; nothing of it is markup.

    The kind of failure stands above: it is not said again. Bodies are indented where they are `laid_out`.
    """
    request = line(sample.request)
    answer = f"answered {sample.status}" if sample.status else "no answer"
    detail = said_of(kind, sample)
    parts: list[str | tuple[str, str]] = [(request, "bold")]
    if sample.sent:
        parts += [("\n\nsent", "$foreground-muted"), _body(sample.sent, laid_out=laid_out)]
    parts += [("\n\n", ""), (answer, "bold $error")]
    if detail:
        parts += [f"  {detail}"]
    if sample.body:
        parts += [_body(sample.body, laid_out=laid_out)]
    return Content.assemble(*parts)


def pretty(body: str) -> str:
    """A body as people read it: JSON indented, anything else (and JSON that was cut) as it came.

    Nothing but blanks between its parts is changed: numbers, escapes and keys are as they were sent.
    """
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    parts: list[str] = []
    depth, before = 0, ""
    for token in _TOKEN.findall(body):
        opened, closes = before in ("{", "["), token in ("}", "]")
        depth -= closes
        # What is empty stays in one line.
        if before == "," or opened != closes:
            parts.append("\n" + "  " * depth)
        parts.append(": " if token == ":" else token)
        depth += token in ("{", "[")
        before = token
        if depth > _DEEPEST:
            return body
    return "".join(parts)


def _body(text: str, *, laid_out: bool) -> str:
    shown = "\n" + plain(pretty(text) if laid_out else text).rstrip()
    return f"{shown}\n… cut: {_CUT_AT:,} characters are kept" if len(text) >= _CUT_AT else shown


class FailureDetail(DetailScreen):
    """Reads the samples from the record, of a live run and of a recorded one alike."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "sample(-1)", "The sample before", key_display="←"),
        Binding("right", "sample(1)", "The next sample", key_display="→"),
        Binding("x,X", "export", "Export these samples as JSON", key_display="X"),
    ]
    KEYS = "← → samples   ↑ ↓ scroll   y copies   X exports   esc closes"

    def __init__(self, row: ErrorRow, results: str) -> None:
        super().__init__()
        self._row, self._results = row, results
        self._samples: list[Sample] = []
        self._at = 0
        self._problem = "◌ reading the record …"

    def on_mount(self) -> None:
        super().on_mount()
        self._paint()
        self.run_worker(self._read(), exclusive=True)

    def show(self, snapshot: RunSnapshot) -> None:
        """The run has gone on: more of them, perhaps, and a sample that was not written yet."""
        key = (self._row.operation, self._row.phase, self._row.kind)
        now = next((row for row in snapshot.errors if (row.operation, row.phase, row.kind) == key), self._row)
        more, self._row = now.count > self._row.count, now
        self._paint()
        if more and len(self._samples) < min(now.count, ERROR_SAMPLES):
            self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        row = self._row
        try:
            self._samples = await asyncio.to_thread(
                read_samples, Path(self._results), row.operation, row.phase, row.kind
            )
            self._problem = "The record has no sample of this failure." if not self._samples else ""
        except ConfigError as error:
            self._problem = f"✗ {error}"
        self._paint()

    def _paint(self) -> None:
        text = Content.styled(self._problem, "$foreground-muted")
        if self._samples:
            sample = self._samples[self._at]
            which = f"sample {self._at + 1} of {len(self._samples)}, at {format_clock(sample.at_s)}"
            text = Content.assemble((f"{which}\n", "$foreground-muted"), sample_text(sample, self._row.kind))
        self.put(head_text(self._row), text)

    def action_sample(self, step: int) -> None:
        if self._samples:
            self._at = (self._at + step) % len(self._samples)
            self.query_one(VerticalScroll).scroll_home(animate=False)
            self._paint()

    def said(self) -> tuple[str, str]:
        head = head_text(self._row).plain
        if not self._samples:
            return f"{head}\n", "This failure"
        return (
            f"{head}\n\n{sample_text(self._samples[self._at], self._row.kind, laid_out=False).plain}\n",
            f"Sample {self._at + 1}",
        )

    async def action_export(self) -> None:
        document = {**asdict(self._row), "samples": [asdict(sample) for sample in self._samples]}
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        await export(self, "samples-export.json", content, self._results)
