from __future__ import annotations

import httpx
import pytest

from dmsperf_tui.standin.vintage import Vintage

from ..bodies import PREFIX, SCHOOL, STUDENT, create, enrollment, problem, school, student, uri

pytestmark = pytest.mark.anyio


@pytest.fixture
async def seven(dms: httpx.AsyncClient) -> httpx.AsyncClient:
    """Seven students, `s0` to `s6`, of whom the even ones share a birthday."""
    for number in range(7):
        birthday = "2010-01-13" if number % 2 == 0 else "2011-02-14"
        body = student(
            f"{PREFIX}s{number}", birthDate=birthday, multipleBirthStatus=number > 4, lastSurname=PREFIX
        )
        await create(dms, "students", body)
    return dms


async def ids(dms: httpx.AsyncClient, **parameters: str | int) -> list[str]:
    """The students of this run that are found, without what all of them begin with."""
    response = await dms.get("students", params={"lastSurname": PREFIX, **parameters})
    assert response.status_code == 200, response.text
    return [found["studentUniqueId"].removeprefix(PREFIX) for found in response.json()]


async def test_pages_keep_the_order_of_creation(seven: httpx.AsyncClient) -> None:
    assert await ids(seven) == [f"s{number}" for number in range(7)]
    assert await ids(seven, limit=2, offset=3) == ["s3", "s4"]
    assert await ids(seven, LIMIT=2, Offset=6) == ["s6"]
    assert await ids(seven, limit=0) == []
    assert await ids(seven, offset=99) == []


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ({}, 7),
        ({"limit": "0"}, 7),
        ({"limit": "1", "offset": "2"}, 7),
        ({"birthDate": "2010-01-13", "limit": "1"}, 4),
        ({"birthDate": "2010-01-13", "offset": "3"}, 4),
        ({"studentUniqueId": f"{PREFIX}s3"}, 1),
    ],
)
async def test_total_count(seven: httpx.AsyncClient, parameters: dict[str, str], total: int) -> None:
    response = await seven.get("students", params={"lastSurname": PREFIX, **parameters, "totalCount": "TRUE"})
    assert response.headers["Total-Count"] == str(total)
    response = await seven.get("students", params={**parameters, "totalCount": "false"})
    assert "Total-Count" not in response.headers


async def test_filters_are_exact_and_add_up(seven: httpx.AsyncClient) -> None:
    assert await ids(seven, birthDate="2010-01-13", limit=2, offset=1) == ["s2", "s4"]
    assert await ids(seven, BIRTHDATE="2010-01-13T10:00:00") == ["s0", "s2", "s4", "s6"]
    assert await ids(seven, multipleBirthStatus="True") == ["s5", "s6"]
    assert await ids(seven, multipleBirthStatus="True", birthDate="2010-01-13") == ["s6"]
    assert await ids(seven, studentUniqueId=f"{PREFIX}s3") == ["s3"]
    assert await ids(seven, studentUniqueId=f"{PREFIX}s3", birthDate="2010-01-13") == []
    assert await ids(seven, studentUniqueId=f"{PREFIX}S3") == []
    assert await ids(seven, lastSurname=PREFIX[:5]) == []


async def test_keys_of_references_and_descriptors_are_fields(dms: httpx.AsyncClient) -> None:
    await create(dms, "schools", school())
    await create(dms, "students", student())
    id = await create(dms, "studentSchoolAssociations", enrollment())
    for parameters in (
        {"schoolId": str(SCHOOL)},
        {"studentUniqueId": STUDENT, "entryDate": "2024-08-15"},
        {"schoolId": str(SCHOOL), "entryGradeLevelDescriptor": uri("GradeLevel", "NINTH grade")},
    ):
        found = (await dms.get("studentSchoolAssociations", params=parameters)).json()
        assert [item["id"] for item in found] == [id]
    assert (await dms.get("studentSchoolAssociations", params={"schoolId": str(SCHOOL + 1)})).json() == []


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
async def test_bad_paging(dms: httpx.AsyncClient, vintage: Vintage, query: str, errors: list[str]) -> None:
    type = "bad-request:parameter-validation-failed" if vintage is Vintage.V8 else "bad-request"
    body = problem(await dms.get(f"students?{query}"), 400, type)
    assert body["errors"] == errors
