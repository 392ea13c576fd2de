"""A run on the screen: header, panels, steering; each a function of the snapshot and its own view."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widget import Widget

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.chart import RunChart, View
from dmsperf_tui.tui.charts import LatencyChart, LoadChart, ThroughputChart
from dmsperf_tui.tui.entities import EntitiesPanel
from dmsperf_tui.tui.environment import EnvironmentPanel
from dmsperf_tui.tui.errors import ErrorsPanel, NewestError
from dmsperf_tui.tui.header import RunHeader
from dmsperf_tui.tui.operations import OperationsPanel
from dmsperf_tui.tui.outcome import OutcomePanel
from dmsperf_tui.tui.phases import ENDED, Phase
from dmsperf_tui.tui.steer import SteerPanel
from dmsperf_tui.tui.thresholds import ThresholdsPanel
from dmsperf_tui.tui.timeline import Timeline

_PANELS = (
    "load",
    "entities",
    "latency",
    "throughput",
    "thresholds",
    "errors",
    "environment",
    "operations",
)
WINDOWS: tuple[tuple[float | None, str], ...] = ((300.0, "5 min"), (None, "all"), (60.0, "1 min"))
_ALL = 1
"""What a run that is over is shown in, unless another window was chosen."""


class RunView(Vertical):
    """Which panel is the current one, whether it is zoomed, and how far back the charts look."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.current = _PANELS[0]
        self._window = 0
        self._window_chosen = False
        self._listed = False

    def compose(self) -> ComposeResult:
        yield RunHeader(id="header")
        with Grid(id="panels"):
            yield LoadChart(id="load")
            yield LatencyChart(id="latency")
            yield ThroughputChart(id="throughput")
            yield EntitiesPanel(id="entities")
            yield ThresholdsPanel(id="thresholds")
            yield EnvironmentPanel(id="environment")
            yield OperationsPanel(id="operations")
            yield ErrorsPanel(id="errors")
        yield NewestError(id="newest-error")
        yield SteerPanel(id="steer")
        yield OutcomePanel(id="outcome")

    def on_mount(self) -> None:
        self._list(False)

    @property
    def compact(self) -> bool:
        """Whether there is room for one panel beside the operations only."""
        return self.screen.has_class("-narrow") or self.screen.has_class("-short")

    @property
    def window_s(self) -> float | None:
        return WINDOWS[self._window][0]

    def paint(self, timeline: Timeline, snapshot: RunSnapshot, phase: Phase) -> None:
        """Shows a snapshot in every panel."""
        lost = phase is Phase.LOST
        before_load = not timeline.times and phase in (Phase.PREPARING, *ENDED)
        self.set_class(before_load, "-preparing")
        if phase in ENDED and not self.has_class("-ended") and not self._window_chosen:
            self._window = _ALL
            self._title_charts()
        self.set_class(phase in ENDED, "-ended")
        starts = timeline.starts[-1] if timeline.starts and not snapshot.state.over else None
        if bool(snapshot.lists) != self._listed:
            self._list(bool(snapshot.lists))
        self.query_one(RunHeader).show(snapshot, starts, lost=lost)
        view = View(timeline, snapshot, self.window_s)
        for chart in self.query(RunChart):
            chart.show(view)
        self.query_one(OperationsPanel).show(snapshot.operations, warming_up=snapshot.warming_up)
        self.query_one(EntitiesPanel).show(snapshot)
        self.query_one(ErrorsPanel).show(snapshot.errors)
        self.query_one(NewestError).show(snapshot.errors)
        self.query_one(ThresholdsPanel).show(snapshot.thresholds)
        self.query_one("#environment", EnvironmentPanel).show_run(snapshot)
        self.query_one(SteerPanel).show(snapshot)
        if phase in ENDED:
            self.query_one(OutcomePanel).show(snapshot, lost=lost)

    def next_panel(self, step: int) -> None:
        """Makes another panel the current one: the shown one in a small terminal, else the focused one."""
        hidden = {"entities"} if not self._listed else set()
        hidden |= {"operations"} if self.compact else set()
        panels = [name for name in _PANELS if name not in hidden]
        at = panels.index(self.current) if self.current in panels else -step
        self.current = panels[(at + step) % len(panels)]
        self._mark_current()
        self.call_after_refresh(self._focus_current)

    def _list(self, listed: bool) -> None:
        """Shows the entities where the run has a list of them, and gives them room."""
        self._listed = listed
        self.set_class(listed, "-listed")
        self.set_class(not listed, "-unlisted")
        if not listed and self.current == "entities":
            self.current = _PANELS[0]
        self._mark_current()

    def toggle_zoom(self) -> None:
        """Gives the current panel the whole screen, or takes it back."""
        self._follow_focus()
        self.toggle_class("-zoomed")

    def unzoom(self) -> bool:
        """Whether there was a zoom to leave."""
        zoomed = self.has_class("-zoomed")
        self.remove_class("-zoomed")
        return zoomed

    def next_window(self) -> None:
        self._window = (self._window + 1) % len(WINDOWS)
        self._window_chosen = True
        self._title_charts()

    def _title_charts(self) -> None:
        for chart in self.query(RunChart):
            chart.retitle(WINDOWS[self._window][1])

    def _follow_focus(self) -> None:
        focused = self.screen.focused
        holder: Widget | None = next(
            (
                w
                for w in (focused.ancestors_with_self if focused else ())
                if isinstance(w, Widget) and w.id in _PANELS
            ),
            None,
        )
        if holder is not None and holder.id is not None and not self.compact:
            self.current = holder.id
            self._mark_current()

    def _mark_current(self) -> None:
        for name in _PANELS:
            self.query_one(f"#{name}").set_class(name == self.current, "current")
        self._title_charts()

    def _focus_current(self) -> None:
        panel = self.query_one(f"#{self.current}")
        target = panel if panel.focusable else next((w for w in panel.query("*") if w.focusable), None)
        if target is not None:
            target.focus(scroll_visible=False)
