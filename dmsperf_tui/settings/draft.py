"""An environment's file on its way: what is typed is checked by the file's own rules, then saved.

A secret never goes into the file: it goes to `.env.load-test`, and the file refers to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.environment import (
    EMBEDDED,
    SECRETS,
    Environment,
    environment_from,
    url_of,
)
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.references import referred
from dmsperf_tui.settings.standins import PREFIX, Standin, find_standin
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import DOTENV, OWNER, Variables, keeper
from dmsperf_tui.settings.writing import save_toml

FOLDER = "config/environments"
QUALIFIERS = "route_qualifiers"
_CLIENT = {"client_id": "${CLIENT_ID}", "client_secret": "${CLIENT_SECRET}"}
"""Of a new environment: what `setup client` keeps is used."""
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")
_SOMEWHERE = "http://localhost"


@dataclass
class Draft:
    """What an environment's file holds, or will."""

    name: str
    """Empty for one that has no file yet."""
    path: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """As the file has them, references to variables and all."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """Those that have been typed, by their keys."""
    _saved: dict[str, Any] = field(default_factory=dict)
    """`values` as they were when it was opened or saved last."""

    @classmethod
    def open(cls, name: str, places: Places) -> Draft:
        """That of a file, or a new one for a URL or an embedded system that stays.

        Raises ConfigError for a file that is no TOML, and an embedded system that does not run.
        """
        if name == EMBEDDED:
            return cls._new({"system": "dms", **_CLIENT})
        if name.startswith(PREFIX):
            return cls._of_standin(find_standin(name))
        if "://" in name:
            return cls._new({"system": "dms", "url": name, **_CLIENT})
        path = places.find(FOLDER, name, "environment")
        data = TomlFile.read(path).data
        return cls(name, path, dict(data), _saved=dict(data))

    @classmethod
    def _new(cls, values: dict[str, Any]) -> Draft:
        return cls("", values=values, _saved=dict(values))

    @classmethod
    def _of_standin(cls, standin: Standin) -> Draft:
        values: dict[str, Any] = {
            "title": "Embedded systems that stay",
            "system": "dms",
            "url": standin.url,
            "cms_url": standin.cms_url,
            "tenant": standin.tenant,
            QUALIFIERS: standin.qualifiers,
            **_CLIENT,
            "client_id": standin.client_id,
        }
        made = cls._new({key: value for key, value in values.items() if value})
        made.secrets["client_secret"] = standin.client_secret.get_secret_value()
        return made

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""
        return bool(self.secrets) or self.values != self._saved

    def is_own(self, places: Places) -> bool:
        """Whether its file is the user's, rather than one that ships with the tool."""
        return self.path is not None and places.is_own(self.path)

    def text(self, key: str) -> str:
        """A value as a person types it, `ids.quiz` of a table; empty where it is not set."""
        table, _, name = key.rpartition(".")
        values = self.values.get(table, {}) if table else self.values
        value = values.get(name) if isinstance(values, Mapping) else None
        if key == QUALIFIERS and isinstance(value, Mapping):
            return ", ".join(f"{name}={item}" for name, item in value.items())
        if isinstance(value, list):
            return ("," if table else "/").join(str(item) for item in value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "" if value is None else str(value)

    def put(self, key: str, text: str) -> None:
        """Sets a value to what was typed; nothing takes it out of the file. A secret is kept apart."""
        if key in SECRETS:
            self.secrets.pop(key, None)
            if text:
                self.secrets[key] = text
        elif text != self.text(key):
            value = _value(key, text.strip())
            table, _, name = key.rpartition(".")
            if table:
                # None takes it out of the file's table; what was saved is kept for comparison.
                there = self.values.get(table)
                self.values[table] = {**(there if isinstance(there, Mapping) else {}), name: value}
            elif value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value

    def environment(self, variables: Variables) -> Environment:
        """What it makes with what is set around it, typed secrets included. Raises ConfigError.

        One that has no name yet goes by its address, as one that is given by its URL does.
        """
        data = self._data()
        name = self.name or urlsplit(url_of(data, variables)).netloc
        return environment_from(name, data, self._with_secrets(variables))

    def problems(self, variables: Variables) -> dict[str, str]:
        """What is wrong, by key; `""` is the key of what belongs to none."""
        data, with_secrets = self._data(), self._with_secrets(variables)
        found: dict[str, str] = {}
        while True:
            try:
                environment_from(self.name, data, with_secrets)
            except ConfigError as error:
                key = (error.key or "").partition(".")[0]
                if key in found or (key and key not in data and key != "url"):
                    return {**found, "": _words(error)}
                found[key] = _words(error)
                if not key:
                    return found
                data.pop(key, None)
                if key == "url":
                    data["url"] = _SOMEWHERE
            else:
                return {**self._keeping(variables), **found}

    def _keeping(self, variables: Variables) -> dict[str, str]:
        """Why typed secrets cannot be kept."""
        try:
            if self.secrets:
                keeper(url_of(self.values, variables))
        except ConfigError as error:
            return dict.fromkeys(self.secrets, str(error))
        return {}

    def variable(self, key: str) -> str:
        """The variable that a secret is taken from."""
        return referred(self.values.get(key)) or SECRETS[key]

    def status(self, key: str, variables: Variables) -> str:
        """Whether a secret is set, and by what; never what it is."""
        name = self.variable(key)
        found = variables.at(url_of(self.values, variables)).get(name)
        by_variable = found is not None and found[1] != DOTENV
        if key in self.secrets:
            hidden = f"; {found[1]} goes before it: unset that" if found and by_variable else ""
            return f"typed: to be kept in {DOTENV}, never in this file{hidden}"
        if found is not None:
            return f"set by {found[1]}" if by_variable else f"set (from {DOTENV})"
        if name in variables.dotenv:
            return f"not set: {DOTENV} has that of {variables.dotenv.get(OWNER)}"
        return "not set"

    def save(self, name: str, places: Places) -> Path:
        """Writes the file `name` below the working folder, and typed secrets to `.env.load-test`.

        An own file is saved where it is, also one that was opened by its path. A file that it comes from
        keeps its comments, its order and what others have changed in it meanwhile, there or in the copy: only
        what was edited here is written. Another file of that name is replaced. Raises ConfigError for what
        the file's own rules refuse, and what cannot be written.
        """
        target = self._target(name, places)
        variables, data = Variables.here(), self._data()
        environment = self.environment(variables)
        origin = self.path if self.path is not None and self.path.is_file() else None
        like = target if target.is_file() else origin
        before = TomlFile.read(like).data if like is not None else {}
        same = like is not None and origin is not None and like.resolve() == origin.resolve()
        # What the file had when it was opened; one that is replaced is to have no more than this one.
        known = self._saved if same else before
        edited = {key: data.get(key) for key in {**known, **data} if data.get(key) != known.get(key)}
        values = {key: value for key, value in {**before, **edited}.items() if value is not None}
        environment_from(name, values, self._with_secrets(variables))
        tables = before.get(QUALIFIERS), edited.get(QUALIFIERS)
        if isinstance(tables[0], Mapping) and isinstance(tables[1], Mapping):
            edited[QUALIFIERS] = {**dict.fromkeys(tables[0]), **tables[1]}
        if self.secrets:
            kept = {self.variable(key): secret for key, secret in self.secrets.items()}
            keeper(environment.url)(kept)
        save_toml(target, edited, like=like)
        self.name, self.path, self.values, self._saved = name, target, values, dict(values)
        self.secrets.clear()
        return target

    def _target(self, name: str, places: Places) -> Path:
        if self.path is not None and name == self.name and self.is_own(places):
            return self.path
        check_name(name)
        return places.folders[0] / FOLDER / f"{name}.toml"

    def _data(self) -> dict[str, Any]:
        """The file's content as it will be."""
        references = {key: f"${{{self.variable(key)}}}" for key in self.secrets}
        return {**self.values, **references}

    def _with_secrets(self, variables: Variables) -> Variables:
        """As they will be once the typed ones are saved."""
        if not self.secrets:
            return variables
        typed = {self.variable(key): secret for key, secret in self.secrets.items()}
        owner = {OWNER: url_of(self.values, variables)}
        return Variables(variables.environ, {**variables.dotenv, **typed, **owner})


def check_name(name: str) -> None:
    """Raises ConfigError where an environment cannot have this name."""
    if not _NAME.fullmatch(name) or name.endswith(".toml") or name == EMBEDDED:
        raise ConfigError(f"{name!r} is no name for one", mend="use letters, digits, - and _: staging-2")


def _value(key: str, text: str) -> Any:
    if not text:
        return None
    if key == QUALIFIERS:
        parts = [part.strip() for part in re.split("[/,]", text) if part.strip()]
        pairs = [part.partition("=") for part in parts]
        return {name.strip(): value.strip() for name, _, value in pairs} if "=" in text else parts
    return {"yes": True, "no": False}.get(text, text) if key in _FLAGS else text


_FLAGS = frozenset(key for key, info in Environment.model_fields.items() if "bool" in str(info.annotation))


def _words(error: ConfigError) -> str:
    return f"{error.what}; {error.mend}" if error.mend else error.what
