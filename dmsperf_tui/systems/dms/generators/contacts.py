"""Contacts of students, three for each two students: mother and father, or one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms import pools
from dmsperf_tui.systems.dms.generators import students
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_SEXES = ("Male", "Female")
_SEX_URIS = tuple(uri("sexDescriptors", sex) for sex in _SEXES)


def unique_id(population: Population, index: int) -> str:
    return f"{population.prefix}C{index}"


def reference(population: Population, index: int) -> Body:
    return {"contactUniqueId": unique_id(population, index)}


def student(index: int) -> int:
    """Whose contact it is: the first two belong to one student, the third to the next, and so on."""
    pair, place = divmod(index, 3)
    return 2 * pair + (place == 2)


def is_mother(population: Population, index: int) -> int:
    """1 for a mother, 0 for a father."""
    place = index % 3
    return population.random("contacts", index) & 1 if place == 2 else 1 - place


def body(population: Population, index: int) -> Body:
    chance = population.random("contacts", index)
    mother = is_mother(population, index)
    return {
        "contactUniqueId": unique_id(population, index),
        "firstName": pools.first_name(mother, chance >> 1),
        "lastSurname": students.surname(population, student(index)),
        "sexDescriptor": _SEX_URIS[mother],
    }


GENERATOR = Generator(
    "contacts",
    count=lambda sizes: sizes.students * 3 // 2,
    body=body,
    descriptors={"sexDescriptors": _SEXES},
)
