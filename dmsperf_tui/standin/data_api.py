"""Everything below `/data/`: the resources, their items and what can be done with them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dmsperf_tui.standin import outages, problems
from dmsperf_tui.standin.breaker import Breaker
from dmsperf_tui.standin.call import Call
from dmsperf_tui.standin.conditions import require_current, require_match
from dmsperf_tui.standin.constraints import Constraints
from dmsperf_tui.standin.delivery import deliver
from dmsperf_tui.standin.faults import Faults
from dmsperf_tui.standin.gate import Gate, Permit
from dmsperf_tui.standin.problems import ApiError, Errors
from dmsperf_tui.standin.query import QueryFields, select
from dmsperf_tui.standin.references import Linker
from dmsperf_tui.standin.rendering import Renderer
from dmsperf_tui.standin.schema import Model, Resource
from dmsperf_tui.standin.stats import Stats
from dmsperf_tui.standin.store import Item, Store
from dmsperf_tui.standin.validation import Checker, Document
from dmsperf_tui.standin.vintage import Vintage

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LARGEST_BODY = 10 * 1024 * 1024
_WRITES = ("POST", "PUT", "DELETE")
_COLLECTION_METHODS = ("GET", "POST")
_ITEM_METHODS = ("GET", "PUT", "DELETE")
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
    constraints: Constraints
    linker: Linker
    fields: QueryFields


_SET_UP = "(set-up)"
"""How the User-Agent of the tool's own set-up ends."""


