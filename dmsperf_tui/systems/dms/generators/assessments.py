"""State tests: by subject and grade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators._curriculum import (
    CODES,
    ENGLISH,
    MATHEMATICS,
    SCIENCE,
    SOCIAL_STUDIES,
)
from dmsperf_tui.systems.dms.generators._descriptors import AUTHORITY, uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVEL_URIS, GRADE_LEVELS

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

ASSESSMENTS = 50
_SUBJECTS = (MATHEMATICS, ENGLISH, SCIENCE, SOCIAL_STUDIES)


def number(grade: int, chance: int) -> int:
    """A test for that grade, in a subject by chance."""
    choices = -(-(ASSESSMENTS - grade) // len(GRADE_LEVELS))
    return chance % choices * len(GRADE_LEVELS) + grade


def reference(population: Population, index: int) -> Body:
    subject, grade = divmod(index, len(GRADE_LEVELS))
    return {
        "assessmentIdentifier": f"{population.prefix}-{CODES[_SUBJECTS[subject]]}-{grade:02}",
        "namespace": f"{AUTHORITY}/Assessment/Assessment.xml",
    }


def body(population: Population, index: int) -> Body:
    subject, grade = divmod(index, len(GRADE_LEVELS))
    return {
        **reference(population, index),
        "assessmentTitle": f"State {_SUBJECTS[subject]} Assessment, {GRADE_LEVELS[grade]}",
        "academicSubjects": [
            {"academicSubjectDescriptor": uri("academicSubjectDescriptors", _SUBJECTS[subject])}
        ],
        "assessedGradeLevels": [{"gradeLevelDescriptor": GRADE_LEVEL_URIS[grade]}],
    }


GENERATOR = Generator(
    "assessments",
    count=lambda sizes: ASSESSMENTS,
    body=body,
    descriptors={"academicSubjectDescriptors": _SUBJECTS, "gradeLevelDescriptors": GRADE_LEVELS},
)
