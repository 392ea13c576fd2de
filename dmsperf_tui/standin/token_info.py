"""`/oauth/token_info` and `/changeQueries/v1/availableChangeVersions`: the additions of 8.x."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs

import orjson

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.gate import Gate
from dmsperf_tui.standin.oauth import Client
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.schema import Resource

_DETAIL = "An invalid token was provided"
_ACTIONS = ("Create", "Read", "Update", "Delete")


def token_info(
    gate: Gate,
    client: Client,
    authorization: str,
    content_type: str,
    body: bytes,
    project: str,
    resources: Iterable[Resource],
) -> dict[str, object]:
    """What a token may do (CORE/Handler/GetTokenInfoHandler.cs). Raises the 400 of another token."""
    token = _token(content_type, body)
    if not token:
        raise problems.bad_request(_DETAIL, errors=["The token was not present, or was not processable."])
    if authorization.partition(" ")[2] != token:
        message = "The Authorization header token does not match the token in the request body."
        raise problems.bad_request(_DETAIL, errors=[message])
    listed = []
    for resource in resources:
        operations = [action for action in _ACTIONS if _may(gate, client, resource, action)]
        if operations:
            listed.append({"resource": f"/{project}/{resource.endpoint}", "operations": operations})
    return {
        "active": True,
        "client_id": client.client_id,
        "namespace_prefixes": [],
        "education_organizations": [],
        "assigned_profiles": [],
        "claim_set": {"name": client.claim_set},
        "resources": listed,
    }


def _token(content_type: str, body: bytes) -> str:
    if "json" not in content_type.lower():
        return parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(parsed.get("token", "")) if isinstance(parsed, dict) else ""


def _may(gate: Gate, client: Client, resource: Resource, action: str) -> bool:
    try:
        gate.pass_for(client, resource)(action)
    except ApiError:
        return False
    return True