class DataApi:
    """The ASGI application of everything below `/data/`.

    The order of its checks is that of the real pipelines (CORE/ApiService.cs): token, data store, path, body,
    document, and only then the permission of the claim set and what the store says.
    """

    def __init__(
        self,
        model: Model,
        vintage: Vintage,
        store: Store,
        gate: Gate,
        stats: Stats,
        faults: Faults,
        breaker: Breaker | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._vintage = vintage
        self._store = store
        self._gate = gate
        self._stats = stats
        self._faults = faults
        self._breaker = breaker
        self._sleep = sleep
        self.serve(model)

    def serve(self, model: Model) -> None:
        """Answers by this model from now on."""
        self.model = model
        self._project = model.endpoint
        self._renderer = Renderer(self._vintage, model.endpoint)
        self._store.serve(model.resources)
        self._resources = {resource.endpoint.lower(): resource for resource in model.resources}
        self._endpoints: dict[str, _Endpoint] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await Call.read(scope, receive)
        except ClientDisconnect:
            return
        endpoint = self._find(call.segments)
        if call.headers.get("user-agent", "").endswith(_SET_UP):
            # The tool's set-up and pre-flight: no load, and so neither counted as such nor struck by faults.
            self._stats.setup_requests += 1
            await self._respond(scope, call, endpoint)(scope, receive, send)
            return
        self._stats.arrived(_operation(call, endpoint))
        wait_s = self._faults.wait_s()
        if wait_s:
            await self._sleep(wait_s)
        response = self._answer(scope, call, endpoint)
        self._stats.answered(response.status_code)
        await deliver(response, scope, receive, send, self._faults, self._sleep)

    def _find(self, segments: tuple[str, ...]) -> _Endpoint | None:
        if len(segments) not in (2, 3) or segments[0].lower() != self._project:
            return None
        name = segments[1].lower()
        endpoint = self._endpoints.get(name)
        if endpoint is None and name in self._resources:
            # Made when it is asked for: most of 200 descriptor types never are.
            endpoint = self._endpoints[name] = self._prepare(self._resources[name])
        return endpoint

    def _prepare(self, resource: Resource) -> _Endpoint:
        return _Endpoint(
            resource,
            Checker(resource.members),
            Constraints(resource),
            Linker(resource, self._store, self._vintage),
            QueryFields(resource, self._vintage),
        )

    def _answer(self, scope: Scope, call: Call, endpoint: _Endpoint | None) -> Response:
        if self._breaker is None:
            return self._strike(call) or self._respond(scope, call, endpoint)
        if self._breaker.refuses():
            break_s = self._breaker.settings.break_s
            return outages.open_circuit(self._vintage, break_s, call.correlation_id())
        struck = self._strike(call)
        self._breaker.record(struck is not None and struck.status_code >= 500)
        return struck or self._respond(scope, call, endpoint)

    def _strike(self, call: Call) -> Response | None:
        """The answer of an injected fault of the backend, if this request is to have one."""
        if self._faults.strikes_error():
            status = self._faults.knobs.error_status
            return outages.broken(call.correlation_id()) if status == 500 else Response(status_code=status)
        if call.method in _WRITES and self._faults.strikes_conflict():
            return outages.write_conflict(self._vintage, call.correlation_id())
        return None

    def _respond(self, scope: Scope, call: Call, endpoint: _Endpoint | None) -> Response:
        if len(call.body) > _LARGEST_BODY and self._vintage is Vintage.V8:
            return Response(status_code=413)
        try:
            client = self._gate.admit(scope, call.headers.get("authorization"))
            id = call.segments[2] if len(call.segments) == 3 else ""
            if id and not _UUID.fullmatch(id.lower()):
                raise problems.invalid_data({"$.id": [f"The value '{id}' is not valid."]})
            if self._vintage is Vintage.V0_7 and len(call.segments) in (2, 3):
                # It looks for the resource after the method and the body; 8.x before them.
                self._require_method(call)
                if endpoint is None and call.method in ("POST", "PUT"):
                    self._parse(call)
            if endpoint is None:
                raise problems.not_found()
            self._require_method(call)
            permit = self._gate.pass_for(client, endpoint.resource)
            if id:
                return self._item(call, endpoint, id.lower(), permit)
            return self._collection(call, endpoint, permit)
        except ApiError as problem:
            return problem.response(call.correlation_id())

    def _require_method(self, call: Call) -> None:
        """Raises 405. v0.7 (and 8.0.0) do not say what is allowed, main of 2026 does."""
        is_item = len(call.segments) == 3
        allowed = _ITEM_METHODS if is_item else _COLLECTION_METHODS
        if call.method not in allowed:
            usual = f"The endpoint of the request does not support the '{call.method}' method."
            allow = "" if self._vintage is Vintage.V0_7 else ", ".join(allowed)
            raise problems.method_not_allowed(_REFUSALS.get((call.method, is_item), usual), allow)

    def _collection(self, call: Call, endpoint: _Endpoint, permit: Permit) -> Response:
        if call.method == "POST":
            return self._upsert(call, endpoint, permit)
        table = self._store.tables[endpoint.resource.endpoint]
        query = endpoint.fields.parse(parse_qsl(call.query, keep_blank_values=True))
        permit("Read")
        page, total = select(table, query)
        headers = {"Total-Count": str(total)} if query.total else None
        content = b"[" + b",".join(self._renderer.document(item) for item in page) + b"]"
        return Response(content, 200, headers, "application/json")

    def _item(self, call: Call, endpoint: _Endpoint, id: str, permit: Permit) -> Response:
        item = self._store.tables[endpoint.resource.endpoint].by_id.get(id)
        if call.method == "PUT":
            return self._update(call, endpoint, id, item, permit)
        if call.method == "DELETE":
            permit("Delete")
            return self._delete(call, item)
        permit("Read")
        return self._renderer.read(call, item)

    def _upsert(self, call: Call, endpoint: _Endpoint, permit: Permit) -> Response:
        """Creates, or updates what has the same natural key: 201 or 200, never 409 for a known key."""
        resource = endpoint.resource
        document = self._parse(call)
        if any(name.lower() == "id" for name in document):
            raise problems.client_assigned_id()
        errors: Errors = {}
        document = endpoint.checker.check(document, "$", errors)
        _require_none(errors or endpoint.constraints.check(document))
        permit("Create")
        table = self._store.tables[resource.endpoint]
        key = table.key_of(document)
        item = table.by_key.get(key)
        if self._vintage is Vintage.V8:
            require_match(call.headers, item)
        pointers = endpoint.linker.link(document)
        if item is not None:
            self._store.change(item, key, document, pointers)
            return self._renderer.written(call, item, 200)
        if self._store.holder_of(resource, key):
            raise problems.identity_conflict("create a new", resource.name, table.describe_key(document))
        return self._renderer.written(call, self._store.add(resource, key, document, pointers), 201)

    def _update(
        self, call: Call, endpoint: _Endpoint, id: str, item: Item | None, permit: Permit
    ) -> Response:
        resource = endpoint.resource
        given = self._parse(call)
        errors: Errors = {} if "id" in given else {"$.id": ["id is required."]}
        document = endpoint.checker.check(given, "$", errors)
        _require_none(errors)
        if str(given["id"]).lower() != id:
            raise problems.mismatched_id()
        _require_none(endpoint.constraints.check(document))
        permit("Update")
        if item is None:
            raise problems.not_found("Resource to update was not found")
        self._require_version(call, item)
        table = self._store.tables[resource.endpoint]
        key = table.key_of(document)
        if key != item.key and not resource.identity_updatable:
            raise problems.key_change(resource.name)
        if self._store.holder_of(resource, key) not in (None, item):
            raise problems.identity_conflict("update a", resource.name, table.describe_key(document))
        pointers = endpoint.linker.link(document)
        self._store.change(item, key, document, pointers)
        return self._renderer.written(call, item, 204)

    def _delete(self, call: Call, item: Item | None) -> Response:
        if item is None:
            return Response(status_code=404)
        self._require_version(call, item)
        if item.dependents:
            raise problems.has_dependents(sorted(item.dependents))
        self._store.remove(item)
        return Response(status_code=204)

    def _require_version(self, call: Call, item: Item) -> None:
        if self._vintage is Vintage.V8:
            require_match(call.headers, item)
        else:
            require_current(call.headers, item)

    def _parse(self, call: Call) -> Document:
        if self._vintage is Vintage.V8:
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


def _operation(call: Call, endpoint: _Endpoint | None) -> str:
    """The name to count by. Neither an id nor a path that nobody declared makes a new one."""
    if endpoint is None:
        return f"{call.method} (unknown)"
    return f"{call.method} {endpoint.resource.endpoint}{'/{id}' if len(call.segments) == 3 else ''}"


def _require_none(errors: Errors) -> None:
    if errors:
        raise problems.invalid_data(errors)
