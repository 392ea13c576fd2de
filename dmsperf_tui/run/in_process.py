"""`--in-process`: host and engine in the terminal app's own process, on a thread with a loop of its own.

For the smallest machines and for tests. The screen then shares the interpreter with the load: measured
latencies grow with it, and the run ends with the app.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import AsyncIterator

import uvloop

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.commands import Command, Reply, Stop
from dmsperf_tui.run.host import RunHost, local_worker
from dmsperf_tui.run.link import SocketLink
from dmsperf_tui.run.server import ControlServer
from dmsperf_tui.run.snapshot import RunSnapshot
from dmsperf_tui.settings.config import RunConfig

SWITCH_INTERVAL_S = 0.0005
"""How long the screen's thread may keep the interpreter from the load's (Python's default: 5 ms)."""
_END_PATIENCE_S = 10.0


async def _serve(config: RunConfig, ready: concurrent.futures.Future[str]) -> None:
    try:
        host = RunHost(config, local_worker)
        server = ControlServer(host)
        await server.open()
    except ConfigError as error:
        ready.set_exception(error)
        return
    ready.set_result(server.path)
    try:
        await host.execute()
    finally:
        await server.close()


class InProcessLink:
    """A link to the run on the thread; closing it ends the run, which cannot outlive this process."""

    def __init__(self, link: SocketLink, thread: threading.Thread) -> None:
        self._link = link
        self._thread = thread

    async def send(self, command: Command) -> Reply:
        return await self._link.send(command)

    def snapshots(self) -> AsyncIterator[RunSnapshot]:
        return self._link.snapshots()

    async def close(self) -> None:
        if self._thread.is_alive():
            try:
                await self._link.send(Stop(at_once=True))
            except ConnectionError:
                await asyncio.sleep(0)
            await asyncio.to_thread(self._thread.join, _END_PATIENCE_S)
        await self._link.close()


async def launch_in_process(config: RunConfig) -> InProcessLink:
    """Starts the run on a thread and links to it. Raises ConfigError for what is wrong before it starts."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    ready: concurrent.futures.Future[str] = concurrent.futures.Future()
    thread = threading.Thread(target=lambda: uvloop.run(_serve(config, ready)), name="run", daemon=True)
    thread.start()
    path = await asyncio.wrap_future(ready)
    return InProcessLink(await SocketLink.connect(path), thread)
