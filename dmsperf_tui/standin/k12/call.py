"""One request as the endpoints see it, and how it is read from the connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from dmsperf_tui.standin.k12.answers import bad_request, invalid
from dmsperf_tui.standin.k12.people import Person

LARGEST_BODY = 10 * 1024 * 1024
"""Bytes, with what multipart adds to a file."""

Fields = dict[str, Any]
"""The members of a JSON object."""


class Call(NamedTuple):
    """`id` is the number in the path, 0 without; `is_load` is False of the tool's own set-up."""

    person: Person
    token: str
    id: int
    query: str
    content_type: str
    body: bytes
    is_load: bool

    def fields(self) -> Fields:
        """The body's members, none of an empty one. Raises 400 for what is no JSON object."""
        if not self.body:
            return {}
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise bad_request("The body is not JSON.") from None
        if not isinstance(found, dict):
            raise bad_request("The body must be a JSON object.")
        return found

    def asked(self, name: str) -> str:
        """The parameter of the query, empty where it is not given."""
        return parse_qs(self.query).get(name, [""])[0]


def text(fields: Fields, name: str, longest: int = 200, default: str | None = None) -> str:
    """A member that is text of 1 to `longest` characters. Raises 422."""
    value = fields.get(name, default)
    if not isinstance(value, str) or (not value.strip() and value != default) or len(value) > longest:
        raise invalid(f"{name} must be text of 1 to {longest} characters.")
    return value


def whole(fields: Fields, name: str, least: int, most: int) -> int:
    """A member that is a whole number between the two. Raises 422."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise invalid(f"{name} must be a whole number between {least} and {most}.")
    return value


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes | None:
    """The whole body; None where it is above the limit, which is found out without holding it.

    Raises `ClientDisconnect` where it does not come.
    """
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > LARGEST_BODY:
        return None
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(pieces)


def cookie(headers: Mapping[bytes, bytes], name: str) -> str:
    """The first cookie of this name, empty without one."""
    for each in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = each.strip().partition("=")
        if key == name:
            return value
    return ""
