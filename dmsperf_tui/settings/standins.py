"""Embedded systems that stay: each that `dmsperf-tui serve` runs for this user on this machine.

A file of its own makes each of them known, in the user's private folder, as it holds the secret of a client.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
import psutil
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.origin import process_alive
from dmsperf_tui.settings.private import private_folder

PREFIX = "embedded:"
"""Of the name that each goes by as an environment: `embedded:41893`."""
_SUFFIX = ".standin"

Loopback = Annotated[str, Field(pattern=r"^http://127\.0\.0\.1:\d+(/|$)")]


class Standin(BaseModel):
    """One embedded system and a client that may log in to it."""

    model_config = ConfigDict(frozen=True, strict=True)

    url: Loopback
    cms_url: Loopback
    vintage: str
    pid: int
    created: float
    """The process's start time by the system's account, so that a reused pid is not taken for it."""
    client_id: str
    client_secret: SecretStr
    k12_password: SecretStr = SecretStr("")
    """Of every user of its K-12 platform; one that an earlier version has started has none."""
    tenant: str | None = None
    qualifiers: list[str] = []
    """Values of the route qualifiers, in their order."""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    @property
    def name(self) -> str:
        """What `--env` calls it."""
        return f"{PREFIX}{self.port}"

    @property
    def alive(self) -> bool:
        return process_alive(self.pid, self.created)


def register(ready: Mapping[str, Any], tenant: str = "", qualifiers: tuple[str, ...] = ()) -> Standin:
    """Makes this process known as the embedded system that its first line, `ready`, tells of.

    Raises ConfigError where the private folder is not safe, OSError where it cannot be written.
    """
    me = psutil.Process()
    standin = Standin(
        url=ready["url"],
        cms_url=ready["cms_url"],
        vintage=ready["vintage"],
        pid=me.pid,
        created=me.create_time(),
        client_id=ready["client_id"],
        client_secret=SecretStr(ready["client_secret"]),
        k12_password=SecretStr(ready["k12_password"]),
        tenant=tenant or None,
        qualifiers=list(qualifiers),
    )
    secrets = {
        "client_secret": standin.client_secret.get_secret_value(),
        "k12_password": standin.k12_password.get_secret_value(),
    }
    said = standin.model_dump() | secrets
    # mkstemp makes the file 0600, and nobody reads half of it.
    descriptor, made = tempfile.mkstemp(dir=private_folder())
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(said))
    Path(made).replace(_path(standin))
    return standin


def unregister(standin: Standin) -> None:
    """Forgets it; the file of another process that has its port by now stays."""
    if _read(path := _path(standin)) == standin:
        path.unlink(missing_ok=True)


def standins() -> list[Standin]:
    """Every one that runs, oldest first; what dead ones left is removed.

    Raises ConfigError where the private folder is not safe.
    """
    found: list[Standin] = []
    for path in private_folder().glob(f"*{_SUFFIX}"):
        standin = _read(path)
        if standin is not None and standin.alive:
            found.append(standin)
        elif standin is not None:
            with contextlib.suppress(OSError):
                path.unlink()
    return sorted(found, key=lambda standin: standin.created)


def standing_names() -> list[str]:
    """The names of those that run; none where the private folder is not safe."""
    try:
        return [standin.name for standin in standins()]
    except ConfigError:
        return []


def find_standin(name: str) -> Standin:
    """The running one that goes by `name`. Raises ConfigError, with those that there are."""
    running = standins()
    for standin in running:
        if standin.name == name:
            return standin
    there = ", ".join(standin.name for standin in running)
    raise ConfigError(
        f"no embedded system of yours runs as {name!r}",
        key="--env",
        mend=f"there are: {there}" if there else "start one: dmsperf-tui serve",
    )


def _path(standin: Standin) -> Path:
    return private_folder() / f"{standin.port}{_SUFFIX}"


def _read(path: Path) -> Standin | None:
    """What the file tells; None for one that is torn, or not this user's alone."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            info = os.fstat(file.fileno())
            if info.st_uid != os.getuid() or stat.S_IMODE(info.st_mode) & 0o077:
                return None
            return Standin.model_validate_json(file.read())
    except (OSError, ValueError):
        return None
