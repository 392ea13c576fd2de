"""Set-up at the Configuration Service, against the stand-in's, in both versions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from dmsperf_tui.settings.places import DEFAULTS
from dmsperf_tui.standin.cms import Cms, CmsOptions
from dmsperf_tui.standin.cms.claims import Claims
from dmsperf_tui.standin.cms.claims_document import claim_sets, rights_of
from dmsperf_tui.standin.cms.installed import CLAIM_URI
from dmsperf_tui.standin.oauth import Clients, Tokens
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.place import Credentials, Place
from dmsperf_tui.systems.dms.setup.claims import rights, rights_granted
from dmsperf_tui.systems.dms.setup.claimset import Backup, add_claim_set, read_claims, restore_claims
from dmsperf_tui.systems.dms.setup.clients import ensure_client, make_client
from dmsperf_tui.systems.dms.setup.cms import Cms as SetupCms

CONNECTION = "host=db;port=5432;username=u;password=p4ss;database=d;"
PLACE = Place(
    "http://h",
    "http://h",
    "http://h/oauth/token",
    "http://h/config",
    data_store=CONNECTION,
    create_client=True,
)
OURS = read_claims(DEFAULTS / "config/performance-test-claimset.json")
NAME = "PerformanceTest-UnrestrictedAccess"


@dataclass
class _Faults:
    token_ttl_s: float = 1800.0
    token_limit: int = 0


class Town:
    """A CMS, and of the DMS what set-up needs beside it: tokens and claim sets."""

    def __init__(self, vintage: Vintage, options: CmsOptions | None = None, *, reloads: bool = True) -> None:
        self.clients = Clients()
        self.claims = Claims(time.monotonic, vintage, ["GradeLevelDescriptor"])
        self.tokens = Tokens(self.clients, _Faults(), time.monotonic, vintage)
        cms = Cms(vintage, self.clients, self.tokens, self.claims, options or CmsOptions())
        routes = [
            Mount("/config", routes=cms.routes()),
            Route("/oauth/token", self._token, methods=["POST"]),
        ]
        if reloads:
            routes += [
                Route("/management/reload-claimsets", self._reload, methods=["POST"]),
                Route("/management/view-claimsets", self._view),
            ]
        self._app = Starlette(routes=routes)
        self.asked: list[httpx.Request] = []
        self.instead: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        """What is answered instead of the CMS's own answer."""

    async def _token(self, request: Request) -> Response:
        head = request.headers
        given = head.get("authorization", ""), head.get("content-type", ""), await request.body()
        try:
            return JSONResponse(self.tokens.grant(*given))
        except ApiError as refusal:
            return JSONResponse({}, status_code=refusal.status)

    async def _reload(self, request: Request) -> Response:
        self.claims.reload()
        return JSONResponse({})

    async def _view(self, request: Request) -> Response:
        return JSONResponse(self.claims.view())

    def allows(self, resource: str, action: str, claim_set: str = NAME) -> bool:
        try:
            self.claims.permit(claim_set, resource, resource.endswith("Descriptor"), action)
        except ApiError:
            return False
        return True

    def rows(self, step: Callable[[httpx.AsyncClient], Any]) -> list[StepRow]:
        async def collect(client: httpx.AsyncClient) -> list[StepRow]:
            return [row async for row in step(client)]

        found: list[StepRow] = self.talk(collect)
        return found

    def talk(self, talk: Callable[[httpx.AsyncClient], Any]) -> Any:
        async def main() -> Any:
            async with httpx.AsyncClient(transport=_Wire(self, self._app)) as client:
                return await talk(client)

        return anyio.run(main)


class _Wire(httpx.ASGITransport):
    """To a town, past what it answers instead."""

    def __init__(self, town: Town, app: Starlette) -> None:
        super().__init__(app)
        self._town = town

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._town.asked.append(request)
        return self._town.instead(request) or await super().handle_async_request(request)


