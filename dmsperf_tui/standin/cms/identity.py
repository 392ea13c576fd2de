"""`/connect/*`: clients of CMS register, and everybody gets tokens (CMS/Modules/IdentityModule.cs)."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from dmsperf_tui.standin.cms.answers import (
    as_json,
    forbidden,
    invalid,
    is_form,
    missing,
    read_form,
    unauthenticated,
    unreadable,
)
from dmsperf_tui.standin.cms.guard import FULL_ACCESS
from dmsperf_tui.standin.oauth import Client, Clients, Tokens, credentials
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.vintage import Vintage

_MIXED = r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)"
_SECRET_RULES = {
    Vintage.V0_7: (re.compile(rf"{_MIXED}(?=.*[^a-zA-Z\d]).{{8,12}}"), "8 to 12"),
    Vintage.V8: (re.compile(rf"{_MIXED}(?=.*[!@#$%^&*()\-_=+\[\]{{}}:;,.?]).{{32,128}}"), "32 to 128"),
}


class Identity:
    """The endpoints, over the clients and tokens that DMS uses too."""

    def __init__(
        self, vintage: Vintage, clients: Clients, tokens: Tokens, *, allow_registration: bool
    ) -> None:
        self._vintage = vintage
        self._clients = clients
        self._tokens = tokens
        self._allow_registration = allow_registration

    async def register(self, request: Request) -> Response:
        """Takes in a client of CMS with full access."""
        form = await self._form(request)
        if not self._allow_registration:
            if self._vintage is Vintage.V0_7:
                return Response(status_code=403)
            raise forbidden("Registration is disabled.")
        client_id, secret = form.get("clientid", ""), form.get("clientsecret", "")
        errors: Errors = {
            name: [missing(name)]
            for name in ("ClientId", "ClientSecret", "DisplayName")
            if not form.get(name.lower(), "").strip()
        }
        pattern, length = _SECRET_RULES[self._vintage]
        if secret and not pattern.fullmatch(secret):
            errors.setdefault("ClientSecret", []).append(
                "Client secret must contain at least one lowercase letter, one uppercase letter, one number, "
                f"and one special character, and must be {length} characters long."
            )
        if not errors and client_id in self._clients:
            errors["ClientId"] = [
                "Client with the same Client Id already exists. Please provide different Client Id."
            ]
        if errors:
            raise invalid(self._vintage, errors)
        self._clients.add(Client(client_id, FULL_ACCESS, has_data_store=False, is_admin=True), secret)
        return as_json({"title": f"Registered client {client_id} successfully.", "status": 200})

    async def token(self, request: Request) -> Response:
        """A token for any client; a Basic header goes before the form. A scope asked for changes nothing:

        a client has one scope, and it falls back to it.
        """
        form = await self._form(request)
        basic = request.headers.get("authorization", "")
        client_id, secret = "", ""
        if basic.lower().startswith("basic "):
            client_id, secret = credentials(basic, self._vintage)
        found = {
            "client_id": client_id or form.get("client_id", ""),
            "client_secret": secret or form.get("client_secret", ""),
            "grant_type": form.get("grant_type", ""),
        }
        errors = {name: [missing(name)] for name, value in found.items() if not value.strip()}
        if errors:
            raise invalid(self._vintage, errors)
        if found["grant_type"].lower() != "client_credentials":
            return as_json(
                {
                    "error": "unsupported_grant_type",
                    "error_description": "The specified grant type is not supported.",
                },
                400,
            )
        client = self._clients.authenticate(found["client_id"], found["client_secret"])
        if client is None:
            kind = "unauthorized_client" if found["client_id"] in self._clients else "invalid_client"
            raise unauthenticated(f"{kind}. Invalid client or Invalid client credentials")
        return as_json(self._tokens.issue(client))

    async def introspect(self, request: Request) -> Response:
        """Whether a token holds, and whose it is (RFC 7662)."""
        token = (await self._form(request)).get("token", "")
        if not token:
            return _no_token()
        grant = self._tokens.look_up(token)
        if grant is None:
            return as_json({"active": False})
        client = grant.client
        return as_json(
            {"active": True, "client_id": client.client_id, "scope": client.claim_set, "token_type": "Bearer"}
        )

    async def revoke(self, request: Request) -> Response:
        """Ends a token; 200 whether there was one or not (RFC 7009)."""
        token = (await self._form(request)).get("token", "")
        if not token:
            return _no_token()
        self._tokens.end(token)
        return Response(status_code=200)

    async def _form(self, request: Request) -> dict[str, str]:
        """The form; v0.7 insists on one, 8.x reads another body as an empty form."""
        if self._vintage is Vintage.V0_7 and not is_form(request):
            given = request.headers.get("content-type", "")
            raise unreadable(f'Expected a supported form media type but got "{given}".')
        return await read_form(request)


def _no_token() -> Response:
    return as_json({"error": "invalid_request", "error_description": "The token parameter is missing."}, 400)
