"""Claim documents: one claim set is merged into what is there, and taken out again. Pure functions.

A document is `{"claimSets": [{claimSetName, isSystemReserved}], "claimsHierarchy": [node]}`; a node is
`{name, defaultAuthorization?, claimSets?: [{name, actions}], claims?: [node]}`. A grant at a node covers all
below it, and one nearer to the leaf wins (CMS AuthorizationMetadataResponseFactory.cs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

Claims = dict[str, Any]
Node = dict[str, Any]
Granted = Mapping[str, Sequence[Mapping[str, Any]]]
"""Claim -> actions with their strategies, as the CMS says it."""
Rights = dict[str, dict[str, frozenset[str]]]
"""Claim, in lower case -> action -> strategies: fit to be compared."""


def well_formed(claims: Mapping[str, Any]) -> bool:
    """Whether a server's answer has a document's shape as far down as names go."""
    sets = claims.get("claimSets")
    return (
        isinstance(sets, list)
        and all(isinstance(entry, dict) and isinstance(entry.get("claimSetName"), str) for entry in sets)
        and isinstance(claims.get("claimsHierarchy"), list)
        and _forest(claims["claimsHierarchy"])
    )


def _forest(nodes: Any) -> bool:
    return isinstance(nodes, list) and all(
        isinstance(node, dict) and isinstance(node.get("name"), str) and _forest(node.get("claims") or [])
        for node in nodes
    )


def names(claims: Mapping[str, Any]) -> list[str]:
    """The claim sets that a document declares."""
    return [str(entry["claimSetName"]) for entry in claims["claimSets"]]


def nodes(forest: Sequence[Node]) -> Iterator[Node]:
    """All nodes, parents first."""
    for node in forest:
        yield node
        yield from nodes(node.get("claims") or [])


def merged(current: Mapping[str, Any], ours: Mapping[str, Any]) -> Claims:
    """`current` with the claim sets of `ours` and their grants as `ours` has them; all else is untouched.

    A node is found by its name wherever it stands; one that `current` lacks is added below the parent that
    it has in `ours`.
    """
    result: Claims = deepcopy(dict(current))
    known = {name.lower() for name in names(result)}
    mine = {name.lower() for name in names(ours)}
    result["claimSets"] += [
        deepcopy(entry) for entry in ours["claimSets"] if entry["claimSetName"].lower() not in known
    ]
    _strip(result, mine)
    by_name = {node["name"].lower(): node for node in nodes(result["claimsHierarchy"])}

    def graft(tree: Sequence[Node], siblings: list[Node]) -> None:
        for wanted in tree:
            node = by_name.get(wanted["name"].lower())
            if node is None:
                node = {"name": wanted["name"]}
                siblings.append(node)
            if grants := wanted.get("claimSets"):
                node["claimSets"] = [*(node.get("claimSets") or []), *deepcopy(grants)]
            if children := wanted.get("claims"):
                below = node.get("claims") or []
                graft(children, below)
                if below:
                    node["claims"] = below

    graft(ours["claimsHierarchy"], result["claimsHierarchy"])
    return result


def without(current: Mapping[str, Any], claim_sets: Sequence[str]) -> Claims:
    """`current` without these claim sets and their grants."""
    result: Claims = deepcopy(dict(current))
    gone = {name.lower() for name in claim_sets}
    result["claimSets"] = [
        entry for entry in result["claimSets"] if entry["claimSetName"].lower() not in gone
    ]
    _strip(result, gone)
    return result


def with_granted(
    current: Mapping[str, Any],
    claim_set: str,
    granted: Granted,
    *,
    reserved: bool,
) -> Claims:
    """`current` with a claim set that its document lacks or has otherwise, from what the CMS says that it
    may do.

    What is made or changed through the API is in the CMS's database only, and an upload would revert it.
    """
    leaves = [
        {
            "name": claim,
            "claimSets": [
                {
                    "name": claim_set,
                    "actions": [
                        {
                            "name": action["name"],
                            "authorizationStrategyOverrides": list(action["authorizationStrategies"]),
                        }
                        for action in actions
                    ],
                }
            ],
        }
        for claim, actions in granted.items()
    ]
    entry = {"claimSetName": claim_set, "isSystemReserved": reserved}
    return merged(current, {"claimSets": [entry], "claimsHierarchy": leaves})


def rights(claims: Mapping[str, Any], claim_set: str) -> Rights:
    """What a document lets a claim set do at the tree's leaves, as the CMS works it out: of each action the
    grant nearest to the leaf counts, and where that names no strategies, the nearest defaults do."""
    found: Rights = {}
    wanted = claim_set.lower()

    def descend(forest: Sequence[Node], above: tuple[Node, ...]) -> None:
        for node in forest:
            lineage = (node, *above)
            if children := node.get("claims"):
                descend(children, lineage)
            elif actions := _actions(lineage, wanted):
                found[node["name"].lower()] = actions

    descend(claims["claimsHierarchy"], ())
    return found


def _actions(lineage: Sequence[Node], claim_set: str) -> dict[str, frozenset[str]]:
    """The actions at a leaf, which comes first in its lineage."""
    granted: dict[str, frozenset[str]] = {}
    defaults: dict[str, frozenset[str]] = {}
    for node in lineage:
        for action in (node.get("defaultAuthorization") or {}).get("actions") or []:
            defaults.setdefault(action["name"], _strategies(action.get("authorizationStrategies")))
        for grant in node.get("claimSets") or []:
            if grant["name"].lower() == claim_set:
                for action in grant["actions"]:
                    overrides = _strategies(action.get("authorizationStrategyOverrides"))
                    granted.setdefault(action["name"], overrides)
    return {action: strategies or defaults.get(action, strategies) for action, strategies in granted.items()}


def rights_granted(granted: Granted) -> Rights:
    """The same, of what the CMS says that a claim set may do."""
    return {
        claim.lower(): {action["name"]: _strategies(action["authorizationStrategies"]) for action in actions}
        for claim, actions in granted.items()
        if actions
    }


def _strategies(entries: Sequence[Mapping[str, Any]] | None) -> frozenset[str]:
    return frozenset(entry["name"] for entry in entries or [])


def equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents say the same: the order of grants and absent or empty lists tell nothing."""
    return bool(_plain(one) == _plain(other))


def _plain(claims: Mapping[str, Any]) -> Any:
    def shape(node: Node) -> Any:
        grants = {grant["name"]: grant["actions"] for grant in node.get("claimSets") or []}
        return (
            node.get("defaultAuthorization") or None,
            grants,
            {child["name"]: shape(child) for child in node.get("claims") or []},
        )

    return sorted(names(claims)), {node["name"]: shape(node) for node in claims["claimsHierarchy"]}


def _strip(claims: Claims, gone: set[str]) -> None:
    for node in nodes(claims["claimsHierarchy"]):
        if "claimSets" in node:
            kept = [grant for grant in node["claimSets"] or [] if grant["name"].lower() not in gone]
            if kept or not node["claimSets"]:
                node["claimSets"] = kept
            else:
                del node["claimSets"]
