"""Bring a connection up, with name look-up, TCP and TLS timed apart."""

from __future__ import annotations

import asyncio
import socket
from time import perf_counter_ns
from typing import Any

from dmsperf_tui.engine.http.connection import Connection
from dmsperf_tui.engine.http.counters import WireCounters
from dmsperf_tui.engine.http.errors import RequestError, connect_error, resolve_error, tls_error
from dmsperf_tui.engine.http.origin import Origin

_Address = tuple[int, Any]  # family and socket address


class Dial:
    """One attempt to connect: either `connection` or `error` is set after `run`.

    `connecting_ns` is TCP alone, `tls_handshaking_ns` TLS alone; the look-up of a name is in neither (k6
    counts it as blocked). Of a failed attempt they hold the time up to the failure.
    """

    __slots__ = (
        "_counters",
        "_loop",
        "_origin",
        "connecting_ns",
        "connection",
        "error",
        "tls_handshaking_ns",
    )

    def __init__(self, origin: Origin, counters: WireCounters, loop: asyncio.AbstractEventLoop) -> None:
        self._origin = origin
        self._counters = counters
        self._loop = loop
        self.connection: Connection | None = None
        self.error: RequestError | None = None
        self.connecting_ns = 0
        self.tls_handshaking_ns = 0

    async def run(self, deadline_ns: int) -> None:
        """Connect until `deadline_ns` (perf_counter_ns). Raises nothing but CancelledError."""
        origin = self._origin
        sock: socket.socket | None = None
        try:
            # uvloop's timers can fire 0.9 ms early; a timeout must not.
            async with asyncio.timeout(max(deadline_ns - perf_counter_ns(), 0) / 1e9 + 0.001):
                addresses = await self._resolve()
                if addresses is not None:
                    sock = await self._connect(addresses)
                if sock is not None:
                    self._counters.connections_opened += 1
                    self.connection = await self._wrap(sock, deadline_ns)
        except TimeoutError as fault:
            if self.error is None:
                self.error = resolve_error(fault, origin.host)
        finally:
            if self.connection is None and sock is not None:
                sock.close()

    async def _resolve(self) -> list[_Address] | None:
        origin = self._origin
        if origin.is_ip_literal:
            if ":" in origin.host:
                return [(socket.AF_INET6, (origin.host, origin.port))]
            return [(socket.AF_INET, (origin.host, origin.port))]
        try:
            infos = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as fault:
            self.error = resolve_error(fault, origin.host)
            return None
        return [(info[0], info[4]) for info in infos]

    async def _connect(self, addresses: list[_Address]) -> socket.socket | None:
        """The first address that answers; the error of the last one when none does."""
        started_ns = perf_counter_ns()
        fault: OSError = OSError("no address")
        try:
            for family, address in addresses:
                sock: socket.socket | None = None
                try:
                    sock = socket.socket(family, socket.SOCK_STREAM)
                    sock.setblocking(False)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await self._loop.sock_connect(sock, address)
                    return sock
                except BaseException as caught:
                    if sock is not None:
                        sock.close()
                    if not isinstance(caught, OSError):
                        # Cancelled: should the reason be the timeout around us, it was this phase's.
                        self.error = connect_error(TimeoutError(), self._origin.netloc)
                        raise
                    fault = caught
            self.error = connect_error(fault, self._origin.netloc)
            return None
        finally:
            self.connecting_ns = perf_counter_ns() - started_ns

    async def _wrap(self, sock: socket.socket, deadline_ns: int) -> Connection | None:
        origin = self._origin
        is_tls = origin.ssl_context is not None
        connection = Connection(self._loop, self._counters, sock, is_tls)
        if not is_tls:
            try:
                await self._loop.create_connection(lambda: connection, sock=sock)
            except asyncio.CancelledError:
                self.error = connect_error(TimeoutError(), origin.netloc)
                raise
            except OSError as fault:
                self.error = connect_error(fault, origin.netloc)
                return None
            return connection
        started_ns = perf_counter_ns()
        try:
            await self._loop.create_connection(
                lambda: connection,
                sock=sock,
                ssl=origin.ssl_context,
                server_hostname=origin.host,
                # asyncio's own limit of 60 s must not undercut the caller's.
                ssl_handshake_timeout=max(deadline_ns - started_ns, 0) / 1e9 + 1,
            )
        except asyncio.CancelledError:
            self.error = tls_error(TimeoutError(), origin.netloc)
            raise
        except OSError as fault:
            self.error = tls_error(fault, origin.netloc)
            return None
        finally:
            self.tls_handshaking_ns = perf_counter_ns() - started_ns
        return connection
