"""A worker process: `python -m dmsperf_tui.run.worker`, talking over its standard input and output."""

from __future__ import annotations

import os
import resource
import sys

import uvloop

from dmsperf_tui.engine.channel import PipeChannel
from dmsperf_tui.engine.worker import Worker
from dmsperf_tui.systems.registry import flow_of


def _allow_many_connections() -> None:
    """Each VU has a connection, so as many open files as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _run(out: int) -> None:
    channel = await PipeChannel.open(sys.stdin, os.fdopen(out, "wb"))
    await Worker(channel, flow_of).run()


def main() -> None:
    _allow_many_connections()
    # The channel keeps the pipe; what a flow prints goes to standard error, where the host logs it.
    out = os.dup(1)
    os.dup2(2, 1)
    uvloop.run(_run(out))


if __name__ == "__main__":
    main()
