"""The claims that CMS starts with, built from `claims.toml` and the descriptor types of the schema."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from dmsperf_tui.standin.cms.claims_document import Node

CLAIM_URI = "http://ed-fi.org/identity/claims"
ACTIONS = ("Create", "Read", "Update", "Delete", "ReadChanges")

_UNRESTRICTED = "NoFurtherAuthorizationRequired"
_OUTSIDE_DOMAINS = ("educationContent", "studentHealth")
_OTHER_DESCRIPTORS = "systemDescriptors"
# IDEAPart -> ideaPart, GradeLevel -> gradeLevel.
_LEADING_CAPITALS = re.compile(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]")

Unrestricted = dict[str, list[str]]
"""Claim set -> the claims on which it has every right."""


def installed_claims(descriptors: Iterable[str]) -> Node:
    """`descriptors` are the schema's resource names, such as `GradeLevelDescriptor`."""
    source = tomllib.loads(files("dmsperf_tui.standin.cms").joinpath("claims.toml").read_text("utf-8"))
    domains: dict[str, dict[str, Any]] = source["domains"]
    unrestricted: Unrestricted = source["unrestricted"]
    placed = {name for domain in domains.values() for name in domain["claims"]}
    domains[_OTHER_DESCRIPTORS]["claims"] = sorted(
        {_LEADING_CAPITALS.sub(lambda found: found[0].lower(), name) for name in descriptors} - placed
    )
    names = {*unrestricted, *(name for domain in domains.values() for name in domain["granted"])}
    return {
        "claimSets": [{"claimSetName": name, "isSystemReserved": True} for name in sorted(names)],
        "claimsHierarchy": [
            *(_domain(name, domain, unrestricted) for name, domain in domains.items()),
            *_leaves(_OUTSIDE_DOMAINS, unrestricted),
        ],
    }


def _domain(name: str, domain: Node, unrestricted: Unrestricted) -> Node:
    return {
        "name": f"{CLAIM_URI}/domains/{name}",
        "defaultAuthorization": {
            "actions": [
                {"name": action, "authorizationStrategies": [{"name": strategy}]}
                for action, strategy in domain["strategies"].items()
            ]
        },
        "claimSets": [
            {"name": claim_set, "actions": [{"name": action} for action in actions]}
            for claim_set, actions in domain["granted"].items()
        ],
        "claims": _leaves(domain["claims"], unrestricted),
    }


def _leaves(claims: Sequence[str], unrestricted: Unrestricted) -> list[Node]:
    strategies = [{"name": _UNRESTRICTED}]
    actions = [{"name": action, "authorizationStrategyOverrides": strategies} for action in ACTIONS]
    leaves: list[Node] = []
    for claim in claims:
        leaf = {"name": f"{CLAIM_URI}/ed-fi/{claim}"}
        grantees = [
            {"name": claim_set, "actions": actions}
            for claim_set, covered in unrestricted.items()
            if claim in covered
        ]
        leaves.append({**leaf, "claimSets": grantees} if grantees else leaf)
    return leaves