def in_database(town: Town, sets: dict[str, dict[str, list[str]] | None], at: int = 200) -> None:
    """The CMS's database has these claim sets as well, its document has not, or has them otherwise.

    Each has actions by resource, or no entry at all in the authorization metadata (None).
    """

    def metadata(name: str, grants: dict[str, list[str]]) -> dict[str, Any]:
        authorizations, claims = [], []
        for number, (resource, actions) in enumerate(grants.items(), 1):
            claims.append({"name": f"{CLAIM_URI}/ed-fi/{resource}", "authorizationId": number})
            strategies = [{"name": "NamespaceBased"}]
            entries = [{"name": action, "authorizationStrategies": strategies} for action in actions]
            authorizations.append({"id": number, "actions": entries})
        return {"claimSetName": name, "claims": claims, "authorizations": authorizations}

    def instead(request: httpx.Request) -> httpx.Response | None:
        path = request.url.path
        if path.endswith("/claimSets"):
            listed = dict(claim_sets(town.claims.document))
            listed |= dict.fromkeys(sets, False)
            key = "claimSetName" if "/v3/" in path else "name"
            return httpx.Response(
                200, json=[{key: name, "_isSystemReserved": found} for name, found in listed.items()]
            )
        wanted = request.url.params.get("claimSetName")
        if path.endswith("/authorizationMetadata") and wanted in sets:
            found = sets[wanted]
            return httpx.Response(at, json=[] if found is None else [metadata(wanted, found)])
        if path.endswith("/upload-claims"):
            # It takes the database back to the document.
            town.instead = lambda request: None
        return None

    town.instead = instead


@dataclass
class Desk:
    """A town and what set-up has kept."""

    town: Town
    kept: dict[str, str] = field(default_factory=dict)
    place: Place = PLACE

    def make_client(self, *, new: bool = False) -> list[StepRow]:
        rows = self.town.rows(lambda client: make_client(client, self.place, self.kept.update, new=new))
        if "CLIENT_ID" in self.kept:
            self.place = replace(
                self.place,
                client=Credentials(self.kept["CLIENT_ID"], self.kept["CLIENT_SECRET"]),
                admin=Credentials(self.kept["ADMIN_CLIENT_ID"], self.kept["ADMIN_CLIENT_SECRET"]),
            )
        return rows


@pytest.fixture(params=[Vintage.V0_7, Vintage.V8])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk(Town(request.param))


def test_client_is_made_from_nothing(desk: Desk) -> None:
    rows = desk.make_client()
    admin, store, *rest = [row.name for row in rows if row.changed]
    assert (admin, rest) == ("administrator", ["vendor", "application", "token"])
    assert store in ("data store", "instance")
    assert set(desk.kept) == {"ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET", "CLIENT_ID", "CLIENT_SECRET"}
    client = desk.town.clients.authenticate(desk.kept["CLIENT_ID"], desk.kept["CLIENT_SECRET"])
    assert client is not None
    assert (client.claim_set, client.has_data_store) == (NAME, True)
    secrets = [desk.kept["CLIENT_SECRET"], desk.kept["ADMIN_CLIENT_SECRET"], CONNECTION]
    assert not [secret for secret in secrets if secret in str(rows)]


def test_client_that_works_is_left_alone(desk: Desk) -> None:
    desk.make_client()
    kept = dict(desk.kept)
    (row,) = desk.make_client()
    assert (row.ok, row.changed) == (True, False)
    assert desk.kept == kept


def test_another_client_shares_everything_but_its_application(desk: Desk) -> None:
    desk.make_client()
    kept = dict(desk.kept)
    rows = desk.make_client(new=True)
    assert [row.name for row in rows if row.changed] == ["application", "token"]
    assert desk.kept["CLIENT_ID"] != kept["CLIENT_ID"]
    assert desk.kept["ADMIN_CLIENT_ID"] == kept["ADMIN_CLIENT_ID"]


