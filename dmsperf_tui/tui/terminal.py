"""What the app makes of its terminal: its size and colours, how often it is painted, what if it vanishes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor
from textual.timer import Timer

_UNFOCUSED_HZ = 1.0
"""How often a terminal that nobody looks at is painted."""
_NO_COLOUR = NoColor()


def usual_refresh_hz() -> float:
    """Paints a second: fewer over SSH, where each of them is bytes on a line."""
    return 2.0 if "SSH_CONNECTION" in os.environ else 4.0


def forget_told_size() -> None:
    """Drops COLUMNS and LINES where the terminal itself tells its size.

    Textual asks `shutil.get_terminal_size`, which believes these variables before the terminal, also after
    a resize. Shells and `docker exec -e` export them, and so does GNU readline in a parent process: drawn
    would for ever be the size of then.
    """
    try:
        told = os.get_terminal_size(sys.__stdout__.fileno())  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return  # no terminal: then the variables are all there is
    if all(told):
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)


class Ticks:
    """Calls `paint` again and again: `hz` times a second, less often while nobody looks."""

    def __init__(self, app: App[None], paint: Callable[[], None], hz: float | None) -> None:
        self.interval_s = 0.0
        """The time between two of them; 0 until they begin."""
        self._app, self._paint = app, paint
        self._hz = hz or usual_refresh_hz()
        self._timer: Timer | None = None

    def go(self, *, looked_at: bool = True) -> None:
        """Begins, or goes on at another pace."""
        if self._timer is not None:
            self._timer.stop()
        self.interval_s = 1 / (self._hz if looked_at else min(_UNFOCUSED_HZ, self._hz))
        self._timer = self._app.set_interval(self.interval_s, self._paint)


def without_colours(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Textual's own answer to NO_COLOR are greys, which are colours to a terminal."""
    return [_NO_COLOUR if isinstance(each, Monochrome) else each for each in filters]


@contextmanager
def hang_up_ends(app: App[None]) -> Iterator[None]:
    """A terminal that vanishes must not end in a spin on its dead device: the app leaves, its run goes on."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: app.exit(return_code=128 + signal.SIGHUP))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
