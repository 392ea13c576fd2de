"""Reading, updating and deleting one item."""

from __future__ import annotations

import uuid

import httpx
import pytest

from dmsperf_tui.standin.vintage import Vintage

from ..bodies import (
    DISTRICT,
    SCHOOL,
    STUDENT,
    assignment,
    create,
    district,
    enrollment,
    problem,
    school,
    staff,
    student,
    uri,
)

pytestmark = pytest.mark.anyio

NOBODY = str(uuid.UUID(int=1))


async def test_read(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    id = await create(dms, "students", student(birthSexDescriptor=uri("Sex", "Female")))
    response = await dms.get(f"students/{id}")
    body = response.json()
    assert response.status_code == 200
    assert body["id"] == id
    if vintage is Vintage.V8:
        assert response.headers["etag"].strip('"') == body["_etag"]
    assert body["_lastModifiedDate"].endswith("Z")
    assert student().items() <= body.items()


async def test_references_carry_links(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    await create(dms, "staffs", staff())
    district_id = await create(dms, "localEducationAgencies", district())
    id = await create(dms, "staffEducationOrganizationAssignmentAssociations", assignment(DISTRICT))
    body = (await dms.get(f"staffEducationOrganizationAssignmentAssociations/{id}")).json()
    if vintage is Vintage.V0_7:
        assert body["educationOrganizationReference"] == {"educationOrganizationId": DISTRICT}
        return
    assert body["educationOrganizationReference"] == {
        "educationOrganizationId": DISTRICT,
        "link": {
            "rel": "LocalEducationAgency",
            "href": f"/ed-fi/localEducationAgencies/{district_id.replace('-', '')}",
        },
    }


async def test_references_within_an_array(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    await create(dms, "schools", school())
    reference = {"classPeriodName": "First", "schoolId": SCHOOL}
    body = {
        "bellScheduleName": "Normal",
        "schoolReference": {"schoolId": SCHOOL},
        "classPeriods": [{"classPeriodReference": reference}],
    }
    missing = problem(await dms.post("bellSchedules", json=body), 409, "data-conflict:unresolved-reference")
    if vintage is Vintage.V8:
        assert list(missing["validationErrors"]) == ["$.classPeriods[0].classPeriodReference"]
    period = {"classPeriodName": "First", "schoolReference": {"schoolId": SCHOOL}}
    period_id = await create(dms, "classPeriods", period)
    id = await create(dms, "bellSchedules", body)
    problem(await dms.delete(f"classPeriods/{period_id}"), 409, "data-conflict:dependent-item-exists")
    (found,) = (await dms.get(f"bellSchedules/{id}")).json()["classPeriods"]
    link = found["classPeriodReference"].pop("link", None)
    assert found == {"classPeriodReference": reference}
    assert (link is not None) == (vintage is Vintage.V8)


async def test_a_known_version_is_not_sent_again(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    if vintage is Vintage.V0_7:
        pytest.skip("v0.7 always sends the item")
    created = await dms.post("students", json=student())
    location = created.headers["Location"]
    for tag in (created.headers["etag"], created.headers["etag"].strip('"'), "*", '"0", W/"1", *'):
        response = await dms.get(location, headers={"If-None-Match": tag})
        assert (response.status_code, response.content) == (304, b"")
    assert (await dms.get(location, headers={"If-None-Match": '"0"'})).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_missing_item_is_an_empty_404(dms: httpx.AsyncClient, method: str) -> None:
    response = await dms.request(method, f"students/{NOBODY}")
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_id_that_is_no_uuid(dms: httpx.AsyncClient, method: str) -> None:
    response = await dms.request(method, "students/x")
    body = problem(response, 400, "bad-request:data-validation-failed")
    assert body["validationErrors"] == {"$.id": ["The value 'x' is not valid."]}


@pytest.mark.parametrize(
    "path", ["ed-fi/unicorns", f"ed-fi/unicorns/{NOBODY}", "acme/students", "ed-fi/a/b/c/d", "ed-fi"]
)
async def test_an_unknown_resource(dms: httpx.AsyncClient, root: str, path: str) -> None:
    response = await dms.get(f"{root}/data/{path}")
    assert problem(response, 404, "not-found")["detail"] == "The specified data could not be found."
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "students", "GET, POST"),
        ("DELETE", "students", "GET, POST"),
        ("POST", f"students/{NOBODY}", "GET, PUT, DELETE"),
    ],
)
async def test_methods_that_are_not_allowed(
    dms: httpx.AsyncClient, method: str, path: str, allow: str
) -> None:
    response = await dms.request(method, path, json=student())
    problem(response, 405, "method-not-allowed")
    assert response.headers.get("Allow") in (None, allow), "main of 2026 says what is allowed"


async def test_update(dms: httpx.AsyncClient) -> None:
    created = await dms.post("students", json=student())
    location = created.headers["Location"]
    stored = (await dms.get(location)).json()
    # What was read can be sent back: _etag and the like are dropped.
    response = await dms.put(location, json={**stored, "firstName": "Tracy"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Location"] == location
    assert response.headers["etag"] != created.headers["etag"]
    changed = (await dms.get(location)).json()
    assert changed["firstName"] == "Tracy"
    assert changed["_etag"] == response.headers["etag"].strip('"')


async def test_update_needs_its_id(dms: httpx.AsyncClient) -> None:
    id = await create(dms, "students", student())
    missing = await dms.put(f"students/{id}", json=student())
    assert problem(missing, 400, "bad-request:data-validation-failed")["validationErrors"] == {
        "$.id": ["id is required."]
    }
    other = await dms.put(f"students/{id}", json=student(id=NOBODY))
    assert problem(other, 400, "bad-request")["errors"] == ["Request body id must match the id in the url."]


async def test_update_of_nothing(dms: httpx.AsyncClient) -> None:
    response = await dms.put(f"students/{NOBODY}", json=student(id=NOBODY))
    assert problem(response, 404, "not-found")["detail"] == "Resource to update was not found"


async def test_update_is_checked_like_a_create(dms: httpx.AsyncClient) -> None:
    id = await create(dms, "students", student())
    bad = await dms.put(f"students/{id}", json=student(id=id, birthDate="soon"))
    problem(bad, 400, "bad-request:data-validation-failed")
    lost = await dms.put(f"students/{id}", json=student(id=id, birthSexDescriptor=uri("Sex", "Fake")))
    problem(lost, 400, "bad-request")


async def test_a_fixed_key_cannot_change(dms: httpx.AsyncClient) -> None:
    id = await create(dms, "students", student())
    response = await dms.put(f"students/{id}", json=student(f"{STUDENT}2", id=id))
    body = problem(response, 400, "bad-request:data-validation-failed:key-change-not-supported")
    assert body["detail"] == (
        "Identifying values for the Student resource cannot be changed. "
        "Delete and recreate the resource item instead."
    )


async def test_an_updatable_key_can_change_unless_it_is_taken(dms: httpx.AsyncClient) -> None:
    await create(dms, "schools", school())
    await create(dms, "students", student())
    first = await create(dms, "studentSchoolAssociations", enrollment())
    await create(dms, "studentSchoolAssociations", enrollment(entryDate="2025-08-15"))
    path = f"studentSchoolAssociations/{first}"
    taken = await dms.put(path, json=enrollment(id=first, entryDate="2025-08-15"))
    assert "(entryDate = 2025-08-15)" in problem(taken, 409, "identity-conflict")["errors"][0]
    free = await dms.put(path, json=enrollment(id=first, entryDate="2023-08-15"))
    assert free.status_code == 204
    assert (await dms.post("studentSchoolAssociations", json=enrollment())).status_code == 201


async def test_stale_writes_are_refused(dms: httpx.AsyncClient, vintage: Vintage) -> None:
    created = await dms.post("students", json=student())
    location, old = created.headers["Location"], created.headers["etag"]
    body = student(id=location.rpartition("/")[2], firstName="Tracy")
    current = await dms.put(location, json=body, headers={"If-Match": old})
    assert current.status_code == 204
    stale = {"If-Match": old}
    for response in (
        await dms.put(location, json=body, headers=stale),
        await dms.delete(location, headers=stale),
    ):
        found = problem(response, 412, "optimistic-lock-failed")
        assert found["detail"] == "The item has been modified by another user."
    if vintage is Vintage.V0_7:
        # It looks at no condition of a POST.
        assert (await dms.post("students", json=student(), headers=stale)).status_code == 200
        return
    problem(await dms.post("students", json=student(), headers=stale), 412, "optimistic-lock-failed")
    absent = await dms.post("students", json=student(f"{STUDENT}new"), headers={"If-Match": "*"})
    found = problem(absent, 412, "optimistic-lock-failed")
    assert found["detail"] == "The If-Match precondition failed because the resource does not exist."
    present = await dms.post("students", json=student(), headers={"If-None-Match": "*"})
    problem(present, 412, "precondition-failed:if-none-match")
    assert (await dms.delete(location, headers={"If-Match": current.headers["etag"]})).status_code == 204


async def test_delete(dms: httpx.AsyncClient) -> None:
    id = await create(dms, "students", student())
    response = await dms.delete(f"students/{id}")
    assert (response.status_code, response.content) == (204, b"")
    assert (await dms.get(f"students/{id}")).status_code == 404
    assert await create(dms, "students", student()) != id


async def test_what_is_referenced_cannot_be_deleted(dms: httpx.AsyncClient) -> None:
    school_id = await create(dms, "schools", school())
    student_id = await create(dms, "students", student())
    enrollment_id = await create(dms, "studentSchoolAssociations", enrollment())
    body = problem(await dms.delete(f"students/{student_id}"), 409, "data-conflict:dependent-item-exists")
    assert body["detail"] == (
        "The requested action cannot be performed because this item is referenced by existing "
        "StudentSchoolAssociation item(s)."
    )
    for path in (f"studentSchoolAssociations/{enrollment_id}", f"students/{student_id}"):
        assert (await dms.delete(path)).status_code == 204
    assert (await dms.delete(f"schools/{school_id}")).status_code == 204


async def test_an_update_moves_what_is_referenced(dms: httpx.AsyncClient) -> None:
    district_id = await create(dms, "localEducationAgencies", district())
    body = school(localEducationAgencyReference={"localEducationAgencyId": DISTRICT})
    id = await create(dms, "schools", body)
    problem(
        await dms.delete(f"localEducationAgencies/{district_id}"), 409, "data-conflict:dependent-item-exists"
    )
    assert (await dms.put(f"schools/{id}", json=school(id=id))).status_code == 204
    assert (await dms.delete(f"localEducationAgencies/{district_id}")).status_code == 204


async def test_a_descriptor_in_use_cannot_be_deleted(dms: httpx.AsyncClient) -> None:
    await create(dms, "students", student(birthSexDescriptor=uri("Sex", "female")))
    (found,) = (await dms.get("sexDescriptors", params={"codeValue": "Female"})).json()
    response = await dms.delete(f"sexDescriptors/{found['id']}")
    problem(response, 409, "data-conflict:dependent-item-exists")
    renamed = {**found, "codeValue": "Woman"}
    response = await dms.put(f"sexDescriptors/{found['id']}", json=renamed)
    problem(response, 400, "bad-request:data-validation-failed:key-change-not-supported")
