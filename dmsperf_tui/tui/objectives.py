"""The objectives with what is measured: what a service is held against, and what of it is missed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from dmsperf_tui.plan.plain import line
from dmsperf_tui.report.figures import NOT_MEASURED
from dmsperf_tui.run.snapshot import ObjectiveRow, RunSnapshot
from dmsperf_tui.tui.margin import gauge
from dmsperf_tui.tui.names import distinct_cuts
from dmsperf_tui.tui.objective_rows import Cell, Objective, groups_of, objectives_of
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.wording import JUDGED

_NO_BOUND = ("·", "$foreground-muted")
"""Glyph and colour of a figure that nothing is held against."""
_WHOLE = 60
_ASIDE = re.compile(r" \([^)]*\)$")
_NUMBER = re.compile(r".*[%×]")
Key = tuple[str, int]
"""A column: its label, and which one of that label."""
Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Form:
    """How much of an objective a line has."""

    parts: Literal["every", "tightest", "none"]
    """Which of its parts, each in a column of its own."""
    title: int
    """The cells that a title is to have, or its whole length where that is less."""
    gap: int = 2
    """Between columns; with 1 there is none around signs."""
    words: bool = False
    """The margin is `17 % to spare`, rather than `17 %`."""
    margin: bool = True
    level: bool = True
    gauge: int = 0


_FORMS = (
    _Form("every", _WHOLE, 3, words=True, gauge=16),
    _Form("every", _WHOLE, 3, words=True, gauge=8),
    _Form("every", _WHOLE, 3, words=True),
    _Form("every", _WHOLE),
    _Form("every", 18, 1),
    _Form("tightest", _WHOLE, words=True, gauge=8),
    _Form("tightest", _WHOLE, words=True),
    _Form("tightest", _WHOLE),
    _Form("tightest", 14),
    _Form("tightest", 10, 1),
    _Form("tightest", 8, 1, margin=False),
    _Form("none", 8, 1),
    _Form("none", 0, 1, level=False),
)
"""The richest first: the first one is taken whose titles have room."""


class _Table:
    """The lines of one group in one form."""

    def __init__(self, name: str, rows: Sequence[Objective], form: _Form) -> None:
        self._name, self._rows, self._form = name, rows, form
        there = [one for one in rows if one.measured]
        self._single = all(len(one.cells) == 1 for one in there)
        """Titles of one part each have no columns in common: each says its own label and unit."""
        self._labelled = self._single or form.parts == "tightest"
        self._columns: dict[Key, list[Cell]] = {}
        for one in there:
            for key, cell in self._cells(one).items():
                self._columns.setdefault(key, []).append(cell)
        units = {cell.unit for cells in self._columns.values() for cell in cells}
        self._unit = units.pop() if len(units) == 1 and not self._single else None
        """Of all columns: said in the heading."""
        self._widths = {key: self._widths_of(key) for key in self._columns}
        self._lengths = {key: self._length_of(key) for key in self._columns}
        self._margin = max((len(self._end(one)) for one in there), default=0)
        self._level = max((len(one.level[0]) + 2 for one in there if one.level[0] and form.level), default=0)

    @property
    def needs(self) -> int:
        """The cells that a line takes besides its title."""
        gauge = self._form.gauge if self._margin else 0
        parts = [*self._lengths.values(), self._margin, self._level, gauge]
        return 2 + sum(self._form.gap + part for part in parts if part)

    def lines(self, width: int, title: int) -> Iterator[Content]:
        """The heading, then a line each, no longer than `width`; titles in up to `title` cells."""
        room = max(1, min(title, width - self.needs))
        yield self._heading(room).truncate(width, ellipsis=True)
        cuts = _cut([one.title for one in self._rows], room)
        asked = {one.title: _asked(one) for one in self._rows if not one.measured}
        longest = max(map(len, asked.values()), default=0)
        for one in self._rows:
            glyph, tone = JUDGED[one.ok] if one.bounded or not one.measured else _NO_BOUND
            head = cuts[one.title].ljust(room)
            if one.measured:
                parts = [(f"{glyph} ", tone), (head, ""), *self._measured(one)]
                if begins := one.level[1]:
                    parts += _where_room([f"  {begins}"], width - sum(len(text) for text, _ in parts))
            else:
                parts = [(f"{glyph} {head}", tone)]
                # As long as the longest: what is asked stands in all of these lines, or in none.
                why = one.unmeasured.ljust(len(NOT_MEASURED))
                said = [" " * self._form.gap + why, f"{asked[one.title]:<{longest}}"]
                parts += _where_room(said, width - 2 - room)
            yield Content.assemble(*parts).truncate(width, ellipsis=True)

    def _cells(self, one: Objective) -> dict[Key, Cell]:
        """What of it is shown, by column."""
        if self._form.parts == "none":
            return {}
        if self._labelled:
            return {("", 0): one.tightest}
        found: dict[Key, Cell] = {}
        for cell in one.cells:
            found[cell.label, sum(cell.label == label for label, _ in found)] = cell
        return found

    def _widths_of(self, key: Key) -> tuple[int, int, int]:
        """Of a column: what its labels, its values and its bounds take."""
        cells = self._columns[key]
        return (
            max(len(cell.label) for cell in cells) if self._labelled else 0,
            max(len(self._value(cell)) for cell in cells),
            max(len(self._bound(cell)) for cell in cells),
        )

    def _length_of(self, key: Key) -> int:
        label, value, bound = self._widths[key]
        length = (label + 1 if label else 0) + value + (1 + 2 * len(self._air) + bound if bound else 0)
        return max(length, len(self._column_name(key)))

    @property
    def _air(self) -> str:
        """Around signs."""
        return " " if self._form.gap > 1 else ""

    def _bound(self, cell: Cell) -> str:
        return f"{cell.bound} {self._unit_of(cell)}".rstrip() if cell.bound else ""

    def _value(self, cell: Cell) -> str:
        return cell.value if cell.bound else f"{cell.value} {self._unit_of(cell)}".rstrip()

    def _unit_of(self, cell: Cell) -> str:
        """Where it is not said above."""
        return cell.unit if self._labelled and self._unit is None else ""

    def _end(self, one: Objective) -> str:
        """The margin; that it is to spare or over is told by the glyph as well."""
        form, said = self._form, one.margin
        if form.parts == "none" and not said:
            return one.tightest.value
        short = _NUMBER.match(said)
        return "" if not form.margin else short[0] if short and not form.words else said

    def _column_name(self, key: Key) -> str:
        if self._labelled:
            return ""
        units = {cell.unit for cell in self._columns[key]} if self._unit is None else ()
        return " ".join(filter(None, (key[0], *units)))

    def _heading(self, room: int) -> Content:
        name = f"{self._name}, {self._unit}" if self._unit else self._name
        if not self._labelled and len(name) <= 2 + room:
            gap = " " * self._form.gap
            name = f"{name:<{2 + room}}" + "".join(
                f"{gap}{self._column_name(key):<{length}}" for key, length in self._lengths.items()
            )
        return Content.styled(name.rstrip(), "bold $foreground-muted")

    def _measured(self, one: Objective) -> Iterator[Part]:
        gap, level = " " * self._form.gap, one.level[0]
        tone = "bold $error" if one.ok is False else "$warning" if level else "$success"
        cells = self._cells(one)
        for key, length in self._lengths.items():
            yield gap, ""
            parts = list(self._cell(cells[key], *self._widths[key])) if key in cells else []
            yield from parts
            yield " " * (length - sum(len(text) for text, _ in parts)), ""
        if self._margin:
            yield f"{gap}{self._end(one):>{self._margin}}", tone
            if self._form.gauge:
                yield f"{gap}{gauge(one.nearness, self._form.gauge)}", tone
        if self._level and level:
            yield f"{gap}{f'▲ {level}':<{self._level}}", tone

    def _cell(self, cell: Cell, label: int, value: int, bound: int) -> Iterator[Part]:
        missed = cell.row.ok is False
        if label:
            yield f"{cell.label:<{label}} ", "$foreground-muted"
        yield f"{self._value(cell):>{value}}", "bold $error" if missed else "bold"
        if bound:
            asked = f"{self._air}{cell.sign or ' '}{self._air}{self._bound(cell):<{bound}}"
            yield asked, "bold $error" if missed else "$foreground-muted"


def _asked(one: Objective) -> str:
    """What is asked of one that is not measured: `   p50 < 100   p95 < 300`."""
    return "".join(f"   {cell.asked}" for cell in one.cells if cell.asked)


def _where_room(texts: Iterable[str], room: int) -> Iterator[Part]:
    """Each of the texts, up to the first that does not fit whole."""
    for text in texts:
        room -= len(text)
        if room < 0:
            return
        yield text, "$foreground-muted"


def _cut(titles: Sequence[str], room: int) -> dict[str, str]:
    """Each title in at most `room` cells: what is in brackets at its end goes first."""
    short = {title: _ASIDE.sub("", title) if len(title) > room else title for title in titles}
    if len(set(short.values())) < len(short):
        short = {title: title for title in titles}
    cuts = distinct_cuts(short.values(), room)
    return {title: cuts[name] for title, name in short.items()}


def objective_lines(rows: Sequence[ObjectiveRow], width: int) -> list[Content]:
    """A line for each title, below the heading of its group; none is longer than `width`.

    What is missed stands first, what is not measured last. The gauge goes where there is no room for it,
    then words of the margin, then all parts of an objective but its tightest.
    """
    objectives = objectives_of(rows)
    title = max((len(one.title) for one in objectives), default=0)
    lines: list[Content] = []
    for name, found in groups_of(objectives):
        for form in _FORMS:
            table = _Table(name, found, form)
            if form is _FORMS[-1] or min(title, form.title) + table.needs <= width:
                lines += table.lines(width, title)
                break
    return lines


class ObjectivesPanel(VerticalScroll, RunPanel):
    """Each objective: what is asked, what is measured, and what is to spare."""

    TITLE: ClassVar = "Objectives"
    SHORT: ClassVar = "Objectives"
    ABOUT: ClassVar = (
        "what the service is held against: measured < asked, ✗ what is missed, ◌ not measured; how far the "
        "tightest part is from its bound; ▲ the level that is reached. gate: a missed one fails the run"
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self._rows: tuple[ObjectiveRow, ...] = ()
        self._of = ""

    def compose(self) -> ComposeResult:
        yield Reading(id="objective-lines", classes="lines")

    def on_resize(self) -> None:
        self._paint()

    def show(self, view: View) -> None:
        info = view.snapshot.info
        self._rows = view.snapshot.objectives
        self._of = " · ".join(filter(None, (line(info.objectives), "gate" if info.objectives_gate else "")))
        self._paint()

    def badge(self, snapshot: RunSnapshot) -> str:
        missed = _missed(snapshot.objectives)
        return f"✗{missed}" if missed else ""

    def _paint(self) -> None:
        width, rows = self.scrollable_content_region.width, self._rows
        missed, titles = _missed(rows), len(_titles(rows))
        state = f"{missed} of {titles} ✗" if missed else str(titles) if titles else ""
        self.border_title = Content(" · ".join(filter(None, (self.TITLE, self._of, state))))
        if width < 4:
            return
        if rows:
            content = Content("\n").join(objective_lines(rows, width))
        else:
            text = "No objectives: start with --objectives k12, or o on the set-up screen."
            content = Content.styled(text, "$foreground-muted")
        self.query_one(Reading).put(content)


def _titles(rows: Sequence[ObjectiveRow]) -> set[tuple[str, str]]:
    return {(row.group, row.title) for row in rows}


def _missed(rows: Sequence[ObjectiveRow]) -> int:
    """How many titles have a part that is missed."""
    return len(_titles([row for row in rows if row.ok is False]))
