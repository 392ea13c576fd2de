"""A load phase's list: how far it is as a whole, and each kind of entity with its share that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.units import format_clock
from dmsperf_tui.run.snapshot import EntityRow, ListRow, RunSnapshot
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import Tone, count, middle_cut, percent, rate, shorten

_BARS = (30, 20, 10, 6)
"""Lengths of the bar, in cells: the longest that leaves the names room."""
_NAME = 31
"""Room for `studentSchoolAssociations`, whole; ..."""
_LEAST_NAME = 12
"""... and what is enough where it is short."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far all lists of a run are together."""

    total: int
    created: int
    done: int
    """Created or failed: nothing more is to be done for them."""
    eta_s: float | None

    @property
    def finished(self) -> bool:
        return self.done >= self.total

    @property
    def share(self) -> str:
        """`23 %`; 100 only when all are there."""
        return share_of(self.created, self.total)


def share_of(part: int, whole: int) -> str:
    """A share in whole percent, rounded down: `23 %`."""
    return f"{100 * part // whole if whole else 100} %"


def progress(lists: Sequence[ListRow]) -> Progress:
    """The slowest list decides when all will be done; None where it cannot be told of one of them."""
    left = [row.eta_s for row in lists if row.created + row.failed < row.total]
    known = [eta_s for eta_s in left if eta_s is not None]
    return Progress(
        total=sum(row.total for row in lists),
        created=sum(row.created for row in lists),
        done=sum(row.created + row.failed for row in lists),
        eta_s=max(known) if known and len(known) == len(left) else None,
    )


def state_of(row: EntityRow, order: int | None, *, over: bool) -> Tone:
    """What is being done for one kind of entity while the list is at `order`."""
    failed = f", {count(row.failed)} failed" if row.failed else ""
    if row.created + row.failed >= row.total:
        return Tone("✗", f"done{failed}", "$error") if failed else Tone("✓", "done", "$success")
    if over:
        return Tone("▲", f"{count(row.total - row.created - row.failed)} left{failed}", "$warning")
    if row.order == order:
        return Tone("✗" if failed else "●", f"creating{failed}", "$error" if failed else "bold $primary")
    return Tone("◌", f"waiting{failed}", "$foreground-muted")


def bar(part: int, whole: int, width: int) -> str:
    """A share as a bar: full only when all of it is there, empty only when nothing is."""
    if not whole or part >= whole:
        return "━" * width
    filled = min(width - 1, max(1, round(width * part / whole))) if part else 0
    return "━" * filled + "─" * (width - filled)


def head_line(row: ListRow, width: int, *, over: bool, named: bool) -> Content:
    """`1,204 of 5,210  23 %  120/s  ETA 00:45  order 5 of 10`, cut from its end where the room is short."""
    whole = progress((row,))
    parts: list[tuple[str, str]] = [
        (f"{count(row.created)} of {count(row.total)}", "bold"),
        (whole.share, "bold $primary"),
    ]
    if row.before:
        parts.append((f"{count(row.before)} before", "$foreground-muted"))
    if whole.finished:
        parts.append(("✓ list done", "$success") if not row.failed else ("list done", "$warning"))
    elif over:
        left = count(row.total - row.created - row.failed)
        parts.append((f"▲ {left} left", "$warning"))
    else:
        eta = format_clock(row.eta_s) if row.eta_s is not None else "-"
        parts += [(f"{rate(row.rate)}/s", ""), (f"ETA {eta}", "bold")]
        if row.order is not None and row.rows:
            last = max(one.order for one in row.rows)
            parts.append((f"order {row.order} of {last}", "$foreground-muted"))
    if named:
        parts.insert(0, (row.workload, "$foreground-muted"))
    used = 0
    fitting: list[Content] = []
    for text, style in parts:
        if fitting and used + len(text) > width:
            break
        fitting.append(Content.styled(text, style))
        used += len(text) + 2
    return Content("  ").join(fitting)


def warning_lines(row: ListRow, findings: Sequence[str], width: int) -> list[Content]:
    """What is wrong with the list: entities that failed, and what was found about its workload."""
    lines: list[Content] = []
    if row.failed:
        share = percent(row.failed, row.created - row.before + row.failed)
        text = f"✗ {count(row.failed)} failed, {share} % of those tried: see Errors"
        lines.append(Content.styled(shorten(text, width), "bold $error"))
    lines += [
        Content.styled(shorten(f"▲ {finding}", width), "$warning")
        for finding in findings
        if finding.startswith(f"{row.workload}:")
    ]
    return lines


