"""Puts an answer on the wire, or plays that the wire failed."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dmsperf_tui.standin.faults import Faults

TRANSPORT = "standin.transport"
"""The scope's entry for the connection itself, which ASGI hides."""

_PIECES = 20
# l_onoff 1, l_linger 0: the close that follows sends RST instead of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


class OpenProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a request can reach its connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Scope = self.scope  # type: ignore[assignment]
        scope[TRANSPORT] = self.transport


async def deliver(
    response: Response,
    scope: Scope,
    receive: Receive,
    send: Send,
    faults: Faults,
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Sends the response unless a delivery fault strikes: reset, cut short, or slow."""
    if faults.strikes_reset():
        await _reset(scope, receive)
    elif faults.strikes_truncation():
        await _cut_short(response, scope, receive, send)
    elif faults.knobs.slow_body_s and response.body:
        await _trickle(response, send, faults.knobs.slow_body_s, sleep)
    else:
        await response(scope, receive, send)


async def _reset(scope: Scope, receive: Receive) -> None:
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is None:
        raise ConnectionResetError("there is no connection to reset")
    original = transport.get_extra_info("socket")
    # A duplicate, because uvloop hands out a view of the socket that takes no options.
    with socket.socket(fileno=socket.dup(original.fileno())) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
    await _gone(receive)


async def _cut_short(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Promises the whole body and ends in its middle. An answer without a body does not come at all."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is None:
        raise ConnectionResetError("there is no connection to cut")
    body = bytes(response.body)
    if body:
        await _start(response, send)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport.close()
    await _gone(receive)


async def _trickle(
    response: Response, send: Send, over_s: float, sleep: Callable[[float], Awaitable[None]]
) -> None:
    body = bytes(response.body)
    size = max(1, -(-len(body) // _PIECES))
    await _start(response, send)
    for first in range(0, len(body), size):
        await sleep(over_s * size / len(body))
        piece = body[first : first + size]
        await send({"type": "http.response.body", "body": piece, "more_body": first + size < len(body)})


async def _start(response: Response, send: Send) -> None:
    await send(
        {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )


async def _gone(receive: Receive) -> None:
    """Waits until the server knows of the end, or it would answer a request that seems forgotten."""
    while (await receive())["type"] != "http.disconnect":
        pass
