"""Cross-checks against facts taken from the real projects; they lie beside the checkout, not in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from dmsperf_tui.standin.descriptors import standard_descriptors
from dmsperf_tui.standin.query import QueryFields
from dmsperf_tui.standin.resources import RESOURCES

from .bodies import ROOT, create

FOLDER = Path(
    os.environ.get("DMSPERF_REFERENCE_DATA", Path(__file__).parents[2].resolve().parent / "shared" / "data")
)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no reference data in {FOLDER}"),
]


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


async def test_minimal_bodies_are_accepted_in_load_order(dms: httpx.AsyncClient) -> None:
    bodies = load("minimal-bodies.json")
    served = {resource.endpoint for resource in RESOURCES} - {"schoolYearTypes"}
    assert served <= set(bodies)
    listed = (await dms.get(f"{ROOT}/metadata/dependencies")).json()
    for entry in listed:
        endpoint = entry["resource"].removeprefix("/ed-fi/")
        if "Create" in entry["operations"] and endpoint in served:
            await create(dms, endpoint, bodies[endpoint]["body"])
    response = await dms.post("schoolYearTypes", json=bodies["schoolYearTypes"]["body"])
    assert response.status_code == 200


def test_declarations_agree_with_the_model() -> None:
    bodies = load("minimal-bodies.json")
    for resource in RESOURCES:
        known = bodies[resource.endpoint]
        assert {member.name for member in resource.members if member.required} == set(known["required"])
        assert resource.identity_updatable == known["allowIdentityUpdates"]
        key = {f"$.{'.'.join(filter(None, (place, part.name)))}" for place, part in resource.key_members()}
        assert key == set(known["identity"])


def test_query_fields_are_those_of_the_model() -> None:
    bodies = load("minimal-bodies.json")
    for resource in RESOURCES:
        ours = {scalar.name for scalar in QueryFields(resource).names()}
        assert ours <= set(bodies[resource.endpoint]["queryFields"]), resource.endpoint


def test_descriptors_are_the_standard_ones() -> None:
    standard = load("descriptors-ds52.json")
    for kind, documents in standard_descriptors().items():
        ours = {(d["namespace"], d["codeValue"], d["shortDescription"]) for d in documents}
        theirs = {
            (d["namespace"], d["codeValue"], d["shortDescription"]) for d in standard[f"{kind}Descriptors"]
        }
        assert ours == theirs, kind
