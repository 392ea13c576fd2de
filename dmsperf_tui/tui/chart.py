"""The chart widget: a picture drawn by plotext, as lines of styled text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.chart_data import Axis, Point, reduce, time_axis
from dmsperf_tui.tui.plot import ROLES, Picture, canvas_width, draw
from dmsperf_tui.tui.timeline import Timeline, Values


@dataclass(frozen=True, slots=True)
class View:
    """What a run's charts are drawn from."""

    timeline: Timeline
    snapshot: RunSnapshot
    window_s: float | None
    """None: the whole run."""


class Chart(Widget, can_focus=True):
    """A picture drawn by plotext, as lines of styled text: made once per change, then only looked up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in ROLES}

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel chart")
        self._strips: list[Strip] = []
        self._drawn_for: tuple[int, int] | None = None

    def empty(self) -> str:
        """What will be shown here, and how to make it appear."""
        raise NotImplementedError

    def picture(self, width: int, height: int) -> Picture | None:
        """What to draw at this size; None while there is nothing."""
        raise NotImplementedError

    def redraw(self) -> None:
        """The data has changed."""
        self._drawn_for = None
        self.refresh()

    def notify_style_update(self) -> None:
        self._drawn_for = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if self._drawn_for != size:
            self._strips = self._draw(*size)
            self._drawn_for = size
        return self._strips[y] if y < len(self._strips) else Strip.blank(size[0], self.rich_style)

    def _draw(self, width: int, height: int) -> list[Strip]:
        picture = self.picture(width, height)
        if picture is None:
            return self._draw_empty(width, height)
        styles = {role: self.get_component_rich_style(f"chart--{role}") for role in ROLES}
        return [
            Strip([Segment(text, styles[role]) for text, role in row], width)
            for row in draw(picture, width, height)
        ]

    def _draw_empty(self, width: int, height: int) -> list[Strip]:
        blank, words = Strip.blank(width, self.rich_style), self.empty()
        if width < len(words) + 2:
            return [blank] * height
        line = Strip([Segment(words.center(width), self.get_component_rich_style("chart--axis"))], width)
        return [line if row == height // 2 else blank for row in range(height)]


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a chart's frame and in an empty one."""

    title: str
    legend: tuple[tuple[str, str, str], ...]
    """Each line's role, its look and its name."""
    empty: str
    short: str = ""
    """The title where there is little room, if it is another one."""


class RunChart(Chart):
    """A chart of a run's seconds."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View | None = None
        self._window = ""

    def words(self) -> Words:
        """What this chart says of a run like the present one."""
        raise NotImplementedError

    def empty(self) -> str:
        return self.words().empty

    def retitle(self, window: str) -> None:
        """Names the stretch of time that is shown."""
        self._window = window
        self._title()

    def _title(self) -> None:
        """The title with the legend, so that no line needs a guess; the axis shows the window as well."""
        words = self.words()
        legend = [Content.assemble((look, f"$chart-{role}"), f" {name}") for role, look, name in words.legend]
        whole = Content("  ").join([Content(f"{words.title} · {self._window}"), *legend])
        room = self.size.width - 2
        if 0 < room < whole.cell_length:
            whole = Content(" ").join([Content(words.short or words.title), *legend])
        self.border_title = whole

    def on_resize(self) -> None:
        self._title()

    def show(self, view: View | None) -> None:
        """Draws `view`, or nothing."""
        self.view = view
        self._title()
        self.redraw()

    @property
    def open(self) -> bool:
        """Whether the run has rates alone."""
        return self.view is not None and self.view.snapshot.info.open

    def picture(self, width: int, height: int) -> Picture | None:
        view = self.view
        if view is None or not view.timeline.times:
            return None
        snapshot = view.snapshot
        axis = time_axis(
            view.timeline.end_s, view.window_s, width, snapshot.info.planned_s, over=snapshot.state.over
        )
        return self.compose_picture(view, axis, width, height)

    def compose_picture(self, view: View, x: Axis, width: int, height: int) -> Picture | None:
        raise NotImplementedError

    @staticmethod
    def lines(view: View, x: Axis, width: int, values: Values) -> list[list[Point]]:
        """One series of the timeline, fit for this width."""
        times, cut = view.timeline.since(x.low, values)
        return reduce(times, cut, x.low, x.high, canvas_width(width))
