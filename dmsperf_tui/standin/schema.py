"""The words in which the stand-in's resources are declared. Pure data, no behaviour of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Path = tuple[str, ...]
"""A JSON path without its `$`: the names on the way, and `*` behind the name of an array."""

EACH = "*"
"""The part of a path that stands for every item of an array."""


def path_of(json_path: str) -> Path:
    """`$.classPeriods[*].classPeriodReference.schoolId` as its parts."""
    return tuple(json_path.removeprefix("$.").replace("[*]", f".{EACH}").split("."))


def json_path(path: Path) -> str:
    """The parts as the JSON path that error messages carry."""
    return f"$.{'.'.join(path)}".replace(f".{EACH}", "[*]")


class Kind(StrEnum):
    """What a scalar holds; the value is the name that DMS's error messages use for it."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date-time"
    TIME = "time"
    DESCRIPTOR = "descriptor"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of a document. `descriptor` is the endpoint of the descriptor type that it must name."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    min_length: int = 0
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    pattern: re.Pattern[str] | None = None
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to another item by its natural key.

    `target` is an endpoint or the name of an abstract resource, `model` the name that messages use, and `key`
    gives the member that holds each part of the target's natural key, in that key's order.
    """

    name: str
    target: str
    model: str
    key: tuple[str, ...]
    members: tuple[Scalar, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """An object within a document that points nowhere by itself."""

    name: str
    members: tuple[Member, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """An array of small objects. DMS drops an empty one, so a required one needs an item."""

    name: str
    members: tuple[Member, ...]
    required: bool = False


Member = Scalar | Reference | Group | Collection


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field that lists can be filtered by. `type` is the schema's own word for what may be asked for."""

    name: str
    type: str
    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another resource that this one points to: `target` as in `Reference`."""

    target: str
    required: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint below `/data/ed-fi/`: its plural `endpoint` and its singular model `name`."""

    endpoint: str
    name: str
    members: tuple[Member, ...]
    identity: tuple[Path, ...]
    query_fields: tuple[QueryField, ...] = ()
    equal: tuple[tuple[Path, Path], ...] = ()
    unique: tuple[tuple[Path, ...], ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    superclass: str = ""
    identity_updatable: bool = False
    is_descriptor: bool = False
    is_school_year: bool = False

    def places(self) -> Iterator[tuple[Path, Scalar | Reference]]:
        """Every scalar and every reference, wherever it stands; not what is within a reference."""
        yield from _places((), self.members)

    def kind_at(self, path: Path) -> Kind:
        """What the scalar at a path holds. Raises `KeyError` where there is none."""
        members: tuple[Member, ...] = self.members
        for name in path:
            if name == EACH:
                continue
            found = next((member for member in members if member.name == name), None)
            if isinstance(found, Scalar):
                return found.kind
            members = found.members if found else ()
        raise KeyError(json_path(path))


def _places(at: Path, members: tuple[Member, ...]) -> Iterator[tuple[Path, Scalar | Reference]]:
    for member in members:
        path = (*at, member.name)
        if isinstance(member, Collection):
            yield from _places((*path, EACH), member.members)
        elif isinstance(member, Group):
            yield from _places(path, member.members)
        else:
            yield path, member


@dataclass(frozen=True, slots=True)
class Model:
    """A whole API: what an ApiSchema document says. `endpoint` is the project's part of the path."""

    project: str
    endpoint: str
    version: str
    description: str
    resources: tuple[Resource, ...]
