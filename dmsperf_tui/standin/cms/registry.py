"""Vendors, their applications, and data stores (v0.7: DMS instances): what stands between a client and DMS.

CMS/Modules/VendorModule.cs, ApplicationModule.cs and DataStoreModule.cs (DmsInstanceModule.cs), with the
cascades of its database.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from dmsperf_tui.standin.cms.answers import as_json, invalid, location, not_found, unreadable
from dmsperf_tui.standin.cms.table import Field, Kind, Row, Table
from dmsperf_tui.standin.oauth import Client, Clients
from dmsperf_tui.standin.problems import ApiError
from dmsperf_tui.standin.vintage import Vintage

_SECRET_LENGTH = 32
_ALPHANUMERIC = string.ascii_letters + string.digits
# Those special characters of 8.x that pass through a form and a Basic header unharmed.
_SPECIAL = "!@#$^*()-_[]{}:;,.?"


class Collection:
    """The endpoints that every table has.

    `not_found` is the sentence of a 404, with `{id}` in it; `named_by` the field that names a row in the
    sentence of its creation.
    """

    def __init__(self, table: Table, not_found: str, named_by: str) -> None:
        self.table = table
        self._not_found = not_found
        self._named_by = named_by
        self.cascade: Callable[[int], None] | None = None
        """Told the id of each deleted row: what the database does to the rows that name it."""

    async def get_all(self, request: Request) -> Response:
        return as_json([self.shown(id, row) for id, row in self.table.listed(request.query_params)])

    async def get_one(self, request: Request) -> Response:
        return as_json(self.shown(*self.find(request)))

    async def insert(self, request: Request) -> Response:
        row = self.table.read(await _json(request))
        self.check(row, None)
        return self.created(request, self.table.add(row), row)

    async def update(self, request: Request) -> Response:
        body = await _json(request)
        row = self.table.read(body)
        if self.table.body_id(body) != _path_id(request):
            raise self.wrong("Id", "Request body id must match the id in the url.")
        id, _ = self.find(request)
        self.check(row, id)
        self.table.rows[id] = row
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        id, _ = self.find(request)
        del self.table.rows[id]
        if self.cascade is not None:
            self.cascade(id)
        return Response(status_code=204)

    def check(self, row: Row, id: int | None) -> None:
        """Raises where a row cannot stand beside the others; most tables let any.

        `id` is the row's own, if it has one already.
        """

    def created(self, request: Request, id: int, row: Row) -> Response:
        title = f"New {self.table.title} {row[self._named_by]} has been created successfully."
        return as_json({"id": id, "status": 201, "title": title}, 201, {"Location": location(request, id)})

    def shown(self, id: int, row: Row) -> Row:
        """A row as it is read. v0.7 says when and by whom it was written, as far as it knows."""
        if self.table.vintage is Vintage.V8:
            return {"id": id, **row}
        unknown = dict.fromkeys(("createdAt", "createdBy", "lastModifiedAt", "modifiedBy"))
        return {"id": id, **row, **unknown}

    def find(self, request: Request) -> tuple[int, Row]:
        """The row that the path names. Raises 404."""
        id = _path_id(request)
        if id not in self.table.rows:
            raise not_found(self._not_found.format(id=id))
        return id, self.table.rows[id]

    def wrong(self, name: str, message: str) -> ApiError:
        return invalid(self.table.vintage, {name: [message]})


class DataStores(Collection):
    def __init__(self, vintage: Vintage) -> None:
        is_old = vintage is Vintage.V0_7
        title = "DmsInstance" if is_old else "DataStore"
        fields = (
            Field("instanceType" if is_old else "dataStoreType", required=True, max_length=50),
            Field("instanceName" if is_old else "name", required=True, max_length=256),
            Field("connectionString", max_length=1000),
        )
        super().__init__(
            Table(title, fields, vintage),
            f"{title} {{id}} not found. It may have been recently deleted.",
            named_by=fields[1].name,
        )
        prefix = "dmsInstance" if is_old else "dataStore"
        self._empty = f"{prefix}RouteContexts" if is_old else f"{prefix}Contexts", f"{prefix}Derivatives"

    def shown(self, id: int, row: Row) -> Row:
        contexts, derivatives = self._empty
        return super().shown(id, {**row, contexts: [], derivatives: [], "tenantId": None})


class Vendors(Collection):
    def __init__(self, vintage: Vintage) -> None:
        fields = (
            Field("company", required=True, max_length=256),
            Field("contactName", required=True, max_length=128),
            Field("contactEmailAddress", required=True, max_length=320, check=_email),
            Field("namespacePrefixes", required=True, check=_prefixes),
        )
        super().__init__(
            Table("Vendor", fields, vintage),
            "Vendor {id} not found. It may have been recently deleted.",
            named_by="company",
        )

    async def insert(self, request: Request) -> Response:
        """A company that is known already is updated and answered 200. 8.x has no body, only Location."""
        row = self.table.read(await _json(request))
        known = next((id for id, one in self.table.rows.items() if one["company"] == row["company"]), None)
        if known is None:
            return self.created(request, self.table.add(row), row)
        self.table.rows[known] = row
        if self.table.vintage is Vintage.V8:
            return Response(status_code=200, headers={"Location": location(request, known)})
        title = f"Vendor {row['company']} has been updated successfully."
        return as_json({"id": known, "status": 200, "title": title})

    def created(self, request: Request, id: int, row: Row) -> Response:
        if self.table.vintage is Vintage.V8:
            return Response(status_code=201, headers={"Location": location(request, id)})
        return super().created(request, id, row)


class Applications(Collection):
    """Each application has one client of DMS, whose rights follow the application's."""

    def __init__(self, vintage: Vintage, vendors: Vendors, stores: DataStores, clients: Clients) -> None:
        is_old = vintage is Vintage.V0_7
        self._store_ids = "dmsInstanceIds" if is_old else "dataStoreIds"
        fields = [
            Field("applicationName", required=True, max_length=256),
            Field("vendorId", Kind.NUMBER),
            Field("claimSetName", required=True, max_length=256, check=_no_white_space),
            Field("educationOrganizationIds", Kind.NUMBERS),
            Field(self._store_ids, Kind.NUMBERS),
        ]
        if not is_old:
            fields.append(Field("profileIds", Kind.NUMBERS))
        super().__init__(
            Table("Application", tuple(fields), vintage), "Application not found", named_by="applicationName"
        )
        self._vendors = vendors
        self._stores = stores
        self._clients = clients
        self._keys: dict[int, str] = {}

    def check(self, row: Row, id: int | None) -> None:
        if row["vendorId"] not in self._vendors.table.rows:
            raise self.wrong("VendorId", "Reference 'VendorId' does not exist.")
        if not set(self._stores_of(row)) <= set(self._stores.table.rows):
            is_old = self.table.vintage is Vintage.V0_7
            raise (
                self.wrong("DmsInstanceId", "DMS instance does not exist.")
                if is_old
                else self.wrong("DataStoreId", "Data store does not exist.")
            )
        if row.get("profileIds"):
            raise self.wrong("ProfileId", "Profile does not exist.")
        name = row["applicationName"]
        for other, one in self.table.rows.items():
            if other != id and (one["vendorId"], one["applicationName"]) == (row["vendorId"], name):
                raise self.wrong("ApplicationName", f"Application '{name}' already exists for vendor.")

    def created(self, request: Request, id: int, row: Row) -> Response:
        """The only answer in which the secret stands."""
        key, secret = str(uuid.uuid4()), self._new_secret()
        self._keys[id] = key
        self._clients.add(self._client(key, row), secret)
        return as_json({"id": id, "key": key, "secret": secret}, 201, {"Location": location(request, id)})

    async def update(self, request: Request) -> Response:
        response = await super().update(request)
        id, row = self.find(request)
        self._clients.replace(self._client(self._keys[id], row))
        return response

    async def delete(self, request: Request) -> Response:
        response = await super().delete(request)
        self._clients.remove(self._keys.pop(_path_id(request)))
        return response

    async def reset_credential(self, request: Request) -> Response:
        """The same key with a new secret."""
        id, _ = self.find(request)
        secret = self._new_secret()
        self._clients.change_secret(self._keys[id], secret)
        return as_json({"id": id, "key": self._keys[id], "secret": secret})

    def shown(self, id: int, row: Row) -> Row:
        enabled = {} if self.table.vintage is Vintage.V0_7 else {"enabled": True}
        return super().shown(id, {**row, **enabled})

    def of_vendor(self, vendor_id: int) -> list[Row]:
        return [self.shown(id, row) for id, row in self.table.rows.items() if row["vendorId"] == vendor_id]

    def with_claim_set(self, claim_set: str) -> list[str]:
        """The names of the applications that have this claim set."""
        return [
            str(row["applicationName"])
            for row in self.table.rows.values()
            if row["claimSetName"] == claim_set
        ]

    def drop_store(self, store_id: int) -> None:
        """No application has the data store any more, nor has a later token."""
        for id, row in self.table.rows.items():
            row[self._store_ids] = [one for one in self._stores_of(row) if one != store_id]
            self._clients.replace(self._client(self._keys[id], row))

    def drop_vendor(self, vendor_id: int) -> None:
        """The vendor's applications go, while their clients can still log in."""
        rows = self.table.rows
        for id in [id for id, row in rows.items() if row["vendorId"] == vendor_id]:
            del rows[id]

    def _client(self, key: str, row: Row) -> Client:
        return Client(key, str(row["claimSetName"]), has_data_store=bool(self._stores_of(row)))

    def _stores_of(self, row: Row) -> list[int]:
        return cast("list[int]", row[self._store_ids])

    def _new_secret(self) -> str:
        if self.table.vintage is Vintage.V0_7:
            return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_SECRET_LENGTH))
        kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SPECIAL)
        rest = [secrets.choice(_ALPHANUMERIC + _SPECIAL) for _ in range(_SECRET_LENGTH - len(kinds))]
        characters = [*(secrets.choice(kind) for kind in kinds), *rest]
        secrets.SystemRandom().shuffle(characters)
        return "".join(characters)