def test_refused_client_is_replaced(desk: Desk) -> None:
    desk.make_client()
    desk.place = replace(desk.place, client=Credentials("gone", "x"))
    rows = desk.make_client()
    assert rows[0].ok is None
    assert "client gone is unknown, revoked or has another secret" in rows[0].detail
    assert rows[-1].ok


def test_service_is_found_with_and_without_its_path_base(desk: Desk) -> None:
    desk.place = replace(PLACE, cms_url="http://h")
    assert desk.make_client()[0].detail.startswith("http://h/config, version v")
    desk.place = replace(PLACE, cms_url="http://h/elsewhere")
    row = desk.make_client()[-1]
    assert (row.ok, row.detail) == (False, "http://h/elsewhere is no Configuration Service")


@pytest.mark.parametrize("answer", [[1], [None], [[1]], [{}], [{"dataStoreContexts": 1}]])
def test_a_list_of_what_is_no_data_store_is_one_failed_row(desk: Desk, answer: Any) -> None:
    def instead(request: httpx.Request) -> httpx.Response | None:
        listing = request.method == "GET" and request.url.path.endswith(("/dataStores", "/dmsInstances"))
        return httpx.Response(200, json=answer) if listing else None

    desk.town.instead = instead
    last = desk.make_client()[-1]
    assert (last.name, last.ok) == ("client", False)


def test_registration_that_is_switched_off_names_the_flag() -> None:
    rows = Desk(Town(Vintage.V8, CmsOptions(allow_registration=False))).make_client()
    assert rows[-1].ok is False
    assert "IdentitySettings__AllowRegistration=true" in rows[-1].mend


def test_database_that_nobody_named_is_asked_for(desk: Desk) -> None:
    desk.place = replace(PLACE, data_store=None)
    row = desk.make_client()[-1]
    assert row.ok is False
    assert "DATA_STORE_CONNECTION" in row.mend
    assert "CLIENT_ID" not in desk.kept


def test_tenant_is_named_to_the_service() -> None:
    desk = Desk(Town(Vintage.V8, CmsOptions(tenants=("one", "two"))), place=replace(PLACE, tenant="two"))
    assert desk.make_client()[-1].ok
    desk = Desk(Town(Vintage.V8, CmsOptions(tenants=("one", "two"))), place=replace(PLACE, tenant="three"))
    assert desk.make_client()[-1].ok is False


def test_run_makes_a_client_only_where_it_may(desk: Desk) -> None:
    saved: dict[str, str] = {}

    def ensured(place: Place) -> Credentials | None:
        made: Credentials | None = desk.town.talk(lambda client: ensure_client(client, place, saved.update))
        return made

    assert ensured(replace(PLACE, create_client=False)) is None
    assert ensured(replace(PLACE, cms_url=None)) is None
    assert not saved
    with pytest.raises(StepError, match="knows no"):
        ensured(replace(PLACE, data_store=None))
    assert set(saved) == {"ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET"}, "nobody else knows its secret"
    admin = Credentials(saved["ADMIN_CLIENT_ID"], saved["ADMIN_CLIENT_SECRET"])
    made = ensured(replace(PLACE, admin=admin))
    assert saved["ADMIN_CLIENT_ID"] == admin.client_id
    assert sum(request.url.path.endswith("/connect/register") for request in desk.town.asked) == 1
    assert made is not None
    assert saved["CLIENT_ID"] == made.client_id
    assert "ADMIN_CLIENT_SECRET" in saved
    assert made.client_secret not in repr(made)
    assert ensured(replace(PLACE, client=Credentials("mine", "x"))) == Credentials("mine", "x")


def test_claim_set_comes_and_goes(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    backup = Backup(tmp_path / "results" / "setup" / "claims.json")
    before = desk.town.claims.view()
    assert not desk.town.allows("Student", "Create")
    rows = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))
    assert [row.name for row in rows] == ["claims", "backup", "claim set", "reload", "verified"]
    assert all(row.ok for row in rows)
    for resource in ("Student", "GradeLevelDescriptor", "SchoolYearType", "StaffSectionAssociation"):
        assert desk.town.allows(resource, "Delete"), resource
    kept = backup.path.read_text()
    assert NAME not in kept
    rows = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))
    assert not [row for row in rows if row.changed], "it is there as it should be"
    assert backup.path.read_text() == kept
    rows = desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, backup))
    assert rows[0].detail == f"{NAME} removed; all is as before"
    assert desk.town.claims.view() == before
    assert not backup.exists
    rows = desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, backup))
    assert [row.changed for row in rows] == [False]


