"""Collect one response from httptools' callbacks.

One parser serves a connection for its life: llhttp starts over after each message. httptools has no call for
"end of stream" and none for "no body follows" (HEAD), so both are decided here.
"""

from __future__ import annotations

from typing import Final

import httptools

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
SAMPLE_BYTES: Final = 4096
"""How much is kept of a body that nobody reads."""
_HYPHEN: Final = ord("-")


class ResponseReader:
    """The half of a connection that httptools talks to: `on_...` fill the fields, nothing is decided late.

    `_complete` turns true with the last byte of the final answer, `_unexpected` when more follows it.
    """

    __slots__ = (
        "_body",
        "_body_bytes",
        "_body_rest",
        "_complete",
        "_content_encoding",
        "_head_done",
        "_head_only",
        "_headers",
        "_is_special",
        "_keep_alive",
        "_keep_body",
        "_parser",
        "_pending_bytes",
        "_sets_cookies",
        "_status",
        "_unexpected",
    )

    _parser: httptools.HttpResponseParser
    _status: int
    _head_only: bool
    _head_done: bool
    _complete: bool
    _keep_alive: bool
    _keep_body: bool
    _is_special: bool
    _headers: list[tuple[bytes, bytes]]
    _body: bytes
    _body_rest: bytearray | None
    _content_encoding: bytes | None

    def __init__(self) -> None:
        self._status = 0
        self._body_bytes = 0
        self._body_rest = None
        self._content_encoding = None
        self._sets_cookies = False
        self._pending_bytes = 0
        self._unexpected = False

    # A new answer needs _headers, _body, _head_only, _keep_body, _head_done, _complete and _is_special set
    # anew (`Connection.begin`). Whoever touches one of the other fields sets _is_special, so that
    # `Connection._settle_special` looks at them and puts them back.
    # `_body` is the first piece of a body and mostly all of it; `_body_rest` and `_body_bytes` (then: the
    # size of all of it) come into use with the second.

    # ---- httptools calls these while it is fed ----

    def on_message_begin(self) -> None:
        if self._complete:
            self._unexpected = self._is_special = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:
            return  # a trailer, or the head of an answer to a question never asked
        self._headers.append((name, value))
        size = len(name)
        if size == 16:
            if name.lower() == b"content-encoding":
                earlier = self._content_encoding
                self._content_encoding = value if earlier is None else earlier + b"," + value
                self._is_special = True
        elif size == 10 and name[3] == _HYPHEN and name.lower() == b"set-cookie":  # unlike "Connection"
            self._sets_cookies = self._is_special = True

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._status = status = self._parser.get_status_code()
        if status < 100:
            raise ValueError("the status code is below 100")
        self._head_done = True
        if self._head_only and status >= 200:
            self._complete = True
            self._keep_alive = self._head_keeps_alive()

    def on_body(self, data: bytes) -> None:
        if self._complete:
            self._unexpected = self._is_special = True
        elif self._body:
            self._add_to_body(data)
        else:
            self._body = data

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._status < 200:  # 100 Continue, 103 Early Hints: the answer is still to come
            self._head_done = False
            self._headers = []
            self._content_encoding = None
            self._sets_cookies = False
            return
        self._complete = True
        self._keep_alive = self._parser.should_keep_alive()

    # ---- the rare paths ----

    def _add_to_body(self, data: bytes) -> None:
        """A second or later piece. One buffer: a list of a million tiny chunks would be ten times larger."""
        self._is_special = True
        self._body_bytes = self._body_size() + len(data)
        if self._keep_body:
            if self._body_rest is None:
                self._body_rest = bytearray()
            self._body_rest += data
        elif len(self._body) < SAMPLE_BYTES:
            self._body += data[: SAMPLE_BYTES - len(self._body)]

    def _body_size(self) -> int:
        return self._body_bytes or len(self._body)

    def _feed_slices(self, data: bytes) -> None:
        """A large read while the head is open: feed it so that a flood of headers is noticed in time."""
        for start in range(0, len(data), MAX_HEAD_BYTES):
            part = data[start : start + MAX_HEAD_BYTES]
            self._parser.feed_data(part)
            if not self._head_done and self._pending_bytes + start + len(part) >= MAX_HEAD_BYTES:
                return

    def _ends_with_stream(self) -> bool:
        """Whether end of stream is this answer's regular end (RFC 9112, 6.3, rules 4 and 8)."""
        if not self._head_done or self._head_has(b"content-length") is not None:
            return False
        codings = [value.lower() for name, value in self._headers if name.lower() == b"transfer-encoding"]
        return b",".join(codings).rpartition(b",")[2].strip() != b"chunked"

    def _head_keeps_alive(self) -> bool:
        """should_keep_alive for an answer to HEAD: the parser would say no where a length is missing."""
        option = self._head_has(b"connection") or b""
        if self._parser.get_http_version() == "1.1":
            return b"close" not in option
        return b"keep-alive" in option

    def _head_has(self, name: bytes) -> bytes | None:
        return next((value.lower() for key, value in self._headers if key.lower() == name), None)
