"""Who may call what in CMS: bearer tokens of CMS clients, by scope (EndpointBuilderExtensions.cs)."""

from __future__ import annotations

from enum import Enum

from starlette.requests import Request
from starlette.responses import Response

from dmsperf_tui.standin.cms.answers import Endpoint
from dmsperf_tui.standin.oauth import Tokens

FULL_ACCESS = "edfi_admin_api/full_access"
READ_ONLY = "edfi_admin_api/readonly_access"
METADATA_ONLY = "edfi_admin_api/authMetadata_readonly_access"


class Access(Enum):
    """The scopes, one of which a token must have."""

    WRITE = (FULL_ACCESS,)
    READ = (FULL_ACCESS, READ_ONLY)
    LIMITED = (FULL_ACCESS, READ_ONLY, METADATA_ONLY)


def guarded(endpoint: Endpoint, tokens: Tokens, access: Access) -> Endpoint:
    """The endpoint for admitted callers only. 401 and 403 have no body, as ASP.NET's defaults have none.

    A DMS client's token is good, but it is no CMS client's: 403.
    """

    async def guard(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        grant = tokens.look_up(token)
        if grant is None:
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if not grant.client.is_admin or grant.client.claim_set not in access.value:
            return Response(status_code=403)
        return await endpoint(request)

    return guard
