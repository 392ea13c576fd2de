"""Everything below `/data/`: the resources, their items and what can be done with them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.call import Call
from dmsperf_tui.standin.conditions import is_known, require_match
from dmsperf_tui.standin.control import Faults, Stats
from dmsperf_tui.standin.oauth import TokenOffice
from dmsperf_tui.standin.problems import ApiError, Errors
from dmsperf_tui.standin.query import QueryFields, select
from dmsperf_tui.standin.references import Linker
from dmsperf_tui.standin.schema import Resource
from dmsperf_tui.standin.store import Item, Store
from dmsperf_tui.standin.validation import Checker, Document

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLLECTION_METHODS = "GET, POST"
_ITEM_METHODS = "GET, PUT, DELETE"
# The words of CORE/Middleware/ParsePathMiddleware.cs; other methods share one sentence.
_REFUSALS = {
    (
        "PUT",
        False,
    ): "Resource collections cannot be replaced. To 'upsert' an item in the collection, use POST. "
    "To update a specific item, use PUT and include the 'id' in the route.",
    ("DELETE", False): "Resource collections cannot be deleted. To delete a specific item, use DELETE and "
    "include the 'id' in the route.",
    ("POST", True): "Resource items can only be updated using PUT. To 'upsert' an item in the resource "
    "collection using POST, remove the 'id' from the route.",
}


class _Endpoint(NamedTuple):
    """A resource with all that was worked out from its declaration."""

    resource: Resource
    checker: Checker
    linker: Linker
    fields: QueryFields


class DataApi:
    """The ASGI application of `/data/{rest:path}`."""

    def __init__(
        self,
        resources: Iterable[Resource],
        store: Store,
        tokens: TokenOffice,
        stats: Stats,
        faults: Faults,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._endpoints = {
            resource.endpoint.lower(): _Endpoint(
                resource, Checker(resource.members), Linker(resource, store), QueryFields(resource)
            )
            for resource in resources
        }
        self._store = store
        self._tokens = tokens
        self._stats = stats
        self._faults = faults
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await Call.read(scope, receive)
        except ClientDisconnect:
            return
        endpoint = self._find(call.segments)
        self._stats.arrived(_operation(call, endpoint))
        if self._faults.latency_s:
            await self._sleep(self._faults.latency_s)
        response = self._answer(call, endpoint)
        self._stats.answered(response.status_code)
        await response(scope, receive, send)

    def _find(self, segments: tuple[str, ...]) -> _Endpoint | None:
        if len(segments) not in (2, 3) or segments[0].lower() != "ed-fi":
            return None
        return self._endpoints.get(segments[1].lower())

    def _answer(self, call: Call, endpoint: _Endpoint | None) -> Response:
        if self._faults.strike():
            return problems.broken(call.correlation_id())
        try:
            self._tokens.admit(call.headers.get("authorization"))
            id = call.segments[2] if len(call.segments) == 3 else ""
            if id and not _UUID.fullmatch(id.lower()):
                raise problems.invalid_data({"$.id": [f"The value '{id}' is not valid."]})
            if endpoint is None:
                raise problems.not_found()
            return self._item(call, endpoint, id.lower()) if id else self._collection(call, endpoint)
        except ApiError as problem:
            return problem.response(call.correlation_id())

    def _collection(self, call: Call, endpoint: _Endpoint) -> Response:
        if call.method == "POST":
            return self._upsert(call, endpoint)
        if call.method != "GET":
            raise _refused(call.method, _COLLECTION_METHODS)
        table = self._store.tables[endpoint.resource.endpoint]
        query = endpoint.fields.parse(parse_qsl(call.query, keep_blank_values=True))
        page, total = select(table, query)
        headers = {"Total-Count": str(total)} if query.total else None
        content = b"[" + b",".join(_render(item) for item in page) + b"]"
        return Response(content, 200, headers, "application/json")

    def _item(self, call: Call, endpoint: _Endpoint, id: str) -> Response:
        item = self._store.tables[endpoint.resource.endpoint].by_id.get(id)
        match call.method:
            case "GET":
                return _read(call, item)
            case "PUT":
                return self._update(call, endpoint, id, item)
            case "DELETE":
                return self._delete(call, item)
            case _:
                raise _refused(call.method, _ITEM_METHODS)

    def _upsert(self, call: Call, endpoint: _Endpoint) -> Response:
        """Creates, or updates what has the same natural key: 201 or 200, never 409 for a known key."""
        resource = endpoint.resource
        document = _parse(call)
        if any(name.lower() == "id" for name in document):
            raise problems.client_assigned_id()
        errors: Errors = {}
        document = endpoint.checker.check(document, "$", errors)
        if errors:
            raise problems.invalid_data(errors)
        table = self._store.tables[resource.endpoint]
        key = table.key_of(document)
        item = table.by_key.get(key)
        require_match(call.headers, item)
        pointers = endpoint.linker.link(document)
        if item is not None:
            self._store.change(item, key, document, pointers)
            return _written(call, item, 200)
        if self._store.holder_of(resource, key):
            raise problems.identity_conflict("create a new", resource.name, table.describe_key(document))
        return _written(call, self._store.add(resource, key, document, pointers), 201)

    def _update(self, call: Call, endpoint: _Endpoint, id: str, item: Item | None) -> Response:
        resource = endpoint.resource
        given = _parse(call)
        errors: Errors = {} if "id" in given else {"$.id": ["id is required."]}
        document = endpoint.checker.check(given, "$", errors)
        if errors:
            raise problems.invalid_data(errors)
        if str(given["id"]).lower() != id:
            raise problems.mismatched_id()
        if item is None:
            raise problems.not_found("Resource to update was not found")
        require_match(call.headers, item)
        table = self._store.tables[resource.endpoint]
        key = table.key_of(document)
        if key != item.key and not resource.identity_updatable:
            raise problems.key_change(resource.name)
        if self._store.holder_of(resource, key) not in (None, item):
            raise problems.identity_conflict("update a", resource.name, table.describe_key(document))
        pointers = endpoint.linker.link(document)
        self._store.change(item, key, document, pointers)
        return _written(call, item, 204)

    def _delete(self, call: Call, item: Item | None) -> Response:
        if item is None:
            return Response(status_code=404)
        require_match(call.headers, item)
        if item.dependents:
            raise problems.has_dependents(sorted(item.dependents))
        self._store.remove(item)
        return Response(status_code=204)


def _operation(call: Call, endpoint: _Endpoint | None) -> str:
    """The name to count by. Neither an id nor a path that nobody declared makes a new one."""
    if endpoint is None:
        return f"{call.method} (unknown)"
    return f"{call.method} {endpoint.resource.endpoint}{'/{id}' if len(call.segments) == 3 else ''}"


def _refused(method: str, allow: str) -> ApiError:
    usual = f"The endpoint of the request does not support the '{method}' method."
    return problems.method_not_allowed(_REFUSALS.get((method, allow is _ITEM_METHODS), usual), allow)


def _parse(call: Call) -> Document:
    call.check_content_type()
    if not call.body.strip():
        raise problems.empty_body()
    try:
        parsed = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise problems.invalid_data({"$.": [str(error)]}) from None
    if not isinstance(parsed, dict):
        raise problems.invalid_data({"$.": ["The request body must be a JSON object."]})
    return parsed


def _read(call: Call, item: Item | None) -> Response:
    if item is None:
        return Response(status_code=404)
    headers = {"etag": f'"{item.etag}"'}
    if is_known(call.headers, item):
        return Response(status_code=304, headers=headers)
    return Response(_render(item), 200, headers, "application/json")


def _written(call: Call, item: Item, status: int) -> Response:
    location = f"{call.root}/data/ed-fi/{item.resource.endpoint}/{item.id}"
    return Response(status_code=status, headers={"Location": location, "etag": f'"{item.etag}"'})


def _render(item: Item) -> bytes:
    """The document as it is read: with its id, its version, and a link in each reference (8.x)."""
    if item.rendered is None:
        document: Document = {"id": item.id, **item.document}
        for name, target in item.pointers.links.items():
            reference = document[name]
            assert isinstance(reference, dict)
            href = f"/ed-fi/{target.resource.endpoint}/{target.id.replace('-', '')}"
            document[name] = {**reference, "link": {"rel": target.resource.name, "href": href}}
        document["_etag"] = item.etag
        modified = datetime.fromtimestamp(item.modified, UTC)
        document["_lastModifiedDate"] = modified.strftime("%Y-%m-%dT%H:%M:%SZ")
        item.rendered = orjson.dumps(document)
    return item.rendered
