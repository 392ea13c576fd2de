"""The order in which resources are created: the server's, and our own where a server has none.

An order is a barrier: all items of one order exist before the first of the next is sent. The server's list
(`GET /metadata/dependencies`, CORE/ResourceLoadOrder) has traps: students, staffs and contacts stand in it
twice, early to be created and late to be updated, and schoolYearTypes do not stand in it at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.systems.dms.generators import GENERATORS, descriptors_of

SCHOOL_YEAR_TYPES = "schoolYearTypes"
PROJECT = "ed-fi"
DESCRIPTOR_ORDER = 1


@dataclass(frozen=True)
class LoadOrder:
    """Endpoint -> the order of its creation. A lower order comes first; equal orders may go in parallel."""

    orders: dict[str, int]
    """Resources of the ed-fi project that can be created, schoolYearTypes (0) among them."""
    updates: dict[str, int] = field(default_factory=dict)
    """Where an entry of their own puts updates: only after these orders may the resource be changed."""
    others: dict[str, int] = field(default_factory=dict)
    """Resources of other projects, as `tpdm/candidates`."""

    def groups(self, resources: Iterable[str] | None = None) -> list[tuple[int, tuple[str, ...]]]:
        """Order by order, those of `resources` (default: all) that are known here, by name."""
        chosen = self.orders if resources is None else [name for name in resources if name in self.orders]
        found: dict[int, list[str]] = {}
        for name in sorted(chosen):
            found.setdefault(self.orders[name], []).append(name)
        return [(order, tuple(found[order])) for order in sorted(found)]


def parse_dependencies(document: Any) -> LoadOrder:
    """The order from the JSON answer of `/metadata/dependencies`.

    Raises ConfigError for what is no such list, and for a resource that is to be created at two orders.
    """
    if not isinstance(document, list) or not document:
        raise ConfigError(
            f"no list of dependencies: {_gist(document)}",
            key="/metadata/dependencies",
            mend="check the DMS's URL and its log: it answers so where its schema lacks a resource",
        )
    creates: dict[str, dict[str, int]] = {}
    updates: dict[str, int] = {}
    for number, entry in enumerate(document):
        project, endpoint, order, operations = _entry(entry, number)
        if "Create" in operations:
            orders = creates.setdefault(project, {})
            if orders.setdefault(endpoint, order) != order:
                raise ConfigError(
                    f"{project}/{endpoint} is to be created at two orders, {orders[endpoint]} and {order}",
                    key="/metadata/dependencies",
                )
        elif project == PROJECT:
            updates[endpoint] = order
    own = creates.pop(PROJECT, {})
    others = {
        f"{project}/{name}": order for project, all_of in creates.items() for name, order in all_of.items()
    }
    return LoadOrder({SCHOOL_YEAR_TYPES: 0, **own}, updates, others)


def own_order(resources: Iterable[str]) -> LoadOrder:
    """The order that follows from what our generators refer to: schoolYearTypes, descriptors, the rest.

    Raises ConfigError for a resource without a generator, and for generators that refer in a circle.
    """
    chosen = set(resources)
    for name in chosen - GENERATORS.keys():
        raise ConfigError(f"there is no generator for {name!r}", mend=nearest(name, GENERATORS))
    loaded = {name for name in chosen if not GENERATORS[name].reference_data}
    orders = {SCHOOL_YEAR_TYPES: 0}
    descriptors = {name for name in chosen - loaded if name != SCHOOL_YEAR_TYPES}
    descriptors |= descriptors_of(GENERATORS[name] for name in loaded).keys()
    orders.update(dict.fromkeys(sorted(descriptors), DESCRIPTOR_ORDER))
    sorter = TopologicalSorter({name: referred(name) & loaded for name in sorted(loaded)})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ConfigError(f"generators refer in a circle: {' -> '.join(error.args[1])}") from None
    order = DESCRIPTOR_ORDER
    while sorter.is_active():
        order += 1
        ready = sorter.get_ready()
        orders.update(dict.fromkeys(sorted(ready), order))
        sorter.done(*ready)
    return LoadOrder(orders)


def referred(resource: str) -> set[str]:
    """The endpoints that bodies of this resource refer to, descriptors aside."""
    generator = GENERATORS[resource]
    return {*generator.references, *generator.optional}


def contradictions(order: LoadOrder) -> tuple[str, ...]:
    """Where an order does not put what our bodies refer to before them: a line for each."""
    orders: Mapping[str, int] = order.orders
    return tuple(
        f"{name} (order {orders[name]}) refers to {target} (order {orders[target]})"
        for name in sorted(orders.keys() & GENERATORS.keys())
        for target in sorted(referred(name) & orders.keys())
        if orders[target] >= orders[name]
    )


def _entry(entry: Any, number: int) -> tuple[str, str, int, list[str]]:
    """Project, endpoint, order and operations of one entry."""
    try:
        resource, order, operations = entry["resource"], entry["order"], entry["operations"]
        project, endpoint = resource.strip("/").split("/")
        if isinstance(order, int) and isinstance(operations, list):
            return project, endpoint, order, operations
    except (KeyError, TypeError, AttributeError, ValueError):
        pass
    raise ConfigError(
        f"{_gist(entry)} is no dependency",
        key=f"/metadata/dependencies[{number}]",
        mend='expected {"resource": "/ed-fi/schools", "order": 5, "operations": ["Create", "Update"]}',
    )


def _gist(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
