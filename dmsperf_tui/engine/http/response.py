"""One exchange: what came back, what went wrong, and how long each phase took."""

from __future__ import annotations

import orjson

from dmsperf_tui.engine.http.encoding import decode_text
from dmsperf_tui.engine.http.errors import RequestError


class Response:
    """The outcome of one request, successful or not.

    Phases are nanoseconds with the meanings of k6's `http_req_*` metrics (k6 docs, "Built-in metrics"):

    * `blocked_ns`: `send()` called -> connection ready. Waiting for a slot and, on a new connection, DNS,
      TCP and TLS; so it contains `connecting_ns` and `tls_handshaking_ns`. Exactly 0 on an idle connection.
    * `sending_ns`: connection ready -> request written.
    * `waiting_ns`: request written -> first byte; 0 if that came earlier, until the end if none came.
    * `receiving_ns`: first byte (or written, if that was later) -> end of the body.
    * `duration_ns`: sending + waiting + receiving: k6's `http_req_duration`.

    They tile the exchange: `blocked_ns + duration_ns == ended_ns - started_ns`, always.
    `started_ns` and `ended_ns` are readings of `time.perf_counter_ns`. Decoding a body is not timed.
    """

    __slots__ = (
        "blocked_ns",
        "body",
        "body_bytes",
        "connecting_ns",
        "duration_ns",
        "ended_ns",
        "error",
        "headers",
        "receiving_ns",
        "sending_ns",
        "sets_cookies",
        "started_ns",
        "status",
        "tls_handshaking_ns",
        "waiting_ns",
    )

    status: int
    """The status code, 0 when no whole head came."""
    headers: list[tuple[bytes, bytes]]
    """As received, in order, without trailers."""
    body: bytes
    """Decoded where Content-Encoding says gzip or deflate; what had arrived, raw, when `error` is set.
    Sent with `keep_body=False`: the first 4,096 raw bytes, decoded only where they are the whole of it."""
    body_bytes: int
    """Size of the body that arrived: without chunk framing, before decoding, whether or not it was kept."""
    sets_cookies: bool
    """The head has a Set-Cookie header: something for `CookieJar.take`."""
    error: RequestError | None
    """The network or protocol fault, if any. A 4xx or 5xx answer is not an error here."""
    blocked_ns: int
    connecting_ns: int
    tls_handshaking_ns: int
    sending_ns: int
    waiting_ns: int
    receiving_ns: int
    duration_ns: int
    started_ns: int
    ended_ns: int

    # No __init__: the connection fills the slots itself, which is several times faster than a call with
    # sixteen arguments. Everyone else uses `failed` or `make`.

    @classmethod
    def make(
        cls,
        status: int = 200,
        headers: list[tuple[bytes, bytes]] | None = None,
        body: bytes = b"",
        error: RequestError | None = None,
    ) -> Response:
        """A response that took no time, for tests and for callers that answer without a network."""
        response = cls()
        response.status = status
        response.headers = headers if headers is not None else []
        response.body = body
        response.body_bytes = len(body)
        response.sets_cookies = any(name.lower() == b"set-cookie" for name, _ in response.headers)
        response.error = error
        response.blocked_ns = response.connecting_ns = response.tls_handshaking_ns = 0
        response.sending_ns = response.waiting_ns = response.receiving_ns = response.duration_ns = 0
        response.started_ns = response.ended_ns = 0
        return response

    @classmethod
    def failed(
        cls,
        error: RequestError,
        started_ns: int,
        ended_ns: int,
        connecting_ns: int = 0,
        tls_handshaking_ns: int = 0,
    ) -> Response:
        """The outcome of a request that never got a connection: all its time was `blocked`."""
        response = cls.make(0, error=error)
        response.started_ns = started_ns
        response.ended_ns = ended_ns
        response.blocked_ns = ended_ns - started_ns
        response.connecting_ns = connecting_ns
        response.tls_handshaking_ns = tls_handshaking_ns
        return response

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when absent."""
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key.lower() == wanted:
                return value.strip().decode("latin-1")
        return None

    @property
    def text(self) -> str:
        """The body as text, in the charset that Content-Type names, UTF-8 where it names none that is known.
        What cannot be decoded becomes U+FFFD."""
        return decode_text(self.body, self.header("content-type") or "")

    def json(self) -> object:
        """The body as JSON. Raises ValueError (orjson.JSONDecodeError) when it is none."""
        return orjson.loads(self.body)

    def __repr__(self) -> str:
        outcome = f"error={self.error.kind!r}" if self.error is not None else f"{len(self.body)} bytes"
        return f"<Response {self.status} {outcome} {self.duration_ns / 1e6:.3f} ms>"
