"""A run's host as a process: `python -m dmsperf_tui.run.process`, its configuration on standard input.

It answers one line on standard output (where its control socket is, or what is wrong), then belongs to
nobody: closing the terminal that started it does not end it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import orjson
import uvloop

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.host import RunHost
from dmsperf_tui.run.server import ControlServer
from dmsperf_tui.settings.config import RunConfig


def _answer(**fields: str) -> None:
    os.write(1, orjson.dumps(fields) + b"\n")
    # Whoever started us has what it needs; nothing of ours may end up on its terminal.
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


async def _run(config: RunConfig) -> int:
    try:
        host = RunHost(config)
        server = ControlServer(host)
        await server.open()
    except ConfigError as error:
        _answer(error=str(error))
        return 104
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, host.helm.signalled)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    _answer(socket=server.path, id=host.run.info.id)
    try:
        return await host.execute()
    finally:
        await server.close()


def main() -> int:
    config = RunConfig.model_validate_json(sys.stdin.buffer.read())
    return uvloop.run(_run(config))


if __name__ == "__main__":
    sys.exit(main())
