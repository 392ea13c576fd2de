"""Claim documents: ours comes in and goes out, and nothing of anybody else's is touched."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.places import DEFAULTS
from dmsperf_tui.systems.dms.population import Population
from dmsperf_tui.systems.dms.setup.claims import Claims, equal, merged, names, nodes, with_granted, without
from dmsperf_tui.systems.dms.setup.claimset import read_claims

ROOT = "http://ed-fi.org/identity/claims/"
OURS = read_claims(DEFAULTS / "config/performance-test-claimset.json")
NAME = "PerformanceTest-UnrestrictedAccess"
REAL = DEFAULTS.parent / "shared" / "data" / "claims"


def grant(name: str, *actions: str) -> dict[str, Any]:
    return {"name": name, "actions": [{"name": action} for action in actions]}


def node(name: str, *grants: dict[str, Any], claims: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"name": f"{ROOT}{name}"}
    if grants:
        made["claimSets"] = list(grants)
    if claims:
        made["claims"] = claims
    return made


def document() -> Claims:
    return {
        "claimSets": [{"claimSetName": "SISVendor", "isSystemReserved": True}],
        "claimsHierarchy": [
            node("domains/systemDescriptors", grant("SISVendor", "Read")),
            node(
                "domains/people",
                grant("SISVendor", "Create", "Read"),
                claims=[node("ed-fi/student"), node("ed-fi/staff", grant("SISVendor", "Read"))],
            ),
        ],
    }


def by_name(claims: Claims) -> dict[str, dict[str, Any]]:
    return {item["name"].removeprefix(ROOT): item for item in nodes(claims["claimsHierarchy"])}


def test_ours_is_added_beside_the_others() -> None:
    current = document()
    result = merged(current, OURS)
    assert current == document(), "the current document is not changed"
    assert names(result) == ["SISVendor", NAME]
    found = by_name(result)
    assert [entry["name"] for entry in found["domains/systemDescriptors"]["claimSets"]] == ["SISVendor", NAME]
    assert [entry["name"] for entry in found["ed-fi/student"]["claimSets"]] == [NAME]
    staff = found["ed-fi/staff"]["claimSets"]
    assert staff[0] == grant("SISVendor", "Read")
    assert {action["name"] for action in staff[1]["actions"]} == {"Create", "Read", "Update", "Delete"}
    assert all(
        action["authorizationStrategyOverrides"] == [{"name": "NoFurtherAuthorizationRequired"}]
        for action in staff[1]["actions"]
    )


def test_node_that_is_nowhere_is_added_below_its_parent() -> None:
    result = merged(document(), OURS)
    people = by_name(result)["domains/people"]
    assert f"{ROOT}ed-fi/contact" in [child["name"] for child in people["claims"]]
    assert f"{ROOT}domains/edFiTypes" in [root["name"] for root in result["claimsHierarchy"]]


def test_node_is_found_wherever_it_stands() -> None:
    current = document()
    current["claimsHierarchy"].append(node("domains/mine", claims=[node("ed-fi/school")]))
    result = merged(current, OURS)
    assert [item["name"] for item in nodes(result["claimsHierarchy"])].count(f"{ROOT}ed-fi/school") == 1
    assert [entry["name"] for entry in by_name(result)["ed-fi/school"]["claimSets"]] == [NAME]


def test_merging_twice_is_merging_once() -> None:
    once = merged(document(), OURS)
    assert equal(merged(once, OURS), once)
    assert not equal(document(), once)


def test_an_older_version_of_ours_is_replaced() -> None:
    current = merged(document(), OURS)
    student = by_name(current)["ed-fi/student"]
    student["claimSets"] = [grant(NAME.upper(), "Read")]
    assert not equal(current, merged(current, OURS))
    assert [entry["name"] for entry in by_name(merged(current, OURS))["ed-fi/student"]["claimSets"]] == [NAME]


SETS = st.lists(st.sampled_from(["SISVendor", "Other", "Third"]), unique=True, max_size=3)


@given(SETS, SETS, st.lists(st.sampled_from(["Create", "Read", "Delete"]), unique=True, min_size=1))
def test_taking_out_is_the_opposite_of_putting_in(
    top: list[str], leaf: list[str], actions: list[str]
) -> None:
    current = document()
    current["claimsHierarchy"][0]["claimSets"] = [grant(name, *actions) for name in top]
    current["claimsHierarchy"][1]["claims"][0]["claimSets"] = [grant(name, *actions) for name in leaf]
    before = deepcopy(current)
    after = without(merged(current, OURS), [NAME])
    kept = {name: item for name, item in by_name(after).items() if name in by_name(before)}
    for name, item in by_name(before).items():
        assert (kept[name].get("claimSets") or []) == (item.get("claimSets") or []), name
    assert names(after) == names(before)
    assert all(
        not item.get("claimSets") for name, item in by_name(after).items() if name not in by_name(before)
    )


def test_claim_set_that_only_the_database_knows_is_carried_along() -> None:
    granted = {
        f"{ROOT}ed-fi/student": [
            {"name": "Read", "authorizationStrategies": [{"name": "NamespaceBased"}]},
        ]
    }
    kept = with_granted(document(), "MadeByHand", granted, reserved=False)
    assert kept["claimSets"][-1] == {"claimSetName": "MadeByHand", "isSystemReserved": False}
    assert by_name(kept)["ed-fi/student"]["claimSets"] == [
        {
            "name": "MadeByHand",
            "actions": [{"name": "Read", "authorizationStrategyOverrides": [{"name": "NamespaceBased"}]}],
        }
    ]


def test_our_file_covers_every_resource_of_a_population() -> None:
    granted = {name for name, item in by_name(OURS).items() if item.get("claimSets")}
    for endpoint in Population.resources:
        singular = endpoint[:-3] + "y" if endpoint.endswith("ies") else endpoint[:-1]
        assert f"ed-fi/{singular}" in granted, endpoint
    assert {"domains/systemDescriptors", "domains/managedDescriptors", "domains/edFiTypes"} <= granted


def _complaints(value: Any, schema: Any, root: Any, path: str = "$") -> list[str]:
    """What the CMS's JSON schema has against it: the few keywords that it uses."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "array":
        least = schema.get("minItems", 0)
        few = [f"{path}: too few"] if len(value) < least else []
        found = (_complaints(item, schema["items"], root, f"{path}[{i}]") for i, item in enumerate(value))
        return few + [line for lines in found for line in lines]
    if schema.get("type") == "object":
        lines = [f"{path}.{key}: missing" for key in schema.get("required", []) if key not in value]
        for key, item in value.items():
            known = schema["properties"].get(key)
            lines += _complaints(item, known, root, f"{path}.{key}") if known else [f"{path}.{key}: unknown"]
        return lines
    kinds: dict[str, type] = {"string": str, "boolean": bool}
    return [] if isinstance(value, kinds[schema["type"]]) and value != "" else [f"{path}: {value!r}"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the claims of the real CMS are not on this machine")
@pytest.mark.parametrize("file", ["Claims-v0.7.0.json", "Claims-ds52-HEAD.json"])
def test_merge_into_the_real_claims(file: str) -> None:
    found = json.loads((REAL / file).read_text())
    current = found.get("claims", found)
    schema = json.loads((REAL / "JsonSchemaForClaims.json").read_text())
    result = merged(current, OURS)
    assert _complaints(result, schema, schema) == []
    assert _complaints(OURS, schema, schema) == []
    assert len(list(nodes(result["claimsHierarchy"]))) == len(list(nodes(current["claimsHierarchy"])))
    assert without(result, [NAME]) == current


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no claims document"),
        ("[]", "is no claims document"),
        ('{"claimSets": []}', "is no claims document"),
        ('{"claims": {"claimSets": [], "claimsHierarchy": []}}', "is no claims document"),
    ],
)
def test_file_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_claims(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_claims(tmp_path / "none.json")
