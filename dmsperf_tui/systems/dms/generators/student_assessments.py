"""Who took a test: three students of ten, each one of the grade's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import assessments, students
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVEL_URIS, GRADE_LEVELS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population


def body(population: Population, index: int) -> Body:
    student = index * 10 // 3
    grade = students.grade(population, student)
    chance = population.random("studentAssessments", index)
    return {
        "studentAssessmentIdentifier": f"{population.prefix}SA{index}",
        "studentReference": students.reference(population, student),
        "assessmentReference": assessments.reference(population, assessments.number(grade, chance)),
        "administrationDate": f"{population.school_year}-04-{1 + (chance >> 8) % 28:02}T14:00:00Z",
        "whenAssessedGradeLevelDescriptor": GRADE_LEVEL_URIS[grade],
    }


GENERATOR = Generator(
    "studentAssessments",
    count=lambda sizes: sizes.students * 3 // 10,
    body=body,
    references=("students", "assessments"),
    descriptors={"gradeLevelDescriptors": GRADE_LEVELS},
)
