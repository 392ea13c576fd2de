"""The host's side of its workers: start them, talk to them, notice when one is lost."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import IO, Protocol

from dmsperf_tui.engine.channel import LocalChannel, frame, read_frame
from dmsperf_tui.engine.messages import DOWN, UP, Down, Up
from dmsperf_tui.engine.worker import Worker
from dmsperf_tui.systems.registry import flow_of


class WorkerHandle(Protocol):
    """One worker, wherever it runs."""

    pid: int

    def send(self, message: Down) -> None:
        """Tells the worker something; nothing happens when it is gone."""

    async def receive(self) -> Up | None:
        """Its next message; None when it is gone."""

    def kill(self) -> None:
        """Ends it at once, whatever it is doing."""

    async def close(self) -> None:
        """Ends it, if it has not ended by itself."""


class ProcessWorker:
    """A worker process in a session of its own, so that a terminal's Ctrl-C reaches the host alone."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        assert process.stdin is not None
        assert process.stdout is not None
        self._down = process.stdin
        self._up = process.stdout

    @classmethod
    async def start(cls, log: IO[bytes]) -> ProcessWorker:
        with log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "dmsperf_tui.run.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return cls(process)

    def send(self, message: Down) -> None:
        if not self._down.is_closing():
            self._down.write(frame(DOWN.dump_json(message)))

    async def receive(self) -> Up | None:
        payload = await read_frame(self._up)
        return None if payload is None else UP.validate_json(payload)

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def close(self) -> None:
        self._down.close()
        with contextlib.suppress(ConnectionError):
            await self._down.wait_closed()
        try:
            await asyncio.wait_for(self._process.wait(), 5.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class LocalWorker:
    """A worker in this very event loop: for tests, notebooks and `--in-process`."""

    def __init__(self) -> None:
        self.pid = 0
        self._channel = LocalChannel()
        self._task = asyncio.create_task(Worker(self._channel, flow_of).run(), name="local worker")

    def send(self, message: Down) -> None:
        self._channel.down.put_nowait(message)

    async def receive(self) -> Up | None:
        return await self._channel.up.get()

    def kill(self) -> None:
        self._task.cancel()
        self._channel.up.put_nowait(None)

    async def close(self) -> None:
        self._channel.down.put_nowait(None)
        await asyncio.wait([self._task])
