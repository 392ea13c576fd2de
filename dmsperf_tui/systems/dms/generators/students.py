"""Students: old enough for the grade they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms import pools
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_SEXES = ("Male", "Female")
_SEX_URIS = tuple(uri("sexDescriptors", sex) for sex in _SEXES)


def unique_id(population: Population, school: int, place: int) -> str:
    return f"{population.prefix}{population.first_school_id + school}S{place}"


def reference(population: Population, index: int) -> Body:
    school, place = population.students.place(index)
    return {"studentUniqueId": unique_id(population, school, place)}


def grade(population: Population, index: int) -> int:
    """Years since kindergarten; the grades of a school are equally large."""
    school, place = population.students.place(index)
    grades = population.kind(school).grades
    return grades[place % len(grades)]


def surname(population: Population, index: int) -> str:
    return pools.surname(population.random("students", index) >> 10)


def body(population: Population, index: int) -> Body:
    chance = population.random("students", index)
    school, place = population.students.place(index)
    grades = population.kind(school).grades
    female = chance & 1
    return {
        "studentUniqueId": unique_id(population, school, place),
        "firstName": pools.first_name(female, chance >> 1),
        "middleName": pools.first_name(female, chance >> 20),
        "lastSurname": pools.surname(chance >> 10),
        "birthDate": population.year.birth_date(grades[place % len(grades)], chance >> 29),
        "birthSexDescriptor": _SEX_URIS[female],
    }


GENERATOR = Generator(
    "students",
    count=lambda sizes: sizes.students,
    body=body,
    descriptors={"sexDescriptors": _SEXES},
)
