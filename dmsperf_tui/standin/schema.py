"""The words in which the stand-in's resources are declared. Pure data, no behaviour of the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

EDUCATION_ORGANIZATIONS = "educationOrganizations"
"""The abstract collection that schools and local education agencies share their ids in."""


class Kind(StrEnum):
    """What a scalar holds; the value is the name that DMS's error messages use for the JSON type."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DESCRIPTOR = "descriptor"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of a document. `key` marks a part of the natural key, `descriptor` the type pointed to."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    key: bool = False
    min_length: int = 0
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to another item by its natural key; `members` stand in the order of the target's key."""

    name: str
    target: str
    members: tuple[Scalar, ...]
    required: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """An array of small objects. DMS drops an empty one, so a required one needs an item."""

    name: str
    members: tuple[Scalar, ...]
    required: bool = False


Member = Scalar | Reference | Collection


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint below `/data/ed-fi/`: its plural `endpoint` and its singular model `name`."""

    endpoint: str
    name: str
    members: tuple[Member, ...]
    superclass: str = ""
    identity_updatable: bool = False
    is_descriptor: bool = False

    def references(self) -> Iterator[Reference]:
        return (member for member in self.members if isinstance(member, Reference))

    def collections(self) -> Iterator[Collection]:
        return (member for member in self.members if isinstance(member, Collection))

    def scalars(self) -> Iterator[Scalar]:
        return (member for member in self.members if isinstance(member, Scalar))

    def key_members(self) -> Iterator[tuple[str, Scalar]]:
        """The parts of the natural key, as (name of the reference or "", scalar)."""
        for member in self.members:
            if isinstance(member, Scalar) and member.key:
                yield "", member
            elif isinstance(member, Reference) and member.key:
                yield from ((member.name, part) for part in member.members)

    def targets(self) -> Iterator[str]:
        """Every collection that an item of this resource can point to, with repeats."""
        for member in self.members:
            parts: tuple[Scalar, ...] = ()
            if isinstance(member, Scalar):
                parts = (member,)
            elif isinstance(member, Reference):
                # The target of a reference vouches for the descriptors in its key.
                yield member.target
            else:
                parts = member.members
            yield from (part.descriptor for part in parts if part.descriptor)
