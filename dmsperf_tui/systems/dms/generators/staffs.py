"""Staff: most teach; the first two of a larger school lead and counsel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms import pools
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_SEXES = ("Male", "Female")
_SEX_URIS = tuple(uri("sexDescriptors", sex) for sex in _SEXES)
_LARGER = 10
_LEADERS = 2


def unique_id(population: Population, index: int) -> str:
    return f"{population.prefix}STAFF{index}"


def reference(population: Population, index: int) -> Body:
    return {"staffUniqueId": unique_id(population, index)}


def leaders(population: Population, school: int) -> int:
    """How many of a school's staff do not teach: they come first."""
    return _LEADERS if population.staff.size(school) >= _LARGER else 0


def teacher(population: Population, school: int, number: int) -> int:
    """The one who teaches a school's section `number`; somebody else's where the school has no staff."""
    staff = population.staff
    size = staff.size(school)
    if not size:
        return number % population.sizes.staff
    first = leaders(population, school)
    return staff.first(school) + first + number % (size - first)


def body(population: Population, index: int) -> Body:
    chance = population.random("staffs", index)
    female = chance & 1
    return {
        "staffUniqueId": unique_id(population, index),
        "firstName": pools.first_name(female, chance >> 1),
        "lastSurname": pools.surname(chance >> 10),
        "sexDescriptor": _SEX_URIS[female],
        "yearsOfPriorProfessionalExperience": (chance >> 20) % 30,
    }


GENERATOR = Generator(
    "staffs",
    count=lambda sizes: sizes.staff,
    body=body,
    descriptors={"sexDescriptors": _SEXES},
)
