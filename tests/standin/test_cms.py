"""CMS by itself and with the data API's token desk, in both vintages: what each answers, word for word."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from dmsperf_tui.standin.cms import Cms, CmsOptions
from dmsperf_tui.standin.cms.claims import EVERYTHING, Claims
from dmsperf_tui.standin.cms.guard import METADATA_ONLY, READ_ONLY
from dmsperf_tui.standin.oauth import Client, Clients, Tokens, require_data_store
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

from .conftest import Clock

pytestmark = pytest.mark.anyio

ROOT = "http://cms.test/config"
ADMIN = "setup"
SECRETS = {Vintage.V0_7: "Aa1!aaaa", Vintage.V8: "Aa1!" + "a" * 28}
VENDOR = {
    "company": "Load Tests",
    "contactName": "Someone",
    "contactEmailAddress": "someone@example.org",
    "namespacePrefixes": "uri://ed-fi.org",
}


@dataclass
class Faults:
    token_ttl_s: float = 1800.0
    token_limit: int = 0


class Service:
    """A CMS with what it shares with DMS, and the words that differ between the vintages."""

    def __init__(self, vintage: Vintage, options: CmsOptions | None = None) -> None:
        self.vintage = vintage
        self.is_old = vintage is Vintage.V0_7
        self.clock = Clock()
        self.clients = Clients()
        self.tokens = Tokens(self.clients, Faults(), self.clock, vintage)
        self.claims = Claims(self.clock, vintage, ("GradeLevelDescriptor",))
        cms = Cms(vintage, self.clients, self.tokens, self.claims, options or CmsOptions())
        app = Starlette(routes=[Mount("/config", routes=cms.routes())])
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT)
        self.secret = SECRETS[vintage]
        self.version = "v2" if self.is_old else "v3"
        self.stores = f"/{self.version}/" + ("dmsInstances" if self.is_old else "dataStores")
        self.store_ids = "dmsInstanceIds" if self.is_old else "dataStoreIds"
        self.store = (
            {"instanceType": "Test", "instanceName": "One", "connectionString": "host=db;"}
            if self.is_old
            else {"dataStoreType": "Test", "name": "One", "connectionString": "host=db;"}
        )

    async def register(self, **form: str) -> httpx.Response:
        fields = {"ClientId": ADMIN, "ClientSecret": self.secret, "DisplayName": "Set-up"}
        return await self.client.post("/connect/register", data={**fields, **form})

    async def log_in(self, client_id: str = ADMIN, secret: str = "", **form: str) -> httpx.Response:
        fields = {
            "client_id": client_id,
            "client_secret": secret or self.secret,
            "grant_type": "client_credentials",
            "scope": "edfi_admin_api/full_access",
        }
        return await self.client.post("/connect/token", data={**fields, **form})

    async def become_admin(self) -> None:
        assert (await self.register()).status_code == 200
        self.use((await self.log_in()).json()["access_token"])

    def use(self, token: str) -> None:
        self.client.headers["Authorization"] = f"Bearer {token}"

    async def post(self, path: str, body: object) -> httpx.Response:
        return await self.client.post(f"/{self.version}/{path}", json=body)

    async def get(self, path: str) -> Any:
        response = await self.client.get(f"/{self.version}/{path}")
        assert response.status_code == 200, response.text
        return response.json()

    def application(self, **changes: object) -> dict[str, object]:
        body = {
            "vendorId": 1,
            "applicationName": "Load",
            "claimSetName": "EdFiSandbox",
            "educationOrganizationIds": [],
            self.store_ids: [1],
        }
        return {**body, **changes}

    async def prepare(self) -> None:
        """An admin, a data store and a vendor."""
        await self.become_admin()
        assert (await self.client.post(self.stores, json=self.store)).status_code == 201
        assert (await self.post("vendors", VENDOR)).status_code == 201

    def dms_token(self, key: str, secret: str) -> str:
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        form = b"grant_type=client_credentials"
        granted = self.tokens.grant(f"Basic {basic}", "application/x-www-form-urlencoded", form)
        return str(granted["access_token"])


@pytest.fixture(params=list(Vintage))
async def cms(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    service = Service(request.param)
    async with service.client:
        yield service


def complaints(response: httpx.Response, vintage: Vintage) -> dict[str, list[str]]:
    body = response.json()
    kind = "data-validation-failed" if vintage is Vintage.V0_7 else "data"
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["type"] == f"urn:ed-fi:api:bad-request:{kind}"
    assert body["title"] == "Data Validation Failed"
    found: dict[str, list[str]] = body["validationErrors"]
    return found


async def test_the_root_tells_the_vintages_apart(cms: Service) -> None:
    body = (await cms.client.get("/")).json()
    if cms.is_old:
        assert set(body) == {"version", "build"}
    else:
        assert body["specificationVersion"] == "v3"
        assert body["urls"] == {"openApiMetadata": f"{ROOT}/metadata/specifications"}
    other = "v3" if cms.is_old else "v2"
    await cms.become_admin()
    assert (await cms.client.get(f"/{other}/vendors")).status_code == 404


async def test_health_and_discovery_need_no_token(cms: Service) -> None:
    assert (await cms.client.get("/health")).headers["Content-Type"].startswith("text/plain")
    found = (await cms.client.get("/.well-known/openid-configuration")).json()
    assert found["token_endpoint"] == f"{ROOT}/connect/token"


async def test_registers_a_client_once(cms: Service) -> None:
    response = await cms.register()
    assert response.status_code == 200
    assert response.json() == {"title": "Registered client setup successfully.", "status": 200}
    again = complaints(await cms.register(ClientId="SETUP"), cms.vintage)
    assert again == {
        "ClientId": ["Client with the same Client Id already exists. Please provide different Client Id."]
    }


async def test_the_vintages_want_secrets_of_different_length(cms: Service) -> None:
    other = SECRETS[Vintage.V8 if cms.is_old else Vintage.V0_7]
    found = complaints(await cms.register(ClientSecret=other), cms.vintage)
    length = "8 to 12" if cms.is_old else "32 to 128"
    assert found["ClientSecret"][0].endswith(f"must be {length} characters long.")


@pytest.mark.parametrize(("old", "new"), [("A", "a"), ("a", "A"), ("1", "a"), ("!", "a")])
async def test_a_secret_needs_all_kinds_of_characters(cms: Service, old: str, new: str) -> None:
    response = await cms.register(ClientSecret=cms.secret.replace(old, new))
    assert set(complaints(response, cms.vintage)) == {"ClientSecret"}


async def test_an_empty_registration_names_each_field(cms: Service) -> None:
    found = complaints(await cms.register(ClientId="", ClientSecret="", DisplayName=""), cms.vintage)
    assert found == {
        "ClientId": ["'Client Id' must not be empty."],
        "ClientSecret": ["'Client Secret' must not be empty."],
        "DisplayName": ["'Display Name' must not be empty."],
    }


@pytest.mark.parametrize("vintage", list(Vintage))
async def test_registration_can_be_off(vintage: Vintage) -> None:
    service = Service(vintage, CmsOptions(allow_registration=False))
    response = await service.register()
    assert response.status_code == 403
    if service.is_old:
        assert response.content == b""
    else:
        assert response.json()["errors"] == ["Registration is disabled."]


async def test_gives_out_tokens_for_a_form_or_a_basic_header(cms: Service) -> None:
    await cms.register()
    granted = await cms.log_in()
    assert granted.status_code == 200
    assert set(granted.json()) == {"access_token", "expires_in", "token_type"}
    form = {"grant_type": "client_credentials"}
    basic = await cms.client.post("/connect/token/255901/2026", data=form, auth=(ADMIN, cms.secret))
    assert basic.status_code == 200


async def test_refuses_a_token(cms: Service) -> None:
    await cms.register()
    wrong = await cms.log_in(secret="wrong")
    assert wrong.status_code == 401
    assert wrong.json()["title"] == "Authentication Failed"
    assert wrong.json()["errors"] == ["unauthorized_client. Invalid client or Invalid client credentials"]
    unknown = await cms.log_in(client_id="nobody")
    assert unknown.json()["errors"] == ["invalid_client. Invalid client or Invalid client credentials"]
    other = await cms.log_in(grant_type="password")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    empty = complaints(await cms.log_in(grant_type=""), cms.vintage)
    assert empty == {"grant_type": ["'grant_type' must not be empty."]}


async def test_knows_and_ends_tokens(cms: Service) -> None:
    await cms.register()
    token = (await cms.log_in()).json()["access_token"]
    about = (await cms.client.post("/connect/introspect", data={"token": token})).json()
    assert about["active"] is True
    assert (about["client_id"], about["scope"]) == (ADMIN, "edfi_admin_api/full_access")
    assert (await cms.client.post("/connect/revoke", data={"token": token})).status_code == 200
    about = (await cms.client.post("/connect/introspect", data={"token": token})).json()
    assert about == {"active": False}
    assert (await cms.client.post("/connect/revoke", data={})).status_code == 400


async def test_only_cms_clients_come_in(cms: Service) -> None:
    nobody = await cms.client.get(f"/{cms.version}/vendors")
    assert (nobody.status_code, nobody.content) == (401, b"")
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    cms.use("nonsense")
    wrong = await cms.client.get(f"/{cms.version}/vendors")
    assert wrong.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    cms.clients.add(Client("dms", EVERYTHING, has_data_store=True), "secret")
    cms.use(cms.dms_token("dms", "secret"))
    stranger = await cms.client.get(f"/{cms.version}/vendors")
    assert (stranger.status_code, stranger.content) == (403, b"")


async def test_scopes_limit_what_a_client_may_do(cms: Service) -> None:
    await cms.prepare()
    for scope, statuses in ((READ_ONLY, (200, 200, 403)), (METADATA_ONLY, (403, 200, 403))):
        cms.clients.add(Client(scope, scope, has_data_store=False, is_admin=True), "secret")
        cms.use(cms.dms_token(scope, "secret"))
        reading = (await cms.client.get(f"/{cms.version}/vendors")).status_code
        limited = (await cms.client.get(cms.stores)).status_code
        writing = (await cms.post("vendors", VENDOR)).status_code
        assert (reading, limited, writing) == statuses


async def test_a_token_ends_on_time(cms: Service) -> None:
    await cms.become_admin()
    cms.clock.now += 1800
    assert (await cms.client.get(f"/{cms.version}/vendors")).status_code == 401


async def test_a_vendor_is_created_once(cms: Service) -> None:
    await cms.become_admin()
    new = await cms.post("vendors", VENDOR)
    again = await cms.post("vendors", {**VENDOR, "contactName": "Another"})
    assert (new.status_code, again.status_code) == (201, 200)
    assert new.headers["Location"] == f"{ROOT}/{cms.version}/vendors/1"
    if cms.is_old:
        title = "New Vendor Load Tests has been created successfully."
        assert new.json() == {"id": 1, "status": 201, "title": title}
        assert again.json()["id"] == 1
        assert "Location" not in again.headers
    else:
        assert (new.content, again.content) == (b"", b"")
        assert again.headers["Location"] == new.headers["Location"]
    read = await cms.get("vendors/1")
    assert {name: read[name] for name in VENDOR} == {**VENDOR, "contactName": "Another"}
    assert ("createdAt" in read) is cms.is_old
    assert await cms.get("vendors") == [read]


async def test_a_path_may_end_with_a_slash(cms: Service) -> None:
    await cms.become_admin()
    assert (await cms.post("vendors/", VENDOR)).headers["Location"].endswith("/vendors/1")


async def test_a_vendor_is_validated(cms: Service) -> None:
    await cms.become_admin()
    found = complaints(await cms.post("vendors", {"company": "x" * 257}), cms.vintage)
    assert found == {
        "Company": ["The length of 'Company' must be 256 characters or fewer. You entered 257 characters."],
        "ContactName": ["'Contact Name' must not be empty."],
        "ContactEmailAddress": [
            "'Contact Email Address' must not be empty.",
            "'Contact Email Address' is not a valid email address.",
        ],
        "NamespacePrefixes": ["'Namespace Prefixes' must not be empty."],
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"company": 5}'])
async def test_an_unreadable_body_is_a_bad_request(cms: Service, body: bytes) -> None:
    await cms.become_admin()
    headers = {"Content-Type": "application/json"}
    response = await cms.client.post(f"/{cms.version}/vendors", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:ed-fi:api:bad-request"


async def test_a_data_store_in_the_words_of_the_vintage(cms: Service) -> None:
    await cms.become_admin()
    made = await cms.client.post(cms.stores, json=cms.store)
    assert made.status_code == 201
    kind = "DmsInstance" if cms.is_old else "DataStore"
    assert made.json() == {
        "id": 1,
        "status": 201,
        "title": f"New {kind} One has been created successfully.",
    }
    assert made.headers["Location"] == f"{ROOT}{cms.stores}/1"
    read = (await cms.client.get(f"{cms.stores}/1")).json()
    assert read.items() >= {"id": 1, "tenantId": None, **cms.store}.items()
    assert set(complaints(await cms.client.post(cms.stores, json={}), cms.vintage)) == (
        {"InstanceType", "InstanceName"} if cms.is_old else {"DataStoreType", "Name"}
    )
    assert (await cms.client.delete(f"{cms.stores}/1")).status_code == 204
    gone = await cms.client.get(f"{cms.stores}/1")
    assert gone.status_code == 404
    assert gone.json()["detail"] == f"{kind} 1 not found. It may have been recently deleted."


async def test_lists_show_25_in_v0_7_and_all_in_v8(cms: Service) -> None:
    await cms.become_admin()
    for number in range(30):
        await cms.post("vendors", {**VENDOR, "company": f"Company {number}"})
    assert len(await cms.get("vendors")) == (25 if cms.is_old else 30)
    page = await cms.get("vendors?offset=28&limit=100")
    assert [one["company"] for one in page] == ["Company 28", "Company 29"]
    found = await cms.get("vendors?company=Company%203&limit=100")
    assert len(found) == (30 if cms.is_old else 1)
    wrong = await cms.client.get(f"/{cms.version}/vendors", params={"limit": "many"})
    assert wrong.status_code == 400


async def test_a_row_is_updated_and_deleted(cms: Service) -> None:
    await cms.prepare()
    path = f"/{cms.version}/vendors/1"
    assert (await cms.client.put(path, json={**VENDOR, "id": 1, "company": "New"})).status_code == 204
    assert (await cms.get("vendors/1"))["company"] == "New"
    other = complaints(await cms.client.put(path, json={**VENDOR, "id": 2}), cms.vintage)
    assert other == {"Id": ["Request body id must match the id in the url."]}
    assert (await cms.client.delete(path)).status_code == 204
    assert (await cms.client.delete(path)).status_code == 404
    assert (await cms.client.get(f"/{cms.version}/vendors/x")).status_code == 400


async def test_an_application_lets_its_client_in(cms: Service) -> None:
    await cms.prepare()
    made = await cms.post("applications", cms.application())
    assert made.status_code == 201
    assert made.headers["Location"] == f"{ROOT}/{cms.version}/applications/1"
    given = made.json()
    assert list(given) == ["id", "key", "secret"]
    assert len(given["secret"]) == 32
    client = cms.tokens.admit(f"Bearer {cms.dms_token(given['key'], given['secret'])}")
    assert client == Client(given["key"], "EdFiSandbox", has_data_store=True)
    require_data_store(client, cms.vintage)
    # CMS gives out the same tokens as DMS does.
    token = (await cms.log_in(given["key"], given["secret"])).json()["access_token"]
    assert cms.tokens.admit(f"Bearer {token}") == client
    read = await cms.get("applications/1")
    assert read.items() >= cms.application().items()
    assert "secret" not in read
    assert await cms.get("vendors/1/applications") == [read]


async def test_a_client_without_a_data_store_is_let_in_nowhere(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application(**{cms.store_ids: []}))).json()
    client = cms.tokens.admit(f"Bearer {cms.dms_token(given['key'], given['secret'])}")
    with pytest.raises(ApiError) as refused:
        require_data_store(client, cms.vintage)
    response = refused.value.response("trace-1")
    assert response.status_code == 403
    body = httpx.Response(403, content=bytes(response.body)).json()
    assert body["type"] == "urn:ed-fi:api:authorization-denied"
    assert body["errors"] == ["No database instances are authorized for this client"]
    assert ("validationErrors" in body) is not cms.is_old


async def test_an_application_is_checked_against_the_others(cms: Service) -> None:
    await cms.prepare()
    assert (await cms.post("applications", cms.application())).status_code == 201

    async def refused(**changes: object) -> dict[str, list[str]]:
        return complaints(await cms.post("applications", cms.application(**changes)), cms.vintage)

    assert await refused() == {"ApplicationName": ["Application 'Load' already exists for vendor."]}
    fresh = {"applicationName": "Other"}
    assert await refused(**fresh, vendorId=9) == {"VendorId": ["Reference 'VendorId' does not exist."]}
    assert await refused(**fresh, **{cms.store_ids: [9]}) == (
        {"DmsInstanceId": ["DMS instance does not exist."]}
        if cms.is_old
        else {"DataStoreId": ["Data store does not exist."]}
    )
    assert await refused(**fresh, claimSetName="two words") == {
        "ClaimSetName": ["Claim set name must not contain white spaces."]
    }
    label = "Dms Instance Ids" if cms.is_old else "Data Store Ids"
    key = "DmsInstanceIds[1]" if cms.is_old else "DataStoreIds[1]"
    assert await refused(**fresh, **{cms.store_ids: [1, 0]}) == {
        key: [f"'{label}' must be greater than '0'."]
    }
    # The claim set need not exist.
    assert (await cms.post("applications", cms.application(**fresh, claimSetName="None"))).status_code == 201


async def test_new_rights_come_with_the_next_token(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application())).json()
    before = cms.dms_token(given["key"], given["secret"])
    changed = {**cms.application(claimSetName="SISVendor"), "id": 1}
    assert (await cms.client.put(f"/{cms.version}/applications/1", json=changed)).status_code == 204
    after = cms.dms_token(given["key"], given["secret"])
    assert cms.tokens.admit(f"Bearer {before}").claim_set == "EdFiSandbox"
    assert cms.tokens.admit(f"Bearer {after}").claim_set == "SISVendor"


async def test_a_reset_secret_takes_the_place_of_the_old(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application())).json()
    reset = await cms.client.put(f"/{cms.version}/applications/1/reset-credential")
    assert reset.status_code == 200
    assert reset.json()["key"] == given["key"]
    assert cms.dms_token(given["key"], reset.json()["secret"])
    with pytest.raises(ApiError):
        cms.dms_token(given["key"], given["secret"])


async def test_a_deleted_application_gets_no_more_tokens(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application())).json()
    token = cms.dms_token(given["key"], given["secret"])
    assert (await cms.client.delete(f"/{cms.version}/applications/1")).status_code == 204
    with pytest.raises(ApiError):
        cms.dms_token(given["key"], given["secret"])
    assert cms.tokens.admit(f"Bearer {token}").client_id == given["key"]
    gone = await cms.client.get(f"/{cms.version}/applications/1")
    assert gone.json()["detail"] == "Application not found"


async def test_a_deleted_data_store_is_taken_from_its_applications(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application())).json()
    assert (await cms.client.delete(f"{cms.stores}/1")).status_code == 204
    assert (await cms.get("applications/1"))[cms.store_ids] == []
    client = cms.tokens.admit(f"Bearer {cms.dms_token(given['key'], given['secret'])}")
    assert not client.has_data_store


async def test_secrets_pass_through_forms_and_headers_and_fit_the_rules(cms: Service) -> None:
    await cms.prepare()
    for number in range(20):
        name = f"Load {number}"
        given = (await cms.post("applications", cms.application(applicationName=name))).json()
        assert not set(given["secret"]) & set("+%=& ")
        if not cms.is_old:
            renamed = {"ClientId": f"again-{number}", "ClientSecret": given["secret"]}
            assert (await cms.register(**renamed)).status_code == 200


async def test_a_deleted_vendor_takes_its_applications_along_but_not_their_clients(cms: Service) -> None:
    await cms.prepare()
    given = (await cms.post("applications", cms.application())).json()
    assert (await cms.client.delete(f"/{cms.version}/vendors/1")).status_code == 204
    assert await cms.get("applications") == []
    assert cms.dms_token(given["key"], given["secret"])


@pytest.mark.parametrize("vintage", list(Vintage))
async def test_the_reset_can_be_off(vintage: Vintage) -> None:
    service = Service(vintage, CmsOptions(allow_credential_reset=False))
    await service.prepare()
    await service.post("applications", service.application())
    path = f"/{service.version}/applications/1/reset-credential"
    assert (await service.client.put(path)).status_code == 404


@pytest.mark.parametrize("vintage", list(Vintage))
async def test_tenants_have_tables_of_their_own(vintage: Vintage) -> None:
    service = Service(vintage, CmsOptions(tenants=("North", "South")))
    await service.become_admin()
    missing = await service.post("vendors", VENDOR)
    assert missing.status_code == 400
    assert missing.json()["message"] == "The 'Tenant' header is required when multi-tenancy is enabled"
    service.client.headers["Tenant"] = "East"
    assert (await service.post("vendors", VENDOR)).json()["message"] == "Invalid tenant: East"
    service.client.headers["Tenant"] = "north"
    assert (await service.post("vendors", VENDOR)).status_code == 201
    service.client.headers["Tenant"] = "South"
    assert await service.get("vendors") == []
