"""What a claim set permits, in the words of both vintages, and when DMS comes to know of a change."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from dmsperf_tui.standin.cms.claims import CACHED_FOR_S, EVERYTHING, Claims
from dmsperf_tui.standin.cms.claims_document import Node, failures, rights_of
from dmsperf_tui.standin.cms.installed import ACTIONS, CLAIM_URI
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

from .conftest import Clock

E2E = "E2E-NoFurtherAuthRequiredClaimSet"
DESCRIPTORS = (
    "GradeLevelDescriptor",
    "SexDescriptor",
    "IDEAPartDescriptor",
    "StaffClassificationDescriptor",
    "TermDescriptor",
)
REAL = (
    Path(
        os.environ.get(
            "DMSPERF_REFERENCE_DATA", Path(__file__).parents[2].resolve().parent / "shared" / "data"
        )
    )
    / "claims"
)
BOTH = pytest.mark.parametrize("vintage", list(Vintage))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def claims(clock: Clock, vintage: Vintage = Vintage.V8) -> Claims:
    return Claims(clock, vintage, DESCRIPTORS)


def refusal(claims: Claims, claim_set: str, resource: str, action: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(ApiError) as refused:
        claims.permit(claim_set, resource, resource.endswith("Descriptor"), action)
    response = refused.value.response("trace-1")
    assert response.media_type == "application/problem+json"
    body: dict[str, Any] = orjson.loads(response.body)
    return response.status_code, body


def with_set(document: Node, name: str, uri: str, *actions: Node) -> Node:
    """The document with a claim set more, which has these actions at one claim."""
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    changed["claimSets"].append({"claimSetName": name, "isSystemReserved": False})
    stack = list(changed["claimsHierarchy"])
    while stack:
        claim = stack.pop()
        stack += claim.get("claims", [])
        if claim["name"] == f"{CLAIM_URI}/{uri}":
            claim.setdefault("claimSets", []).append({"name": name, "actions": list(actions)})
            return changed
    raise AssertionError(f"no claim {uri}")


@pytest.mark.parametrize(
    "resource", ["Student", "School", "StudentSchoolAssociation", "Grade", "GradeLevelDescriptor"]
)
@BOTH
def test_the_e2e_claim_set_covers_its_claims(clock: Clock, vintage: Vintage, resource: str) -> None:
    for action in ("Create", "Read", "Update", "Delete"):
        claims(clock, vintage).permit(E2E, resource, resource.endswith("Descriptor"), action)


@pytest.mark.parametrize(
    "resource",
    [
        "StaffEducationOrganizationAssignmentAssociation",
        "StaffEducationOrganizationEmploymentAssociation",
        "StaffSchoolAssociation",
        "StaffSectionAssociation",
        "Location",
        "StaffClassificationDescriptor",
        "SexDescriptor",
        "Unheard",
    ],
)
@BOTH
def test_a_resource_outside_the_claim_set_is_refused_without_a_word(
    clock: Clock, vintage: Vintage, resource: str
) -> None:
    assert refusal(claims(clock, vintage), E2E, resource, "Create") == (
        403,
        {
            "detail": "Access to the resource could not be authorized.",
            "type": "urn:ed-fi:api:security:authorization:",
            "title": "Authorization Denied",
            "status": 403,
            "correlationId": "trace-1",
            "validationErrors": {},
            "errors": [],
        },
    )


@BOTH
def test_a_missing_action_is_refused_by_name(clock: Clock, vintage: Vintage) -> None:
    status, body = refusal(claims(clock, vintage), "sisvendor", "School", "Create")
    assert status == 403
    assert body["type"] == "urn:ed-fi:api:security:authorization:access-denied:action"
    assert body["errors"] == [
        "The API client's assigned claim set (currently 'SISVendor') must grant permission of the 'Create' "
        "action on one of the following resource claims: School"
    ]


def test_grants_at_a_domain_cover_its_children(clock: Clock) -> None:
    known = claims(clock)
    known.permit("EdFiSandbox", "Location", False, "Delete")
    known.permit("EdFiSandbox", "SexDescriptor", True, "Create")
    known.permit("EdFiSandbox", "Sex", True, "Create")
    known.permit("SISVendor", "SexDescriptor", True, "Read")
    with pytest.raises(ApiError):
        known.permit("SISVendor", "SexDescriptor", True, "Create")


def test_an_unknown_claim_set_is_forbidden_in_v0_7_and_misconfigured_in_v8(clock: Clock) -> None:
    status, body = refusal(claims(clock, Vintage.V0_7), "Nobody", "Student", "Read")
    assert (status, body["errors"]) == (403, [])
    status, body = refusal(claims(clock, Vintage.V8), "Nobody", "Student", "Read")
    assert (status, body["type"]) == (500, "urn:ed-fi:api:system:configuration:security")
    assert body["errors"] == ["No security metadata has been configured for this resource."]


def test_an_action_without_a_strategy_is_refused(clock: Clock) -> None:
    """domains/edFiTypes has a default for Read alone: whoever grants Create there must override."""
    for vintage, expected in ((Vintage.V0_7, 403), (Vintage.V8, 500)):
        known = claims(clock, vintage)
        known.replace(
            with_set(known.document, "Years", "domains/edFiTypes", {"name": "Read"}, {"name": "Create"})
        )
        known.reload()
        known.permit("Years", "SchoolYearType", False, "Read")
        status, body = refusal(known, "Years", "SchoolYearType", "Create")
        assert status == expected
        assert (
            "No authorization strategies were defined for the requested action 'Create'" in body["errors"][0]
        )


def test_overrides_make_up_for_missing_defaults(clock: Clock) -> None:
    known = claims(clock)
    overrides = [{"name": "NoFurtherAuthorizationRequired"}]
    create = {"name": "Create", "authorizationStrategyOverrides": overrides}
    known.replace(with_set(known.document, "Years", "domains/edFiTypes", create))
    known.reload()
    known.permit("Years", "SchoolYearType", False, "Create")


def test_a_change_is_seen_after_a_reload_or_after_ten_minutes(clock: Clock) -> None:
    known = claims(clock)
    changed = with_set(known.document, "Late", "domains/people", {"name": "Create"})
    known.replace(changed)
    for _ in range(2):
        with pytest.raises(ApiError):
            known.permit("Late", "Student", False, "Create")
        clock.now += CACHED_FOR_S / 2
    known.permit("Late", "Student", False, "Create")
    known.restore()
    known.permit("Late", "Student", False, "Create")
    known.reload()
    with pytest.raises(ApiError):
        known.permit("Late", "Student", False, "Create")


def test_our_own_client_may_do_everything_whatever_is_uploaded(clock: Clock) -> None:
    known = claims(clock)
    known.replace(
        {
            "claimSets": [{"claimSetName": "Only", "isSystemReserved": False}],
            "claimsHierarchy": [{"name": "nothing"}],
        }
    )
    known.reload()
    known.permit(EVERYTHING, "Unheard", False, "Delete")
    with pytest.raises(ApiError):
        known.permit(E2E, "Student", False, "Read")


def test_the_view_shows_what_dms_saw(clock: Clock) -> None:
    known = claims(clock)
    known.replace(with_set(known.document, "Late", "domains/people", {"name": "Create"}))
    assert [one["name"] for one in known.view()] == [E2E, "EdFiSandbox", "SISVendor"]
    known.reload()
    late = known.view()[-1]
    assert late == {
        "name": "Late",
        "resourceClaims": [
            {
                "name": f"{CLAIM_URI}/ed-fi/{person}",
                "action": "Create",
                "authorizationStrategies": [{"name": "NoFurtherAuthorizationRequired"}],
            }
            for person in ("contact", "staff", "student")
        ],
    }


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "$"),
        ({"claimSets": [], "claimsHierarchy": [{"name": "a"}]}, "$.claimSets"),
        ({"claimSets": [{"claimSetName": "A"}], "claimsHierarchy": [{"name": "a"}]}, "$.claimSets.0"),
        (
            {
                "claimSets": [{"claimSetName": "A", "isSystemReserved": "no"}],
                "claimsHierarchy": [{"name": "a"}],
            },
            "$.claimSets.0.isSystemReserved",
        ),
        (
            {
                "claimSets": [{"claimSetName": "A", "isSystemReserved": False}],
                "claimsHierarchy": [{"name": "", "claims": []}],
            },
            "$.claimsHierarchy.0.name",
        ),
        (
            {
                "claimSets": [{"claimSetName": "A", "isSystemReserved": False}],
                "claimsHierarchy": [{"name": "a", "claims": [{"name": "b", "parent": "a"}]}],
            },
            "$.claimsHierarchy.0.claims.0.parent",
        ),
        (
            {
                "claimSets": [{"claimSetName": "A", "isSystemReserved": False}],
                "claimsHierarchy": [{"name": "a", "claimSets": [{"name": "A", "actions": []}]}],
            },
            "$.claimsHierarchy.0.claimSets.0.actions",
        ),
        (
            {
                "claimSets": [{"claimSetName": "A", "isSystemReserved": False}],
                "claimsHierarchy": [{"name": "a", "defaultAuthorization": None}],
            },
            "$.claimsHierarchy.0.defaultAuthorization",
        ),
    ],
)
def test_a_misshapen_document_is_told_where(document: object, path: str) -> None:
    assert [where for where, _ in failures(document)] == [path]


def test_the_installed_document_is_in_the_format(clock: Clock) -> None:
    assert list(failures(claims(clock).document)) == []


@pytest.mark.skipif(not REAL.is_dir(), reason="the claims of the real CMS are not here")
@pytest.mark.parametrize("name", ["Claims-v0.7.0.json", "Claims-ds52-HEAD.json"])
def test_the_installed_claims_agree_with_the_real_ones(clock: Clock, name: str) -> None:
    real = json.loads((REAL / name).read_text())
    ours = claims(clock).document
    assert list(failures(real)) == []
    theirs = rights_of(real, E2E)
    mine = rights_of(ours, E2E)
    here = set(rights_of(ours, "EdFiSandbox")) | set(mine)
    assert set(mine) == {claim for claim in theirs if claim in here}
    for claim_set in ("EdFiSandbox", "SISVendor"):
        known = rights_of(real, claim_set)
        for claim, rights in rights_of(ours, claim_set).items():
            assert set(rights) - {"ReadChanges"} == set(known[claim]) - {"ReadChanges"}, claim
    assert set(ACTIONS) == set(mine[f"{CLAIM_URI}/ed-fi/student"])
