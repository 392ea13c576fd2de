from __future__ import annotations

import httpx
import pytest

from .bodies import create, enrollment, problem, school, student, uri

pytestmark = pytest.mark.anyio


@pytest.fixture
async def seven(dms: httpx.AsyncClient) -> httpx.AsyncClient:
    """Seven students, `s0` to `s6`, of whom the even ones share a birthday."""
    for number in range(7):
        birthday = "2010-01-13" if number % 2 == 0 else "2011-02-14"
        body = student(f"s{number}", birthDate=birthday, multipleBirthStatus=number > 4)
        await create(dms, "students", body)
    return dms


async def ids(dms: httpx.AsyncClient, **parameters: str | int) -> list[str]:
    response = await dms.get("students", params=parameters)
    assert response.status_code == 200, response.text
    return [found["studentUniqueId"] for found in response.json()]


async def test_pages_keep_the_order_of_creation(seven: httpx.AsyncClient) -> None:
    assert await ids(seven) == [f"s{number}" for number in range(7)]
    assert await ids(seven, limit=2, offset=3) == ["s3", "s4"]
    assert await ids(seven, LIMIT=2, Offset=6) == ["s6"]
    assert await ids(seven, limit=0) == []
    assert await ids(seven, offset=99) == []


async def test_a_page_is_never_longer_than_500(dms: httpx.AsyncClient) -> None:
    for number in range(501):
        await create(dms, "students", student(str(number)))
    assert len(await ids(dms)) == 500


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ({}, 7),
        ({"limit": "0"}, 7),
        ({"limit": "1", "offset": "2"}, 7),
        ({"birthDate": "2010-01-13", "limit": "1"}, 4),
        ({"birthDate": "2010-01-13", "offset": "3"}, 4),
        ({"studentUniqueId": "s3"}, 1),
    ],
)
async def test_total_count(seven: httpx.AsyncClient, parameters: dict[str, str], total: int) -> None:
    response = await seven.get("students", params={**parameters, "totalCount": "TRUE"})
    assert response.headers["Total-Count"] == str(total)
    response = await seven.get("students", params={**parameters, "totalCount": "false"})
    assert "Total-Count" not in response.headers


async def test_filters_are_exact_and_add_up(seven: httpx.AsyncClient) -> None:
    assert await ids(seven, birthDate="2010-01-13", limit=2, offset=1) == ["s2", "s4"]
    assert await ids(seven, BIRTHDATE="2010-01-13T10:00:00") == ["s0", "s2", "s4", "s6"]
    assert await ids(seven, multipleBirthStatus="True") == ["s5", "s6"]
    assert await ids(seven, multipleBirthStatus="True", birthDate="2010-01-13") == ["s6"]
    assert await ids(seven, studentUniqueId="s3") == ["s3"]
    assert await ids(seven, studentUniqueId="s3", birthDate="2010-01-13") == []
    assert await ids(seven, studentUniqueId="S3") == []
    assert await ids(seven, lastSurname="Math") == []


async def test_keys_of_references_and_descriptors_are_fields(dms: httpx.AsyncClient) -> None:
    await create(dms, "schools", school())
    await create(dms, "students", student())
    id = await create(dms, "studentSchoolAssociations", enrollment())
    for parameters in (
        {"schoolId": "255901001"},
        {"studentUniqueId": "604824", "entryDate": "2024-08-15"},
        {"entryGradeLevelDescriptor": uri("GradeLevel", "NINTH grade")},
    ):
        found = (await dms.get("studentSchoolAssociations", params=parameters)).json()
        assert [item["id"] for item in found] == [id]
    assert (await dms.get("studentSchoolAssociations", params={"schoolId": "1"})).json() == []


async def test_an_operator_is_an_unknown_field(dms: httpx.AsyncClient) -> None:
    body = problem(await dms.get("students?birthDate>=2010-01-01"), 400, "bad-request")
    assert body["detail"] == "The request could not be processed. See 'errors' for details."
    assert body["errors"] == ["The query field 'birthDate>' is not valid for this resource."]


@pytest.mark.parametrize(
    ("resource", "field", "path"),
    [
        ("students", "birthDate", "$.birthDate"),
        ("students", "multipleBirthStatus", "$.multipleBirthStatus"),
        ("schools", "schoolId", "$.schoolId"),
        ("academicWeeks", "schoolId", "$.schoolReference.schoolId"),
        ("staffs", "yearsOfPriorTeachingExperience", "$.yearsOfPriorTeachingExperience"),
    ],
)
async def test_a_value_of_another_type(dms: httpx.AsyncClient, resource: str, field: str, path: str) -> None:
    body = problem(await dms.get(resource, params={field: "x"}), 400, "bad-request:data-validation-failed")
    assert body["validationErrors"] == {path: [f"The value 'x' is not valid for {field}."]}


LIMIT = "Limit must be omitted or set to a numeric value between 0 and 500."
OFFSET = "Offset must be a numeric value greater than or equal to 0."
TOTAL = "TotalCount must be a boolean value."


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=501", [LIMIT]),
        ("limit=-1", [LIMIT]),
        ("limit=", [LIMIT]),
        ("limit=1_0", [LIMIT]),
        ("offset=99999999999999999999", [OFFSET]),
        ("offset=-1", [OFFSET]),
        ("offset=x", [OFFSET]),
        ("totalCount=1", [TOTAL]),
        ("totalCount=maybe&limit=x&offset=y&unknown=z", [OFFSET, LIMIT, TOTAL]),
    ],
)
async def test_bad_paging(dms: httpx.AsyncClient, query: str, errors: list[str]) -> None:
    body = problem(await dms.get(f"students?{query}"), 400, "bad-request:parameter-validation-failed")
    assert body["errors"] == errors


async def test_the_minimal_template_is_there(dms: httpx.AsyncClient) -> None:
    years = (await dms.get("schoolYearTypes")).json()
    assert [year["schoolYear"] for year in years] == [2024, 2025, 2026]
    assert [year["currentSchoolYear"] for year in years] == [False, False, True]
    response = await dms.get("gradeLevelDescriptors", params={"totalCount": "true"})
    assert response.headers["Total-Count"] == "26"
    (found,) = (await dms.get("gradeLevelDescriptors", params={"codeValue": "Ninth grade"})).json()
    assert found["namespace"] == "uri://ed-fi.org/GradeLevelDescriptor"
