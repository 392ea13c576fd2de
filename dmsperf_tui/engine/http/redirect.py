"""Where an answer redirects to. Following is the caller's business: each hop is a request that counts."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from dmsperf_tui.engine.http.errors import ForeignRedirect, ProtocolError
from dmsperf_tui.engine.http.origin import DEFAULT_PORTS, Origin
from dmsperf_tui.engine.http.response import Response

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


def redirect_target(
    response: Response, origin: Origin, base_url_path: str
) -> str | ForeignRedirect | ProtocolError | None:
    """The path and query to ask next, None when the answer is no redirect, or the error that forbids it.

    `base_url_path` is the path of the request that was answered; relative Locations are resolved against it
    (RFC 9110, 10.2.2; RFC 3986, 5.2). Another scheme, host or port is a ForeignRedirect: load goes only where
    it was aimed. Errors are returned, not raised.
    """
    if response.status not in REDIRECT_STATUSES:
        return None
    location = response.header("location")
    if location is None:
        return None
    try:
        parts = urlsplit(urljoin(f"{origin}{base_url_path}", location))
        host, port = (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return ProtocolError("malformed response", "malformed response: the Location header is not a URL")
    if (parts.scheme, host, port) != (origin.scheme, origin.host, origin.port):
        # The path and query stay out of the message: they may carry a code or a token.
        where = f"{parts.scheme}://{host}:{port}" if host else f"{parts.scheme}:"
        return ForeignRedirect("foreign redirect", f"foreign redirect: {origin} points to {where}")
    path = quote(parts.path or "/", safe="%/:@!$&'()*+,;=-._~")
    query = quote(parts.query, safe="%/:?@!$&'()*+,;=-._~[]")
    return f"{path}?{query}" if query else path


def redirect_method(status: int, method: str) -> str:
    """The method of the request that follows (Go's http.Client, which k6 uses): 301, 302 and 303 turn all
    but HEAD into GET without a body, 307 and 308 repeat the request."""
    if status in (301, 302, 303) and method != "HEAD":
        return "GET"
    return method
