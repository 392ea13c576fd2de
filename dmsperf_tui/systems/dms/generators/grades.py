"""Grades: one for each section of a student and grading period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import grading_periods, student_section_associations
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._year import GRADING_PERIODS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_TYPE = "Grading Period"
_TYPE_URI = uri("gradeTypeDescriptors", _TYPE)
_LETTERS = "FFFFFFDCBAA"
"""By tens of the numeric grade."""


def body(population: Population, index: int) -> Body:
    attendance, period = divmod(index, len(GRADING_PERIODS))
    school, section_association = student_section_associations.reference(population, attendance)
    chance = population.random("grades", index)
    numeric = 55 + (chance & 0xFF) % 25 + (chance >> 8 & 0xFF) % 22
    return {
        "gradeTypeDescriptor": _TYPE_URI,
        "gradingPeriodReference": grading_periods.reference(population, school, period),
        "studentSectionAssociationReference": section_association,
        "letterGradeEarned": _LETTERS[numeric // 10],
        "numericGradeEarned": numeric,
    }


GENERATOR = Generator(
    "grades",
    count=lambda sizes: len(GRADING_PERIODS) * student_section_associations.GENERATOR.count(sizes),
    body=body,
    references=("gradingPeriods", "studentSectionAssociations"),
    descriptors={"gradeTypeDescriptors": (_TYPE,), "gradingPeriodDescriptors": GRADING_PERIODS},
)
