"""Environments: where a system is and how to log in. The only source of addresses that load may go to."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.scenario_file import explain
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.references import fill, lone_reference
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import Variables

EMBEDDED = "embedded"
_REFUSED = {
    **dict.fromkeys(("proxy", "proxies", "http_proxy", "https_proxy"), "proxies"),
    **dict.fromkeys(("client_cert", "client_certificate", "cert_file", "client_key"), "client certificates"),
}
"""What people look for and this tool does not have: load goes straight to the environment."""


class Environment(BaseModel):
    """One place that load may go to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    description: str = ""
    system: Literal["dms", "http"] | None = None
    url: str = ""
    """The base that every path is appended to; empty for the embedded system until it runs."""
    token_url: str | None = None
    """Where `/oauth/token` is; below `url` by default."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    ca_file: str | None = None
    """A PEM file of certificate authorities to trust instead of the system's."""
    insecure: bool = False
    """Do not verify TLS certificates: said on the screen and in the record."""

    @property
    def embedded(self) -> bool:
        return self.name == EMBEDDED

    @property
    def oauth_url(self) -> str:
        """Where tokens come from: DMS proxies its identity provider at `/oauth/token`."""
        return self.token_url or f"{self.url.rstrip('/')}/oauth/token"


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
    """`embedded`, a URL, or a name from `config/environments/`.

    Raises ConfigError for an unknown name, a bad URL, or a secret written into the file.
    """
    if name == EMBEDDED:
        return Environment(name=EMBEDDED, title="Embedded DMS, in a process of its own", system="dms")
    if "://" in name:
        url = _check_url(name, "--env")
        return Environment(
            name=urlsplit(url).netloc,
            url=url,
            token_url=_value(variables, "OAUTH_TOKEN_URL"),
            client_id=_value(variables, "CLIENT_ID"),
            client_secret=_secret(_value(variables, "CLIENT_SECRET")),
        )
    if re.fullmatch(r"[\w.-]+:\d+(/.*)?", name):
        raise ConfigError(f"{name!r} is no URL", key="--env", mend=f"write http://{name}")
    file = TomlFile.read(places.find("config/environments", name, "environment", (EMBEDDED,)))
    try:
        for key, what in _REFUSED.items():
            if key in file.data:
                raise ConfigError(f"{what} are not supported", key=key, mend="remove it")
        secret = file.data.get("client_secret")
        if secret is not None and not lone_reference(secret):
            raise ConfigError(
                "a secret does not belong in a file", key="client_secret", mend='write "${CLIENT_SECRET}"'
            )
        filled = fill(file.data, lambda variable, default: _value(variables, variable) or default)
        environment = Environment.model_validate({"name": name, **filled})
        if not environment.url:
            raise ConfigError("is missing", key="url", mend='add url = "http://host:port/api"')
        _check_url(environment.url, "url")
        if environment.token_url:
            _check_url(environment.token_url, "token_url")
    except ValidationError as error:
        raise file.locate(explain(error, Environment)) from None
    except ConfigError as error:
        raise file.locate(error) from None
    return environment.model_copy(update={"url": environment.url.rstrip("/")})


def _value(variables: Variables, name: str) -> str | None:
    found = variables.get(name)
    return found[0] if found else None


def _secret(text: str | None) -> SecretStr | None:
    return SecretStr(text) if text else None


def public(environment: Environment) -> dict[str, Any]:
    """The environment for a record or a screen: nothing secret in it."""
    return environment.model_dump(exclude={"client_id", "client_secret"}, exclude_none=True)
