from __future__ import annotations

from typing import Any

import httpx
import pytest

from .bodies import ROOT

pytestmark = pytest.mark.anyio


async def get(client: httpx.AsyncClient, path: str) -> Any:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


@pytest.mark.parametrize(("path", "root"), [("/", ""), ("/api", "/api"), ("/api/", "/api")])
async def test_discovery_names_urls_as_the_client_came(
    anonymous: httpx.AsyncClient, path: str, root: str
) -> None:
    found = await get(anonymous, path)
    assert list(found) == ["version", "applicationName", "informationalVersion", "dataModels", "urls"]
    assert found["applicationName"] == "Ed-Fi API"
    assert found["dataModels"][0]["version"] == "5.2.0"
    base = f"{ROOT}{root}"
    assert found["urls"] == {
        "dependencies": f"{base}/metadata/dependencies",
        "openApiMetadata": f"{base}/metadata/specifications",
        "oauth": f"{base}/oauth/token",
        "tokenInfo": f"{base}/oauth/token_info",
        "dataManagementApi": f"{base}/data",
        "changeQueries": f"{base}/changeQueries/v1/",
        "xsdMetadata": f"{base}/metadata/xsd",
    }


async def test_health(anonymous: httpx.AsyncClient) -> None:
    found = await get(anonymous, "/health")
    assert found["Status"] == "Healthy"
    assert list(found["Results"][0]) == ["Name", "Status", "Description"]


async def test_metadata_points_onward(anonymous: httpx.AsyncClient) -> None:
    found = await get(anonymous, "/api/metadata")
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
    }.items():
        (early, create), (late, update) = entries[person]
        assert (create, update) == (["Create"], ["Update"])
        assert early < entries[association][0][0] < late
    once = {name: found[0] for name, found in entries.items() if name not in ("students", "staffs")}
    assert all(operations == ["Create", "Update"] for _, operations in once.values())
    assert all(order == 1 for name, (order, _) in once.items() if name.endswith("Descriptors"))
    assert once["localEducationAgencies"][0] < once["schools"][0] < once["courses"][0]
    assert once["schools"][0] < once["academicWeeks"][0]


async def test_every_listed_resource_is_served(anonymous: httpx.AsyncClient, dms: httpx.AsyncClient) -> None:
    for entry in await get(anonymous, "/metadata/dependencies"):
        assert (await dms.get(f"{ROOT}/data{entry['resource']}")).status_code == 200


async def test_specification_describes_what_is_served(
    anonymous: httpx.AsyncClient, dms: httpx.AsyncClient
) -> None:
    document = await get(anonymous, "/metadata/specifications/resources-spec.json")
    assert {"openapi", "info", "servers", "paths", "components", "security"} == set(document)
    assert document["servers"] == [{"url": f"{ROOT}/data"}]
    assert set(document["paths"]["/ed-fi/students"]) == {"get", "post"}
    assert {"get", "put", "delete"} < set(document["paths"]["/ed-fi/students/{id}"])
    student = document["components"]["schemas"]["EdFi_Student"]
    assert student["required"] == ["studentUniqueId", "firstName", "lastSurname", "birthDate"]
    assert student["properties"]["birthDate"] == {"type": "string", "format": "date"}
    for path in document["paths"]:
        if "{id}" not in path:
            assert (await dms.get(f"{ROOT}/data{path}")).status_code == 200
    _check_references(document, document)


async def test_operation_ids_are_unique(anonymous: httpx.AsyncClient) -> None:
    for name in ("resources", "descriptors"):
        document = await get(anonymous, f"/metadata/specifications/{name}-spec.json")
        ids = [
            operation["operationId"]
            for methods in document["paths"].values()
            for method, operation in methods.items()
            if method != "parameters"
        ]
        assert len(ids) == len(set(ids))


def _check_references(document: dict[str, Any], node: object) -> None:
    """Every `$ref` leads somewhere."""
    if isinstance(node, list):
        for child in node:
            _check_references(document, child)
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str):
            found: Any = document
            for part in target.removeprefix("#/").split("/"):
                found = found[part]
        for child in node.values():
            _check_references(document, child)


async def test_unrouted_paths_and_methods_are_problems(anonymous: httpx.AsyncClient) -> None:
    missing = await anonymous.get("/nowhere")
    assert missing.status_code == 404
    assert missing.json()["type"] == "urn:ed-fi:api:not-found"
    assert missing.headers["Content-Type"] == "application/problem+json"
    refused = await anonymous.get("/oauth/token")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "POST"
