"""An HTTP server that answers as the path says, and keeps every request.

`/status/503`, `/slow/200` (milliseconds), `/cookie` (sets one), `/large` (64 KiB), `/echo` (what it was
sent); anything else is 200 with a small JSON object. `/` is for who only looks whether it is there: not kept.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import cast

COOKIE = "session=c00kie-of-the-server"
LARGE = b"x" * 65536


@dataclass(frozen=True)
class Kept:
    """One request as it came, in seconds of `perf_counter`."""

    at_s: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        at_s = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if path != "/":
            server = cast("_Server", self.server)
            headers = {name.lower(): value for name, value in self.headers.items()}
            with server.lock:
                server.kept.append(Kept(at_s, self.command, self.path, headers, body))
        _, what, *rest = path.split("/")
        status = int(rest[0]) if what == "status" else 200
        if what == "slow":
            time.sleep(int(rest[0]) / 1000)
        content = LARGE if what == "large" else b'{"ok": true}'
        if what == "echo":
            content = json.dumps({"headers": dict(self.headers.items()), "body": body.decode()}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if what == "cookie":
            self.send_header("Set-Cookie", f"{COOKIE}; Path=/")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: list[Kept] = []
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle of an answer is part of the tests."""


class ScriptedServer:
    """It on a thread of this process, for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def kept(self) -> list[Kept]:
        """All requests so far, in the order of their arrival."""
        with self._server.lock:
            return list(self._server.kept)

    def of(self, path: str) -> list[Kept]:
        """Those for one path, its query left out."""
        return [one for one in self.kept if one.path.partition("?")[0] == path]
