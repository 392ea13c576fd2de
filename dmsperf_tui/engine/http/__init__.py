"""The measured HTTP/1.1 client: one connection pool per virtual user, k6's phases, errors as values.

It imports nothing else of dmsperf_tui (but the version), follows no redirect, retries nothing and contacts
one origin only.
"""

from __future__ import annotations

from dmsperf_tui.engine.http.client import HttpClient, Tap
from dmsperf_tui.engine.http.cookies import Cookie, CookieJar
from dmsperf_tui.engine.http.counters import WireCounters
from dmsperf_tui.engine.http.errors import (
    GENERATOR_KINDS,
    BlockedError,
    BodyError,
    ConnectError,
    ForeignRedirect,
    ProtocolError,
    ReceiveError,
    RequestError,
    ResolveError,
    SendError,
    TlsError,
    WaitError,
)
from dmsperf_tui.engine.http.origin import Origin, make_ssl_context
from dmsperf_tui.engine.http.redirect import redirect_method, redirect_target
from dmsperf_tui.engine.http.request import NO_HEADERS, USER_AGENT, HeaderLine, RequestTemplate, header_line
from dmsperf_tui.engine.http.response import Response

__all__ = [
    "GENERATOR_KINDS",
    "NO_HEADERS",
    "USER_AGENT",
    "BlockedError",
    "BodyError",
    "ConnectError",
    "Cookie",
    "CookieJar",
    "ForeignRedirect",
    "HeaderLine",
    "HttpClient",
    "Origin",
    "ProtocolError",
    "ReceiveError",
    "RequestError",
    "RequestTemplate",
    "ResolveError",
    "Response",
    "SendError",
    "Tap",
    "TlsError",
    "WaitError",
    "WireCounters",
    "header_line",
    "make_ssl_context",
    "redirect_method",
    "redirect_target",
]
