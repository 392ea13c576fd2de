"""Runs the terminal app until it is left."""

from __future__ import annotations

import asyncio

from dmsperf_tui.run.link import SocketLink
from dmsperf_tui.settings.config import Options
from dmsperf_tui.tui.app import DmsPerfApp


def run_app(options: Options, link_socket: str | None = None) -> int:
    """Opens the app in set-up, or on the live run behind `link_socket`.

    Returns the run's exit code where it ended on the screen, else 0. Raises ConnectionError or
    FileNotFoundError when nobody listens at the socket.
    """
    return asyncio.run(_run(options, link_socket))


async def _run(options: Options, link_socket: str | None) -> int:
    link = await SocketLink.connect(link_socket) if link_socket is not None else None
    app = DmsPerfApp(options, link=link)
    await app.run_async()
    return app.return_code or 0
