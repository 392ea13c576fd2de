from __future__ import annotations

from typing import Any

import httpx
import pytest

from dmsperf_tui.standin.vintage import Vintage

pytestmark = pytest.mark.anyio


async def get(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    return response.json()


async def test_discovery(anonymous: httpx.AsyncClient, root: str) -> None:
    found = await get(anonymous, "/")
    assert list(found) == ["version", "applicationName", "informationalVersion", "dataModels", "urls"]
    assert found["dataModels"][0]["name"] == "Ed-Fi"
    assert found["urls"]["dataManagementApi"].startswith(root)
    assert found["urls"]["dependencies"].endswith("/metadata/dependencies")


async def test_the_vintages_differ_in_what_discovery_names(
    anonymous: httpx.AsyncClient, vintage: Vintage
) -> None:
    common = {"dependencies", "openApiMetadata", "oauth", "dataManagementApi", "xsdMetadata"}
    urls = (await get(anonymous, "/"))["urls"]
    assert set(urls) == (common | {"tokenInfo", "changeQueries"} if vintage is Vintage.V8 else common)


async def test_health(anonymous: httpx.AsyncClient) -> None:
    found = await get(anonymous, "/health")
    assert found["Status"] == "Healthy"
    assert list(found["Results"][0]) == ["Name", "Status", "Description"]


async def test_metadata_points_onward(anonymous: httpx.AsyncClient) -> None:
    found = await get(anonymous, "/metadata")
    assert list(found) == ["dependencies", "specifications", "xsdMetadata"]
    listed = await get(anonymous, found["specifications"])
    assert [entry["name"] for entry in listed] == ["Resources", "Descriptors", "Discovery"]
    for entry in listed:
        assert (await get(anonymous, entry["endpointUri"]))["openapi"].startswith("3.0")


async def test_dependencies_keep_their_traps(anonymous: httpx.AsyncClient) -> None:
    listed = await get(anonymous, "/metadata/dependencies")
    assert listed == sorted(listed, key=lambda entry: (entry["order"], entry["resource"]))
    entries: dict[str, list[tuple[int, list[str]]]] = {}
    for entry in listed:
        entries.setdefault(entry["resource"].removeprefix("/ed-fi/"), []).append(
            (entry["order"], entry["operations"])
        )
    assert "schoolYearTypes" not in entries
    for person, association in {
        "students": "studentSchoolAssociations",
        "staffs": "staffEducationOrganizationAssignmentAssociations",
        "contacts": "studentContactAssociations",
    }.items():
        (early, create), (late, update) = entries[person]
        assert (create, update) == (["Create"], ["Update"])
        assert early < entries[association][0][0] < late
    once = {
        name: found[0] for name, found in entries.items() if name not in ("students", "staffs", "contacts")
    }
    assert all(operations == ["Create", "Update"] for _, operations in once.values())
    assert all(order == 1 for name, (order, _) in once.items() if name.endswith("Descriptors"))
    assert once["localEducationAgencies"][0] < once["schools"][0] < once["courses"][0]
    assert once["schools"][0] < once["academicWeeks"][0]


async def test_every_listed_resource_is_served(
    anonymous: httpx.AsyncClient, dms: httpx.AsyncClient, root: str
) -> None:
    for entry in await get(anonymous, "/metadata/dependencies"):
        assert (await dms.get(f"{root}/data{entry['resource']}?limit=0")).status_code == 200


async def test_specifications_are_openapi(anonymous: httpx.AsyncClient) -> None:
    for name in ("resources", "descriptors"):
        document = await get(anonymous, f"/metadata/specifications/{name}-spec.json")
        assert document["openapi"].startswith("3.0")
        assert document["paths"]


async def test_unknown_paths_are_problems(anonymous: httpx.AsyncClient) -> None:
    missing = await anonymous.get("/data/ed-fi")
    assert missing.status_code in (401, 404)
