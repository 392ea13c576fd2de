"""What the stand-ins answer alike: JSON, and knobs that are turned while they run (`/_standin/...`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import Response


class Knobs(Protocol):
    """What can be turned while a stand-in runs."""

    def turn(self, wanted: Mapping[str, object]) -> None:
        """Raises `ValueError` before any change."""

    def as_json(self) -> dict[str, object]:
        """As they stand."""


def json_answer(content: object, status: int = 200, *, indent: bool = False) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2 if indent else None)
    return Response(body, status, media_type="application/json")


async def turned(knobs: Knobs, request: Request) -> Response:
    """Turns those that the request's body names; how all of them stand, or 400 and why not."""
    try:
        wanted = orjson.loads(await request.body())
        if not isinstance(wanted, dict):
            raise ValueError("The body must be a JSON object.")
        knobs.turn(wanted)
    except ValueError as error:
        return json_answer({"message": str(error)}, 400)
    return json_answer(knobs.as_json())
