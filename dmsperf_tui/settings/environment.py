"""Environments: where a system is and how to log in. The only source of addresses that load may go to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario import System
from dmsperf_tui.plan.scenario_file import explain
from dmsperf_tui.settings.env_flag import some_name
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.references import fill, lone_reference
from dmsperf_tui.settings.standins import PREFIX, find_standin
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.systems.dms.place import UNRESTRICTED, Credentials, Place
from dmsperf_tui.systems.k12.site import IDS, Account, Site

EMBEDDED = "embedded"
_REFUSED = {
    **dict.fromkeys(("proxy", "proxies", "http_proxy", "https_proxy"), "proxies"),
    **dict.fromkeys(("client_cert", "client_certificate", "cert_file", "client_key"), "client certificates"),
}
"""What people look for and this tool does not have: load goes straight to the environment."""
SECRETS = {
    "client_secret": "CLIENT_SECRET",
    "admin_client_secret": "ADMIN_CLIENT_SECRET",
    "admin_token": "ADMIN_TOKEN",
    "data_store": "DATA_STORE_CONNECTION",
    "user_password": "K12_PASSWORD",
}
"""Keys that hold a secret, and the variable that each is usually taken from."""
_URLS = ("url", "cms_url", "token_url", "base_url")
_URL_VARIABLES = {"cms_url": "CMS_URL", "token_url": "OAUTH_TOKEN_URL"}
_PRIVATE = {*SECRETS, "client_id", "admin_client_id", "prepare", "accounts"}


def _segments(value: Any) -> Any:
    """Route qualifiers as a list of values, or as a table whose order is that of the path."""
    if isinstance(value, Mapping):
        value = list(value.values())
    return [str(item) if isinstance(item, int) else item for item in value] if value else []


def _named(value: Any) -> Any:
    """A table of ids: numbers are ids as well, submissions a list; a variable that is not set names none."""
    if not isinstance(value, Mapping):
        raise ValueError("is no table; write [ids] and below it quiz = 12")
    found: dict[str, str] = {}
    for key, item in value.items():
        items = item if isinstance(item, list) and key == "submission" else [item]
        if any(isinstance(one, bool) or not isinstance(one, str | int | None) for one in items):
            raise ValueError(f'{key} is no id; write {key} = 12 or {key} = "abc"')
        if text := ",".join(str(one) for one in items if one not in (None, "")):
            found[str(key)] = text
    return found


def _known_ids(ids: dict[str, str]) -> dict[str, str]:
    for name in ids:
        if name not in IDS:
            raise ValueError(f"unknown id {name!r}; {nearest(name, IDS)}")
    return ids


def _segment(text: str) -> str:
    if not re.fullmatch("[^/?#]+", text):
        raise ValueError(f"{text!r} cannot stand in a path; write it without / ? and #")
    return text


def _one_word(text: str) -> str:
    if not re.fullmatch(r"\S+", text):
        raise ValueError(f"{text!r} is no claim set; write one name without blanks")
    return text


Segment = Annotated[str, AfterValidator(_segment)]


class Environment(BaseModel):
    """One place that load may go to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    description: str = ""
    system: System | None = None
    url: str = ""
    """The base that every path is appended to; empty for the embedded system until it runs."""
    cms_url: str | None = None
    """The Configuration Service, with or without its path base `/config`."""
    token_url: str | None = None
    """Where tokens come from; `/oauth/token` of the DMS by default."""
    tenant: Segment | None = None
    route_qualifiers: Annotated[tuple[Segment, ...], BeforeValidator(_segments)] = ()
    """Values of the path segments between tenant and `/data`, in the order of RouteQualifierSegments."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    admin_client_id: str | None = None
    admin_client_secret: SecretStr | None = None
    admin_token: SecretStr | None = None
    claim_set: Annotated[str, AfterValidator(_one_word)] = UNRESTRICTED
    """Of a client that set-up makes."""
    data_store: SecretStr | None = None
    """A connection string, for a CMS that knows no database yet."""
    create_client: bool | None = None
    """Whether a client may be made without being asked for. By default only on this machine: elsewhere
    it would change a service that others share."""
    cleanup: bool = False
    """Delete what a run created when it has ended."""
    users: str | None = None
    """Of a K-12 platform: the CSV file of who may log in (role, email, password by reference)."""
    user_password: SecretStr | None = None
    """Of a K-12 platform: what `${K12_PASSWORD}` stands for in that file."""
    base_url: str | None = None
    """Of a K-12 platform: its web front end, whose pages call `url`."""
    ids: Annotated[dict[str, str], BeforeValidator(_named), AfterValidator(_known_ids)] = {}
    """Of a K-12 platform: the quiz, course and submissions to work with, where they are not to be found."""
    accounts: tuple[Account, ...] = ()
    """Who may log in, passwords included: from `users`, never from the environment's own file."""
    prepare: str | None = None
    """The command that starts the system; `setup prepare` shows it and asks."""
    ca_file: str | None = None
    """A PEM file of certificate authorities to trust instead of the system's."""
    insecure: bool = False
    """Do not verify TLS certificates: said on the screen and in the record."""

    @property
    def embedded(self) -> bool:
        """Whether it is the system that starts and ends with each run."""
        return self.name == EMBEDDED

    @property
    def try_out(self) -> bool:
        """Whether it is an embedded system, of a run or one that stays: it shares this machine's CPU."""
        return self.embedded or self.name.startswith(PREFIX)

    @property
    def load_url(self) -> str:
        """Where `/data` and `/oauth` are: `url` with tenant and route qualifiers (DMS
        FE/Modules/CoreEndpointModule.cs). Discovery and `/metadata` stay at `url`."""
        segments = [*([self.tenant] if self.tenant else []), *self.route_qualifiers]
        return "/".join([self.url.rstrip("/"), *(quote(segment, safe="") for segment in segments)])

    @property
    def oauth_url(self) -> str:
        """Where tokens come from: DMS proxies its identity provider at `/oauth/token`."""
        return self.token_url or f"{self.load_url}/oauth/token"

    @property
    def may_create_client(self) -> bool:
        """`create_client`, by default whether the DMS is on this machine."""
        return is_loopback(self.url) if self.create_client is None else self.create_client

    def place(self) -> Place:
        """What the functions of `systems.dms` take."""
        return Place(
            url=self.url.rstrip("/"),
            load_url=self.load_url,
            token_url=self.oauth_url,
            cms_url=self.cms_url,
            tenant=self.tenant,
            route_qualifiers=self.route_qualifiers,
            client=_credentials(self.client_id, self.client_secret),
            admin=_credentials(self.admin_client_id, self.admin_client_secret),
            admin_token=_shown(self.admin_token),
            claim_set=self.claim_set,
            data_store=_shown(self.data_store),
            create_client=self.may_create_client,
            insecure=self.insecure,
        )

    def site(self) -> Site:
        """What `systems.k12` takes."""
        return Site(
            url=self.url.rstrip("/"),
            base_url=self.base_url,
            accounts=self.accounts,
            ids=self.ids,
            insecure=self.insecure,
        )

    def with_password(self, password: str) -> Environment:
        """With the password of all users, once the embedded system has told it."""
        accounts = tuple(replace(account, password=password) for account in self.accounts)
        return self.model_copy(update={"accounts": accounts})

    def revealed(self) -> dict[str, Any]:
        """As JSON with its secrets: for the standard input of the run's own host, and nothing else."""
        secrets = {key: value.get_secret_value() for key in SECRETS if (value := getattr(self, key))}
        return self.model_dump(mode="json") | secrets


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(client_id: str | None, secret: SecretStr | None) -> Credentials | None:
    return Credentials(client_id, secret.get_secret_value()) if client_id and secret else None


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _check_url(url: str, key: str) -> str:
    # Before anything else: every other message repeats the URL.
    if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise ConfigError(
            "a URL must not carry credentials", key=key, mend="set CLIENT_ID and CLIENT_SECRET instead"
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{url!r} is not an http(s) URL", key=key, mend="write http://host:port/path")
    if parts.query or parts.fragment:
        raise ConfigError(f"{url!r} has a query or fragment", key=key, mend="paths are appended to it")
    return url.rstrip("/")


def load_environment(name: str, places: Places, variables: Variables) -> Environment:
    """`embedded`, `embedded:PORT`, a URL, or a name from `config/environments/`.

    Raises ConfigError for an unknown name, a bad URL, or a secret written into the file.
    """
    if some_name(name) == EMBEDDED:
        return Environment(name=EMBEDDED, title="Embedded systems, in a process of their own")
    if name.startswith(PREFIX):
        return _standing(name, variables)
    if "://" in name:
        url = _check_url(name, "--env")
        variables = variables.at(url)
        return Environment(
            name=urlsplit(url).netloc,
            url=url,
            **{key: _url(variables, variable) for key, variable in _URL_VARIABLES.items()},
            client_id=_value(variables, "CLIENT_ID"),
            admin_client_id=_value(variables, "ADMIN_CLIENT_ID"),
            **{key: _secret(_value(variables, variable)) for key, variable in SECRETS.items()},
        )
    if re.fullmatch(r"[\w.-]+:\d+(/.*)?", name):
        raise ConfigError(f"{name!r} is no URL", key="--env", mend=f"write http://{name}")
    file = TomlFile.read(places.find("config/environments", name, "environment", (EMBEDDED,)))
    try:
        return environment_from(name, file.data, variables)
    except ConfigError as error:
        raise file.locate(error) from None


def environment_from(name: str, data: Mapping[str, Any], variables: Variables) -> Environment:
    """The environment that a file's content makes. Raises ConfigError at the key that is wrong."""
    for key, what in _REFUSED.items():
        if key in data:
            raise ConfigError(f"{what} are not supported", key=key, mend="remove it")
    for key, variable in SECRETS.items():
        if key in data and not lone_reference(data[key]):
            raise ConfigError("a secret does not belong in a file", key=key, mend=f'write "${{{variable}}}"')
    if "accounts" in data:
        raise ConfigError(
            "unknown key 'accounts'", key="accounts", mend="users = the CSV file of who logs in"
        )
    variables = variables.at(url_of(data, variables))
    filled = {**_of_administrator(variables), **_filled(data, variables)}
    try:
        environment = Environment.model_validate({"name": name, **filled})
    except ValidationError as error:
        raise explain(error, Environment) from None
    if not environment.url:
        raise ConfigError("is missing", key="url", mend='add url = "http://host:port/api"')
    urls = {key: _check_url(url, key) for key in _URLS if (url := getattr(environment, key))}
    return environment.model_copy(update=urls)


def url_of(data: Mapping[str, Any], variables: Variables) -> str:
    """The address that a file's content names, its variables filled in; what credentials are kept for."""
    return str(_filled({"url": data.get("url", "")}, variables)["url"] or "").rstrip("/")


def _filled(data: Mapping[str, Any], variables: Variables) -> dict[str, Any]:
    def lookup(variable: str, default: str | None) -> str | None:
        return _value(variables, variable) or default

    filled: dict[str, Any] = fill(data, lookup)
    return filled


def _standing(name: str, variables: Variables) -> Environment:
    """An embedded system that stays: its own client needs no typing."""
    standin = find_standin(name)
    found = {
        "title": "Embedded systems that stay",
        "url": standin.url,
        "cms_url": standin.cms_url,
        "tenant": standin.tenant,
        "route_qualifiers": standin.qualifiers,
        "client_id": standin.client_id,
        "client_secret": standin.client_secret,
        "user_password": standin.k12_password,
    }
    return Environment.model_validate({"name": name, **_of_administrator(variables.at(standin.url)), **found})


def _of_administrator(variables: Variables) -> dict[str, str]:
    """What set-up needs and a file need not name: `setup client` has put it into `.env.load-test`."""
    names = {"admin_client_id": "ADMIN_CLIENT_ID", **SECRETS}
    del names["client_secret"], names["user_password"]
    return {key: value for key, name in names.items() if (value := _value(variables, name))}


def _value(variables: Variables, name: str) -> str | None:
    found = variables.get(name)
    return found[0] if found else None


def web_address(variables: Variables) -> str | None:
    """Of a K-12 platform's web front end, by its variable. Raises ConfigError for one that is no URL."""
    return _url(variables, "BASE_URL")


def _url(variables: Variables, variable: str) -> str | None:
    url = _value(variables, variable)
    return _check_url(url, variable) if url else None


def _secret(text: str | None) -> SecretStr | None:
    return SecretStr(text) if text else None


def public(environment: Environment) -> dict[str, Any]:
    """The environment for a record or a screen: nothing secret in it."""
    return environment.model_dump(exclude=_PRIVATE, exclude_none=True)
