"""Reads an ApiSchema document (docs/API-SCHEMA-DOCUMENTATION.md of DMS) into the resources to serve."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import Any

import orjson

from dmsperf_tui.standin.schema import (
    Collection,
    Dependency,
    Group,
    Kind,
    Member,
    Model,
    QueryField,
    Reference,
    Resource,
    Scalar,
    path_of,
)

Json = Mapping[str, Any]

_NAME = "performance-test-schema.json"
_PACKAGE = FilePath(__file__).resolve().parent.parent
# In the wheel the folder is packed under defaults/; in a checkout it lies beside the package.
_FOLDERS = (_PACKAGE / "defaults" / "config", _PACKAGE.parent / "config")
_DESCRIPTOR_IDENTITY = (("namespace",), ("codeValue",))
_NEEDED = (
    "allowIdentityUpdates",
    "arrayUniquenessConstraints",
    "booleanJsonPaths",
    "dateJsonPaths",
    "dateTimeJsonPaths",
    "decimalPropertyValidationInfos",
    "documentPathsMapping",
    "equalityConstraints",
    "identityJsonPaths",
    "isDescriptor",
    "isResourceExtension",
    "isSchoolYearEnumeration",
    "isSubclass",
    "jsonSchemaForInsert",
    "numericJsonPaths",
    "queryFieldMapping",
    "resourceName",
    "securableElements",
)

_NEEDED_OF_SUBCLASS = ("superclassProjectName", "superclassResourceName")


class SchemaError(ValueError):
    """A document that no API can be made of; `path` is where in it."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


def shipped_schema() -> bytes:
    """The schema file that comes with the tool. Raises `FileNotFoundError` where it is missing."""
    for folder in _FOLDERS:
        path = folder / _NAME
        if path.is_file():
            return path.read_bytes()
    raise FileNotFoundError(f"{_NAME} is neither in {_FOLDERS[0]} nor in {_FOLDERS[1]}")


@cache
def shipped_model() -> Model:
    """What the schema that ships with the tool declares."""
    return read_model(shipped_schema())


