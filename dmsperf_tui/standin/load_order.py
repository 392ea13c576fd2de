"""The order in which resources can be loaded, by the rules of CORE/ResourceLoadOrder, traps included.

A person may be created early and updated only once there is the association that authorization looks at, so
students, staffs and contacts are listed twice; school years are not listed at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from dmsperf_tui.standin.schema import Resource


class _Person(NamedTuple):
    """`relations` make a person known to authorization; `awaited` must exist before an update."""

    endpoint: str
    relations: tuple[str, ...]
    awaited: tuple[str, ...]


_EMPLOYMENT = (
    "staffEducationOrganizationEmploymentAssociations",
    "staffEducationOrganizationAssignmentAssociations",
)
_PEOPLE = (
    _Person("students", ("studentSchoolAssociations",), ("studentSchoolAssociations",)),
    _Person("staffs", _EMPLOYMENT, _EMPLOYMENT),
    _Person(
        "contacts",
        ("studentContactAssociations",),
        ("studentContactAssociations", "studentSchoolAssociations"),
    ),
)


class LoadOrderError(Exception):
    """The schema lacks a resource without which the real service answers 500 instead of an order."""


def dependencies(project: str, resources: Iterable[Resource]) -> list[dict[str, object]]:
    """The entries of `/metadata/dependencies`. Raises `LoadOrderError`."""
    by_endpoint = {resource.endpoint: resource for resource in resources}
    orders = _levels(_graph(by_endpoint))
    listed = [(order, endpoint, ["Create", "Update"]) for endpoint, order in orders.items()]
    for person in _PEOPLE:
        if person.endpoint in orders:
            last = max(orders[name] for name in person.awaited)
            listed.remove((orders[person.endpoint], person.endpoint, ["Create", "Update"]))
            listed.append((orders[person.endpoint], person.endpoint, ["Create"]))
            listed.append((last + 1, person.endpoint, ["Update"]))
    return [
        {"resource": f"/{project}/{endpoint}", "order": order, "operations": operations}
        for order, endpoint, operations in sorted(listed)
    ]


def _graph(resources: Mapping[str, Resource]) -> dict[str, dict[str, bool]]:
    """Endpoint -> what it waits for, and whether it must."""
    subclasses: dict[str, list[str]] = {}
    for resource in resources.values():
        if resource.superclass:
            subclasses.setdefault(resource.superclass, []).append(resource.endpoint)
    listed = {name: resource for name, resource in resources.items() if not resource.is_school_year}
    graph: dict[str, dict[str, bool]] = {}
    for endpoint, resource in listed.items():
        awaited = graph.setdefault(endpoint, {})
        for dependency in resource.dependencies:
            targets = subclasses.get(dependency.target, [dependency.target])
            for target in targets:
                if target not in resources:
                    raise LoadOrderError(f"{endpoint} refers to {target}, which the schema lacks.")
                if target in listed and target != endpoint:
                    awaited[target] = awaited.get(target, False) or dependency.required
    for person in _PEOPLE:
        if person.endpoint in graph:
            _wait_for_relations(person, graph)
    return graph


def _wait_for_relations(person: _Person, graph: dict[str, dict[str, bool]]) -> None:
    for name in (*person.relations, *person.awaited):
        if name not in graph:
            raise LoadOrderError(f"{person.endpoint} are there without {name}.")
    for endpoint, awaited in graph.items():
        if person.endpoint in awaited and endpoint not in person.relations:
            required = awaited.pop(person.endpoint)
            awaited |= dict.fromkeys(person.relations, required)


def _levels(graph: Mapping[str, Mapping[str, bool]]) -> dict[str, int]:
    """What waits for nothing is 1, what waits for that alone is 2, and so on. Breaks cycles where it may."""
    waiting = {endpoint: dict(awaited) for endpoint, awaited in graph.items()}
    orders: dict[str, int] = {}
    order = 1
    while waiting:
        ready = [endpoint for endpoint, awaited in waiting.items() if not _open(awaited, waiting)]
        if not ready:
            _break_cycle(waiting)
            continue
        for endpoint in ready:
            orders[endpoint] = order
            del waiting[endpoint]
        order += 1
    return orders


def _open(awaited: Mapping[str, bool], waiting: Collection[str]) -> bool:
    return any(endpoint in waiting for endpoint in awaited)


def _break_cycle(waiting: dict[str, dict[str, bool]]) -> None:
    """Lets go of the first optional dependency among those that wait for each other."""
    for awaited in waiting.values():
        for target, required in awaited.items():
            if target in waiting and not required:
                del awaited[target]
                return
    raise LoadOrderError(f"{', '.join(sorted(waiting))} wait for each other.")