def test_what_others_change_meanwhile_survives(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    backup = Backup(tmp_path / "claims.json")
    desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))
    theirs = json.loads(json.dumps(OURS).replace(NAME, "Theirs"))
    desk.town.rows(lambda client: add_claim_set(client, desk.place, theirs, Backup(tmp_path / "other.json")))
    rows = desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, backup))
    assert rows[0].detail == f"{NAME} removed; what others changed meanwhile is kept"
    assert desk.town.allows("Student", "Create", "Theirs")
    assert not desk.town.allows("Student", "Create")


def test_claims_that_may_not_be_loaded_name_the_flag(tmp_path: Path) -> None:
    desk = Desk(Town(Vintage.V8, CmsOptions(allow_claims_loading=False)))
    desk.make_client()
    backup = Backup(tmp_path / "claims.json")
    row = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))[-1]
    assert row.ok is False
    assert "DANGEROUSLY_ENABLE_UNRESTRICTED_CLAIMS_LOADING=true" in row.mend


def test_nothing_is_uploaded_without_a_backup(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    (tmp_path / "file").write_text("")
    backup = Backup(tmp_path / "file" / "claims.json")
    row = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))[-1]
    assert (row.ok, row.mend) == (False, "nothing was changed")
    desk.town.claims.reload()
    assert not desk.town.allows("Student", "Create")


def test_dms_that_does_not_reload_says_when_it_will(tmp_path: Path) -> None:
    desk = Desk(Town(Vintage.V8, reloads=False))
    desk.make_client()
    backup = Backup(tmp_path / "claims.json")
    rows = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))
    assert [(row.name, row.ok) for row in rows[-2:]] == [("reload", None), ("verified", None)]
    assert "within 10 minutes" in rows[-2].detail
    assert "AppSettings__EnableClaimsetReload=true" in rows[-2].mend


def test_claims_need_an_administrator(desk: Desk, tmp_path: Path) -> None:
    backup = Backup(tmp_path / "claims.json")
    row = desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))[-1]
    assert row.mend.endswith("or run: dmsperf-tui setup client --new"), "a client at hand would be left alone"
    place = replace(PLACE, admin=Credentials("boss", "hush"))
    row = desk.town.rows(lambda client: add_claim_set(client, place, OURS, backup))[-1]
    assert "refuses its administrator boss" in row.detail
    assert "hush" not in str(row)


def added(desk: Desk, folder: Path) -> list[StepRow]:
    backup = Backup(folder / "claims.json")
    return desk.town.rows(lambda client: add_claim_set(client, desk.place, OURS, backup))


def may(desk: Desk, claim_set: str) -> dict[str, list[str]]:
    """The actions that the uploaded document grants, by resource."""
    found = rights_of(desk.town.claims.document, claim_set)
    return {claim.rpartition("/")[2]: sorted(actions) for claim, actions in found.items()}


