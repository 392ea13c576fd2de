"""One request of each kind to a DMS, measured as the k6 suites measure it.

Metrics beside the built-in ones, each only where the scenario declares it: `errors`, `api_errors`,
`active_connections`, `crud_operations`, `crud_operation_duration`, `entity_creation_time`,
`school_creates`, `school_create_time`, `student_creates`, `student_create_time`, `query_count`,
`query_response_time`, `query_result_size` (seed 000, "Custom metrics"; the k6 suite's scenarios).
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms import pools
from dmsperf_tui.systems.dms.flows.meters import Connections, count_error
from dmsperf_tui.systems.meters import measure

# A worker imports this before load starts; no iteration is to wait for it.
pools.names()

DATA = "/data/ed-fi"
CREATED = (201,)
UPSERTED = (201, 200)
"""A POST answers 200 where the natural key was there already: it has updated the item."""
_COUNTED = {"schools": "school", "students": "student"}
"""Whose creates have metrics of their own."""


def ms(response: Response) -> float:
    return response.duration_ns / 1e6


def identity_of(response: Response) -> bytes | None:
    """The id that an answer's Location ends with, 16 bytes; None for one without."""
    location = response.header("location") or ""
    try:
        return UUID(location.rpartition("/")[2]).bytes
    except ValueError:
        return None


def retry_after_s(response: Response) -> float:
    """How long the service asks to wait; 0 where it does not say."""
    try:
        return float(response.header("retry-after") or 0)
    except ValueError:
        return 0.0


def item_path(resource: str, identity: bytes) -> str:
    return f"{DATA}/{resource}/{UUID(bytes=identity)}"


def expected(vu: VirtualUser) -> tuple[int, ...]:
    """The statuses of a create that went as it should: 200 only where the profile lets creates be updates."""
    return UPSERTED if vu.context.get("updates") else CREATED


def succeeded(response: Response, expect: Collection[int]) -> bool:
    return response.error is None and response.status in expect


async def call(
    vu: VirtualUser, request: Coroutine[Any, Any, Response], expect: Collection[int]
) -> tuple[Response, bool]:
    """Makes `request` and counts it; whether its status was one of `expect`."""
    connections = Connections.of(vu)
    connections.change(vu, 1)
    try:
        response = await request
    finally:
        connections.change(vu, -1)
    ok = succeeded(response, expect)
    count_error(vu, not ok)
    return response, ok


async def _operate(
    vu: VirtualUser,
    operation: str,
    resource: str,
    request: Coroutine[Any, Any, Response],
    expect: Collection[int],
) -> tuple[Response, bool]:
    response, ok = await call(vu, request, expect)
    measure(vu, "crud_operations", 1, operation=operation, resource_type=resource)
    measure(
        vu,
        "crud_operation_duration",
        ms(response),
        operation=operation,
        resource_type=resource,
        success="true" if ok else "false",
    )
    return response, ok


async def post(
    vu: VirtualUser, resource: str, body: Mapping[str, Any], expect: Collection[int]
) -> tuple[Response, bool]:
    """One POST of a new item."""
    request = vu.post(f"{DATA}/{resource}", name=f"POST {resource}", json=body, expect=expect)
    response, ok = await _operate(vu, "create", resource, request, expect)
    if ok:
        measure(vu, "entity_creation_time", ms(response))
        if kind := _COUNTED.get(resource):
            measure(vu, f"{kind}_creates", 1)
            measure(vu, f"{kind}_create_time", ms(response))
    return response, ok


async def create(vu: VirtualUser, resource: str, body: Mapping[str, Any]) -> bytes | None:
    """Creates an item that `setup clean` may delete later; its id, None where it was not created."""
    response, ok = await post(vu, resource, body, expected(vu))
    identity = identity_of(response) if ok else None
    vu.check("POST status is 201", response.status == 201)
    vu.check("POST has location header", identity is not None)
    if identity is not None:
        vu.made(resource, identity)
    return identity


async def read(vu: VirtualUser, resource: str, identity: bytes) -> Response:
    request = vu.get(item_path(resource, identity), name=f"GET {resource}/{{id}}")
    response, ok = await _operate(vu, "read", resource, request, (200,))
    vu.check("GET status is 200", ok)
    return response


async def update(vu: VirtualUser, resource: str, identity: bytes, body: Mapping[str, Any]) -> bool:
    """Replaces an item; its `id` goes into the body, without which a DMS answers 400."""
    request = vu.put(
        item_path(resource, identity),
        name=f"PUT {resource}/{{id}}",
        json={**body, "id": str(UUID(bytes=identity))},
        expect=(204,),
    )
    _, ok = await _operate(vu, "update", resource, request, (204,))
    vu.check("PUT status is 204", ok)
    return ok


async def delete(vu: VirtualUser, resource: str, identity: bytes) -> bool:
    request = vu.delete(item_path(resource, identity), name=f"DELETE {resource}/{{id}}", expect=(204,))
    _, ok = await _operate(vu, "delete", resource, request, (204,))
    vu.check("DELETE status is 204", ok)
    return ok


async def page(vu: VirtualUser, resource: str, **query: object) -> Response:
    """One page of a resource."""
    request = vu.get(f"{DATA}/{resource}?{urlencode(query)}", name=f"GET {resource}")
    response, ok = await _operate(vu, "list", resource, request, (200,))
    vu.check("GET status is 200", ok)
    return response
