"""What every panel of a run is: a function of one view, with a name and a word about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.widget import Widget

from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.tui.phases import Phase
from dmsperf_tui.tui.timeline import Timeline


@dataclass(frozen=True, slots=True)
class View:
    """What the panels of a run are painted from: the run, and how a person wants to look at it."""

    timeline: Timeline
    snapshot: RunSnapshot
    phase: Phase = Phase.RUNNING
    window_s: float | None = None
    """How far back the charts look; None: the whole run."""
    log: bool = True
    """Latencies on a logarithmic scale, rather than from 0."""
    scope: str | None = None
    """The workload that steering is for; None: all of them."""

    @property
    def lost(self) -> bool:
        """The run's host has gone while the run was not over."""
        return self.phase is Phase.LOST


class RunPanel(Widget):
    """A panel of a run. Named last among the bases, so that a container's own ways come first."""

    TITLE: ClassVar[str]
    """In the help."""
    SHORT: ClassVar[str]
    """In the strip of panels, at most 9 cells."""
    ABOUT: ClassVar[str]
    """What it shows, for the help; its own keys are its BINDINGS."""

    def show(self, view: View) -> None:
        """Paints `view`; called each tick while the panel is on the screen, and when it comes there."""
        raise NotImplementedError

    def badge(self, snapshot: RunSnapshot) -> str:
        """A glyph and a number that the strip shows behind the name, while something needs a look."""
        return ""
