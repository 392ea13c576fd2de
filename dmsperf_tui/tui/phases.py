"""Where the screen is in the life of a run, and what a person can do there."""

from __future__ import annotations

from enum import StrEnum

from dmsperf_tui.run.snapshot import RunState


class Phase(StrEnum):
    """One value for the whole screen; keys, footer and palette follow from it."""

    SETUP = "setup"
    """Choosing what to run."""
    RUNS = "runs"
    """Looking at the list of runs."""
    STARTING = "starting"
    """A host has been asked for, or its first snapshot is awaited."""
    PREPARING = "preparing"
    """The run's environment is being checked; no load yet."""
    RUNNING = "running"
    PAUSED = "paused"
    """Pausing, or paused."""
    STOPPING = "stopping"
    OVER = "over"
    """The run has ended; its numbers stand."""
    LOST = "lost"
    """The host went away while the run was not over."""


LIVE = frozenset({Phase.PREPARING, Phase.RUNNING, Phase.PAUSED, Phase.STOPPING})
"""A host is there and can be told things."""
STEERED = frozenset({Phase.RUNNING, Phase.PAUSED})
ENDED = frozenset({Phase.OVER, Phase.LOST})
WATCHED = LIVE | ENDED
EVERY = frozenset(Phase)


def phase_of(state: RunState) -> Phase:
    """The phase that a run's state puts the screen in."""
    if state.over:
        return Phase.OVER
    if state in (RunState.PAUSING, RunState.PAUSED):
        return Phase.PAUSED
    return Phase(state.value)
