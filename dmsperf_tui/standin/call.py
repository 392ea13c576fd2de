"""One data request, read once: each header look-up in a request is a search through a list of bytes."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Receive, Scope

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.urls import root_url


class Call(NamedTuple):
    """`headers` by lower-case name, `segments` of the path behind `/data/`, `root` the URL before it."""

    method: str
    segments: tuple[str, ...]
    query: str
    headers: dict[str, str]
    body: bytes
    root: str

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> Call:
        """Waits for the whole body. Raises `ClientDisconnect` where it does not come."""
        body = await Request(scope, receive).body()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        rest: str = scope["path"][len(scope.get("root_path", "")) + len(_DATA) :]
        return cls(
            method=scope["method"],
            segments=tuple(segment for segment in rest.split("/") if segment),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            root=root_url(scope, headers.get("host")),
        )

    def correlation_id(self) -> str:
        return self.headers.get("correlationid") or uuid.uuid4().hex

    def check_content_type(self) -> None:
        """Raises 415 for an explicit media type other than JSON (ValidateContentTypeMiddleware.cs)."""
        media_type = self.headers.get("content-type", "").strip().lower()
        if media_type and not media_type.startswith(_JSON_TYPES):
            raise problems.unsupported_media_type()


_DATA = "/data/"
_JSON_TYPES = ("application/json", "text/json", "application/vnd.ed-fi.")
