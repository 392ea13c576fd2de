"""The requests of the k6 suite of 2025 that a DMS refuses, and what it says to each."""

from __future__ import annotations

import httpx
import pytest

from ..bodies import (
    PREFIX,
    SCHOOL,
    STUDENT,
    Body,
    create,
    district,
    enrollment,
    problem,
    school,
    student,
    uri,
)

pytestmark = pytest.mark.anyio

INVALID = "bad-request:data-validation-failed"


async def test_an_update_without_id(dms: httpx.AsyncClient) -> None:
    """makeUpdate drops the id."""
    id = await create(dms, "students", student())
    response = await dms.put(f"students/{id}", json=student(firstName="Tracy-Updated"))
    assert list(problem(response, 400, INVALID)["validationErrors"]) == ["$.id"]


async def test_a_create_with_an_id(dms: httpx.AsyncClient) -> None:
    """Documents that were read are posted as they are."""
    id = await create(dms, "students", student())
    stored = (await dms.get(f"students/{id}")).json()
    assert problem(await dms.post("students", json=stored), 400, INVALID)["errors"]


async def test_the_same_keys_again_are_updates(dms: httpx.AsyncClient) -> None:
    """Every generator is seeded alike, so that what should be creates are not."""
    await create(dms, "students", student())
    assert (await dms.post("students", json=student())).status_code == 200


@pytest.mark.parametrize("query", ["birthDate>=2010-01-01", "birthDate>=2010-01-01&limit=5"])
async def test_a_range_of_dates(dms: httpx.AsyncClient, query: str) -> None:
    body = problem(await dms.get(f"students?{query}"), 400, "bad-request")
    assert body["errors"] == ["The query field 'birthDate>' is not valid for this resource."]


async def test_a_descriptor_without_its_spaces(dms: httpx.AsyncClient) -> None:
    body = school(gradeLevels=[{"gradeLevelDescriptor": uri("GradeLevel", "Ninthgrade")}])
    found = problem(await dms.post("schools", json=body), 400, "bad-request")["validationErrors"]
    assert found == {
        "$.gradeLevels[0].gradeLevelDescriptor": [
            "GradeLevelDescriptor value 'uri://ed-fi.org/gradeleveldescriptor#ninthgrade' does not exist."
        ]
    }


async def test_a_reference_made_up_at_random(dms: httpx.AsyncClient) -> None:
    await create(dms, "students", student())
    body = enrollment(schoolReference={"schoolId": SCHOOL + 777})
    response = await dms.post("studentSchoolAssociations", json=body)
    problem(response, 409, "data-conflict:unresolved-reference")


async def test_an_association_before_what_it_joins(dms: httpx.AsyncClient) -> None:
    """Slicing by type ignores that an order is a barrier."""
    response = await dms.post("studentSchoolAssociations", json=enrollment())
    problem(response, 409, "data-conflict:unresolved-reference")


async def test_an_agency_without_its_category(dms: httpx.AsyncClient) -> None:
    body = district()
    del body["localEducationAgencyCategoryDescriptor"]
    found = problem(await dms.post("localEducationAgencies", json=body), 400, INVALID)["validationErrors"]
    assert found == {
        "$.localEducationAgencyCategoryDescriptor": ["localEducationAgencyCategoryDescriptor is required."]
    }


@pytest.mark.parametrize("endpoint", ["parents", "studentParentAssociations"])
async def test_resources_of_data_standard_4(dms: httpx.AsyncClient, endpoint: str) -> None:
    problem(await dms.get(endpoint), 404, "not-found")
    problem(await dms.post(endpoint, json={"parentUniqueId": PREFIX}), 404, "not-found")


async def test_a_grading_period_by_its_sequence(dms: httpx.AsyncClient) -> None:
    body = grade()
    del body["gradingPeriodReference"]["gradingPeriodName"]
    body["gradingPeriodReference"]["periodSequence"] = 1
    found = problem(await dms.post("grades", json=body), 400, INVALID)["validationErrors"]
    assert len(found) == 1
    assert next(iter(found)).endswith("gradingPeriodName")


async def test_a_grade_of_two_schools(dms: httpx.AsyncClient) -> None:
    body = grade()
    body["gradingPeriodReference"]["schoolId"] = SCHOOL + 1
    found = problem(await dms.post("grades", json=body), 400, INVALID)["validationErrors"]
    assert set(found) == {
        "$.gradingPeriodReference.schoolId",
        "$.studentSectionAssociationReference.schoolId",
    }


async def test_a_student_assessment_without_identifier(dms: httpx.AsyncClient) -> None:
    body = {
        "studentReference": {"studentUniqueId": STUDENT},
        "assessmentReference": {"assessmentIdentifier": PREFIX, "namespace": "uri://ed-fi.org"},
    }
    found = problem(await dms.post("studentAssessments", json=body), 400, INVALID)["validationErrors"]
    assert found == {"$.studentAssessmentIdentifier": ["studentAssessmentIdentifier is required."]}


async def test_a_student_without_a_birth_date(dms: httpx.AsyncClient) -> None:
    found = problem(await dms.post("students", json=student(birthDate=None)), 400, INVALID)
    assert found["validationErrors"] == {"$.birthDate": ["birthDate is required."]}


async def test_a_school_is_no_property_of_a_student(dms: httpx.AsyncClient) -> None:
    """It is dropped without a word, so nothing is enrolled by it."""
    id = await create(dms, "students", student(schoolReference={"schoolId": SCHOOL}))
    assert "schoolReference" not in (await dms.get(f"students/{id}")).json()


async def test_credentials_in_the_body_are_not_looked_at(
    anonymous: httpx.AsyncClient, credentials: tuple[str, str]
) -> None:
    client_id, client_secret = credentials
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    response = await anonymous.post("/oauth/token", data=form)
    assert (response.status_code, response.json()["detail"]) == (400, "Malformed Authorization header")


def grade() -> Body:
    return {
        "gradeTypeDescriptor": uri("GradeType", "Grading Period"),
        "gradingPeriodReference": {
            "gradingPeriodDescriptor": uri("GradingPeriod", "First Nine Weeks"),
            "gradingPeriodName": "First",
            "schoolId": SCHOOL,
            "schoolYear": 2026,
        },
        "studentSectionAssociationReference": {
            "beginDate": "2025-08-15",
            "localCourseCode": "ALG-1",
            "schoolId": SCHOOL,
            "schoolYear": 2026,
            "sectionIdentifier": "1",
            "sessionName": "Fall",
            "studentUniqueId": STUDENT,
        },
    }
