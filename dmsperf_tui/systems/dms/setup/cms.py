"""The Configuration Service (CMS) of a DMS, in both its versions.

Sources: DMS src/config/frontend, Modules: Identity, Vendor, Application, DmsInstance (v0.7), DataStore (8.x),
ClaimsManagement, AuthorizationMetadata.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from dmsperf_tui.systems.answers import document, explain, objects
from dmsperf_tui.systems.checks import StepError
from dmsperf_tui.systems.dms.place import Credentials, Place
from dmsperf_tui.systems.dms.setup.claims import well_formed
from dmsperf_tui.systems.dms.setup.cms_versions import VERSIONS, CmsVersion

TIMEOUT_S = 30.0
SCOPE = "edfi_admin_api/full_access"
CLAIMS_FLAG = "DMS_CONFIG_DANGEROUSLY_ENABLE_UNRESTRICTED_CLAIMS_LOADING=true"
REGISTRATION_FLAG = "IdentitySettings__AllowRegistration=true"
NAMESPACE = "uri://ed-fi.org"


class Cms:
    """One CMS; `log_in` before anything else."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, version: CmsVersion, tenant: str | None = None
    ) -> None:
        self._client = client
        self.url = url
        self.version = version
        self._headers = tenant_headers(tenant)

    @classmethod
    async def connect(cls, client: httpx.AsyncClient, place: Place) -> Cms:
        """Finds the version, and whether the path base `/config` is needed. Raises StepError."""
        if place.cms_url is None:
            raise StepError("no address of the Configuration Service", "set cms_url, CMS_URL or --cms")
        for url in dict.fromkeys((place.cms_url, f"{place.cms_url}/config")):
            if name := await _version_at(client, url, tenant_headers(place.tenant)):
                return cls(client, url, VERSIONS[name], place.tenant)
        raise StepError(f"{place.cms_url} is no Configuration Service", "check cms_url, CMS_URL or --cms")

    async def log_in(self, admin: Credentials | None, token: str | None = None) -> None:
        """As an administrator, by a token that is at hand or, where it is refused, by credentials.

        Raises StepError.
        """
        if token is not None and await self._takes(token):
            self._use(token)
            return
        if admin is None:
            raise self._no_administrator(token)
        found = await self._admin_token(admin)
        if found is None:
            raise StepError(
                f"the Configuration Service refuses its administrator {admin.client_id}"
                + (" and ADMIN_TOKEN" if token is not None else ""),
                "check ADMIN_CLIENT_ID and ADMIN_CLIENT_SECRET",
            )
        self._use(found)

    async def log_in_or_register(
        self, admin: Credentials | None, token: str | None, registered: Callable[[Credentials], object]
    ) -> Credentials | None:
        """As `log_in`; where credentials are refused or there are none, registers an administrator.

        It is handed to `registered` before anything else is asked of the CMS, and returned: nobody else
        knows its secret. An ADMIN_TOKEN that is refused, and no credentials beside it, is an error.
        """
        if token is not None:
            if await self._takes(token):
                self._use(token)
                return None
            if admin is None:
                raise self._no_administrator(token)
        if admin is not None and (found := await self._admin_token(admin)):
            self._use(found)
            return None
        admin = admin or Credentials(f"dmsperf-{secrets.token_hex(4)}", self._secret())
        await self._register(admin)
        registered(admin)
        await self.log_in(admin)
        return admin

    def _use(self, token: str) -> None:
        self._headers["Authorization"] = f"Bearer {token}"

    async def _takes(self, token: str) -> bool:
        """Whether the CMS knows this token. One that may not do enough is told apart by its 403 later."""
        response = await self._client.get(
            f"{self.url}/{self.version.path}/vendors",
            params={"offset": 0, "limit": 1},
            headers={**self._headers, "Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
        )
        return response.status_code != 401

    @staticmethod
    def _no_administrator(token: str | None) -> StepError:
        if token is not None:
            return StepError(
                "the Configuration Service refuses ADMIN_TOKEN (401): it has expired or is another's",
                "set a new one, or unset it and set ADMIN_CLIENT_ID and ADMIN_CLIENT_SECRET",
            )
        return StepError(
            "no administrator of the Configuration Service",
            "set ADMIN_CLIENT_ID and ADMIN_CLIENT_SECRET, or run: dmsperf-tui setup client --new",
        )

    def _secret(self) -> str:
        """Letters of both cases, a digit and a special character, as the rules of both versions ask."""
        letters = string.ascii_letters + string.digits
        return "".join(secrets.choice(letters) for _ in range(self.version.secret_length - 4)) + "aZ7-"

    async def _register(self, admin: Credentials) -> None:
        response = await self._client.post(
            f"{self.url}/connect/register",
            data={
                "ClientId": admin.client_id,
                "ClientSecret": admin.client_secret,
                "DisplayName": "dmsperf-tui",
            },
            headers=self._headers,
            timeout=TIMEOUT_S,
        )
        if response.status_code == 403:
            raise StepError(
                "the Configuration Service lets nobody register",
                f"set ADMIN_CLIENT_ID and ADMIN_CLIENT_SECRET, or give it {REGISTRATION_FLAG}",
            )
        if not response.is_success:
            raise StepError(
                f"an administrator cannot be registered: {explain(response)}",
                "check ADMIN_CLIENT_ID and ADMIN_CLIENT_SECRET",
            )

    async def _admin_token(self, admin: Credentials) -> str | None:
        """None where the CMS refuses these credentials."""
        response = await self._client.post(
            f"{self.url}/connect/token",
            data={
                "client_id": admin.client_id,
                "client_secret": admin.client_secret,
                "grant_type": "client_credentials",
                "scope": SCOPE,
            },
            headers=self._headers,
            timeout=TIMEOUT_S,
        )
        if response.status_code in (400, 401, 403):
            return None
        body = document(response)
        if not response.is_success or not isinstance(body, dict) or "access_token" not in body:
            raise StepError(f"no administrator's token: {explain(response)}")
        return str(body["access_token"])

    async def send(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer. Raises StepError where the administrator is not let in."""
        response = await self._client.request(
            method,
            f"{self.url}/{path}",
            params=query,
            json=body,
            headers=self._headers,
            timeout=TIMEOUT_S,
        )
        if response.status_code in (401, 403):
            raise StepError(
                f"the Configuration Service refuses {method} /{path}: {explain(response)}",
                "its administrator needs the scope edfi_admin_api/full_access",
            )
        return response

    async def _items(self, path: str) -> list[dict[str, Any]]:
        response = await self.send("GET", path)
        if response.status_code == 404:
            return []
        items = objects(response)
        if not response.is_success or items is None:
            raise StepError(f"GET /{path}: {explain(response)}")
        return items

    async def _made(self, path: str, body: Mapping[str, Any]) -> tuple[httpx.Response, int]:
        """The answer to a POST, and the id in its body or its Location."""
        response = await self.send("POST", path, dict(body))
        if not response.is_success:
            raise StepError(f"POST /{path}: {explain(response)}")
        answer = document(response)
        found = answer.get("id") if isinstance(answer, dict) else None
        found = (
            found
            if found is not None
            else response.headers.get("location", "").rstrip("/").rpartition("/")[2]
        )
        try:
            return response, int(found)
        except ValueError:
            raise StepError(f"POST /{path} answered {response.status_code} without an id") from None

    async def data_store(self, qualifiers: tuple[str, ...]) -> int | None:
        """The id of the data store that the route `qualifiers` lead to; None where there is none."""
        version = self.version
        for store in await self._items(f"{version.path}/{version.stores}"):
            contexts = store.get(version.contexts) or []
            try:
                if {str(context.get("contextValue")) for context in contexts} == set(qualifiers):
                    return int(store["id"])
            except (AttributeError, KeyError, TypeError, ValueError):
                raise StepError(f"/{version.path}/{version.stores} lists what is no data store") from None
        return None

    async def knows_data_stores(self) -> bool:
        """Whether this CMS ties clients to databases at all; the one of the k6 suite's time did not."""
        response = await self.send("GET", f"{self.version.path}/{self.version.stores}")
        return response.status_code != 404

    async def make_data_store(self, connection: str) -> int:
        version = self.version
        body = {
            version.store_type: "Test",
            version.store_name: "Load test",
            "connectionString": connection,
        }
        return (await self._made(f"{version.path}/{version.stores}", body))[1]

    async def vendor(self, company: str) -> tuple[int, bool]:
        """The vendor's id, and whether it is new: the CMS answers 200 where the company is known."""
        body = {
            "company": company,
            "contactName": company,
            "contactEmailAddress": "load.test@example.com",
            "namespacePrefixes": NAMESPACE,
        }
        response, identity = await self._made(f"{self.version.path}/vendors", body)
        return identity, response.status_code == 201

    async def application(
        self, name: str, vendor: int, claim_set: str, data_store: int | None
    ) -> Credentials:
        """A new application's key and secret; `name` must be new to its vendor."""
        body: dict[str, Any] = {
            "vendorId": vendor,
            "applicationName": name,
            "claimSetName": claim_set,
            "educationOrganizationIds": [],
        }
        if data_store is not None:
            body[self.version.store_ids] = [data_store]
        answer = document((await self._made(f"{self.version.path}/applications", body))[0])
        try:
            return Credentials(str(answer["key"]), str(answer["secret"]))
        except (KeyError, TypeError):
            raise StepError("the new application was answered without a key and secret") from None

    async def current_claims(self) -> dict[str, Any]:
        """`{"claimSets": [...], "claimsHierarchy": [...]}`. Raises StepError."""
        response = await self.send("GET", "management/current-claims")
        self._check_claims(response)
        body = document(response)
        if not isinstance(body, dict) or not well_formed(body):
            raise StepError("the current claims are not what a Configuration Service answers")
        return {"claimSets": body["claimSets"], "claimsHierarchy": body["claimsHierarchy"]}

    async def upload_claims(self, claims: Mapping[str, Any]) -> None:
        """Replaces all claim sets and the whole hierarchy. Raises StepError."""
        self._check_claims(await self.send("POST", "management/upload-claims", {"claims": dict(claims)}))

    @staticmethod
    def _check_claims(response: httpx.Response) -> None:
        if response.status_code == 404:
            raise StepError(
                "the Configuration Service lets nobody load claims (404)", f"give it {CLAIMS_FLAG}"
            )
        if not response.is_success:
            raise StepError(f"the claims are refused: {explain(response)}")

    async def claim_sets(self) -> dict[str, bool]:
        """All claim sets by name, also those made through the API, and whether each belongs to the system."""
        path = f"{self.version.path}/claimSets?offset=0&limit=500"
        items = await self._items(path)
        return {
            str(item.get("claimSetName", item.get("name"))): bool(item.get("_isSystemReserved"))
            for item in items
        }

    async def granted(self, claim_set: str) -> dict[str, list[dict[str, Any]]]:
        """What a claim set may do: the actions, with their strategies, of each claim at the tree's leaves.

        A claim set without grants has an entry all the same. Raises StepError where there is no entry: its
        grants are then not known, which is not the same as none.
        """
        path = self.version.authorization_metadata
        response = await self.send("GET", path, query={"claimSetName": claim_set})
        items = objects(response)
        if not response.is_success or items is None:
            raise _unknown_grants(claim_set, f"GET /{path}: {explain(response)}")
        for item in items:
            if str(item.get("claimSetName")).lower() == claim_set.lower():
                try:
                    actions = {entry["id"]: entry["actions"] for entry in item["authorizations"]}
                    return {claim["name"]: actions[claim["authorizationId"]] for claim in item["claims"]}
                except (KeyError, TypeError) as fault:
                    raise _unknown_grants(claim_set, f"GET /{path}: {type(fault).__name__} {fault}") from None
        raise _unknown_grants(claim_set, f"GET /{path} does not list it")


def _unknown_grants(claim_set: str, why: str) -> StepError:
    return StepError(
        f"what claim set {claim_set!r} may do cannot be read ({why}), and an upload would take it away",
        "nothing was changed; delete that claim set if nobody uses it, or add ours by hand",
    )


def tenant_headers(tenant: str | None) -> dict[str, str]:
    """What a CMS with tenants wants to be told with every request but log-ins."""
    return {"Tenant": tenant} if tenant else {}


async def _version_at(client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> str | None:
    """`v3` or `v2`; None where no CMS answers at `url`. 8.x says so at its root."""
    root = document(await client.get(f"{url}/", headers=headers, timeout=TIMEOUT_S))
    if isinstance(root, dict) and (said := root.get("specificationVersion")) in VERSIONS:
        return str(said)
    for name in VERSIONS:
        response = await client.get(f"{url}/{name}/vendors", headers=headers, timeout=TIMEOUT_S)
        if response.status_code in (200, 401, 403):
            return name
    return None
