"""The chart widget: a picture drawn by plotext, as lines of styled text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from dmsperf_tui.tui.chart_data import Axis, Point, reduce, time_axis
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.picture import AXIS, MINIMUM, ROLES, Picture, Row, canvas_width
from dmsperf_tui.tui.plot import draw
from dmsperf_tui.tui.timeline import Values


class Chart(Widget, can_focus=True):
    """A picture drawn by plotext, as lines of styled text: made once per change, then only looked up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in ROLES}

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel chart")
        self._strips: list[Strip] = []
        self._drawn_for: tuple[int, int] | None = None
        self._inks: dict[str, Style] = {}

    def empty(self) -> str:
        """What will be shown here, and how to make it appear."""
        raise NotImplementedError

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show, rather than no room for it."""
        return True

    def rows(self, width: int, height: int) -> list[Row] | None:
        """What to show at this size: that many rows; None where there is nothing, or no room."""
        raise NotImplementedError

    def redraw(self) -> None:
        """The data has changed."""
        self._drawn_for = None
        self.refresh()

    def notify_style_update(self) -> None:
        self._drawn_for = None
        self._inks.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if self._drawn_for != size:
            self._strips = self._draw(*size)
            self._drawn_for = size
        return self._strips[y] if y < len(self._strips) else Strip.blank(size[0], self.rich_style)

    def _draw(self, width: int, height: int) -> list[Strip]:
        rows = self.rows(width, height) or self._empty_rows(width, height)
        # Once per theme: to look them all up takes as long as half a drawing.
        inks = self._inks = self._inks or {
            role: self.get_component_rich_style(f"chart--{role}") for role in ROLES
        }
        return [Strip([Segment(text, inks[role]) for text, role in row], width) for row in rows]

    def _empty_rows(self, width: int, height: int) -> list[Row]:
        lines = wrap(self.empty(), max(1, width - 2)) if self.is_empty else []
        if len(lines) > height or any(len(line) > width for line in lines):
            lines = []
        above = (height - len(lines)) // 2
        lines = [*[""] * above, *lines]
        return [[(line.center(width), AXIS)] for line in [*lines, *[""] * (height - len(lines))]]


@dataclass(frozen=True, slots=True)
class Legend:
    """One line's role, its look and its name; `short` where there is little room."""

    role: str
    look: str
    name: str
    short: str = ""

    def content(self, *, short: bool = False) -> Content:
        name = (self.short or self.name) if short else self.name
        return Content.assemble((self.look, f"$chart-{INKS.get(self.role, self.role)}"), f" {name}")


INKS = {"service": "target"}
"""Roles that have no colour of their own in the themes: whose they share."""


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a chart's frame and in an empty one."""

    titles: tuple[str, ...]
    """The same title, shorter and shorter."""
    legend: tuple[Legend, ...]
    empty: str

    def fitting(self, window: str, room: int) -> Content:
        """Title and legend, as long as there is room for, so that no line needs a guess."""
        last = Content(self.titles[-1])
        return next((form for form in self._forms(window) if form.cell_length <= room), last)

    def _forms(self, window: str) -> Iterator[Content]:
        """Shorter and shorter; each is made only when the one before was too long."""
        named = [each.content() for each in self.legend]
        yield Content("  ").join([Content(f"{self.titles[0]} · {window}"), *named])
        brief = [each.content(short=True) for each in self.legend]
        for title in self.titles:
            yield Content("  ").join([Content(title), *named])
            yield Content("  ").join([Content(title), *brief])
            yield Content(" ").join([Content(title), *brief])


def far_off(outside: Sequence[str]) -> tuple[str, ...]:
    """The bounds that are not drawn, in words: shorter and shorter."""
    number = f"{len(outside)} bound{'s' if len(outside) > 1 else ''}"
    return (f"far off: {'  '.join(outside)}", f"far off: {number}", f"{number} far")


_WINDOWS = {None: "all", 60.0: "1 min", 300.0: "5 min"}


class RunChart(Chart, RunPanel):
    """A chart of a run's seconds."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View | None = None
        self._made: tuple[tuple[int, int], Picture | None] | None = None
        """The picture of this view, and the size that it is for."""

    def words(self) -> Words:
        """What this chart says of a run like the present one."""
        raise NotImplementedError

    def notes(self, view: View) -> list[Content]:
        """What its lower frame says, bounds that are not drawn aside."""
        return []

    def empty(self) -> str:
        return self.words().empty

    def rows(self, width: int, height: int) -> list[Row] | None:
        picture = self._picture_for(width, height)
        return draw(picture, width, height) if picture else None

    def _picture_for(self, width: int, height: int) -> Picture | None:
        if self._made is None or self._made[0] != (width, height):
            self._made = (width, height), self.picture(width, height)
        return self._made[1]

    @property
    def is_empty(self) -> bool:
        width, height = (max(have, least) for have, least in zip(self.size, MINIMUM, strict=True))
        return self.picture(width, height) is None

    def _frame(self) -> None:
        """The title with the legend above, the newest value and bounds far off below."""
        view, (width, height) = self.view, self.size
        self.border_title = self.words().fitting(_WINDOWS[view.window_s if view else None], width - 4)
        if view is None:
            return
        picture = self._picture_for(width, height)
        parts = self.notes(view)
        if picture is not None and picture.outside:
            room = width - 4 - sum(part.cell_length + 2 for part in parts)
            far = next((each for each in far_off(picture.outside) if len(each) <= room), "")
            parts += [Content(far)] if far else []
        self.border_subtitle = Content("  ").join(parts)

    def on_resize(self) -> None:
        self._frame()

    def show(self, view: View) -> None:
        self.view, self._made = view, None
        self._frame()
        self.redraw()

    @property
    def open(self) -> bool:
        """Whether the run has rates alone."""
        return self.view is not None and self.view.snapshot.info.open

    @property
    def mixed(self) -> bool:
        """Whether some of its workloads have a rate, and others have not."""
        return (
            self.view is not None and not self.open and any(row.open for row in self.view.snapshot.workloads)
        )

    def picture(self, width: int, height: int) -> Picture | None:
        """What to draw at this size; None while there is nothing."""
        view = self.view
        if view is None or not view.timeline.times or width < MINIMUM[0] or height < MINIMUM[1]:
            return None
        timeline, snapshot = view.timeline, view.snapshot
        # Each pause puts the plan's end off.
        planned_s = snapshot.info.planned_s + timeline.paused_s
        axis = time_axis(timeline.end_s, view.window_s, width, planned_s, over=snapshot.state.over)
        return self.compose_picture(view, axis, width, height)

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        raise NotImplementedError

    @staticmethod
    def lines(view: View, x: Axis, width: int, values: Values) -> list[list[Point]]:
        """One series of the timeline, fit for this width."""
        timeline = view.timeline
        columns = canvas_width(width)
        return reduce(timeline.times, values, x.low, x.high, columns, memo=timeline.memo)
