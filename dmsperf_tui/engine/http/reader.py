"""Collect one response from httptools' callbacks.

One parser serves a connection for its life: llhttp starts over after each message. httptools has no call for
"end of stream" and none for "no body follows" (HEAD), so both are decided here.
"""

from __future__ import annotations

from typing import Final

import httptools

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 64 * 1024 * 1024


class ResponseReader:
    """The half of a connection that httptools talks to: `on_...` fill the fields, nothing is decided late.

    `_complete` turns true with the last byte of the final answer, `_unexpected` when more follows it.
    """

    __slots__ = (
        "_body",
        "_body_parts",
        "_complete",
        "_content_encoding",
        "_head_done",
        "_head_only",
        "_headers",
        "_keep_alive",
        "_parser",
        "_pending_bytes",
        "_status",
        "_unexpected",
    )

    _parser: httptools.HttpResponseParser
    _status: int
    _head_only: bool
    _head_done: bool
    _complete: bool
    _keep_alive: bool
    _headers: list[tuple[bytes, bytes]]
    _body: bytes
    _body_parts: list[bytes] | None
    _content_encoding: bytes | None

    def __init__(self) -> None:
        self._body_parts = None
        self._content_encoding = None
        self._pending_bytes = 0
        self._unexpected = False

    # A new answer needs _headers, _body, _head_only, _head_done and _complete set anew (`Connection.begin`);
    # the other fields are rarely touched, and whoever touches them puts them back.

    # ---- httptools calls these while it is fed ----

    def on_message_begin(self) -> None:
        if self._complete:
            self._unexpected = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:
            return  # a trailer, or the head of an answer to a question never asked
        self._headers.append((name, value))
        if len(name) == 16 and name.lower() == b"content-encoding":
            earlier = self._content_encoding
            self._content_encoding = value if earlier is None else earlier + b"," + value

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._status = status = self._parser.get_status_code()
        self._head_done = True
        if self._head_only and status >= 200:
            self._complete = True
            self._keep_alive = self._head_keeps_alive()

    def on_body(self, data: bytes) -> None:
        if self._complete:
            self._unexpected = True
        elif self._body_parts is not None:
            self._body_parts.append(data)
        elif self._body:
            self._body_parts = [self._body, data]
        else:
            self._body = data

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._status < 200:  # 100 Continue, 103 Early Hints: the answer is still to come
            self._head_done = False
            self._headers = []
            self._content_encoding = None
            return
        self._complete = True
        self._keep_alive = self._parser.should_keep_alive()

    # ---- the rare paths ----

    def _feed_slices(self, data: bytes) -> None:
        """A large read while the head is open: feed it so that a flood of headers is noticed in time."""
        for start in range(0, len(data), MAX_HEAD_BYTES):
            part = data[start : start + MAX_HEAD_BYTES]
            self._parser.feed_data(part)
            if not self._head_done and self._pending_bytes + start + len(part) >= MAX_HEAD_BYTES:
                return

    def _ends_with_stream(self) -> bool:
        """Whether end of stream is this answer's regular end (RFC 9112, 6.3, rule 8)."""
        return (
            self._head_done
            and self._head_has(b"content-length") is None
            and b"chunked" not in (self._head_has(b"transfer-encoding") or b"")
        )

    def _head_keeps_alive(self) -> bool:
        """should_keep_alive for an answer to HEAD: the parser would say no where a length is missing."""
        option = self._head_has(b"connection") or b""
        if self._parser.get_http_version() == "1.1":
            return b"close" not in option
        return b"keep-alive" in option

    def _head_has(self, name: bytes) -> bytes | None:
        return next((value.lower() for key, value in self._headers if key.lower() == name), None)