def read_model(text: bytes | str) -> Model:
    """Raises `SchemaError`, also where a field is missing without which the real service throws."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SchemaError(f"The schema is not valid JSON: {error}", "$") from None
    project = document.get("projectSchema") if isinstance(document, dict) else None
    if not isinstance(project, dict):
        raise SchemaError("The schema has no projectSchema.", "$.projectSchema")
    where = "$.projectSchema"
    try:
        endpoints: dict[str, str] = project["resourceNameMapping"]
        identities = {
            name: abstract["identityJsonPaths"] for name, abstract in project["abstractResources"].items()
        }
        for resource in project["resourceSchemas"].values():
            identities[resource["resourceName"]] = resource["identityJsonPaths"]
        resources: list[Resource] = []
        for endpoint, resource in project["resourceSchemas"].items():
            where = f"$.projectSchema.resourceSchemas['{endpoint}']"
            _require(resource, where)
            resources.append(_Reader(resource, endpoints, identities).resource(endpoint))
        where = "$.projectSchema"
        return Model(
            project["projectName"],
            project["projectEndpointName"],
            project["projectVersion"],
            project["description"],
            tuple(resources),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"The schema cannot be read: {type(error).__name__} {error}.", where) from None


def _require(resource: Json, where: str) -> None:
    for name in (*_NEEDED, *(_NEEDED_OF_SUBCLASS if resource.get("isSubclass") else ())):
        if name not in resource:
            raise SchemaError(f"Required property '{name}' is missing.", f"{where}.{name}")


class _Reader:
    """One resource's schema, with its references and descriptors found by the path of their property."""

    def __init__(
        self, schema: Json, endpoints: Mapping[str, str], identities: Mapping[str, list[str]]
    ) -> None:
        self._schema = schema
        self._endpoints = endpoints
        self._identities = identities
        self._descriptors: dict[str, str] = {}
        self._references: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._dependencies: dict[tuple[str, bool], None] = {}
        for info in schema["documentPathsMapping"].values():
            if info["isReference"]:
                self._point(info)

    def _point(self, info: Json) -> None:
        model: str = info["resourceName"]
        self._dependencies[self._target(model), info["isRequired"]] = None
        if info.get("isDescriptor"):
            self._descriptors[info["path"]] = self._target(model)
            return
        holder = ""
        key: dict[str, str] = {}
        for part in info["referenceJsonPaths"]:
            holder, _, member = part["referenceJsonPath"].rpartition(".")
            key[part["identityJsonPath"]] = member
        # The target's own order counts. A target that the schema lacks has none, and is never found.
        self._references[holder] = (model, tuple(key[path] for path in self._identities.get(model, key)))

    def _target(self, model: str) -> str:
        """The endpoint of a resource; an abstract one has none and goes by its name."""
        return self._endpoints.get(model, model)

    def resource(self, endpoint: str) -> Resource:
        schema = self._schema
        is_descriptor: bool = schema["isDescriptor"]
        identity = tuple(path_of(path) for path in schema["identityJsonPaths"])
        bare = Resource(
            endpoint=endpoint,
            name=schema["resourceName"],
            members=_descriptor_members(orjson.dumps(schema["jsonSchemaForInsert"]))
            if is_descriptor
            else self._members(schema["jsonSchemaForInsert"], "$"),
            identity=_DESCRIPTOR_IDENTITY if is_descriptor else identity,
        )
        return Resource(
            endpoint,
            bare.name,
            bare.members,
            bare.identity,
            query_fields=tuple(
                _query_field(bare, name, paths[0]) for name, paths in schema["queryFieldMapping"].items()
            ),
            equal=tuple(
                (path_of(both["sourceJsonPath"]), path_of(both["targetJsonPath"]))
                for both in schema["equalityConstraints"]
            ),
            unique=tuple(
                tuple(path_of(path) for path in constraint["paths"])
                for constraint in schema["arrayUniquenessConstraints"]
                if constraint.get("paths")
            ),
            dependencies=tuple(Dependency(target, required) for target, required in self._dependencies),
            superclass=schema["superclassResourceName"] if schema["isSubclass"] else "",
            identity_updatable=schema["allowIdentityUpdates"],
            is_descriptor=is_descriptor,
            is_school_year=schema["isSchoolYearEnumeration"],
        )

    def _members(self, schema: Json, at: str) -> tuple[Member, ...]:
        """The required ones come first, in the order in which messages list them."""
        required: list[str] = schema.get("required", [])
        names = [*required, *(name for name in schema["properties"] if name not in required)]
        return tuple(
            self._member(name, schema["properties"][name], f"{at}.{name}", name in required) for name in names
        )

    def _member(self, name: str, schema: Json, at: str, required: bool) -> Member:
        if schema["type"] == "array":
            return Collection(name, self._members(schema["items"], f"{at}[*]"), required)
        if schema["type"] != "object":
            return _scalar(name, schema, required, self._descriptors.get(at, ""))
        if at not in self._references:
            return Group(name, self._members(schema, at), required)
        model, key = self._references[at]
        names = schema.get("required") or list(schema["properties"])
        members = tuple(_scalar(part, each, part in names, "") for part, each in schema["properties"].items())
        return Reference(name, self._target(model), model, key, members, required)


@lru_cache(maxsize=8)
def _descriptor_members(schema: bytes) -> tuple[Member, ...]:
    """All descriptors look alike, so their 200 members are made once."""
    parsed = orjson.loads(schema)
    return tuple(
        _scalar(name, each, name in parsed["required"], "") for name, each in parsed["properties"].items()
    )


def _scalar(name: str, schema: Json, required: bool, descriptor: str) -> Scalar:
    # A descriptor within a reference is not mapped, as its target vouches for it; its case counts as little.
    is_descriptor = bool(descriptor) or name.endswith("Descriptor")
    pattern = schema.get("pattern")
    return Scalar(
        name,
        Kind.DESCRIPTOR if is_descriptor else Kind(schema.get("format") or schema["type"]),
        required,
        schema.get("minLength", 0),
        schema.get("maxLength"),
        schema.get("minimum"),
        schema.get("maximum"),
        re.compile(pattern) if pattern else None,
        descriptor,
    )


def _query_field(resource: Resource, name: str, place: Json) -> QueryField:
    path = path_of(place["path"])
    kind = Kind.TEXT if path == ("id",) else resource.kind_at(path)
    return QueryField(name, place["type"], path, kind)
