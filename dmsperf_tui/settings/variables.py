"""Environment variables and `.env.load-test`, with the k6 suite's names and those of its forerunners."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from dmsperf_tui.plan.errors import ConfigError

DOTENV = ".env.load-test"

_OTHER_NAMES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "API_BASE_URL": (
        (("DMS_URL",), "{DMS_URL}"),
        (("DMS_HOST", "DMS_PORT"), "http://{DMS_HOST}:{DMS_PORT}/api"),
    ),
    "API_URL": ((("BASE_URL",), "{BASE_URL}"),),
    "OAUTH_TOKEN_URL": ((("AUTH_URL",), "{AUTH_URL}/oauth/token"),),
    "CLIENT_SECRET": ((("PERF_TEST_CLIENT_SECRET",), "{PERF_TEST_CLIENT_SECRET}"),),
    "CMS_URL": (
        (
            ("CONFIG_SERVICE_HOST", "CONFIG_SERVICE_PORT"),
            "http://{CONFIG_SERVICE_HOST}:{CONFIG_SERVICE_PORT}/config",
        ),
    ),
}
"""What else gives a variable its value, the first first: any of these names, put into this text."""
_OWN_NAME_FIRST = ("API_URL",)
"""What its other names stand for is another thing, good enough only where it is set nowhere itself."""
_K6_DEFAULTS = {
    "DMS_HOST": "localhost",
    "DMS_PORT": "8080",
    "CONFIG_SERVICE_HOST": "localhost",
    "CONFIG_SERVICE_PORT": "8081",
}
OWNER = "CLIENT_FOR"
"""The address that the credentials in the file were made for: they are sent to no other."""
_OWNED = ("CLIENT_ID", "CLIENT_SECRET", "ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET", "K12_PASSWORD")
_CLIENT_OF_SECRET = ("PERF_TEST_CLIENT_SECRET", "performance-test-client")
"""A secret whose client has a fixed name (the performance testing strategy's)."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What is set around the tool, the process environment before the file."""

    environ: Mapping[str, str]
    dotenv: Mapping[str, str]

    @classmethod
    def here(cls, folder: Path | None = None) -> Variables:
        """Raises ConfigError when other users can read the file: it holds a secret."""
        path = (folder or Path.cwd()) / DOTENV
        values: dict[str, str] = {}
        if path.is_file():
            if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                raise ConfigError("can be read by other users", file=DOTENV, mend=f"run: chmod 600 {DOTENV}")
            values = {name: value for name, value in dotenv_values(path).items() if value}
        return cls(dict(os.environ), values)

    def at(self, url: str) -> Variables:
        """Those that may be used at `url`: without credentials that the file holds for another address."""
        if self.dotenv.get(OWNER, url) == url:
            return self
        kept = {name: value for name, value in self.dotenv.items() if name not in _OWNED}
        return Variables(self.environ, kept)

    def get(self, name: str) -> tuple[str, str] | None:
        """(value, source), or None where it is set nowhere; an empty value counts as not set."""
        if name in _OWN_NAME_FIRST and not self.environ.get(name) and self.dotenv.get(name):
            return self.dotenv[name], DOTENV
        return _found(self.environ, name, "variable {}") or _found(self.dotenv, name, DOTENV)


def _found(values: Mapping[str, str], name: str, source: str) -> tuple[str, str] | None:
    if values.get(name):
        return values[name], source.format(name)
    for names, text in _OTHER_NAMES.get(name, ()):
        if given := [other for other in names if values.get(other)]:
            return text.format_map(_K6_DEFAULTS | dict(values)), source.format(given[0])
    secret, client = _CLIENT_OF_SECRET
    if name == "CLIENT_ID" and values.get(secret) and not values.get("CLIENT_SECRET"):
        return client, source.format(secret)
    return None


def keeper(url: str, folder: Path | None = None) -> Callable[[Mapping[str, str]], Path]:
    """Saves credentials that were made for `url`, as `save_variables` does.

    Raises ConfigError at once where the file holds those of another address, which would be lost.
    """
    path = (folder or Path.cwd()) / DOTENV
    owner = dotenv_values(path).get(OWNER) if path.is_file() else None
    if owner not in (None, url):
        raise ConfigError(
            f"holds the client of {owner}",
            file=DOTENV,
            mend="use a folder of its own for each environment, or move that file away",
        )
    return lambda values: save_variables({**values, OWNER: url}, folder)


def save_variables(values: Mapping[str, str], folder: Path | None = None) -> Path:
    """Puts `values` into `.env.load-test`, readable by this user alone; its other lines stay as they are.

    The file is replaced in one step. Raises ConfigError when it cannot be written, and for a value that
    the file cannot hold.
    """
    path = (folder or Path.cwd()) / DOTENV
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for name, value in values.items():
            lines = [line for line in lines if not re.match(rf"\s*(?:export\s+)?{re.escape(name)}\s*=", line)]
            lines.append(f"{name}={_quoted(value)}")
        text = "".join(f"{line}\n" for line in lines)
        # mkstemp makes the file 0600.
        descriptor, made = tempfile.mkstemp(prefix=DOTENV, dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        read = dotenv_values(made)
        if bad := [name for name, value in values.items() if read.get(name) != value]:
            Path(made).unlink()
            raise ConfigError("holds a value that cannot be written", file=DOTENV, key=bad[0])
        Path(made).replace(path)
    except OSError as fault:
        raise ConfigError(f"cannot be written ({fault.strerror})", file=DOTENV) from None
    return path


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w./:@+%,-]+", value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
