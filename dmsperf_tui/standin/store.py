"""What the stand-in remembers. Every look-up by id, natural key or reference takes constant time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from dmsperf_tui.standin.schema import Kind, Resource
from dmsperf_tui.standin.validation import Document

Key = tuple[object, ...]


class Pointers(NamedTuple):
    """What a document points to.

    `targets` is everything, descriptors included; `links` is references alone, by the reference's name.
    """

    targets: Sequence[Item]
    links: Mapping[str, Item]


NO_POINTERS = Pointers((), {})


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
            (reference, part.name, part.kind is Kind.DESCRIPTOR) for reference, part in resource.key_members()
        )
        self.key_places = () if resource.is_descriptor else tuple((part[0], part[1]) for part in self._parts)
        """Where in a document the parts of the key stand, as (reference or "", property)."""

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
        self.tables = {resource.endpoint: Table(resource) for resource in resources}
        self._shared: dict[str, dict[Key, Item]] = {
            table.resource.superclass: {} for table in self.tables.values() if table.resource.superclass
        }
        self._clock = clock
        self._version = 0

    def resolve(self, target: str, key: Key) -> Item | None:
        """The item of a resource, or of an abstract collection, that has this natural key."""
        table = self.tables.get(target)
        return table.by_key.get(key) if table else self._shared[target].get(key)

    def holder_of(self, resource: Resource, key: Key) -> Item | None:
        """Who has this key already among everything that must not share it."""
        return self.resolve(resource.superclass or resource.endpoint, key)

    def add(self, resource: Resource, key: Key, document: Document, pointers: Pointers) -> Item:
        item = Item(resource)
        self.tables[resource.endpoint].by_id[item.id] = item
        self._write(item, key, document, pointers)
        return item

    def change(self, item: Item, key: Key, document: Document, pointers: Pointers) -> None:
        """Replaces the document. One that says the same as before keeps its etag and its date."""
        if document == item.document:
            return
        self._release(item)
        self._write(item, key, document, pointers)

    def remove(self, item: Item) -> None:
        self._release(item)
        del self.tables[item.resource.endpoint].by_id[item.id]

    def _write(self, item: Item, key: Key, document: Document, pointers: Pointers) -> None:
        self._version += 1
        item.key, item.document, item.pointers = key, document, pointers
        item.etag, item.modified, item.rendered = str(self._version), self._clock(), None
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
