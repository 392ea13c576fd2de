"""The people who log in to a system: a pool from a CSV file, its passwords by reference."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.settings.environment import SECRETS, Environment, web_address
from dmsperf_tui.settings.places import DEFAULTS, Places
from dmsperf_tui.settings.references import lone_reference, referred
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.settings.variables import DOTENV, OWNER, Variables
from dmsperf_tui.systems.k12.site import API, IDS, ROLES, Account

POOL = "config/k12-users.csv"
"""Whom an environment has that names no file of its own."""
PASSWORD = SECRETS["user_password"]
"""What the shipped pool's passwords refer to."""
_COLUMNS = ("role", "email", "password")

_Lookup = Callable[[str], str]


def with_people(environment: Environment, places: Places, variables: Variables) -> Environment:
    """The environment with its pool of users, and with what only variables say of it.

    An embedded system has the shipped pool, and nothing that variables say of another platform is for it;
    the passwords of one that a run starts are known once it runs: `Environment.with_password`. Raises
    ConfigError, at its line, for a pool that cannot be read, a password that is not a reference, and a
    variable that is set nowhere.
    """
    if environment.url.endswith(API):
        mend = f"write {environment.url.removesuffix(API)}"
        raise ConfigError(
            f"{environment.url} has the {API} that every path begins with", key="url", mend=mend
        )
    if environment.try_out:
        path, base_url, ids = DEFAULTS / POOL, None, {}
    else:
        path = _found(places, environment.users or POOL)
        base_url = environment.base_url or web_address(variables)
        ids = {name: found[0] for name in IDS if (found := variables.get(f"{name.upper()}_ID"))}
    lookup = _passwords(environment, variables)
    accounts = tuple(_accounts(path, lookup))
    if not accounts:
        raise ConfigError("has no users", file=shown(path), mend="add lines: role,email,password")
    update = {
        "accounts": accounts,
        "base_url": base_url,
        "ids": {**ids, **environment.ids},
        # A K-12 platform has no tenants: what an embedded DMS has in its paths is not for it.
        "tenant": None,
        "route_qualifiers": (),
    }
    return environment.model_copy(update=update)


def _found(places: Places, name: str) -> Path:
    path = places.file(name)
    if not path.is_file():
        mend = f"put it below {places.folders[0]}, or set users = ... in the environment"
        raise ConfigError("no such file", file=name, mend=mend)
    return path


def _passwords(environment: Environment, variables: Variables) -> _Lookup:
    """What a reference in the pool stands for; what the file keeps for one address goes to no other."""
    own, owner = environment.user_password, variables.dotenv.get(OWNER, environment.url)
    here = variables if owner == environment.url else Variables(variables.environ, {})

    def lookup(name: str) -> str:
        if name == PASSWORD and own is not None:
            return own.get_secret_value()
        found = here.get(name)
        if found is not None:
            return found[0]
        if environment.try_out:
            return ""
        why = f"{DOTENV} has it for {owner}" if name in variables.dotenv else "the variable is set nowhere"
        raise ConfigError(f"{name}: {why}", mend=f"export {name}=..., or put it into {DOTENV}")

    return lookup


def _accounts(path: Path, lookup: _Lookup) -> Iterator[Account]:
    file = shown(path)
    try:
        # The signature that spreadsheets write before their first column's name.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"cannot be read ({fault})", file=file) from None
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True, strict=True)
    lines: dict[str, int] = {}
    try:
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"has no column {missing[0]!r}", file=file, line=1, mend="begin with: role,email,password"
            )
        for row in rows:
            try:
                account = _account(row, lookup)
                if (before := lines.setdefault(account.email, rows.line_num)) != rows.line_num:
                    what = f"{account.email} is in line {before} already"
                    raise ConfigError(what, key="email", mend="a user is dealt to one VU: remove one line")
            except ConfigError as error:
                raise error.located(file=file, line=rows.line_num) from None
            yield account
    except csv.Error as fault:
        # Of the row that it could not end; DictReader's own number is that of the one before.
        raise ConfigError(f"is no CSV: {fault}", file=file, line=rows.reader.line_num) from None


def _account(row: dict[str, str | None], lookup: _Lookup) -> Account:
    role, email, password = ((row.get(name) or "").strip() for name in _COLUMNS)
    if role not in ROLES:
        raise ConfigError(f"unknown role {role!r}", key="role", mend=nearest(role, ROLES))
    if not email:
        raise ConfigError("is missing", key="email", mend="give the address that the user logs in with")
    if not password:
        raise ConfigError("is missing", key="password", mend=f'write "${{{PASSWORD}}}"')
    name = referred(password)
    if name is None or not lone_reference(password):
        # It may be a password: it is not repeated.
        raise ConfigError(
            "a secret does not belong in a file", key="password", mend=f'write "${{{PASSWORD}}}"'
        )
    return Account(role, email, lookup(name))
