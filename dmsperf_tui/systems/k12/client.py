"""Requests to the platform as the user that a VU is, and what is checked of their answers.

@signed_in
async def read_notes(vu: VirtualUser) -> None:
    response = await api_get(vu, "/notes", name="GET notes", category="list")
    check_response(vu, response, "notes")
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.session import CATEGORY, Pairs, Session, login, signed_in
from dmsperf_tui.systems.k12.site import API

__all__ = [
    "api_get",
    "api_post",
    "check_response",
    "document_of",
    "items_of",
    "login",
    "signed_in",
    "succeeded",
]

_READ = (200,)
_WRITTEN = (200, 201)


async def api_get(vu: VirtualUser, path: str, *, name: str, category: str) -> Response:
    """One GET of `path`, below `/api/v1`; any status but 200 is a failed request.

    `category` is the endpoint's, as the objectives name them. A 401 is answered with one login, which the
    requests of a `vu.batch` share, and the request is repeated. Raises LoggedOutError where that does not
    help.
    """
    return await _request(vu, "GET", path, name, category, _READ)


async def api_post(
    vu: VirtualUser,
    path: str,
    body: Any = None,
    *,
    name: str,
    category: str,
    content: bytes = b"",
    headers: Pairs = (),
) -> Response:
    """As `api_get`: one POST of `body` as JSON, or of `content` as it is; 200 and 201 are as expected."""
    return await _request(vu, "POST", path, name, category, _WRITTEN, body, content, headers)


async def _request(
    vu: VirtualUser,
    method: str,
    path: str,
    name: str,
    category: str,
    expect: Collection[int],
    json: Any = None,
    content: bytes = b"",
    headers: Pairs = (),
) -> Response:
    session = Session.of(vu)

    async def send() -> Response:
        return await vu.request(
            method,
            f"{API}{path}",
            name=name,
            json=json,
            body=content,
            headers=session.headers + headers,
            expect=expect,
            tags=((CATEGORY, category),),
        )

    generation = session.generation
    response = await send()
    if _unknown(response):
        await session.renew(vu, generation)
        response = await send()
        if _unknown(response):
            session.refuse(f"{name} is answered 401 right after the login")
    session.let_in()
    return response


def _unknown(response: Response) -> bool:
    return response.error is None and response.status == 401


def check_response(vu: VirtualUser, response: Response, name: str, status: int = 200) -> bool:
    """The suite's three checks of an answer: its status, and under 500 ms, and under 1 s (seed 004,
    `checkResponse`); whether the status was right."""
    ok = vu.check(f"{name} status {status}", response.error is None and response.status == status)
    vu.check(f"{name} < 500ms", response.duration_ns < 500_000_000)
    vu.check(f"{name} < 1s", response.duration_ns < 1_000_000_000)
    return ok


def succeeded(response: Response) -> bool:
    return response.error is None and response.status in _WRITTEN


def items_of(vu: VirtualUser, response: Response, name: str) -> list[dict[str, Any]]:
    """The objects of the list that was answered; none of an answer that failed, or is no list."""
    items = _json(vu, response, name, list) or []
    return [item for item in items if isinstance(item, dict)]


def document_of(vu: VirtualUser, response: Response, name: str) -> dict[str, Any]:
    """The object that was answered; empty of an answer that failed, or is none."""
    return _json(vu, response, name, dict) or {}


def _json(vu: VirtualUser, response: Response, name: str, kind: type) -> Any:
    if not succeeded(response):
        return None
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, kind):
        return document
    vu.fail(name, "not the JSON that is expected", response.body[:200].decode("utf-8", "replace"))
    return None
