"""Runs the stand-in as a process of its own, on loopback."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FrameType

import orjson
import uvicorn

from dmsperf_tui.standin.app import CMS_PATH, AppOptions, create_app
from dmsperf_tui.standin.delivery import OpenProtocol

SETUP_FAILED = 107
"""The exit code of a set-up that failed (the tool's own, which are k6's)."""

_BACKLOG = 2048
# Kestrel's own. With uvicorn's 5 s every user who thinks for longer would pay for a new connection.
_KEEP_ALIVE_S = 130


@dataclass(frozen=True, slots=True)
class StandinOptions:
    """Where the stand-in listens and how it behaves.

    `port` 0 takes a free one; empty credentials in `app` are replaced by random ones; with `until_eof` the
    end of stdin ends the process. `ready` is called with what the first line says, before it is printed.
    """

    app: AppOptions = field(default_factory=lambda: AppOptions("", ""))
    host: str = "127.0.0.1"
    port: int = 0
    until_eof: bool = False
    ready: Callable[[Mapping[str, object]], None] | None = field(default=None, compare=False)


def serve(options: StandinOptions) -> int:
    """Serves until SIGINT or SIGTERM, or the end of stdin; returns the exit code.

    Prints one line of JSON on stdout once connections are accepted: `url`, `cms_url`, `vintage`, `client_id`,
    `client_secret`, `k12_password` and `pid`. Raises `ValueError` for a knob that cannot be turned so far.
    """
    client_id = options.app.client_id or secrets.token_urlsafe(12)
    client_secret = options.app.client_secret or secrets.token_urlsafe(24)
    k12 = replace(options.app.k12, password=options.app.k12.password or secrets.token_urlsafe(12))
    naps = _Naps()
    known = replace(options.app, client_id=client_id, client_secret=client_secret, k12=k12)
    app = create_app(known, sleep=naps.sleep)
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        place = f"{options.host}:{options.port}"
        mend = "choose another --port"
        print(f"the stand-in cannot listen on {place}: {error.strerror}; {mend}", file=sys.stderr)  # noqa: T201
        return SETUP_FAILED
    config = uvicorn.Config(
        app,
        http=OpenProtocol,
        loop="uvloop",
        lifespan="off",
        log_level="error",
        access_log=False,
        ws="none",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    host, port = listener.getsockname()[:2]
    ready = {
        "url": f"http://{host}:{port}",
        "cms_url": f"http://{host}:{port}{CMS_PATH}",
        "vintage": str(options.app.vintage),
        "client_id": client_id,
        "client_secret": client_secret,
        "k12_password": k12.password,
        "pid": os.getpid(),
    }

    def announce() -> None:
        if options.ready is not None:
            options.ready(ready)
        print(orjson.dumps(ready).decode(), flush=True)  # noqa: T201

    server = _Server(config, naps, announce)
    if sys.stderr.isatty():
        hint = f"dmsperf-tui --env embedded:{port}"
        print(f"Ctrl-C ends it. To aim a run at it:\n{hint}", file=sys.stderr)  # noqa: T201
    if options.until_eof:
        threading.Thread(target=server.end_with_stdin, name="stdin", daemon=True).start()
    with listener:
        server.run(sockets=[listener])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


class _Naps:
    """Latency that ends early when the process does: uvicorn would cancel what sleeps, with a traceback."""

    def __init__(self) -> None:
        self._sleeping: set[asyncio.Future[None]] = set()

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        nap: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, nap)
        self._sleeping.add(nap)
        try:
            await nap
        finally:
            timer.cancel()
            self._sleeping.discard(nap)

    def end(self) -> None:
        for nap in self._sleeping:
            _wake(nap)


def _wake(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)


class _Server(uvicorn.Server):
    """uvicorn's server: says when it is ready, and takes a signal for a request to end, not for a failure."""

    def __init__(self, config: uvicorn.Config, naps: _Naps, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._naps = naps
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Not sooner: by now a signal finds its handler.
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._naps.end()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # The base class would raise the signal again after the shutdown.
        self.should_exit = True

    def end_with_stdin(self) -> None:
        """Waits for the end of stdin, blocking. On the bare file: sys.stdin has a lock that outlives us."""
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass  # closed from the start: there is nobody to wait for
        self.should_exit = True
