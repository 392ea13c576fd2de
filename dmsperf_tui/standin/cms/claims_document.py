"""A claims document: the claim sets by name, and the hierarchy of claims that says what each may do.

The format is that of CMS's `/management/upload-claims` (`JsonSchemaForClaims.json`), which takes no property
that it does not know. What a claim set may do follows from the hierarchy alone
(`AuthorizationMetadataResponseFactory.cs`): only leaves are resources, and a leaf has the rights that it and
the claims above it grant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Node = Mapping[str, Any]
"""A part of a document, as parsed from JSON."""

Rights = dict[str, tuple[str, ...]]
"""Action -> authorization strategies."""

Failure = tuple[str, str]
"""A path such as `$.claimSets.0`, and what is wrong there."""


class _Member(NamedTuple):
    """A property: its type, or the part that it or each of its items is; `least` is for lists."""

    type: type
    part: str = ""
    required: bool = True
    least: int = 0


_PARTS: dict[str, dict[str, _Member]] = {
    "document": {
        "claimSets": _Member(list, "claim set", least=1),
        "claimsHierarchy": _Member(list, "claim", least=1),
    },
    "claim set": {"claimSetName": _Member(str), "isSystemReserved": _Member(bool)},
    "claim": {
        "name": _Member(str),
        "defaultAuthorization": _Member(dict, "defaults", required=False),
        "claimSets": _Member(list, "grantee", required=False),
        "claims": _Member(list, "claim", required=False),
    },
    "defaults": {"actions": _Member(list, "default", least=1)},
    "default": {"name": _Member(str), "authorizationStrategies": _Member(list, "strategy")},
    "grantee": {"name": _Member(str), "actions": _Member(list, "granted", least=1)},
    "granted": {
        "name": _Member(str),
        "authorizationStrategyOverrides": _Member(list, "strategy", required=False),
    },
    "strategy": {"name": _Member(str)},
}
_JSON_TYPES = {list: "array", dict: "object", str: "string", bool: "boolean"}


def failures(value: object, part: str = "document", path: str = "$") -> Iterator[Failure]:
    """All that is wrong with a document; nothing if it is one."""
    if not isinstance(value, dict):
        yield path, "Value should be an object"
        return
    members = _PARTS[part]
    for name, member in members.items():
        if name in value:
            yield from _misfits(value[name], member, f"{path}.{name}")
        elif member.required:
            yield path, f'Required property "{name}" is missing'
    for name in value.keys() - members.keys():
        yield f"{path}.{name}", "There is no such property"


def _misfits(value: object, member: _Member, path: str) -> Iterator[Failure]:
    if not isinstance(value, member.type):
        yield path, f"Value should be of type {_JSON_TYPES[member.type]}"
    elif isinstance(value, list):
        if len(value) < member.least:
            yield path, f"Value should have at least {member.least} item"
        for index, item in enumerate(value):
            yield from failures(item, member.part, f"{path}.{index}")
    elif isinstance(value, dict):
        yield from failures(value, member.part, path)
    elif value == "":
        yield path, "Value should be at least 1 character"


def claim_sets(document: Node) -> Iterator[tuple[str, bool]]:
    """Name of each claim set, and whether it is the system's own."""
    for claim_set in document["claimSets"]:
        yield claim_set["claimSetName"], claim_set["isSystemReserved"]


def rights_of(document: Node, claim_set: str) -> dict[str, Rights]:
    """Claim -> rights, for every leaf at which or above which the claim set (in any case) is named.

    The nearest grant of an action counts; without overrides the nearest default strategies apply, and an
    action for which there are none has an empty tuple: DMS refuses it.
    """
    wanted = claim_set.lower()
    rights: dict[str, Rights] = {}
    for lineage in _leaves(document["claimsHierarchy"], ()):
        defaults: Rights = {}
        granted: Rights = {}
        is_named = False
        for claim in lineage:
            for action in claim.get("defaultAuthorization", {}).get("actions", ()):
                defaults.setdefault(action["name"], _names(action["authorizationStrategies"]))
            grantee = next((one for one in claim.get("claimSets", ()) if one["name"].lower() == wanted), None)
            if grantee is not None:
                is_named = True
                for action in grantee["actions"]:
                    overrides = _names(action.get("authorizationStrategyOverrides", ()))
                    granted.setdefault(action["name"], overrides)
        if is_named:
            rights[lineage[0]["name"]] = {
                action: strategies or defaults.get(action, ()) for action, strategies in granted.items()
            }
    return rights


def _leaves(claims: Sequence[Node], above: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """Each leaf with the claims above it, from the leaf up."""
    for claim in claims:
        lineage = (claim, *above)
        if claim.get("claims"):
            yield from _leaves(claim["claims"], lineage)
        else:
            yield lineage


def _names(strategies: Sequence[Node]) -> tuple[str, ...]:
    return tuple(strategy["name"] for strategy in strategies)
