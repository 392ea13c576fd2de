"""The claims as CMS offers them: lists, authorization metadata, and the upload that replaces everything.

CMS/Modules/ClaimSetModule.cs, AuthorizationMetadataModule.cs and ClaimsManagementModule.cs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from dmsperf_tui.standin.cms.answers import as_json, unreadable
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.cms.claims_document import Rights, claim_sets, failures, rights_of
from dmsperf_tui.standin.vintage import Vintage


class ClaimsApi:
    """The endpoints. `applications` gives the names of the applications that a claim set is assigned to."""

    def __init__(
        self, vintage: Vintage, claims: Claims, applications: Callable[[Request, str], Iterable[str]]
    ) -> None:
        self._name_key = "claimSetName" if vintage is Vintage.V8 else "name"
        self._claims = claims
        self._applications = applications

    async def claim_sets(self, request: Request) -> Response:
        return as_json(
            [
                {
                    "id": id,
                    self._name_key: name,
                    "_isSystemReserved": is_reserved,
                    "_applications": [
                        {"applicationName": application} for application in self._applications(request, name)
                    ],
                }
                for id, (name, is_reserved) in enumerate(claim_sets(self._claims.document), 1)
            ]
        )

    async def authorization_metadata(self, request: Request) -> Response:
        """Per claim set its resource claims, and the authorizations that they refer to by number."""
        wanted = request.query_params.get("claimSetName")
        document = self._claims.document
        next_id = 1
        answer: list[dict[str, object]] = []
        for name, _ in claim_sets(document):
            if wanted is None or name.lower() == wanted.lower():
                metadata, next_id = _metadata(name, rights_of(document, name), next_id)
                answer.append(metadata)
        return as_json(answer)

    async def current(self, _: Request) -> Response:
        """The claims in the format of an upload, without its wrapper."""
        return as_json(self._claims.document, headers={"X-Reload-Id": self._claims.reload_id})

    async def upload(self, request: Request) -> Response:
        """Replaces all claim sets and the whole hierarchy, or says what is wrong and changes nothing."""
        try:
            parsed = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            raise unreadable('Failed to read parameter "UploadClaimsRequest" from the request body as JSON.')
        claims = parsed.get("claims")
        if claims is None:
            return _refused([_failure("ValidationError", "Claims JSON is required")])
        keys = claims if isinstance(claims, dict) else {}
        absent = [
            _failure("Structure", f"Missing required '{name}' property")
            for name in ("claimSets", "claimsHierarchy")
            if keys.get(name) is None
        ]
        if absent:
            return _refused(absent)
        misfits = [_failure("Validation", message, path) for path, message in failures(claims)]
        if misfits:
            return _refused(misfits)
        return as_json({"success": True, "reloadId": self._claims.replace(claims)})

    async def reload(self, _: Request) -> Response:
        """Goes back to the configured source: what was uploaded is gone."""
        return as_json({"success": True, "reloadId": self._claims.restore()})


def _metadata(claim_set: str, rights: dict[str, Rights], next_id: int) -> tuple[dict[str, object], int]:
    """One claim set's entry, and the number for the next authorization; equal ones share theirs."""
    numbers: dict[tuple[tuple[str, tuple[str, ...]], ...], int] = {}
    claims: list[dict[str, object]] = []
    for name in sorted(rights):
        signature = tuple(sorted(rights[name].items()))
        if signature not in numbers:
            numbers[signature] = next_id
            next_id += 1
        claims.append({"name": name, "authorizationId": numbers[signature]})
    authorizations = [
        {
            "id": id,
            "actions": [
                {"name": action, "authorizationStrategies": [{"name": strategy} for strategy in strategies]}
                for action, strategies in signature
            ],
        }
        for signature, id in numbers.items()
    ]
    return {"claimSetName": claim_set, "claims": claims, "authorizations": authorizations}, next_id


def _failure(kind: str, message: str, path: str = "") -> dict[str, str]:
    failure = {"errorType": kind, "message": message}
    return {**failure, "path": path} if path else failure


def _refused(found: list[dict[str, str]]) -> Response:
    return as_json({"success": False, "errors": found}, 400)