@dataclass(frozen=True, slots=True)
class Columns:
    """The widths of a list's columns, in cells; 0 where there is no room for one."""

    name: int
    counts: int
    bar: int
    word: int

    @classmethod
    def fitting(cls, rows: Sequence[EntityRow], words: Sequence[str], width: int) -> Columns:
        """The bar is left out first, then the word behind its glyph, then the counts for a share.

        Counts are as wide as they will get, so that nothing moves while they grow.
        """
        counts = max((len(f"{count(row.total)}/{count(row.total)}") for row in rows), default=0)
        word = max(map(len, words), default=0)
        longest = max((len(row.name) for row in rows), default=0)
        for bar_width in _BARS:
            name = width - 10 - counts - bar_width - word
            if name >= (min(longest, _NAME) if bar_width > _BARS[-1] else _LEAST_NAME):
                return cls(min(name, longest), counts, bar_width, word)
        for said in (word, 0):
            name = width - 7 - counts - (said + 1 if said else 0)
            if name >= _LEAST_NAME:
                return cls(name, counts, 0, said)
        return cls(max(1, width - 12), 5, 0, 0)


def entity_line(row: EntityRow, place: int, tone: Tone, columns: Columns, name: str = "") -> Content:
    """` 4  students    1,204/5,210  ━━────────  ● creating`; `name` where it is cut in another way."""
    counts = f"{count(row.created)}/{count(row.total)}"
    if columns.counts < len(counts):
        counts = share_of(row.created, row.total)
    parts: list[str | tuple[str, str]] = [
        (f"{place:>2}  ", "$foreground-muted"),
        (name or middle_cut(row.name, columns.name)).ljust(columns.name),
        (f" {counts:>{columns.counts}}", "bold"),
    ]
    if columns.bar:
        parts += ["  ", (bar(row.created, row.total, columns.bar), tone.style)]
    word = tone.word[: columns.word]
    parts.append((f" {tone.glyph} {word}".rstrip(), tone.style))
    return Content.assemble(*parts)


class EntitiesPanel(Vertical, RunPanel):
    """The whole above, with what is wrong; below it a row for each kind, at the one that is being created."""

    TITLE: ClassVar = "Entities"
    SHORT: ClassVar = "Entities"
    ABOUT: ClassVar = (
        "of a load phase: each kind in the order of its creation, and how many are there: ✓ done, "
        "● being created, ◌ waiting, ✗ with failures, ▲ not created"
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._snapshot: RunSnapshot | None = None
        self._at: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Reading(id="entities-head")
        with VerticalScroll():
            yield Reading(id="entity-lines")

    def on_mount(self) -> None:
        self.border_title = "Entities"

    def on_resize(self) -> None:
        self._at = ()
        self._paint()

    def show(self, view: View) -> None:
        self._snapshot = view.snapshot
        self._paint()

    def _paint(self) -> None:
        snapshot = self._snapshot
        scroll = self.query_one(VerticalScroll)
        # A cell stays free before the scrollbar.
        width = scroll.scrollable_content_region.width - 1
        if snapshot is None or not snapshot.lists or width < 10:
            return
        several, over = len(snapshot.lists) > 1, snapshot.state.over
        head: list[Content] = []
        lines: list[Content] = []
        newest = 0
        for one in snapshot.lists:
            head.append(head_line(one, width, over=over, named=several))
            head += warning_lines(one, snapshot.health.findings, width)
            if several:
                lines.append(Content.styled(one.workload, "$foreground-muted"))
            tones = [state_of(row, one.order, over=over) for row in one.rows]
            columns = Columns.fitting(one.rows, [tone.word for tone in tones], width)
            named = distinct_cuts([row.name for row in one.rows], columns.name)
            for row, tone in zip(one.rows, tones, strict=True):
                if row.order == one.order and not newest:
                    newest = len(lines)
                lines.append(entity_line(row, row.order, tone, columns, named[row.name]))
        self.query_one("#entities-head", Reading).put(Content("\n").join(head))
        self.query_one("#entity-lines", Reading).put(Content("\n").join(lines))
        at = (snapshot.info.id, *[one.order for one in snapshot.lists])
        if at != self._at:
            # Only when another order begins: a person who looks elsewhere is left there.
            self._at = at
            self.call_after_refresh(scroll.scroll_to, y=max(0, newest - 1), animate=False)
