"""What the platform answers: a status and JSON, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from starlette.types import Send

_NO_CONTENT = 204


class Answer(NamedTuple):
    """`body` is anything that orjson knows; status 204 has none."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = {}

    async def send(self, send: Send) -> None:
        """By hand: Starlette's response would cost as much as the rest of a short answer."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        content = b""
        if self.status != _NO_CONTENT:
            content = orjson.dumps(self.body)
            headers.append((b"content-type", b"application/json"))
            headers.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class RefusedError(Exception):
    """Raised where a request ends early; `code` is for programs, `message` one sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.answer = Answer({"error": code, "message": message}, status, headers or {})


def bad_request(message: str) -> RefusedError:
    return RefusedError(400, "bad_request", message)


def forbidden(message: str) -> RefusedError:
    return RefusedError(403, "forbidden", message)


def not_found(what: str) -> RefusedError:
    return RefusedError(404, "not_found", f"There is no such {what}.")


def invalid(message: str) -> RefusedError:
    return RefusedError(422, "invalid", message)


def too_large(most: str) -> RefusedError:
    return RefusedError(413, "too_large", f"The body may have {most}.")
