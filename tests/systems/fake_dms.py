"""A DMS in a few lines, for set-up: it stores what it is sent, and refuses what a test tells it to."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
import httpx
import orjson

from dmsperf_tui.systems.dms.place import Credentials, Place

URL = "http://dms.test/api"
PLACE = Place(URL, URL, f"{URL}/oauth/token", client=Credentials("me", "hush"))
ACTIONS = {"POST": "Create", "GET": "Read", "PUT": "Update", "DELETE": "Delete"}
DEPENDENCIES = [
    {"resource": "/ed-fi/gradeLevelDescriptors", "order": 1, "operations": ["Create", "Update"]},
    {"resource": "/ed-fi/schools", "order": 5, "operations": ["Create", "Update"]},
    {"resource": "/ed-fi/students", "order": 3, "operations": ["Create"]},
    {"resource": "/ed-fi/studentSchoolAssociations", "order": 6, "operations": ["Create", "Update"]},
    {"resource": "/ed-fi/students", "order": 7, "operations": ["Update"]},
]

Row = TypeVar("Row")


@dataclass
class FakeDms:
    """`handler` is for httpx.MockTransport."""

    newer: bool = True
    items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    denied: set[tuple[str, str]] = field(default_factory=set)
    """(endpoint, action) that are answered with 403."""
    holds: dict[str, str] = field(default_factory=dict)
    """Id of an item -> id of another that refers to it."""
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    """Path -> what it answers instead."""
    token_status: int = 200
    expired: set[str] = field(default_factory=set)
    tokens: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    dependencies: Any = field(default_factory=lambda: DEPENDENCIES)

    def handler(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        self.requests[f"{request.method} {path}"] += 1
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/":
                return httpx.Response(200, json=self._discovery())
            case "/oauth/token":
                self.tokens += 1
                body = {"access_token": f"t{self.tokens}", "expires_in": 1800}
                return httpx.Response(self.token_status, json=body)
            case "/metadata/dependencies":
                return httpx.Response(200, json=self.dependencies)
        if path.startswith("/data/ed-fi/"):
            return self._data(request, *path.removeprefix("/data/ed-fi/").split("/"))
        return httpx.Response(404)

    def _discovery(self) -> dict[str, Any]:
        urls = {"oauth": f"{URL}/oauth/token", "dependencies": f"{URL}/metadata/dependencies"}
        if self.newer:
            urls["tokenInfo"] = f"{URL}/oauth/token_info"
        models = [{"name": "Ed-Fi", "version": "5.2.0"}]
        return {"version": "8.0.0", "applicationName": "Ed-Fi API", "dataModels": models, "urls": urls}

    def _data(self, request: httpx.Request, endpoint: str, identity: str = "") -> httpx.Response:
        action = ACTIONS[request.method]
        if request.headers["authorization"].removeprefix("Bearer ") in self.expired:
            return httpx.Response(401, json={"errors": ["Invalid token"]})
        if (endpoint, action) in self.denied:
            text = f"must grant permission of the '{action}' action"
            return httpx.Response(403, json={"detail": "Access denied.", "errors": [text]})
        items = self.items.setdefault(endpoint, {})
        if action == "Read":
            query = request.url.params
            keys = [key for key in query if key not in ("limit", "offset")]
            found = [item for item in items.values() if all(str(item.get(key)) == query[key] for key in keys)]
            offset = int(query.get("offset", 0))
            return httpx.Response(200, json=found[offset : offset + int(query.get("limit", 500))])
        if action == "Delete":
            if identity not in items:
                return httpx.Response(404)
            if any(self.holds.get(identity) in other for other in self.items.values()):
                return httpx.Response(409, json={"detail": "is referenced by existing items"})
            del items[identity]
            return httpx.Response(204)
        if b"there is no such value" in request.content:
            return httpx.Response(400, json={"validationErrors": {"$.x": ["value 'x' does not exist."]}})
        if action == "Update":
            return httpx.Response(404)
        made = str(uuid.uuid4())
        items[made] = orjson.loads(request.content)
        return httpx.Response(201, headers={"Location": f"{request.url}/{made}"})

    def count(self, endpoint: str) -> int:
        return len(self.items.get(endpoint, {}))


def asked(
    handler: Callable[[httpx.Request], httpx.Response],
    rows: Callable[[httpx.AsyncClient], AsyncIterator[Row]],
) -> list[Row]:
    """All rows of a step or pre-flight against `handler`."""

    async def collect(client: httpx.AsyncClient) -> list[Row]:
        return [row async for row in rows(client)]

    return talking(handler, collect)


def talking(
    handler: Callable[[httpx.Request], httpx.Response],
    talk: Callable[[httpx.AsyncClient], Awaitable[Row]],
) -> Row:
    async def main() -> Row:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
            return await talk(client)

    return anyio.run(main)
