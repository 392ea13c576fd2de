"""Runs the terminal app until it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dmsperf_tui.run.link import RunLink
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp
from dmsperf_tui.tui.terminal import hang_up_ends


def run_app(
    options: Options,
    connect: Callable[[], Awaitable[RunLink]] | None = None,
    *,
    refresh_hz: float | None = None,
) -> int:
    """Opens the app in set-up, or on the run that `connect` links to; painted `refresh_hz` times a second.

    Returns the run's exit code where it ended on the screen, else 0. Raises what `connect` raises.
    """
    return asyncio.run(_run(options, connect, refresh_hz))


async def _run(
    options: Options, connect: Callable[[], Awaitable[RunLink]] | None, refresh_hz: float | None
) -> int:
    link = await connect() if connect is not None else None
    app = DmsPerfApp(options, link=link, refresh_hz=refresh_hz)
    with hang_up_ends(app):
        await app.run_async()
    return app.return_code or 0
