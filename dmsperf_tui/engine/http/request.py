"""Turn a request into bytes: everything that stays the same is encoded once, ahead of the load."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NewType
from urllib.parse import quote

from dmsperf_tui import __version__
from dmsperf_tui.engine.http.origin import Origin

HeaderLine = NewType("HeaderLine", bytes)
"""One or more checked, complete header lines (`Name: value` CRLF), ready to be put into a head."""

NO_HEADERS = HeaderLine(b"")
USER_AGENT = f"dmsperf-tui/{__version__}"

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_METHODS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
# Reserved and unreserved characters of RFC 3986, and "%": what a caller escaped stays as it is.
_KEPT_IN_PATH = "%/:?#[]@!$&'()*+,;=-._~"


def header_line(name: str, value: str) -> HeaderLine:
    """`name: value` for `RequestTemplate.encode`, checked once and then reused, e.g. per token.

    Raises ValueError for a name that is no token (RFC 9110, 5.6.2), for control characters (CR and LF would
    start a new header), for text outside Latin-1, and for the two headers that frame the message. The message
    never quotes the value: it may be a secret.
    """
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"not a header name: {name!r}")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set from the body")
    if _BAD_IN_VALUE.search(value):
        raise ValueError(f"the value of header {name} has a control character in it")
    try:
        return HeaderLine(f"{name}: {value.strip()}\r\n".encode("latin-1"))
    except UnicodeEncodeError:
        raise ValueError(f"the value of header {name} has characters outside Latin-1") from None


class RequestTemplate:
    """A method and its static headers for one origin; `encode` adds what differs per request.

    Host, User-Agent, `Accept: */*` and `Accept-Encoding: gzip, deflate` are sent unless `headers` gives
    another value. Content-Length is added where there is a body, and to every POST, PUT and PATCH (RFC 9110,
    8.6). Raises ValueError as `header_line` does, and for a method that is no token.
    """

    __slots__ = (
        "_always_length",
        "_head",
        "_head_headers",
        "_head_path",
        "_head_with_length",
        "_middle",
        "_start",
        "head_only",
        "method",
    )

    def __init__(
        self, origin: Origin, method: str, headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()
    ) -> None:
        if not _TOKEN.fullmatch(method):
            raise ValueError(f"not an HTTP method: {method!r}")
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        names = {name.lower() for name, _ in given}
        defaults = [
            ("Host", origin.host_header.decode("ascii")),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
        ]
        lines = [header_line(name, value) for name, value in defaults if name.lower() not in names]
        lines += [header_line(name, value) for name, value in given]
        self.method = method
        self.head_only = method == "HEAD"
        """What to pass on to `HttpClient.send`: the answer has a head and no body."""
        self._always_length = method in _METHODS_WITH_LENGTH
        self._start = f"{method} ".encode("ascii")
        self._middle = b" HTTP/1.1\r\n" + b"".join(lines)
        # The head of the last path and headers: most flows post to one path with one token again and again.
        self._head_path: str | None = None
        self._head_headers = NO_HEADERS
        self._head = self._head_with_length = b""

    def encode(self, path: str, body: bytes = b"", headers: HeaderLine = NO_HEADERS) -> bytes:
        """The whole request. `path` starts with "/" and may have a query; `headers` comes from `header_line`.

        Spaces and non-ASCII characters of `path` are percent-encoded. Raises ValueError for a path without
        its slash, or with control characters or a fragment in it.
        """
        if path != self._head_path or headers is not self._head_headers:
            self._set_head(path, headers)
        if body or self._always_length:
            return b"%b%d\r\n\r\n%b" % (self._head_with_length, len(body), body)
        return self._head

    def _set_head(self, path: str, headers: HeaderLine) -> None:
        target = path
        if not (path.isascii() and path.isprintable()) or path[:1] != "/" or " " in path or "#" in path:
            target = _escape(path)
        head = b"%b%b%b%b" % (self._start, target.encode("ascii"), self._middle, headers)
        self._head = head + b"\r\n"
        self._head_with_length = head + b"Content-Length: "
        self._head_path = path
        self._head_headers = headers


def _escape(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("a request path starts with '/'")
    if "#" in path:
        raise ValueError("a request path has no fragment ('#')")
    if _BAD_IN_VALUE.search(path) or "\t" in path:
        raise ValueError("the request path has a control character in it")
    try:
        return quote(path, safe=_KEPT_IN_PATH)
    except UnicodeEncodeError:
        raise ValueError("the request path is not valid text") from None
