"""Frames between host and worker: a length of four bytes, then one JSON object."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from dmsperf_tui.engine.messages import DOWN, UP, Down, Up

_LENGTH = 4


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(_LENGTH, "big") + payload


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next payload; None when the other side is gone, also in the middle of one."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH), "big")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class WorkerChannel(Protocol):
    """A worker's side."""

    async def receive(self) -> Down | None:
        """The host's next message; None when the host is gone."""

    def send(self, message: Up) -> None:
        """Tells the host something; never blocks."""

    async def close(self) -> None:
        """Returns when everything sent has gone out."""


class _Outlet(asyncio.BaseProtocol):
    """The writing end of a pipe: knows when everything has gone out."""

    def __init__(self) -> None:
        self.closed = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


class PipeChannel:
    """A worker's standard input and output."""

    def __init__(
        self, reader: asyncio.StreamReader, transport: asyncio.WriteTransport, outlet: _Outlet
    ) -> None:
        self._reader = reader
        self._transport = transport
        self._outlet = outlet

    @classmethod
    async def open(cls, read_end: Any, write_end: Any) -> PipeChannel:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), read_end)
        transport, outlet = await loop.connect_write_pipe(_Outlet, write_end)
        return cls(reader, transport, outlet)

    async def receive(self) -> Down | None:
        payload = await read_frame(self._reader)
        return None if payload is None else DOWN.validate_json(payload)

    def send(self, message: Up) -> None:
        if not self._transport.is_closing():
            self._transport.write(frame(UP.dump_json(message)))

    async def close(self) -> None:
        self._transport.close()
        await self._outlet.closed


class LocalChannel:
    """A worker in the host's own event loop: messages go through queues as they are."""

    def __init__(self) -> None:
        self.down: asyncio.Queue[Down | None] = asyncio.Queue()
        self.up: asyncio.Queue[Up | None] = asyncio.Queue()

    async def receive(self) -> Down | None:
        return await self.down.get()

    def send(self, message: Up) -> None:
        self.up.put_nowait(message)

    async def close(self) -> None:
        self.up.put_nowait(None)
