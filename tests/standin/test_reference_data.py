"""Cross-checks against facts taken from the real projects; they lie beside the checkout, not in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from dmsperf_tui.standin.api_schema import read_model, shipped_schema
from dmsperf_tui.standin.descriptors import standard_descriptors
from dmsperf_tui.standin.load_order import dependencies
from dmsperf_tui.standin.schema import Member, Resource, json_path

from .bodies import ROOT, create
from .json_schema import misfits

FOLDER = Path(
    os.environ.get("DMSPERF_REFERENCE_DATA", Path(__file__).parents[2].resolve().parent / "shared" / "data")
)
RESOURCES = {resource.endpoint: resource for resource in read_model(shipped_schema()).resources}

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no reference data in {FOLDER}"),
]


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


async def test_minimal_bodies_are_accepted_in_load_order(dms: httpx.AsyncClient) -> None:
    bodies = load("minimal-bodies.json")
    listed = (await dms.get(f"{ROOT}/metadata/dependencies")).json()
    created = set()
    for entry in listed:
        endpoint = entry["resource"].removeprefix("/ed-fi/")
        if "Create" in entry["operations"] and endpoint in bodies and not endpoint.endswith("Descriptors"):
            await create(dms, endpoint, bodies[endpoint]["body"])
            created.add(endpoint)
    assert set(bodies) - created == {"schoolYearTypes", "gradeLevelDescriptors"}
    for endpoint in ("schoolYearTypes", "gradeLevelDescriptors"):
        response = await dms.post(endpoint, json=bodies[endpoint]["body"])
        assert response.status_code == 200


@pytest.mark.parametrize("vintage", ["v0.7.0", "HEAD"])
def test_the_schema_file_is_a_valid_api_schema(vintage: str) -> None:
    schema = load(f"apischema/JsonSchemaForApiSchema-{vintage}.json")
    assert misfits(json.loads(shipped_schema()), schema) == []
    broken = json.loads(shipped_schema())
    del broken["projectSchema"]["resourceSchemas"]["students"]["equalityConstraints"]
    assert misfits(broken, schema) != []


def test_the_schema_agrees_with_the_model() -> None:
    bodies = load("minimal-bodies.json")
    assert set(bodies) <= set(RESOURCES)
    for endpoint, known in bodies.items():
        resource = RESOURCES[endpoint]
        required = {member.name for member in resource.members if member.required}
        assert required == set(known["required"]), endpoint
        assert resource.identity_updatable == known["allowIdentityUpdates"]
        assert {field.name for field in resource.query_fields} <= {*known["queryFields"], "id"}, endpoint
        if not resource.is_descriptor:
            assert {json_path(path) for path in resource.identity} == set(known["identity"])


def test_every_property_is_one_of_the_model() -> None:
    model = read_model((FOLDER / "apischema" / "ApiSchema-ds51-converted-current-format.json").read_text())
    known = {resource.endpoint: resource for resource in model.resources}
    for endpoint, resource in RESOURCES.items():
        if endpoint in known:
            assert properties(resource) <= properties(known[endpoint]), endpoint


def properties(resource: Resource) -> set[str]:
    """Every property with all that is said of it but the text around it."""

    def walk(at: str, members: tuple[Member, ...]) -> set[str]:
        found: set[str] = set()
        for member in members:
            found.add(f"{at}.{member.name} {type(member).__name__} {getattr(member, 'kind', '')}")
            found |= walk(f"{at}.{member.name}", getattr(member, "members", ()))
        return found

    return walk("$", resource.members)


@pytest.mark.parametrize(
    ("schema", "order"),
    [
        ("ApiSchema-core-subset-untested", "dependencies-core-subset-emulated"),
        ("ApiSchema-ds51-converted-current-format", "dependencies-ds51-emulated"),
    ],
)
def test_the_load_order_is_that_of_the_real_algorithm(schema: str, order: str) -> None:
    model = read_model((FOLDER / "apischema" / f"{schema}.json").read_text("utf-8"))

    def key(entry: dict[str, Any]) -> tuple[Any, ...]:
        return entry["order"], entry["resource"], entry["operations"]

    ours = dependencies("ed-fi", model.resources)
    assert ours == sorted(ours, key=key)
    assert ours == sorted(load(f"{order}.json"), key=key)


def test_our_load_order_against_that_of_the_larger_subset() -> None:
    """Ours has no educationServiceCenters, and knows more of what sessions and assessments refer to."""
    theirs = {
        (entry["resource"], *entry["operations"]): entry["order"]
        for entry in load("dependencies-core-subset-emulated.json")
        if not entry["resource"].endswith("Descriptors")
    }
    listed: list[dict[str, Any]] = dependencies("ed-fi", list(RESOURCES.values()))
    ours = {
        (entry["resource"], *entry["operations"]): entry["order"]
        for entry in listed
        if not entry["resource"].endswith("Descriptors")
    }
    assert theirs.keys() - ours.keys() == {("/ed-fi/educationServiceCenters", "Create", "Update")}
    assert ours.keys() <= theirs.keys()
    later = {name for name, order in ours.items() if order > theirs[name]}
    assert {name for name, *_ in later} == {"/ed-fi/assessments", "/ed-fi/studentAssessments"}


def test_descriptors_are_the_standard_ones() -> None:
    standard = load("descriptors-ds52.json")
    ours = standard_descriptors()
    assert {f"{kind}Descriptors" for kind in ours} == set(standard)
    assert set(standard) == {endpoint for endpoint, one in RESOURCES.items() if one.is_descriptor}
    assert sum(len(documents) for documents in ours.values()) == 3298
    for kind, documents in ours.items():
        mine = {(d["namespace"], d["codeValue"], d["shortDescription"]) for d in documents}
        theirs = {
            (d["namespace"], d["codeValue"], d["shortDescription"]) for d in standard[f"{kind}Descriptors"]
        }
        assert mine == theirs, kind
