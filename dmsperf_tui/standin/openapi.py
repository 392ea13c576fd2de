"""OpenAPI 3.0 documents, made from the resource declarations."""

from __future__ import annotations

from collections.abc import Iterable

from dmsperf_tui.standin.query import MAXIMUM_PAGE_SIZE
from dmsperf_tui.standin.schema import Collection, Kind, Member, Resource, Scalar

Json = dict[str, object]

_PAGING: list[Json] = [
    {
        "name": "limit",
        "in": "query",
        "schema": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAXIMUM_PAGE_SIZE,
            "default": MAXIMUM_PAGE_SIZE,
        },
    },
    {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 0}},
    {"name": "totalCount", "in": "query", "schema": {"type": "boolean", "default": False}},
]
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def resources_document(title: str, root: str, resources: Iterable[Resource]) -> Json:
    """The document of a set of endpoints, served below `root`."""
    paths: Json = {}
    schemas: Json = {}
    for resource in resources:
        paths[f"/ed-fi/{resource.endpoint}"] = _collection(resource)
        paths[f"/ed-fi/{resource.endpoint}/{{id}}"] = _item(resource)
        schemas[_schema_name(resource)] = _object(resource.members)
    document = _document(title, f"{root}/data", paths)
    flow = {"clientCredentials": {"tokenUrl": f"{root}/oauth/token", "scopes": {}}}
    document["components"] = {
        "schemas": schemas,
        "securitySchemes": {"oauth2_client_credentials": {"type": "oauth2", "flows": flow}},
    }
    document["security"] = [{"oauth2_client_credentials": []}]
    return document


def discovery_document(root: str) -> Json:
    """The document of the endpoints that need no token."""
    reads = {
        "/": "What this API is and where its parts are",
        "/health": "Whether it is up",
        "/metadata": "Where its metadata are",
        "/metadata/dependencies": "The order in which resources are loaded",
        "/metadata/specifications": "The OpenAPI documents",
    }
    paths: Json = {
        path: {"get": {"summary": summary, "responses": {"200": {"description": "OK"}}}}
        for path, summary in reads.items()
    }
    return _document("Ed-Fi API Discovery", root, paths)


def _document(title: str, server: str, paths: Json) -> Json:
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "5.2.0"},
        "servers": [{"url": server}],
        "paths": paths,
    }


def _collection(resource: Resource) -> Json:
    filters: list[Json] = [
        {"name": field.name, "in": "query", "schema": _kind(field.kind)} for field in resource.query_fields
    ]
    listing = {"schema": {"type": "array", "items": _pointer(resource)}}
    found = {"description": "The items of the page", "content": {"application/json": listing}}
    return {
        "get": _operation(resource, "get", "", {"200": found}, parameters=[*_PAGING, *filters]),
        "post": _operation(resource, "post", "", _said("200", "201", "400", "409"), body=True),
    }


def _item(resource: Resource) -> Json:
    found = {"description": "The item", "content": {"application/json": {"schema": _pointer(resource)}}}
    missing = _said("404")
    return {
        "parameters": [_ID],
        "get": _operation(resource, "get", "ById", {"200": found, **missing}),
        "put": _operation(resource, "put", "", _said("204", "400", "404", "409", "412"), body=True),
        "delete": _operation(resource, "delete", "", _said("204", "404", "409", "412")),
    }


def _operation(
    resource: Resource,
    verb: str,
    suffix: str,
    responses: Json,
    *,
    parameters: list[Json] | None = None,
    body: bool = False,
) -> Json:
    operation: Json = {
        "operationId": f"{verb}{resource.name}{suffix or ('s' if parameters else '')}",
        "tags": [resource.endpoint],
        "responses": {**responses, **_said("401")},
    }
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _pointer(resource)}},
        }
    return operation


_MEANINGS = {
    "200": "The item existed and was updated",
    "201": "The item was created",
    "204": "Done",
    "400": "The request does not fit the model",
    "401": "The token is missing or does not hold",
    "404": "There is no such item",
    "409": "The request conflicts with other items",
    "412": "The item has changed since the given etag",
}


def _said(*statuses: str) -> Json:
    return {status: {"description": _MEANINGS[status]} for status in statuses}


def _schema_name(resource: Resource) -> str:
    return f"EdFi_{resource.name}"


def _pointer(resource: Resource) -> Json:
    return {"$ref": f"#/components/schemas/{_schema_name(resource)}"}


def _object(members: Iterable[Member]) -> Json:
    listed = list(members)
    required = [member.name for member in listed if member.required]
    schema: Json = {"type": "object", "properties": {member.name: _member(member) for member in listed}}
    # OpenAPI 3.0 forbids an empty list here.
    return {**schema, "required": required} if required else schema


def _member(member: Member) -> Json:
    if isinstance(member, Collection):
        return {"type": "array", "items": _object(member.members)}
    return _scalar(member) if isinstance(member, Scalar) else _object(member.members)


def _scalar(scalar: Scalar) -> Json:
    bounds = {
        "minLength": scalar.min_length or None,
        "maxLength": scalar.max_length,
        "minimum": scalar.minimum,
        "maximum": scalar.maximum,
    }
    return {**_kind(scalar.kind), **{name: bound for name, bound in bounds.items() if bound is not None}}


def _kind(kind: Kind) -> Json:
    if kind in (Kind.DATE, Kind.DATE_TIME, Kind.TIME):
        return {"type": "string", "format": str(kind)}
    return {"type": "string" if kind is Kind.DESCRIPTOR else str(kind)}