class Registry:
    """All tables of one tenant."""

    def __init__(self, vintage: Vintage, clients: Clients) -> None:
        self.stores = DataStores(vintage)
        self.vendors = Vendors(vintage)
        self.applications = Applications(vintage, self.vendors, self.stores, clients)
        self.stores.cascade = self.applications.drop_store
        self.vendors.cascade = self.applications.drop_vendor

    async def vendor_applications(self, request: Request) -> Response:
        id, _ = self.vendors.find(request)
        return as_json(self.applications.of_vendor(id))


def _path_id(request: Request) -> int:
    text = request.path_params["id"]
    if not text.isdecimal():
        raise unreadable(f'Failed to bind parameter "long id" from "{text}".')
    return int(text)


async def _json(request: Request) -> bytes:
    if "json" not in request.headers.get("content-type", "").lower():
        raise unreadable("Expected a supported JSON media type but got another one.")
    return await request.body()


def _email(value: str) -> str | None:
    """One `@`, neither first nor last: that is all that FluentValidation asks for."""
    at = value.find("@")
    fits = 0 < at < len(value) - 1 and at == value.rfind("@")
    return None if fits else "'Contact Email Address' is not a valid email address."


def _prefixes(value: str) -> str | None:
    if any(len(prefix.strip()) > 128 for prefix in value.split(",")):
        return "Each NamespacePrefix length must be 128 characters or fewer."
    return None


def _no_white_space(value: str) -> str | None:
    return "Claim set name must not contain white spaces." if any(map(str.isspace, value)) else None
