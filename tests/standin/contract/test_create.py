from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
import pytest

from dmsperf_tui.standin.vintage import Vintage

from ..bodies import (
    DATA_INVALID,
    DISTRICT,
    SCHOOL,
    STAFF,
    assignment,
    course,
    create,
    district,
    enrollment,
    problem,
    school,
    staff,
    student,
    uri,
    week,
)

pytestmark = pytest.mark.anyio

CODE = f"Year {uuid.uuid4().hex}"
LOCATION = re.compile(r"https?://[^/]+(/[^/]+)*/data/ed-fi/students/[0-9a-f-]{36}")


async def test_post_is_an_upsert_by_natural_key(dms: httpx.AsyncClient) -> None:
    first = await dms.post("students", json=student())
    assert (first.status_code, first.content) == (201, b"")
    assert LOCATION.fullmatch(first.headers["Location"])
    again = await dms.post("students", json=student(firstName="Tracy"))
    assert (again.status_code, again.content) == (200, b"")
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["etag"] != first.headers["etag"]
    assert (await dms.get(first.headers["Location"])).json()["firstName"] == "Tracy"


async def test_the_same_document_keeps_its_etag(dms: httpx.AsyncClient) -> None:
    first = await dms.post("students", json=student())
    again = await dms.post("students", json=student())
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])


async def test_every_resource_can_be_created(dms: httpx.AsyncClient) -> None:
    await create(dms, "localEducationAgencies", district())
    reference = {"localEducationAgencyId": DISTRICT}
    await create(dms, "schools", school(localEducationAgencyReference=reference))
    await create(dms, "students", student())
    await create(dms, "staffs", staff())
    await create(dms, "studentSchoolAssociations", enrollment())
    await create(dms, "staffEducationOrganizationAssignmentAssociations", assignment())
    await create(dms, "courses", course())
    await create(dms, "academicWeeks", week())
    employment = {
        "staffReference": {"staffUniqueId": STAFF},
        "educationOrganizationReference": {"educationOrganizationId": DISTRICT},
        "employmentStatusDescriptor": uri("EmploymentStatus", "Tenured or permanent"),
        "hireDate": "2020-08-01",
    }
    await create(dms, "staffEducationOrganizationEmploymentAssociations", employment)
    held = {
        "staffUniqueId": STAFF,
        "educationOrganizationId": DISTRICT,
        "employmentStatusDescriptor": uri("EmploymentStatus", "TENURED or permanent"),
    }
    employed = {"employmentStaffEducationOrganizationEmploymentAssociationReference": held}
    body = assignment(DISTRICT, **employed)
    await create(dms, "staffEducationOrganizationAssignmentAssociations", body)


async def test_a_descriptor_can_be_created_and_used(dms: httpx.AsyncClient) -> None:
    descriptor = {
        "namespace": "uri://example.org/GradeLevelDescriptor",
        "codeValue": f"  {CODE} ",
        "shortDescription": "Year Nine",
    }
    await create(dms, "gradeLevelDescriptors", descriptor)
    known = {**descriptor, "codeValue": CODE.upper()}
    assert (await dms.post("gradeLevelDescriptors", json=known)).status_code == 200
    levels = [{"gradeLevelDescriptor": "URI://Example.org/GradeLevelDescriptor#" + CODE.lower()}]
    await create(dms, "schools", school(gradeLevels=levels))


async def test_what_the_model_does_not_know_is_dropped(dms: httpx.AsyncClient) -> None:
    body = student(middleName=None, nickname="T", schoolReference={"schoolId": 1}, otherNames=[])
    id = await create(dms, "students", body)
    stored = (await dms.get(f"students/{id}")).json()
    assert set(stored) == {*student(), "id", "_etag", "_lastModifiedDate"}


async def test_numbers_and_booleans_may_come_as_strings(dms: httpx.AsyncClient) -> None:
    id = await create(dms, "schools", school(schoolId=str(SCHOOL)))
    assert (await dms.get(f"schools/{id}")).json()["schoolId"] == SCHOOL
    body = staff(hispanicLatinoEthnicity="True", yearsOfPriorTeachingExperience="2.5")
    id = await create(dms, "staffs", body)
    stored = (await dms.get(f"staffs/{id}")).json()
    assert (stored["hispanicLatinoEthnicity"], stored["yearsOfPriorTeachingExperience"]) == (True, 2.5)


