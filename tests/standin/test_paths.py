"""What only the stand-in's own surroundings have: its host name, its path base, its template data."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .bodies import ROOT, create, student

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


async def test_location_has_the_prefix_that_the_request_had(dms: httpx.AsyncClient) -> None:
    response = await dms.post(f"{ROOT}/api/data/ed-fi/students", json=student())
    assert response.headers["Location"].startswith("http://dms.test/api/data/ed-fi/students/")
    assert (await dms.get(response.headers["Location"])).status_code == 200


async def test_a_page_is_never_longer_than_500(dms: httpx.AsyncClient) -> None:
    for number in range(501):
        await create(dms, "students", student(str(number)))
    assert len((await dms.get("students")).json()) == 500


async def test_the_minimal_template_is_there(dms: httpx.AsyncClient) -> None:
    years = (await dms.get("schoolYearTypes")).json()
    assert [year["schoolYear"] for year in years] == [2024, 2025, 2026]
    assert [year["currentSchoolYear"] for year in years] == [False, False, True]
    response = await dms.get("gradeLevelDescriptors", params={"totalCount": "true"})
    assert response.headers["Total-Count"] == "26"
    (found,) = (await dms.get("gradeLevelDescriptors", params={"codeValue": "Ninth grade"})).json()
    assert found["namespace"] == "uri://ed-fi.org/GradeLevelDescriptor"


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
