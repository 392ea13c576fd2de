"""The control socket of a run: front ends send commands and watch it, each at its own pace."""

from __future__ import annotations

import asyncio
import contextlib
import os

from pydantic import ValidationError

from dmsperf_tui.run.commands import COMMAND, Reply, Status, Watch
from dmsperf_tui.run.host import RunHost
from dmsperf_tui.run.link import encode_reply, encode_snapshot
from dmsperf_tui.run.registry import register, socket_path, unregister

BACKLOG_BYTES = 1_000_000
"""A viewer that has so much unread gets no more until it has read: a stalled terminal costs nothing."""
_LINE_LIMIT = 65_536
_LAST_WORDS_S = 2.0


class _Viewer:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.watching = False
        self.rows_sent = 0

    @property
    def stalled(self) -> bool:
        return self.writer.transport.get_write_buffer_size() > BACKLOG_BYTES


class ControlServer:
    """Serves one run's socket until it is closed."""

    def __init__(self, host: RunHost) -> None:
        self._host = host
        self._run = host.run
        self._viewers: set[_Viewer] = set()
        self._server: asyncio.Server | None = None
        self._telling: asyncio.Task[None] | None = None
        self.path = str(socket_path(self._run.info.id))

    async def open(self) -> None:
        """Listens, and makes the run known to `ctl` and `attach`. Raises ConfigError for an unsafe folder."""
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=_LINE_LIMIT)
        os.chmod(self.path, 0o600)
        info = self._run.info
        register(info.id, info.scenario, self._host.record.folder, info.url)
        self._telling = asyncio.create_task(self._tell(), name="tell viewers")

    async def close(self) -> None:
        """Sends every viewer its last snapshot and goes."""
        if self._server is None or self._telling is None:
            return
        unregister(self._run.info.id)
        self._server.close()
        self._telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._telling
        self._tell_all()
        await asyncio.gather(*(self._part(viewer) for viewer in list(self._viewers)))
        await asyncio.sleep(0)

    async def _part(self, viewer: _Viewer) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(viewer.writer.drain(), _LAST_WORDS_S)
        viewer.writer.close()

    async def _tell(self) -> None:
        while True:
            await self._run.changed.wait()
            self._run.changed.clear()
            self._tell_all()
            # Many changes at once make one snapshot.
            await asyncio.sleep(0.05)

    def _tell_all(self) -> None:
        for viewer in self._viewers:
            if viewer.watching and not viewer.stalled:
                self._send_snapshot(viewer)

    def _send_snapshot(self, viewer: _Viewer) -> None:
        snapshot = self._run.snapshot(first_row=viewer.rows_sent)
        viewer.rows_sent += len(snapshot.rows)
        viewer.writer.write(encode_snapshot(snapshot))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        viewer = _Viewer(writer)
        self._viewers.add(viewer)
        try:
            while line := await reader.readline():
                writer.write(encode_reply(self._answer(viewer, line)))
                await writer.drain()
        except (ConnectionError, ValueError):
            # Gone, or not speaking our language: the run does not care.
            return
        finally:
            self._viewers.discard(viewer)
            writer.close()

    def _answer(self, viewer: _Viewer, line: bytes) -> Reply:
        try:
            command = COMMAND.validate_json(line)
        except ValidationError as error:
            return Reply(ok=False, text=f"not a command: {error.errors()[0]['msg']}")
        if isinstance(command, Watch):
            viewer.watching, viewer.rows_sent = True, 0
            self._send_snapshot(viewer)
        elif isinstance(command, Status):
            viewer.writer.write(encode_snapshot(self._run.snapshot(first_row=len(self._run.timeline.rows))))
        return self._host.helm.obey(command)
