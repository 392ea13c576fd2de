"""The people who log in to a system: a pool from a CSV file, its passwords by reference."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.settings.environment import SECRETS, Environment, web_address
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.references import referred
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.settings.variables import DOTENV, OWNER, Variables
from dmsperf_tui.systems.k12.site import IDS, ROLES, Account

POOL = "config/k12-users.csv"
"""Whom an environment has that names no file of its own."""
PASSWORD = SECRETS["user_password"]
"""What the shipped pool's passwords refer to."""
_COLUMNS = ("role", "email", "password")

_Lookup = Callable[[str], str]


def with_people(environment: Environment, places: Places, variables: Variables) -> Environment:
    """The environment with its pool of users, and with what only variables say of it.

    Of the embedded system the passwords are known once it runs: `environment.with_password`. Raises
    ConfigError, at its line, for a pool that cannot be read, a password that is not a reference, and a
    variable that is set nowhere.
    """
    here = variables.at(environment.url)
    ids = {name: found[0] for name in IDS if (found := here.get(f"{name.upper()}_ID"))}
    environment = environment.model_copy(
        update={
            "base_url": environment.base_url or web_address(here),
            "ids": {**ids, **environment.ids},
            # A K-12 platform has no tenants: what an embedded DMS has in its paths is not for it.
            "tenant": None,
            "route_qualifiers": (),
        }
    )
    path = places.file(environment.users or POOL)
    own = environment.user_password
    given = {PASSWORD: own.get_secret_value()} if own is not None else {}

    def lookup(name: str) -> str:
        found = here.get(name)
        if name not in given and found is None and not environment.embedded:
            owner = variables.dotenv.get(OWNER) if name in variables.dotenv else None
            why = f"{DOTENV} has it for {owner}" if owner else "the variable is set nowhere"
            raise ConfigError(f"{name}: {why}", mend=f"export {name}=..., or put it into {DOTENV}")
        return given.get(name) or (found[0] if found else "")

    accounts = tuple(_accounts(path, lookup))
    if not accounts:
        raise ConfigError("has no users", file=shown(path), mend="add lines: role,email,password")
    return environment.model_copy(update={"accounts": accounts})


def _accounts(path: Path, lookup: _Lookup) -> Iterator[Account]:
    file = shown(path)
    try:
        # The signature that spreadsheets write before their first column's name.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        mend = "set users = ... in the environment, or put the file there"
        raise ConfigError(f"cannot be read ({fault})", file=file, mend=mend) from None
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True, strict=True)
    try:
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"has no column {missing[0]!r}", file=file, line=1, mend="begin with: role,email,password"
            )
        for row in rows:
            try:
                yield _account(row, lookup)
            except ConfigError as error:
                raise error.located(file=file, line=rows.line_num) from None
    except csv.Error as fault:
        raise ConfigError(f"is no CSV: {fault}", file=file, line=rows.line_num) from None


def _account(row: dict[str, str | None], lookup: _Lookup) -> Account:
    role, email, password = ((row.get(name) or "").strip() for name in _COLUMNS)
    if role not in ROLES:
        raise ConfigError(f"unknown role {role!r}", key="role", mend=nearest(role, ROLES))
    if not email:
        raise ConfigError("is missing", key="email", mend="give the address that the user logs in with")
    name = referred(password)
    if name is None:
        # It may be a password: it is not repeated.
        raise ConfigError(
            "a secret does not belong in a file", key="password", mend=f'write "${{{PASSWORD}}}"'
        )
    return Account(role, email, lookup(name))
