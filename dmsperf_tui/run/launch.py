"""Starts a run's host in a process session of its own, so that it survives its terminal."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import orjson

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.link import RunLink, SocketLink
from dmsperf_tui.settings.config import RunConfig


class LaunchError(Exception):
    """The host did not come up; one line says why."""


def _start(config: RunConfig) -> bytes:
    # Not asyncio's subprocess: closing its transport would kill the host when this process ends.
    process = subprocess.Popen(
        [sys.executable, "-m", "dmsperf_tui.run.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="reaper of the run's host", daemon=True).start()
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        try:
            process.stdin.write(config.model_dump_json().encode())
            process.stdin.close()
        except BrokenPipeError:
            return b""
        return process.stdout.readline()


async def launch(config: RunConfig) -> RunLink:
    """Starts the host and links to it. The configuration goes down its standard input: it holds secrets.

    With `--in-process` the host is a thread of this process.
    Raises ConfigError for what the host finds wrong before it starts, LaunchError when it dies.
    """
    if config.in_process:
        from dmsperf_tui.run.in_process import launch_in_process

        return await launch_in_process(config)
    line = await asyncio.to_thread(_start, config)
    if not line:
        raise LaunchError("the run's host ended before it was ready")
    ready = orjson.loads(line)
    if "error" in ready:
        raise ConfigError(ready["error"])
    return await SocketLink.connect(ready["socket"])
