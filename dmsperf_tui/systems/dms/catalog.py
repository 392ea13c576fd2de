"""The list of a load phase: every item of a population under one running number, in the server's order.

A host leases ranges of these numbers to its workers; `locate` says what a number stands for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from dmsperf_tui.systems.dms.generators import GENERATORS
from dmsperf_tui.systems.dms.order import LoadOrder
from dmsperf_tui.systems.dms.population import Population


@dataclass(frozen=True, slots=True)
class Part:
    """One resource's stretch of the list: `count` numbers from `first`."""

    resource: str
    order: int
    first: int
    count: int


class Catalog:
    """Parts one after the other, without gaps; a resource of which there are no items has none."""

    def __init__(self, parts: Iterable[Part], left_out: Iterable[str] = ()) -> None:
        self.parts = tuple(parts)
        self.left_out = tuple(left_out)
        """Resources that the population has and the server's list cannot take."""
        self.total = sum(part.count for part in self.parts)
        self.barriers = tuple(
            after.first for before, after in pairwise(self.parts) if after.order != before.order
        )
        """The first number of each order after the first: what comes before must exist by then."""
        self._by_name = {part.resource: part for part in self.parts}
        self._firsts = [part.first for part in self.parts]

    def __contains__(self, resource: object) -> bool:
        return resource in self._by_name

    def part(self, resource: str) -> Part:
        """Raises KeyError for a resource of which the list has nothing; ask with `in` before."""
        return self._by_name[resource]

    def locate(self, index: int) -> tuple[Part, int]:
        """The part that has this number, and the item's index in its resource.

        Raises IndexError beyond the list.
        """
        if not 0 <= index < self.total:
            raise IndexError(f"the list has {self.total} items, no item {index}")
        part = self.parts[bisect_right(self._firsts, index) - 1]
        return part, index - part.first

    def to_json(self) -> dict[str, Any]:
        return {"parts": [asdict(part) for part in self.parts], "left_out": list(self.left_out)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Catalog:
        return cls((Part(**part) for part in data["parts"]), data["left_out"])


def catalog(population: Population, order: LoadOrder) -> Catalog:
    """Everything of the population that the server can take, in its order.

    What the server's list does not name is left out, and with it whatever cannot do without it.
    """
    left_out = _left_out(population.resources, order)
    parts: list[Part] = []
    first = 0
    for number, resources in order.groups(set(population.resources) - left_out):
        for resource in resources:
            if count := population.count(resource):
                parts.append(Part(resource, number, first, count))
                first += count
    return Catalog(parts, sorted(left_out))


def _left_out(resources: Iterable[str], order: LoadOrder) -> set[str]:
    wanted = set(resources)
    missing = wanted - order.orders.keys()
    while more := {name for name in wanted - missing if missing & set(GENERATORS[name].references)}:
        missing |= more
    return missing