async def test_an_id_cannot_be_assigned(dms: httpx.AsyncClient) -> None:
    body = problem(
        await dms.post("students", json=student(id="x")), 400, "bad-request:data-validation-failed"
    )
    assert body["errors"] == [
        "Resource identifiers cannot be assigned by the client. "
        "The 'id' property should not be included in the request body."
    ]


@pytest.mark.parametrize("content", [b"", b" \n"])
async def test_an_empty_body(dms: httpx.AsyncClient, content: bytes) -> None:
    response = await dms.post("students", content=content, headers={"Content-Type": "application/json"})
    assert problem(response, 400, "bad-request")["errors"] == ["A non-empty request body is required."]


@pytest.mark.parametrize("content", [b'{"studentUniqueId":', b"[]", b'"text"'])
async def test_a_body_that_is_no_json_object(dms: httpx.AsyncClient, content: bytes) -> None:
    response = await dms.post("students", content=content)
    body = problem(response, 400, "bad-request:data-validation-failed")
    assert list(body["validationErrors"]) == ["$."]


async def test_a_body_of_another_type(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    response = await dms.post("students", content=b"a=b", headers={"Content-Type": "text/plain"})
    assert response.status_code == (415 if vintage is Vintage.V8 else 400)


@pytest.mark.parametrize(
    ("resource", "body", "errors"),
    [
        ("students", student(birthDate=None), {"$.birthDate": ["birthDate is required."]}),
        (
            "students",
            {"lastSurname": "Mathews", "birthDate": "2010-01-13"},
            {
                "$.studentUniqueId": ["studentUniqueId is required."],
                "$.firstName": ["firstName is required."],
            },
        ),
        (
            "students",
            student(birthDate="13.01.2010"),
            {"$.birthDate": ['birthDate Value does not match format "date"']},
        ),
        (
            "students",
            student(birthDate="2010-02-30"),
            {"$.birthDate": ['birthDate Value does not match format "date"']},
        ),
        (
            "students",
            student(firstName=5, multipleBirthStatus="maybe"),
            {
                "$.firstName": ['firstName Value is "integer" but should be "string"'],
                "$.multipleBirthStatus": ['multipleBirthStatus Value is "string" but should be "boolean"'],
            },
        ),
        (
            "students",
            student(" 1"),
            {"$.studentUniqueId": ["studentUniqueId cannot contain leading or trailing spaces."]},
        ),
        (
            "students",
            student(""),
            {"$.studentUniqueId": ["studentUniqueId is required and should not be left empty."]},
        ),
        (
            "students",
            student("x" * 33),
            {"$.studentUniqueId": ["studentUniqueId Value should be at most 32 characters"]},
        ),
        (
            "schools",
            school("high"),  # type: ignore[arg-type]
            {"$.schoolId": ['schoolId Value is "string" but should be "integer"']},
        ),
        ("schools", school(gradeLevels=[]), {"$.gradeLevels": ["gradeLevels is required."]}),
        (
            "schools",
            school(gradeLevels=[{}, "ninth"]),
            {
                "$.gradeLevels[0].gradeLevelDescriptor": ["gradeLevelDescriptor is required."],
                "$.gradeLevels[1]": ['1 Value is "string" but should be "object"'],
            },
        ),
        (
            "schools",
            school(gradeLevels="ninth"),
            {"$.gradeLevels": ['gradeLevels Value is "string" but should be "array"']},
        ),
        (
            "academicWeeks",
            week(schoolReference={}, weekIdentifier="one"),
            {
                "$.schoolReference.schoolId": ["schoolId is required."],
                "$.weekIdentifier": ["weekIdentifier Value should be at least 5 characters"],
            },
        ),
        (
            "academicWeeks",
            week(schoolReference=7, totalInstructionalDays=2.5),
            {
                "$.schoolReference": ['schoolReference Value is "integer" but should be "object"'],
                "$.totalInstructionalDays": [
                    'totalInstructionalDays Value is "number" but should be "integer"'
                ],
            },
        ),
        ("courses", course(numberOfParts=9), {"$.numberOfParts": ["numberOfParts 9 should be at most 8"]}),
        ("courses", course(numberOfParts=0), {"$.numberOfParts": ["numberOfParts 0 should be at least 1"]}),
        (
            "schoolYearTypes",
            {"schoolYearDescription": 5},
            {
                "$.schoolYearDescription": [
                    'schoolYearDescription Value is "integer" but should be "string"'
                ],
                "$.schoolYear": ["schoolYear is required."],
                "$.currentSchoolYear": ["currentSchoolYear is required."],
            },
        ),
    ],
)
async def test_validation_names_the_path(
    dms: httpx.AsyncClient, resource: str, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = await dms.post(resource, json=body)
    found = problem(response, 400, "bad-request:data-validation-failed")
    assert response.headers["Content-Type"] == "application/json"
    assert (found["title"], found["detail"]) == ("Data Validation Failed", DATA_INVALID)
    assert found["validationErrors"] == errors
    assert found["errors"] == []


async def test_an_unknown_descriptor_is_named_in_lower_case(dms: httpx.AsyncClient) -> None:
    levels = [{"gradeLevelDescriptor": uri("GradeLevel", name)} for name in ("Ninth grade", "Fake")]
    response = await dms.post("schools", json=school(gradeLevels=levels))
    body = problem(response, 400, "bad-request")
    assert body["title"] == "Bad Request"
    assert body["validationErrors"] == {
        "$.gradeLevels[1].gradeLevelDescriptor": [
            "GradeLevelDescriptor value 'uri://ed-fi.org/gradeleveldescriptor#fake' does not exist."
        ]
    }


async def test_an_unresolved_reference(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    response = await dms.post("studentSchoolAssociations", json=enrollment())
    body = problem(response, 409, "data-conflict:unresolved-reference")
    assert body["title"] == "Unresolved Reference"
    if vintage is Vintage.V0_7:
        assert re.fullmatch(
            r"The referenced (School, Student|Student, School) item\(s\) do not exist\.", body["detail"]
        )
        assert body["validationErrors"] == {}
        return
    assert (
        body["detail"] == "One or more references could not be resolved. See 'validationErrors' for details."
    )
    assert body["validationErrors"] == {
        "$.schoolReference": ["The referenced School item does not exist."],
        "$.studentReference": ["The referenced Student item does not exist."],
    }


async def test_schools_and_districts_share_their_ids(dms: httpx.AsyncClient) -> None:
    await create(dms, "localEducationAgencies", district(SCHOOL))
    response = await dms.post("schools", json=school(SCHOOL))
    assert problem(response, 409, "identity-conflict")["errors"] == [
        "A natural key conflict occurred when attempting to create a new resource School "
        f"with a duplicate key. The duplicate keys and values are (schoolId = {SCHOOL})"
    ]
    await create(dms, "courses", course(SCHOOL))
    await create(dms, "schools", school(SCHOOL + 1))
    await create(dms, "courses", course(SCHOOL + 1))
    body = school(SCHOOL + 2, localEducationAgencyReference={"localEducationAgencyId": SCHOOL + 1})
    problem(await dms.post("schools", json=body), 409, "data-conflict:unresolved-reference")


async def test_references_that_must_agree(dms: httpx.AsyncClient) -> None:
    body = assignment(
        employmentStaffEducationOrganizationEmploymentAssociationReference={
            "staffUniqueId": "other",
            "educationOrganizationId": SCHOOL,
            "employmentStatusDescriptor": uri("EmploymentStatus", "Tenured or permanent"),
        }
    )
    response = await dms.post("staffEducationOrganizationAssignmentAssociations", json=body)
    found = problem(response, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert set(found) == {
        "$.staffReference.staffUniqueId",
        "$.employmentStaffEducationOrganizationEmploymentAssociationReference.staffUniqueId",
    }
    (message,) = found["$.staffReference.staffUniqueId"]
    assert message.startswith("All values supplied for 'staffUniqueId' must match.")


async def test_items_of_an_array_differ(dms: httpx.AsyncClient) -> None:
    level = {"gradeLevelDescriptor": uri("GradeLevel", "Ninth grade")}
    response = await dms.post("schools", json=school(gradeLevels=[level, level]))
    found = problem(response, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert found == {
        "$.gradeLevels": [
            "The 2nd item of the gradeLevels has the same identifying values as another item earlier in the "
            "list."
        ]
    }


async def test_a_bad_document_is_refused_before_what_it_points_to(dms: httpx.AsyncClient) -> None:
    body = enrollment(entryDate="soon", entryGradeLevelDescriptor=uri("GradeLevel", "Fake"))
    response = await dms.post("studentSchoolAssociations", json=body)
    found = problem(response, 400, "bad-request:data-validation-failed")["validationErrors"]
    assert list(found) == ["$.entryDate"]
    body = enrollment(entryGradeLevelDescriptor=uri("GradeLevel", "Fake"))
    response = await dms.post("studentSchoolAssociations", json=body)
    assert list(problem(response, 400, "bad-request")["validationErrors"]) == ["$.entryGradeLevelDescriptor"]