def test_claim_set_made_through_the_api_is_kept_whatever_its_name(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    in_database(desk.town, {"R&D #1": {"student": ["Create", "Read"]}, "Empty": {}})
    rows = added(desk, tmp_path)
    assert rows[0].detail.endswith(", 2 of them made through the API")
    assert all(row.ok for row in rows)
    assert may(desk, "R&D #1") == {"student": ["Create", "Read"]}
    assert may(desk, "Empty") == {}, "it has no grants, and is kept"
    assert "Empty" in dict(claim_sets(desk.town.claims.document))
    (asked,) = [one for one in desk.town.asked if one.url.params.get("claimSetName") == "R&D #1"]
    assert b"R%26D%20%231" in asked.url.query or b"R%26D+%231" in asked.url.query


@pytest.mark.parametrize("status", [200, 404, 500])
def test_claim_set_whose_grants_cannot_be_read_stops_the_upload(
    desk: Desk, tmp_path: Path, status: int
) -> None:
    desk.make_client()
    in_database(desk.town, {"Theirs": None}, status)
    (row,) = added(desk, tmp_path)
    assert row.ok is False
    assert "what claim set 'Theirs' may do cannot be read" in row.detail
    assert "nothing was changed" in row.mend
    assert not [one for one in desk.town.asked if one.url.path.endswith("/upload-claims")]


def test_rights_are_worked_out_as_the_service_does(desk: Desk) -> None:
    desk.make_client()

    async def granted(client: httpx.AsyncClient) -> dict[str, Any]:
        cms = await SetupCms.connect(client, desk.place)
        await cms.log_in(desk.place.admin)
        return {name: await cms.granted(name) for name in await cms.claim_sets()}

    found = desk.town.talk(granted)
    assert len(found) > 2
    for name, grants in found.items():
        assert rights_granted(grants) == rights(desk.town.claims.document, name), name
        assert grants, name


def test_grants_changed_through_the_api_are_not_reverted(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    theirs = json.loads(json.dumps(OURS).replace(NAME, "Theirs"))
    other = Backup(tmp_path / "other.json")
    desk.town.rows(lambda client: add_claim_set(client, desk.place, theirs, other))
    rows = added(desk, tmp_path)
    assert "through the API" not in rows[0].detail, "the same, told in another way"
    desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, Backup(tmp_path / "claims.json")))
    assert len(may(desk, "Theirs")) > 30
    in_database(desk.town, {"Theirs": {"student": ["Read"]}})
    rows = added(desk, tmp_path)
    assert rows[0].detail.endswith(", 1 of them changed through the API")
    assert may(desk, "Theirs") == {"student": ["Read"]}
    assert desk.town.allows("Student", "Create")


def test_claim_set_that_only_the_database_still_has_is_taken_out(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    backup = Backup(tmp_path / "claims.json")
    in_database(desk.town, {NAME: {"student": ["Read"]}})
    rows = desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, backup))
    assert rows[0].detail.startswith(f"{NAME} is not in the claims document, but the Configuration Service")
    assert rows[1].detail.startswith(f"{NAME} removed")
    (upload,) = [one for one in desk.town.asked if one.url.path.endswith("/upload-claims")]
    assert NAME.encode() not in upload.content


def test_claim_set_that_an_upload_does_not_take_out_is_said(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    added(desk, tmp_path)
    backup = Backup(tmp_path / "claims.json")
    in_database(desk.town, {NAME: {}})
    answer = desk.town.instead
    desk.town.instead = lambda request: answer(request) if request.method == "GET" else None
    row = desk.town.rows(lambda client: restore_claims(client, desk.place, OURS, backup))[-1]
    assert row.ok is False
    assert f"still knows {NAME}" in row.detail
    assert backup.exists


def test_refused_admin_token_gives_way_to_credentials(desk: Desk, tmp_path: Path) -> None:
    desk.make_client()
    admin = desk.place.admin
    desk.place = replace(desk.place, admin_token="expired-token")
    assert all(row.ok for row in added(desk, tmp_path))
    assert desk.make_client(new=True)[-1].ok
    desk.place = replace(desk.place, admin=None)
    for rows in (added(desk, tmp_path), desk.make_client(new=True)):
        assert "refuses ADMIN_TOKEN (401)" in rows[-1].detail
        assert "ADMIN_CLIENT_ID" in rows[-1].mend
        assert "expired-token" not in str(rows)
    assert admin is not None
    desk.place = replace(desk.place, admin=replace(admin, client_secret="wrong"))
    row = added(desk, tmp_path)[-1]
    assert row.detail.endswith(f"refuses its administrator {admin.client_id} and ADMIN_TOKEN")
