"""A front end's link to a run: commands down, snapshots up, one JSON object a line."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from pydantic import BaseModel

from dmsperf_tui.run.commands import Command, Reply, Status, Watch
from dmsperf_tui.run.snapshot import SNAPSHOT, RunSnapshot

LINE_LIMIT = 64 * 1024 * 1024
"""A viewer's first snapshot holds the whole timeline: a few MB for a run of eight hours."""


class RunLink(Protocol):
    """What a front end needs of a run."""

    async def send(self, command: Command) -> Reply:
        """Tells the run something. Raises ConnectionError when its host is gone."""

    def snapshots(self) -> AsyncIterator[RunSnapshot]:
        """Each tick's snapshot; ends when the host has gone. A slow reader gets fewer, never old ones."""

    async def close(self) -> None:
        """Lets go of the run, which goes on."""


class Line(BaseModel):
    """What the host sends: an answer to a command, or a snapshot."""

    reply: Reply | None = None
    snapshot: RunSnapshot | None = None


class SocketLink:
    """A link over the host's control socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._replies: deque[asyncio.Future[Reply]] = deque()
        self._newest: RunSnapshot | None = None
        self._fresh = asyncio.Event()
        self._ended = False
        self._pump = asyncio.create_task(self._read(), name="run link")

    @classmethod
    async def connect(cls, socket: str) -> SocketLink:
        """Raises ConnectionError or FileNotFoundError when nobody listens there."""
        reader, writer = await asyncio.open_unix_connection(socket, limit=LINE_LIMIT)
        return cls(reader, writer)

    async def send(self, command: Command) -> Reply:
        if self._ended:
            raise ConnectionError("the run's host is gone")
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies.append(future)
        self._writer.write(command.model_dump_json().encode() + b"\n")
        await self._writer.drain()
        return await future

    async def status(self) -> RunSnapshot:
        """One snapshot, without the timeline."""
        await self.send(Status())
        async for snapshot in self._fresh_snapshots():
            return snapshot
        raise ConnectionError("the run's host is gone")

    async def snapshots(self) -> AsyncIterator[RunSnapshot]:
        await self.send(Watch())
        async for snapshot in self._fresh_snapshots():
            yield snapshot

    async def close(self) -> None:
        self._pump.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._pump
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _fresh_snapshots(self) -> AsyncIterator[RunSnapshot]:
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            snapshot, self._newest = self._newest, None
            if snapshot is not None:
                yield snapshot
            elif self._ended:
                return

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(line)
        except (ConnectionError, ValueError):
            pass
        finally:
            self._ended = True
            self._fresh.set()
            for future in self._replies:
                if not future.done():
                    future.set_exception(ConnectionError("the run's host is gone"))

    def _take(self, line: bytes) -> None:
        parsed = Line.model_validate_json(line)
        if parsed.snapshot is not None:
            unread = self._newest.rows if self._newest else ()
            self._newest = replace(parsed.snapshot, rows=unread + parsed.snapshot.rows)
            self._fresh.set()
        if parsed.reply is not None and self._replies:
            asked = self._replies.popleft()
            # Whoever asked may have been cancelled meanwhile.
            if not asked.done():
                asked.set_result(parsed.reply)


def encode_snapshot(snapshot: RunSnapshot) -> bytes:
    """One line for a viewer."""
    return b'{"snapshot":' + SNAPSHOT.dump_json(snapshot) + b"}\n"


def encode_reply(reply: Reply) -> bytes:
    return b'{"reply":' + reply.model_dump_json().encode() + b"}\n"
