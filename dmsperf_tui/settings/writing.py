"""TOML files as people write them: what is theirs, comments and order, stays when a value is saved."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomli_w
import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, AoT, Table

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.toml_file import TomlFile, shown

_KEPT = "holds what cannot be changed without touching the rest of it"


def save_toml(path: Path, values: Mapping[str, Any], *, like: Path | None = None) -> Path:
    """Writes `values` to `path`: tables as mappings, a value of None takes its key out.

    A file that is there keeps its comments, its order, the ends of its lines and whatever `values` does not
    name; a new one begins as `like`, where one is given. The file is replaced in one step.

    Raises ConfigError, with the line where there is one, for a file that is no TOML, and where it cannot be
    read or written.
    """
    begun = path if path.is_file() else like
    text = _changed(begun, values) if begun is not None else tomli_w.dumps(_there(values))
    # A link stays one.
    real = path.resolve()
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        # A file that was there keeps its mode; a new one is as others can read it.
        mode = real.stat().st_mode & 0o777 if real.is_file() else 0o644
        descriptor, made = tempfile.mkstemp(prefix=f".{real.name}", dir=real.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(made).chmod(mode)
            Path(made).replace(real)
        except OSError:
            Path(made).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise ConfigError(f"cannot be written ({fault.strerror})", file=shown(path)) from None
    return path


def _changed(path: Path, values: Mapping[str, Any]) -> str:
    before = TomlFile.read(path).data
    # As it is: reading text would make all ends of lines the same.
    text = path.read_bytes().decode("utf-8")
    windows = text.count("\n") == text.count("\r\n") > 0
    try:
        document = tomlkit.parse(text.replace("\r\n", "\n") if windows else text)
        _merge(document, values)
        text = tomlkit.dumps(document)
        right = tomllib.loads(text) == _merged(before, values)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, ValueError):
        right = False
    if not right:
        raise ConfigError(_KEPT, file=shown(path), mend="change it by hand")
    return text.replace("\n", "\r\n") if windows else text


def _merge(into: MutableMapping[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is None:
            if key in into:
                del into[key]
        elif isinstance(value, Mapping):
            if not isinstance(into.get(key), MutableMapping):
                if not _there(value):
                    continue
                into[key] = tomlkit.table()
            _merge(into[key], value)
        elif key not in into:
            _add(into, key, value)
        elif not _same(into[key], value):
            into[key] = value


def _add(into: MutableMapping[str, Any], key: str, value: Any) -> None:
    """A new key, right below the last one of its table: by itself tomlkit puts it below what is said of the
    next table."""
    container = into.value if isinstance(into, Table) else into
    last = None
    for name, item in container.body if isinstance(container, Container) else ():
        if isinstance(item, AbstractTable | AoT):
            break
        last = name or last
    if last is None:
        into[key] = value
    else:
        assert isinstance(container, Container)
        container._insert_after(last, key, tomlkit.item(value))


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: TOML's true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _merged(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the file is to say."""
    found = {key: value for key, value in before.items() if key not in values or values[key] is not None}
    for key, value in values.items():
        if isinstance(value, Mapping):
            there = before.get(key)
            if isinstance(there, Mapping) or _there(value):
                found[key] = _merged(there if isinstance(there, Mapping) else {}, value)
        elif value is not None:
            found[key] = value
    return found


def _there(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None, which TOML cannot say; plain values before tables."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping | None)}
    tables = {key: _there(value) for key, value in values.items() if isinstance(value, Mapping)}
    return plain | {key: table for key, table in tables.items() if table}
