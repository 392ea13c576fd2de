"""What only the stand-in's options decide: vintage, template, tenant, another schema."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from dmsperf_tui.standin.api_schema import SchemaError, read_model, shipped_schema
from dmsperf_tui.standin.load_order import LoadOrderError, dependencies
from dmsperf_tui.standin.oauth import Client
from dmsperf_tui.standin.vintage import Vintage

from .bodies import ROOT, create, problem, student
from .conftest import Start

pytestmark = pytest.mark.anyio

PLACE = {"tenant": "north", "qualifiers": (("districtId", "255901"), ("schoolYear", "2026"))}


async def test_discovery_of_v0_7_names_the_identity_provider(start: Start) -> None:
    async with start(vintage=Vintage.V0_7) as (anonymous, _):
        found = (await anonymous.get("/api/")).json()
        assert found["applicationName"] == "Ed-Fi Alliance Data Management Service"
        assert found["urls"]["oauth"] == f"{ROOT}/config/connect/token"
        assert found["urls"]["dataManagementApi"] == f"{ROOT}/api/data"


async def test_what_only_8_has(start: Start) -> None:
    async with start() as (_, dms):
        versions = await dms.get(f"{ROOT}/changeQueries/v1/availableChangeVersions")
        before = versions.json()["newestChangeVersion"]
        await create(dms, "students", student())
        versions = await dms.get(f"{ROOT}/changeQueries/v1/availableChangeVersions")
        assert versions.json() == {"oldestChangeVersion": 0, "newestChangeVersion": before + 1}
        token = dms.headers["Authorization"].partition(" ")[2]
        info = (await dms.post(f"{ROOT}/oauth/token_info", data={"token": token})).json()
        assert info["active"] is True
        listed = {entry["resource"]: entry["operations"] for entry in info["resources"]}
        assert listed["/ed-fi/students"] == ["Create", "Read", "Update", "Delete"]
        other = await dms.post(f"{ROOT}/oauth/token_info", json={"token": "x"})
        assert problem(other, 400, "bad-request")["detail"] == "An invalid token was provided"
        assert (await dms.post(f"{ROOT}/oauth/token_info", json={})).status_code == 400
        large = await dms.post("students", content=b" " * (10 * 1024 * 1024 + 1))
        assert (large.status_code, large.content) == (413, b"")
    async with start(vintage=Vintage.V0_7) as (_, dms):
        assert (await dms.get(f"{ROOT}/changeQueries/v1/availableChangeVersions")).status_code == 404
        assert (await dms.post(f"{ROOT}/oauth/token_info", json={})).status_code == 404


async def test_methods_that_no_endpoint_has(start: Start) -> None:
    async with start() as (_, dms):
        refused = await dms.patch("students", json=student())
        problem(refused, 405, "method-not-allowed")
        assert refused.headers["Allow"] == "GET, POST"
        assert (await dms.put("unicorns", json={})).status_code == 404
    async with start(vintage=Vintage.V0_7) as (_, dms):
        refused = await dms.put("unicorns", json={})
        problem(refused, 405, "method-not-allowed")
        assert "Allow" not in refused.headers


async def test_v0_7_reads_a_body_before_it_looks_for_the_resource(start: Start) -> None:
    async with start(vintage=Vintage.V0_7) as (_, dms):
        assert (await dms.post("unicorns", content=b"{")).status_code == 400
        assert (await dms.post("unicorns", json={})).status_code == 404
    async with start() as (_, dms):
        assert (await dms.post("unicorns", content=b"{")).status_code == 404


async def test_a_bare_one_has_no_reference_data(start: Start) -> None:
    async with start(bare=True) as (anonymous, dms):
        assert (await dms.get("schoolYearTypes")).json() == []
        assert (await dms.get("gradeLevelDescriptors")).json() == []
        assert (await anonymous.get("/_standin/stats")).json()["resources"] == {}


async def test_a_client_without_permission_or_data_store(start: Start) -> None:
    async with start() as (anonymous, _):
        clients = anonymous._transport.app.clients  # type: ignore[attr-defined]
        clients.add(Client("some", "E2E-NoFurtherAuthRequiredClaimSet", True), "secret")
        clients.add(Client("none", "E2E-NoFurtherAuthRequiredClaimSet", False), "secret")

        async def ask(client_id: str, path: str, body: Any) -> httpx.Response:
            grant = {"grant_type": "client_credentials"}
            granted = await anonymous.post("/oauth/token", auth=(client_id, "secret"), data=grant)
            token = granted.json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            return await anonymous.post(f"/data/ed-fi/{path}", json=body, headers=headers)

        assert (await ask("some", "students", student())).status_code == 201
        location = {"classroomIdentificationCode": "1", "schoolReference": {"schoolId": 1}}
        # The document is looked at before the permission, and what it points to after.
        assert (await ask("some", "locations", {})).status_code == 400
        assert (await ask("some", "locations", location)).status_code == 403
        denied = problem(await ask("none", "students", {}), 403, "authorization-denied")
        assert denied["errors"] == ["No database instances are authorized for this client"]


@pytest.mark.parametrize("vintage", list(Vintage))
async def test_claim_sets_can_be_read_anew(start: Start, vintage: Vintage) -> None:
    async with start(vintage=vintage) as (anonymous, _):
        reloaded = await anonymous.post("/management/reload-claimsets")
        assert reloaded.json() == {"message": "Claimsets reloaded successfully"}
        names = {one["name"] for one in (await anonymous.get("/management/view-claimsets")).json()}
        assert "E2E-NoFurtherAuthRequiredClaimSet" in names


def smaller_schema() -> Any:
    """The shipped schema without sections and all that names them."""
    document = json.loads(shipped_schema())
    resources = document["projectSchema"]["resourceSchemas"]
    for endpoint in [name for name in resources if not name.endswith("Descriptors")]:
        if endpoint not in ("schools", "localEducationAgencies", "stateEducationAgencies", "schoolYearTypes"):
            del resources[endpoint]
    return document


async def test_an_uploaded_schema_is_served_until_the_next_reload(start: Start) -> None:
    async with start(vintage=Vintage.V0_7) as (anonymous, dms):
        id = await create(dms, "students", student())
        body = {"coreSchema": json.dumps(smaller_schema())}
        uploaded = (await anonymous.post("/management/upload-api-schema", json=body)).json()
        assert uploaded["message"] == "Schema uploaded successfully"
        assert uploaded["schemasProcessed"] == 1
        problem(await dms.get("students"), 404, "not-found")
        listed = (await anonymous.get("/metadata/dependencies")).json()
        assert [one for one in listed if not one["resource"].endswith("Descriptors")] == [
            {"resource": "/ed-fi/stateEducationAgencies", "order": 2, "operations": ["Create", "Update"]},
            {"resource": "/ed-fi/localEducationAgencies", "order": 3, "operations": ["Create", "Update"]},
            {"resource": "/ed-fi/schools", "order": 4, "operations": ["Create", "Update"]},
        ]
        reloaded = await anonymous.post("/management/reload-api-schema")
        assert reloaded.json() == {"message": "Schema reloaded successfully"}
        assert (await dms.get(f"students/{id}")).status_code == 200
        assert (await dms.post("students", json=student())).status_code == 200
    async with start() as (anonymous, _):
        assert (await anonymous.post("/management/upload-api-schema", json=body)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"coreSchema": {}},
        {"coreSchema": "{"},
        {"coreSchema": "{}"},
        {"coreSchema": json.dumps(smaller_schema()), "extensionSchemas": ["{}"]},
    ],
)
async def test_a_schema_that_is_none(start: Start, body: Any) -> None:
    async with start(vintage=Vintage.V0_7) as (anonymous, dms):
        refused = await anonymous.post("/management/upload-api-schema", json=body)
        assert refused.status_code == 400
        assert refused.json()["failures"][0]["message"]
        assert (await dms.get("students")).status_code == 200


def test_a_schema_error_names_its_place() -> None:
    document = smaller_schema()
    del document["projectSchema"]["resourceSchemas"]["schools"]["queryFieldMapping"]
    with pytest.raises(SchemaError, match="'queryFieldMapping' is missing") as caught:
        read_model(json.dumps(document))
    assert caught.value.path == "$.projectSchema.resourceSchemas['schools'].queryFieldMapping"


def test_an_order_needs_what_it_rests_on() -> None:
    document = json.loads(shipped_schema())
    del document["projectSchema"]["resourceSchemas"]["staffEducationOrganizationEmploymentAssociations"]
    with pytest.raises(LoadOrderError, match="EmploymentAssociation"):
        dependencies("ed-fi", read_model(json.dumps(document)).resources)


async def test_everything_stands_behind_tenant_and_qualifiers(start: Start) -> None:
    async with start(**PLACE) as (anonymous, dms):
        place = f"{ROOT}/north/255901/2026"
        assert (await anonymous.post("/north/255901/2026/oauth/token")).status_code == 400
        created = await dms.post(f"{place}/data/ed-fi/students", json=student())
        assert created.headers["Location"].startswith(f"{place}/data/ed-fi/students/")
        assert (await dms.get(created.headers["Location"])).status_code == 200
        assert (await dms.get(f"{ROOT}/api/north/255901/2026/data/ed-fi/students")).status_code == 200
        for elsewhere in ("south/255901/2026", "north/255901/2025"):
            missed = await dms.get(f"{ROOT}/{elsewhere}/data/ed-fi/students")
            problem(missed, 404, "route-resolution-error")
        assert (await dms.get(f"{ROOT}/data/ed-fi/students")).status_code == 404
        assert (await anonymous.get("/metadata/dependencies")).status_code == 200


async def test_discovery_fills_in_what_its_path_says(start: Start) -> None:
    async with start(**PLACE) as (anonymous, _):

        async def data(path: str) -> str:
            found: str = (await anonymous.get(path)).json()["urls"]["dataManagementApi"]
            return found

        assert await data("/") == f"{ROOT}/{{tenant}}/{{districtId}}/{{schoolYear}}/data"
        assert await data("/north") == f"{ROOT}/north/{{districtId}}/{{schoolYear}}/data"
        assert await data("/north/255901/2026") == f"{ROOT}/north/255901/2026/data"
        assert (await anonymous.get("/south")).status_code == 404
        assert (await anonymous.post("/management/north/reload-claimsets")).status_code == 200
        assert (await anonymous.post("/management/south/reload-claimsets")).status_code == 404
        assert (await anonymous.post("/management/reload-claimsets")).status_code == 404
