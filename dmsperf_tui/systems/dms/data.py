"""Ed-Fi documents to send. Ids are distinct over VUs and iterations and follow from the run's seed.

Names come from pools made once, because Faker takes 40 us a name and a document may take 10.
Required fields: Ed-Fi Data Standard 5.2 (jsonSchemaForInsert of each resource).
"""

from __future__ import annotations

from random import Random
from typing import Any

from faker import Faker

ED_FI = "uri://ed-fi.org"
POOL = 500
_GRADE_LEVELS = ("Ninth grade", "Tenth grade", "Eleventh grade", "Twelfth grade")

Document = dict[str, Any]


def _pools() -> tuple[tuple[str, ...], tuple[str, ...]]:
    faker = Faker("en_US", use_weighting=False)
    faker.seed_instance(0)
    return (
        tuple(faker.first_name() for _ in range(POOL)),
        tuple(faker.last_name() for _ in range(POOL)),
    )


# Made on import, which is before load starts: 80 ms that no request may wait for.
_FIRST_NAMES, _LAST_NAMES = _pools()


def descriptor(kind: str, value: str) -> str:
    """`descriptor("GradeLevel", "Ninth grade")` -> `uri://ed-fi.org/GradeLevelDescriptor#Ninth grade`."""
    return f"{ED_FI}/{kind}Descriptor#{value}"


def school_id(seed: int, number: int, index: int) -> int:
    """An education organization's id, distinct for each (seed, VU number, index); below 2^53."""
    return (1 + seed % 8999) * 10**12 + index * 10**5 + number


def school(identity: int) -> Document:
    return {
        "schoolId": identity,
        "nameOfInstitution": f"Performance Test School {identity}",
        "educationOrganizationCategories": [
            {"educationOrganizationCategoryDescriptor": descriptor("EducationOrganizationCategory", "School")}
        ],
        "gradeLevels": [{"gradeLevelDescriptor": descriptor("GradeLevel", grade)} for grade in _GRADE_LEVELS],
    }


def student(unique_id: str, random: Random) -> Document:
    return {
        "studentUniqueId": unique_id,
        "firstName": _FIRST_NAMES[int(random.random() * POOL)],
        "lastSurname": _LAST_NAMES[int(random.random() * POOL)],
        "birthDate": f"{2008 + int(random.random() * 4)}-{1 + int(random.random() * 12):02}-15",
    }


def enrolment(student_id: str, school: int, random: Random) -> Document:
    """A studentSchoolAssociation: the student and the school must exist."""
    return {
        "studentReference": {"studentUniqueId": student_id},
        "schoolReference": {"schoolId": school},
        "entryDate": "2026-08-17",
        "entryGradeLevelDescriptor": descriptor("GradeLevel", _GRADE_LEVELS[int(random.random() * 4)]),
    }


def grade_level_descriptor(code_value: str) -> Document:
    return {
        "namespace": f"{ED_FI}/GradeLevelDescriptor",
        "codeValue": code_value,
        "shortDescription": code_value,
        "description": "Made by a load test; it may be deleted",
    }
