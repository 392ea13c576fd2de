"""A run on the screen: header, panels, steering; each a function of the snapshot and its own view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widget import Widget

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.charts import FailuresChart, LatencyChart, RateChart, ThroughputChart, VusChart
from dmsperf_tui.tui.checks import ChecksPanel
from dmsperf_tui.tui.entities import EntitiesPanel
from dmsperf_tui.tui.environment import EnvironmentPanel
from dmsperf_tui.tui.errors import ErrorsPanel
from dmsperf_tui.tui.failure_log import FailureLog
from dmsperf_tui.tui.header import RunHeader
from dmsperf_tui.tui.layout import BEFORE_LOAD, LEAST, PANELS, TIGHT, Layout, layout_of, panels_of, small
from dmsperf_tui.tui.notice import Notice
from dmsperf_tui.tui.objectives import ObjectivesPanel
from dmsperf_tui.tui.operations import OperationsPanel
from dmsperf_tui.tui.outcome import OutcomePanel
from dmsperf_tui.tui.panel import RunPanel, View
from dmsperf_tui.tui.phases import ENDED, Phase
from dmsperf_tui.tui.steer import SteerPanel
from dmsperf_tui.tui.strip import PanelStrip
from dmsperf_tui.tui.thresholds import ThresholdsPanel
from dmsperf_tui.tui.timeline import Timeline
from dmsperf_tui.tui.workloads import WorkloadsPanel

WINDOWS: tuple[tuple[float | None, str], ...] = ((300.0, "5 min"), (None, "all"), (60.0, "1 min"))
_ALL = 1
"""What a run that is over is shown in, unless another window was chosen."""


class RunView(Vertical):
    """Which panel is the current one, which are on the screen, and how the charts look at the run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.current = ""
        self.zoomed = False
        self.log_scale = True
        self._panels: dict[str, RunPanel] = {
            panel.id or "": panel
            for panel in (
                VusChart(id="vus"),
                RateChart(id="rate"),
                LatencyChart(id="latency"),
                ThroughputChart(id="throughput"),
                EntitiesPanel(id="entities"),
                FailuresChart(id="failures"),
                ThresholdsPanel(id="thresholds"),
                ObjectivesPanel(id="objectives"),
                ChecksPanel(id="checks"),
                OperationsPanel(id="operations"),
                WorkloadsPanel(id="workloads"),
                ErrorsPanel(id="errors"),
                FailureLog(id="log"),
                EnvironmentPanel(id="environment"),
            )
        }
        assert tuple(self._panels) == PANELS
        self._view: View | None = None
        self._layout: Layout | None = None
        self._placed: list[str] = []
        """The panels on the screen, in the order of their places."""
        self._chosen: list[str] = []
        """Panels that were asked for, the newest last: they come before their neighbours."""
        self._window = 0
        self._window_chosen = False

    def compose(self) -> ComposeResult:
        yield RunHeader(id="header")
        yield Notice(id="notice")
        yield PanelStrip(id="strip")
        with Grid(id="panels"):
            yield from self._panels.values()
        yield SteerPanel(id="steer")
        yield OutcomePanel(id="outcome")

    def on_mount(self) -> None:
        self._lay()

    def on_resize(self) -> None:
        self._lay()

    @property
    def window_s(self) -> float | None:
        return WINDOWS[self._window][0]

    @property
    def window_name(self) -> str:
        return WINDOWS[self._window][1]

    @property
    def current_panel(self) -> RunPanel | None:
        """The one that the keyboard is at."""
        return self._panels.get(self.current)

    def panel(self, name: str) -> RunPanel:
        """The panel of that name."""
        return self._panels[name]

    @property
    def on_screen(self) -> list[str]:
        """The panels that are on the screen, in the order of their places."""
        shown = [self._shown(place.panels) for place in self._layout.places] if self._layout else []
        return [name for name in shown if name]

    @property
    def there(self) -> list[str]:
        """The panels that this run has something for."""
        view = self._view
        if view is not None and not view.timeline.times and view.phase in (Phase.PREPARING, *ENDED):
            return [*BEFORE_LOAD]
        snapshot = view.snapshot if view is not None else None
        return panels_of(
            *self.app.size,
            lists=snapshot is not None and bool(snapshot.lists),
            rates=snapshot is not None and any(row.open for row in snapshot.workloads),
            by_rate=snapshot is not None and snapshot.info.open,
            objectives=snapshot is not None and bool(snapshot.objectives),
        )

    def paint(self, timeline: Timeline, snapshot: RunSnapshot, phase: Phase, scope: str | None) -> None:
        """Shows a snapshot in every panel that is on the screen."""
        ended = phase in ENDED
        if ended and not self.has_class("-ended") and not self._window_chosen:
            self._window = _ALL
        if not ended and self.has_class("-ended") and not self._window_chosen:
            self._window = 0
        self.set_class(ended, "-ended")
        self._view = View(timeline, snapshot, phase, self.window_s, self.log_scale, scope)
        self._lay()
        self.query_one(RunHeader).show(self._view)
        self.query_one(Notice).show(self._view)
        for name in self.on_screen:
            self._panels[name].show(self._view)
        if ended:
            self.query_one(OutcomePanel).show(self._view)
        else:
            self.query_one(SteerPanel).show(self._view)

    # Where the panels are

    def _lay(self) -> None:
        """Puts the panels where they belong in a terminal of this size."""
        if not self.is_mounted:
            return
        width, height = self.app.size
        there = self.there
        preparing = there == [*BEFORE_LOAD]
        layout = layout_of(width, height, there, zoomed=self.zoomed)
        self.set_class(small(width, height), "-compact")
        self.set_class(height < TIGHT, "-tight")
        self.set_class(height < LEAST, "-least")
        self.set_class(self.zoomed, "-zoomed")
        self.set_class(preparing, "-preparing")
        if layout != self._layout:
            self._layout = layout
            grid = self.query_one("#panels", Grid)
            grid.styles.grid_size_columns = layout.columns
            grid.styles.grid_rows = layout.rows
            for place in layout.places:
                for name in place.panels:
                    self._panels[name].styles.column_span = place.columns
        if self.current not in there or not self._chosen:
            self.current = (self.on_screen or there)[0]
        self._bring_up()

    def _shown(self, panels: tuple[str, ...]) -> str:
        """Of panels that share a place, the one that was asked for last."""
        asked = [name for name in self._chosen if name in panels]
        return asked[-1] if asked else panels[0] if panels else ""

    def _bring_up(self) -> None:
        """Shows what its place shows; a panel that comes to the screen is painted at once."""
        visible = self.on_screen
        if visible != self._placed:
            # A grid fills its places in the order of its children.
            self._placed = visible
            order = {name: at for at, name in enumerate(visible)}
            self.query_one("#panels").sort_children(key=lambda panel: order.get(panel.id or "", len(order)))
        for name, panel in self._panels.items():
            came = name in visible and not panel.display
            panel.display = name in visible
            panel.set_class(name == self.current, "current")
            if came and self._view is not None:
                panel.show(self._view)
        self._name_panels()

    def _name_panels(self) -> None:
        panels = [self._panels[name] for name in self.there]
        snapshot = self._view.snapshot if self._view else None
        self.query_one(PanelStrip).show(panels, self.current, self.on_screen, snapshot)

    # What a person asks for

    def commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        """What the palette offers of it: a title, words about it, and what brings it up."""
        for name in self.there:
            panel = self._panels[name]
            yield f"Panel: {panel.TITLE}", panel.ABOUT, partial(self.go_to, name)
        for seconds, name in WINDOWS:
            words = "the whole run" if seconds is None else name
            yield f"Window: {name}", f"Charts over {words}", partial(self.choose_window, seconds)

    def next_panel(self, step: int) -> None:
        """Makes the next panel, or the one before, the current one."""
        there = self.there
        at = there.index(self.current) if self.current in there else -step
        self.go_to(there[(at + step) % len(there)])

    def go_to(self, name: str) -> None:
        """Brings a panel up, and the keyboard to it."""
        if name not in self.there:
            return
        self._make_current(name)
        self.take_focus()

    def take_focus(self) -> None:
        """Brings the keyboard to the current panel, once it is laid out."""
        self.call_after_refresh(self._focus_current)

    def _focus_current(self) -> None:
        if self.current not in self.on_screen:
            return
        panel = self._panels[self.current]
        target = panel if panel.focusable else next((w for w in panel.query("*") if w.focusable), None)
        # With none, keys of the panel that had it would still be its own.
        self.screen.set_focus(target, scroll_visible=False)

    def on_click(self, event: events.Click) -> None:
        """Any place of a panel makes it the current one; twice gives it the room, or takes it back."""
        holder = self._holder(event.widget) if event.widget is not None else None
        if holder is None:
            return
        if holder.id != self.current:
            self.go_to(holder.id or "")
        elif event.chain == 2 and event.widget is holder:
            self.toggle_zoom()

    def _make_current(self, name: str) -> None:
        self.current = name
        self._chosen = [*(each for each in self._chosen if each != name), name]
        self._bring_up()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        holder = self._holder(event.widget)
        if holder is not None and holder.id in self.on_screen and holder.id != self.current:
            self._make_current(holder.id)

    @staticmethod
    def _holder(widget: Widget) -> RunPanel | None:
        return next((each for each in widget.ancestors_with_self if isinstance(each, RunPanel)), None)

    def toggle_zoom(self) -> None:
        """Gives the current panel the whole screen, or takes it back."""
        self.zoomed = not self.zoomed
        if self.zoomed:
            self._make_current(self.current)
        self._lay()

    def unzoom(self) -> bool:
        """Whether there was a zoom to leave."""
        if self.zoomed:
            self.toggle_zoom()
            return True
        return False

    def next_window(self) -> None:
        """The charts look back 5 minutes, over the whole run, 1 minute."""
        self._window = (self._window + 1) % len(WINDOWS)
        self._window_chosen = True

    def choose_window(self, seconds: float | None) -> None:
        """The charts look back that far; None: over the whole run."""
        self._window = [window for window, _ in WINDOWS].index(seconds)
        self._window_chosen = True

    def toggle_log(self) -> None:
        """Latencies from 0, or on a logarithmic scale."""
        self.log_scale = not self.log_scale
