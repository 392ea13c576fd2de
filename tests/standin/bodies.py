"""Bodies that the stand-in takes, and short ways to say what is expected of an answer."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

ROOT = "http://dms.test"
CLIENT = "key"
SECRET = "secret"

PREFIX = secrets.token_hex(4)
"""New in each run, so that keys meet nothing that a service held before."""

STUDENT = f"{PREFIX}604824"
STAFF = f"{PREFIX}207230"
DISTRICT = 1_000_000_000 + secrets.randbelow(1_000_000) * 1000
SCHOOL = DISTRICT + 1

DESCRIPTORS = (
    ("EducationOrganizationCategory", "Local Education Agency"),
    ("EducationOrganizationCategory", "School"),
    ("LocalEducationAgencyCategory", "Independent"),
    ("GradeLevel", "Ninth grade"),
    ("StaffClassification", "Teacher"),
    ("EmploymentStatus", "Tenured or permanent"),
    ("CourseIdentificationSystem", "LEA course code"),
    ("AcademicSubject", "Mathematics"),
    ("Sex", "Female"),
)
"""What the bodies point to."""

Body = dict[str, Any]

DATA_INVALID = "Data validation failed. See 'validationErrors' for details."
PROBLEM_KEYS = ["detail", "type", "title", "status", "correlationId", "validationErrors", "errors"]


def uri(kind: str, value: str) -> str:
    return f"uri://ed-fi.org/{kind}Descriptor#{value}"


def student(unique_id: str = STUDENT, **more: Any) -> Body:
    return {
        "studentUniqueId": unique_id,
        "firstName": "Traci",
        "lastSurname": "Mathews",
        "birthDate": "2010-01-13",
        **more,
    }


def staff(unique_id: str = STAFF, **more: Any) -> Body:
    return {"staffUniqueId": unique_id, "firstName": "Barry", "lastSurname": "Peterson", **more}


def district(id: int = DISTRICT, /, **more: Any) -> Body:
    category = uri("EducationOrganizationCategory", "Local Education Agency")
    return {
        "localEducationAgencyId": id,
        "nameOfInstitution": "Grand Bend ISD",
        "localEducationAgencyCategoryDescriptor": uri("LocalEducationAgencyCategory", "Independent"),
        "categories": [{"educationOrganizationCategoryDescriptor": category}],
        **more,
    }


def school(id: int = SCHOOL, /, **more: Any) -> Body:
    category = uri("EducationOrganizationCategory", "School")
    return {
        "schoolId": id,
        "nameOfInstitution": "Grand Bend High School",
        "educationOrganizationCategories": [{"educationOrganizationCategoryDescriptor": category}],
        "gradeLevels": [{"gradeLevelDescriptor": uri("GradeLevel", "Ninth grade")}],
        **more,
    }


def enrollment(**more: Any) -> Body:
    return {
        "studentReference": {"studentUniqueId": STUDENT},
        "schoolReference": {"schoolId": SCHOOL},
        "entryDate": "2024-08-15",
        "entryGradeLevelDescriptor": uri("GradeLevel", "Ninth grade"),
        **more,
    }


def assignment(organization: int = SCHOOL, **more: Any) -> Body:
    return {
        "staffReference": {"staffUniqueId": STAFF},
        "educationOrganizationReference": {"educationOrganizationId": organization},
        "staffClassificationDescriptor": uri("StaffClassification", "Teacher"),
        "beginDate": "2024-08-01",
        **more,
    }


def course(organization: int = SCHOOL, **more: Any) -> Body:
    system = uri("CourseIdentificationSystem", "LEA course code")
    return {
        "courseCode": "ALG-1",
        "courseTitle": "Algebra I",
        "numberOfParts": 1,
        "educationOrganizationReference": {"educationOrganizationId": organization},
        "identificationCodes": [
            {"courseIdentificationSystemDescriptor": system, "identificationCode": "ALG-1"}
        ],
        **more,
    }


def week(**more: Any) -> Body:
    return {
        "weekIdentifier": "Week 1",
        "schoolReference": {"schoolId": SCHOOL},
        "beginDate": "2024-08-15",
        "endDate": "2024-08-21",
        "totalInstructionalDays": 5,
        **more,
    }


async def create(dms: httpx.AsyncClient, resource: str, body: Body) -> str:
    """Posts what must be new; returns its id."""
    response = await dms.post(resource, json=body)
    assert response.status_code == 201, response.text
    return response.headers["Location"].rpartition("/")[2]


def problem(response: httpx.Response, status: int, type: str) -> Body:
    """The body of an error answer that has all the keys of the contract."""
    body: Body = response.json()
    assert (response.status_code, body["type"]) == (status, f"urn:ed-fi:api:{type}"), response.text
    assert list(body) == PROBLEM_KEYS
    assert body["status"] == status
    return body
