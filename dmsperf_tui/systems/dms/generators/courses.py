"""The courses of a school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmsperf_tui.systems.dms.generators import schools
from dmsperf_tui.systems.dms.generators._curriculum import SUBJECTS
from dmsperf_tui.systems.dms.generators._descriptors import uri
from dmsperf_tui.systems.dms.generators._generator import Body, Generator

if TYPE_CHECKING:
    from dmsperf_tui.systems.dms.population import Population

_SYSTEM = "School course code"
_SYSTEM_URI = uri("courseIdentificationSystemDescriptors", _SYSTEM)
_SUBJECT_URIS = {subject: uri("academicSubjectDescriptors", subject) for subject in SUBJECTS}


def reference(population: Population, school: int, number: int) -> Body:
    return {
        "courseCode": population.course(school, number).code,
        "educationOrganizationId": population.first_school_id + school,
    }


def body(population: Population, index: int) -> Body:
    school, number = divmod(index, population.sizes.courses_per_school)
    course = population.course(school, number)
    return {
        "courseCode": course.code,
        "courseTitle": course.title,
        "numberOfParts": 1,
        "educationOrganizationReference": schools.organization(population, school),
        "identificationCodes": [
            {"courseIdentificationSystemDescriptor": _SYSTEM_URI, "identificationCode": course.code}
        ],
        "academicSubjects": [{"academicSubjectDescriptor": _SUBJECT_URIS[course.subject]}],
    }


GENERATOR = Generator(
    "courses",
    count=lambda sizes: sizes.schools * sizes.courses_per_school,
    body=body,
    references=("schools",),
    descriptors={
        "courseIdentificationSystemDescriptors": (_SYSTEM,),
        "academicSubjectDescriptors": SUBJECTS,
    },
)
