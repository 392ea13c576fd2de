"""What the stand-in remembers. Every look-up by id, natural key or reference takes constant time."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from dmsperf_tui.standin.schema import Kind, Resource
from dmsperf_tui.standin.validation import Document

Key = tuple[object, ...]


class Link(NamedTuple):
    """A resolved reference: where in the document it stands, array indexes included, and what it names."""

    place: tuple[str | int, ...]
    target: Item


class Pointers(NamedTuple):
    """What a document points to: `targets` is everything, descriptors included, `links` references alone."""

    targets: Sequence[Item]
    links: Sequence[Link]


NO_POINTERS = Pointers((), ())


class Item:
    """One stored document with what the API says about it."""

    __slots__ = (
        "dependents",
        "document",
        "etag",
        "id",
        "key",
        "modified",
        "pointers",
        "rendered",
        "resource",
    )

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.id = str(uuid.uuid4())
        self.key: Key = ()
        self.document: Document = {}
        self.etag = ""
        self.modified = 0.0
        self.pointers = NO_POINTERS
        self.dependents: dict[str, int] = {}
        """Resource name -> how many pointers to this item: what a delete must ask for."""
        self.rendered: bytes | None = None
        """The JSON of the last read, until the item changes."""


class Table:
    """The items of one resource, in the order of their creation."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.by_id: dict[str, Item] = {}
        self.by_key: dict[Key, Item] = {}
        self._parts = tuple(
            (path[0] if len(path) == 2 else "", path[-1], resource.kind_at(path) is Kind.DESCRIPTOR)
            for path in resource.identity
        )
        self.key_places = () if resource.is_descriptor else resource.identity
        """Where in a document the parts of the key stand."""
        self.created = 0
        self.updated = 0
        self.deleted = 0

    def key_of(self, document: Document) -> Key:
        """The natural key, as it is compared: descriptor URIs are case-insensitive, other text is not."""
        if self.resource.is_descriptor:
            return (f"{document['namespace']}#{document['codeValue']}".lower(),)
        return tuple(
            str(value).lower() if is_descriptor else value
            for value, is_descriptor in self._key_values(document)
        )

    def describe_key(self, document: Document) -> dict[str, object]:
        """Names and values of the natural key, for messages."""
        values = (value for value, _ in self._key_values(document))
        return dict(zip((name for _, name, _ in self._parts), values, strict=True))

    def _key_values(self, document: Document) -> Iterable[tuple[object, bool]]:
        for reference, name, is_descriptor in self._parts:
            holder = document[reference] if reference else document
            assert isinstance(holder, dict)
            yield holder[name], is_descriptor


class Store:
    """All tables, the ids that subclasses share, and the version that etags are made of.

    `clock` gives Unix time in seconds.
    """

    def __init__(self, resources: Iterable[Resource], clock: Callable[[], float] = time.time) -> None:
        self.tables: dict[str, Table] = {}
        self._shared: dict[str, dict[Key, Item]] = {}
        self._clock = clock
        self.version = 0
        """Counts the writes: the newest change version."""
        self.serve(resources)

    def serve(self, resources: Iterable[Resource]) -> None:
        """Takes these resources from now on. Items stay where the natural key does, hidden or not."""
        for resource in resources:
            if resource.superclass:
                self._shared.setdefault(resource.superclass, {})
            known = self.tables.get(resource.endpoint)
            table = self.tables[resource.endpoint] = Table(resource)
            if known is not None and known.resource.identity == resource.identity:
                table.by_id, table.by_key = known.by_id, known.by_key

    def resolve(self, target: str, key: Key) -> Item | None:
        """The item of a resource, or of an abstract one, that has this natural key."""
        table = self.tables.get(target)
        return table.by_key.get(key) if table else self._shared.get(target, {}).get(key)

    def counts(self) -> dict[str, dict[str, int]]:
        """What is there and what was done, by endpoint: `resources`, `created`, `updated`, `deleted`."""
        found: dict[str, Counter[str]] = {
            name: Counter() for name in ("resources", "created", "updated", "deleted")
        }
        for endpoint, table in self.tables.items():
            found["resources"][endpoint] = len(table.by_id)
            found["created"][endpoint] = table.created
            found["updated"][endpoint] = table.updated
            found["deleted"][endpoint] = table.deleted
        return {name: {key: count for key, count in each.items() if count} for name, each in found.items()}

    def holder_of(self, resource: Resource, key: Key) -> Item | None:
        """Who has this key already among everything that must not share it."""
        return self.resolve(resource.superclass or resource.endpoint, key)

    def add(self, resource: Resource, key: Key, document: Document, pointers: Pointers) -> Item:
        item = Item(resource)
        table = self.tables[resource.endpoint]
        table.by_id[item.id] = item
        table.created += 1
        self._write(item, key, document, pointers)
        return item

    def change(self, item: Item, key: Key, document: Document, pointers: Pointers) -> None:
        """Replaces the document. One that says the same as before keeps its etag and its date."""
        self.tables[item.resource.endpoint].updated += 1
        if document == item.document:
            return
        self._release(item)
        self._write(item, key, document, pointers)

    def remove(self, item: Item) -> None:
        self._release(item)
        table = self.tables[item.resource.endpoint]
        table.deleted += 1
        del table.by_id[item.id]

    def _write(self, item: Item, key: Key, document: Document, pointers: Pointers) -> None:
        self.version += 1
        item.key, item.document, item.pointers = key, document, pointers
        item.etag, item.modified, item.rendered = str(self.version), self._clock(), None
        self.tables[item.resource.endpoint].by_key[key] = item
        if item.resource.superclass:
            self._shared[item.resource.superclass][key] = item
        name = item.resource.name
        for target in pointers.targets:
            target.dependents[name] = target.dependents.get(name, 0) + 1

    def _release(self, item: Item) -> None:
        del self.tables[item.resource.endpoint].by_key[item.key]
        if item.resource.superclass:
            del self._shared[item.resource.superclass][item.key]
        name = item.resource.name
        for target in item.pointers.targets:
            target.dependents[name] -= 1
            if not target.dependents[name]:
                del target.dependents[name]
