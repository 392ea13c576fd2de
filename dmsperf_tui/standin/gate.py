"""Who may come in, and what they may do there."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.deployment import Deployment
from dmsperf_tui.standin.oauth import Client, Tokens, require_data_store
from dmsperf_tui.standin.schema import Resource
from dmsperf_tui.standin.vintage import Vintage

Permit = Callable[[str], None]
"""Called with Create, Read, Update or Delete; raises the 403 where the client may not."""


class Gate:
    """Tokens, data stores and claim sets, in the order in which the real pipeline asks for them."""

    def __init__(self, tokens: Tokens, claims: Claims, deployment: Deployment, vintage: Vintage) -> None:
        self._tokens = tokens
        self._claims = claims
        self._deployment = deployment
        self._vintage = vintage

    def admit(self, scope: Scope, authorization: str | None) -> Client:
        """Raises the 401 of a bad token, the 403 without a data store, the 404 of a wrong place."""
        client = self._tokens.admit(authorization)
        require_data_store(client, self._vintage)
        if not self._deployment.holds(scope):
            raise problems.unmatched_route(self._vintage)
        return client

    def pass_for(self, client: Client, resource: Resource) -> Permit:
        """What asks the claim set of the client about one resource."""

        def permit(action: str) -> None:
            self._claims.permit(client.claim_set, resource.name, resource.is_descriptor, action)

        return permit
