"""Finds what a document points to, and says what of it does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import EACH, Kind, Path, Reference, Resource, Scalar
from dmsperf_tui.standin.store import NO_POINTERS, Item, Key, Link, Pointers, Store
from dmsperf_tui.standin.validation import Document
from dmsperf_tui.standin.vintage import Vintage

Place = tuple[str | int, ...]
"""Where in one document something stands: a path with the index of each array's item."""


class Linker:
    """The pointers of one resource. A superclass reference finds whichever subclass holds the id."""

    def __init__(self, resource: Resource, store: Store, vintage: Vintage) -> None:
        self._store = store
        self._vintage = vintage
        self._descriptors: list[tuple[Path, Scalar]] = []
        self._references: list[tuple[Path, Reference, frozenset[str]]] = []
        for path, member in resource.places():
            if isinstance(member, Reference):
                self._references.append((path, member, _lowered(member)))
            elif member.descriptor:
                self._descriptors.append((path, member))

    def link(self, document: Document) -> Pointers:
        """Raises the 400 of an unknown descriptor before the 409 of an unknown reference."""
        targets = self._name_descriptors(document) if self._descriptors else []
        if not self._references:
            return Pointers(targets, ()) if targets else NO_POINTERS
        links: list[Link] = []
        missing: dict[str, str] = {}
        for path, reference, lowered in self._references:
            for place, value in _found(document, path):
                if not isinstance(value, dict):
                    continue
                target = self._store.resolve(reference.target, _key(reference, value, lowered))
                if target is None:
                    missing[_written(place)] = reference.model
                else:
                    links.append(Link(place, target))
        if missing:
            raise problems.missing_references(missing, self._vintage)
        return Pointers((*targets, *(link.target for link in links)), tuple(links))

    def _name_descriptors(self, document: Document) -> list[Item]:
        targets: list[Item] = []
        unknown: Errors = {}
        for path, scalar in self._descriptors:
            for place, value in _found(document, path):
                uri = str(value).lower()
                found = self._store.resolve(scalar.descriptor, (uri,))
                if found is None:
                    model = f"{scalar.descriptor[0].upper()}{scalar.descriptor[1:-1]}"
                    unknown[_written(place)] = [f"{model} value '{uri}' does not exist."]
                else:
                    targets.append(found)
        if unknown:
            raise problems.missing_descriptors(unknown)
        return targets


def _found(document: Document, path: Path) -> Iterator[tuple[Place, object]]:
    """What a path leads to, with the place of each."""
    if len(path) == 1:
        name = path[0]
        if name in document:
            yield path, document[name]
    elif path[0] in document:
        yield from _below((path[0],), document[path[0]], path[1:])


def _below(place: Place, node: object, path: Path) -> Iterator[tuple[Place, object]]:
    if not path:
        yield place, node
    elif path[0] == EACH:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from _below((*place, index), item, path[1:])
    elif isinstance(node, dict) and path[0] in node:
        yield from _below((*place, path[0]), node[path[0]], path[1:])


def _written(place: Place) -> str:
    """A place as a JSON path, such as `$.gradeLevels[1].gradeLevelDescriptor`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def _lowered(reference: Reference) -> frozenset[str]:
    """The members whose case does not count."""
    return frozenset(part.name for part in reference.members if part.kind is Kind.DESCRIPTOR)


def _key(reference: Reference, value: Document, lowered: frozenset[str]) -> Key:
    return tuple(
        str(value.get(name)).lower() if name in lowered else value.get(name) for name in reference.key
    )
