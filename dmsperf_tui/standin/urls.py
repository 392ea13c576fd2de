"""The optional path prefix, and the absolute URLs that follow from it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

PATH_BASE = "/api"


class PathBase:
    """ASP.NET's UsePathBase: `/api/data` and `/data` are the same place (docker's PATH_BASE=api).

    Starlette routes by the path behind `root_path`; what is generated carries the prefix only if the request
    did, because it is built from the same `root_path`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(f"{PATH_BASE}/"):
                scope["root_path"] = PATH_BASE
            elif path == PATH_BASE:
                scope["root_path"] = PATH_BASE
                scope["path"] = f"{PATH_BASE}/"
        await self._app(scope, receive, send)


def root_url(scope: Scope, host: str | None) -> str:
    """Scheme, host (from its header) and prefix as the client used them, without a slash at the end."""
    return f"{scope['scheme']}://{host or 'localhost'}{scope.get('root_path', '')}"
