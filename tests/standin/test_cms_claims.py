"""The claims by way of CMS: what is fetched, what an upload replaces, and who may do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dmsperf_tui.standin.cms import CmsOptions
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.cms.installed import CLAIM_URI
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

from .test_cms import Service

pytestmark = pytest.mark.anyio

UPLOAD: dict[str, Any] = {
    "claimSets": [{"claimSetName": "Mine", "isSystemReserved": False}],
    "claimsHierarchy": [
        {
            "name": f"{CLAIM_URI}/domains/people",
            "defaultAuthorization": {
                "actions": [
                    {"name": "Create", "authorizationStrategies": [{"name": "NamespaceBased"}]},
                    {"name": "Read", "authorizationStrategies": [{"name": "NamespaceBased"}]},
                ]
            },
            "claims": [
                {
                    "name": f"{CLAIM_URI}/ed-fi/student",
                    "claimSets": [{"name": "Mine", "actions": [{"name": "Create"}]}],
                },
                {
                    "name": f"{CLAIM_URI}/ed-fi/staff",
                    "claimSets": [{"name": "Mine", "actions": [{"name": "Create"}]}],
                },
                {"name": f"{CLAIM_URI}/ed-fi/contact"},
            ],
        }
    ],
}


@pytest.fixture(params=list(Vintage))
async def cms(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    service = Service(request.param)
    async with service.client:
        yield service


def may(claims: Claims, claim_set: str, resource: str) -> bool:
    try:
        claims.permit(claim_set, resource, False, "Create")
    except ApiError:
        return False
    return True


async def test_a_token_is_needed_from_v8_on(cms: Service) -> None:
    for method, path in (
        ("GET", "/management/current-claims"),
        ("POST", "/management/reload-claims"),
        ("POST", "/management/upload-claims"),
    ):
        response = await cms.client.request(method, path, json={"claims": UPLOAD})
        assert response.status_code == (200 if cms.is_old else 401)


async def test_what_is_fetched_can_be_uploaded_again(cms: Service) -> None:
    await cms.become_admin()
    current = await cms.client.get("/management/current-claims")
    assert list(current.json()) == ["claimSets", "claimsHierarchy"]
    uploaded = await cms.client.post("/management/upload-claims", json={"claims": current.json()})
    assert uploaded.status_code == 200
    again = await cms.client.get("/management/current-claims")
    assert again.json() == current.json()
    assert uploaded.json() == {"success": True, "reloadId": again.headers["X-Reload-Id"]}
    assert again.headers["X-Reload-Id"] != current.headers["X-Reload-Id"]


async def test_an_upload_replaces_everything_until_the_source_is_reloaded(cms: Service) -> None:
    await cms.become_admin()
    await cms.client.post("/management/upload-claims", json={"claims": UPLOAD})
    assert (await cms.client.get("/management/current-claims")).json() == UPLOAD
    assert may(cms.claims, "EdFiSandbox", "Student")
    cms.claims.reload()
    assert may(cms.claims, "Mine", "Student")
    assert not may(cms.claims, "EdFiSandbox", "Student")
    restored = await cms.client.post("/management/reload-claims")
    assert restored.json()["success"] is True
    cms.claims.reload()
    assert may(cms.claims, "EdFiSandbox", "Student")
    assert not may(cms.claims, "Mine", "Student")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [{"errorType": "ValidationError", "message": "Claims JSON is required"}]),
        (
            {"claims": {"claimSets": UPLOAD["claimSets"]}},
            [{"errorType": "Structure", "message": "Missing required 'claimsHierarchy' property"}],
        ),
        (
            {"claims": {**UPLOAD, "claimSets": [{"claimSetName": "Mine"}]}},
            [
                {
                    "errorType": "Validation",
                    "message": 'Required property "isSystemReserved" is missing',
                    "path": "$.claimSets.0",
                }
            ],
        ),
        (
            {"claims": {**UPLOAD, "version": 1}},
            [{"errorType": "Validation", "message": "There is no such property", "path": "$.version"}],
        ),
    ],
)
async def test_a_wrong_upload_changes_nothing(
    cms: Service, body: dict[str, object], errors: list[dict[str, str]]
) -> None:
    await cms.become_admin()
    before = cms.claims.document
    response = await cms.client.post("/management/upload-claims", json=body)
    assert response.status_code == 400
    assert response.json() == {"success": False, "errors": errors}
    assert cms.claims.document is before


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
async def test_an_unreadable_upload_is_a_bad_request(cms: Service, content: bytes) -> None:
    await cms.become_admin()
    response = await cms.client.post("/management/upload-claims", content=content)
    assert (response.status_code, response.json()["type"]) == (400, "urn:ed-fi:api:bad-request")


@pytest.mark.parametrize("vintage", list(Vintage))
async def test_loading_can_be_off(vintage: Vintage) -> None:
    service = Service(vintage, CmsOptions(allow_claims_loading=False))
    await service.become_admin()
    for method, path in (
        ("GET", "/management/current-claims"),
        ("POST", "/management/reload-claims"),
        ("POST", "/management/upload-claims"),
    ):
        response = await service.client.request(method, path, json={"claims": UPLOAD})
        assert (response.status_code, response.content) == (404, b"")


async def test_claim_sets_are_listed_with_their_applications(cms: Service) -> None:
    await cms.prepare()
    await cms.post("applications", cms.application())
    listed = await cms.get("claimSets")
    key = "name" if cms.is_old else "claimSetName"
    assert [one[key] for one in listed] == ["E2E-NoFurtherAuthRequiredClaimSet", "EdFiSandbox", "SISVendor"]
    assert listed[1] == {
        "id": 2,
        key: "EdFiSandbox",
        "_isSystemReserved": True,
        "_applications": [{"applicationName": "Load"}],
    }


async def test_authorization_metadata_counts_only_leaves(cms: Service) -> None:
    await cms.become_admin()
    await cms.client.post("/management/upload-claims", json={"claims": UPLOAD})
    path = "/authorizationMetadata" if cms.is_old else "/v3/authorizationMetadata"
    answer = (await cms.client.get(path, params={"claimSetName": "mine"})).json()
    assert answer == [
        {
            "claimSetName": "Mine",
            "claims": [
                {"name": f"{CLAIM_URI}/ed-fi/staff", "authorizationId": 1},
                {"name": f"{CLAIM_URI}/ed-fi/student", "authorizationId": 1},
            ],
            "authorizations": [
                {
                    "id": 1,
                    "actions": [{"name": "Create", "authorizationStrategies": [{"name": "NamespaceBased"}]}],
                }
            ],
        }
    ]
    assert (await cms.client.get(path, params={"claimSetName": "other"})).json() == []
