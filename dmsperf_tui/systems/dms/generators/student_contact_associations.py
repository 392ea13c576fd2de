"""Whose contact somebody is: each contact has one student."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import contacts, students
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_RELATIONS = ("Father", "Mother")
_RELATION_URIS = tuple(uri("relationDescriptors", relation) for relation in _RELATIONS)


def body(population: Population, index: int) -> Body:
    mother = contacts.is_mother(population, index)
    first = index % 3 != 1
    return {
        "studentReference": students.reference(population, contacts.student(index)),
        "contactReference": contacts.reference(population, index),
        "relationDescriptor": _RELATION_URIS[mother],
        "primaryContactStatus": first,
        "emergencyContactStatus": True,
        "livesWith": first,
    }


GENERATOR = Generator(
    "studentContactAssociations",
    count=contacts.GENERATOR.count,
    body=body,
    references=("students", "contacts"),
    descriptors={"relationDescriptors": _RELATIONS},
)
