"""What exists on the DMS and may be used: the data that a run works on, and what this worker has made itself.

Of the data nothing is kept but 16 bytes an item, in a file that all workers map: bodies are computed again.
"""

from __future__ import annotations

import base64
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dmsperf_tui.engine.ids import NO_ID, IdFile
from dmsperf_tui.systems.dms.catalog import Catalog
from dmsperf_tui.systems.dms.population import Population

KEPT = 1000
"""Items of a resource that a worker remembers of those it made: the newest."""
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the DMS."""

    resource: str
    identity: bytes
    body: Mapping[str, Any] = field(repr=False)
    """As it was sent when it was created."""


class Data:
    """What a load phase has created, while it goes on as well."""

    def __init__(self, population: Population, catalog: Catalog, ids: IdFile) -> None:
        self.population = population
        self._ids = ids
        self._parts = {part.resource: part for part in catalog.parts}

    @classmethod
    def of(cls, context: Mapping[str, Any], setup: Any) -> Data | None:
        """The data of the run's context, or of the small set that its `setup` made; None without either."""
        if context.get("population"):
            ids = IdFile.open(context["ids"])
            return cls(
                Population.from_json(context["population"]), Catalog.from_json(context["catalog"]), ids
            )
        if isinstance(setup, Mapping) and "population" in setup:
            ids = IdFile(base64.b64decode(setup["ids"]))
            return cls(Population.from_json(setup["population"]), Catalog.from_json(setup["catalog"]), ids)
        return None

    def count(self, resource: str) -> int:
        """How many there are to be."""
        part = self._parts.get(resource)
        return part.count if part else 0

    def body(self, resource: str, number: int) -> dict[str, Any]:
        return self.population.body(resource, number)

    def identity(self, resource: str, number: int) -> bytes | None:
        """None: it does not exist, or not yet."""
        index = self._parts[resource].first + number
        identity = self._ids[index] if index < len(self._ids) else NO_ID
        return None if identity == NO_ID else identity


class Pool:
    """Chooses items at random so that none is deleted or changed twice while it is in use.

    A worker changes its own share of the data only, and deletes only what it has made: the data stays whole
    for another run, and workers need not ask each other.
    """

    def __init__(self, data: Data | None, worker: int = 0, workers: int = 1) -> None:
        self.data = data
        self._worker, self._workers = worker, workers
        self._made: defaultdict[str, deque[Item]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._in_use: Counter[bytes] = Counter()

    def add(self, item: Item) -> None:
        """This worker has made it."""
        self._made[item.resource].append(item)

    def size(self, resource: str) -> int:
        """How many there are of the data, as planned, and of those that this worker made."""
        return (self.data.count(resource) if self.data else 0) + len(self._made[resource])

    def choose(self, resource: str, random: Random) -> Item | None:
        """Any item that exists; None where a few tries found none."""
        return self._find(resource, random, alone=False)

    @contextmanager
    def borrow(self, resource: str, random: Random, *, alone: bool = False) -> Iterator[Item | None]:
        """`choose`, and nobody deletes it meanwhile; `alone`: nobody else has it either."""
        item = self._find(resource, random, alone=alone)
        if item is None:
            yield None
            return
        self._in_use[item.identity] += 1
        try:
            yield item
        finally:
            self._in_use[item.identity] -= 1
            if not self._in_use[item.identity]:
                del self._in_use[item.identity]

    def take_oldest(self, resource: str) -> Item | None:
        """The oldest of those that this worker made and nobody uses; from now on nobody finds it."""
        made = self._made[resource]
        for place, item in enumerate(made):
            if item.identity not in self._in_use:
                del made[place]
                return item
        return None

    def _find(self, resource: str, random: Random, *, alone: bool) -> Item | None:
        made = self._made[resource]
        loaded = self.data.count(resource) if self.data else 0
        if not loaded + len(made):
            return None
        for _ in range(_TRIES):
            number = random.randrange(loaded + len(made))
            if number >= loaded:
                item = made[number - loaded]
                if not (alone and item.identity in self._in_use):
                    return item
                continue
            assert self.data is not None
            if alone:
                number += self._worker - number % self._workers
                if number >= loaded:
                    continue
            identity = self.data.identity(resource, number)
            if identity is not None and not (alone and identity in self._in_use):
                return Item(resource, identity, self.data.body(resource, number))
        return None
