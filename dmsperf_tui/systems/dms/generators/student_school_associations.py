"""Enrolments: each student at the school and in the grade it has by its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import calendars, schools, students
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVEL_URIS, GRADE_LEVELS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def body(population: Population, index: int) -> Body:
    school, _ = population.students.place(index)
    return {
        "studentReference": students.reference(population, index),
        "schoolReference": schools.reference(population, school),
        "entryDate": population.year.first,
        "entryGradeLevelDescriptor": GRADE_LEVEL_URIS[students.grade(population, index)],
        "primarySchool": True,
        "calendarReference": calendars.reference(population, school),
    }


GENERATOR = Generator(
    "studentSchoolAssociations",
    count=lambda sizes: sizes.students,
    body=body,
    references=("students", "schools"),
    optional=("calendars",),
    descriptors={"gradeLevelDescriptors": GRADE_LEVELS},
)
