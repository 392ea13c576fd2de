"""What a school knows of a student beside the enrolment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools, students
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_SEXES = ("Male", "Female")
_SEX_URIS = tuple(uri("sexDescriptors", sex) for sex in _SEXES)


def body(population: Population, index: int) -> Body:
    school, _ = population.students.place(index)
    chance = population.random("students", index)
    return {
        "studentReference": students.reference(population, index),
        "educationOrganizationReference": schools.organization(population, school),
        "sexDescriptor": _SEX_URIS[chance & 1],
        "hispanicLatinoEthnicity": chance >> 40 & 3 == 0,
    }


GENERATOR = Generator(
    "studentEducationOrganizationAssociations",
    count=lambda sizes: sizes.students,
    body=body,
    references=("students", "schools"),
    descriptors={"sexDescriptors": _SEXES},
)
