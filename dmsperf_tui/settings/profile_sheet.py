"""A profile as a person edits it: what its file says, what wins over that, and how it is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_duration, parse_duration_s
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile import (
    K6_VARIABLES,
    find_profile,
    load_profile,
    parsed,
    profile_names,
    read_profile,
)
from dmsperf_tui.settings.profile_tables import DATA, PROFILE_KEYS, TABLES, about
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.settings.writing import save_toml

Kind = Literal["own", "packed", "k6"]
"""Whose file it is: the user's, one that ships with the tool, or one of the k6 suite."""
WORDS = ("title", "description")
_DURATIONS = ("load.duration", "readwrite.duration")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value."""

    key: str
    about: str
    text: str
    """As the file has it, else what holds where the file says nothing."""
    source: str
    """Where `text` is from: the file, `.env.load-test` or `default`."""
    in_file: bool
    over: str = ""
    """The variable that wins over the file, where one does."""
    over_text: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The values of one profile."""

    name: str
    path: Path
    kind: Kind
    cells: tuple[Cell, ...]
    """Title and description first."""

    def cell(self, key: str) -> Cell:
        return next(cell for cell in self.cells if cell.key == key)


def read_sheet(name: str, places: Places, variables: Variables, system: str = "") -> Sheet:
    """All values that matter for `system` (all there are, where it is empty), and all that the file has.

    Raises ConfigError for an unknown profile, and for a file that is not as it should be.
    """
    path = find_profile(name, places)
    # What the file comes to alone; a bad variable is not its fault.
    profile = load_profile(name, places, Variables({}, variables.dotenv))
    file = read_profile(path)
    cells = [
        Cell(
            key,
            about(key),
            str(file.data.get(key, "")),
            shown(path) if file.data.get(key) else "default",
            True,
        )
        for key in WORDS
    ]
    for key in PROFILE_KEYS:
        table, _, field = key.partition(".")
        body = file.data.get(table)
        if body is None and system and TABLES[table].system not in ("", system):
            continue
        in_file = isinstance(body, Mapping) and field in body
        written = body[field] if isinstance(body, Mapping) and in_file else profile.values[key]
        source = shown(path) if in_file else profile.sources[key]
        variable = Variables(variables.environ, {}).get(K6_VARIABLES[key]) if key in K6_VARIABLES else None
        over_text, over = variable or ("", "")
        cells.append(Cell(key, about(key), as_text(key, written), source, in_file, over, over_text))
    return Sheet(name, path, _kind(path, places), tuple(cells))


def as_text(key: str, value: Any) -> str:
    """A value as people write it: `5m`, `100`, `true`."""
    if isinstance(DATA.get(key), bool) and not isinstance(value, str):
        return "true" if value else "false"
    if key in _DURATIONS and not isinstance(value, str):
        return format_duration(float(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_of(key: str, text: str) -> Any:
    """What a file is to say for `text`; None, so nothing, where it is empty. Raises ConfigError."""
    text = text.strip()
    if not text:
        return None
    value = parsed(key, text)
    if key in _DURATIONS:
        return format_duration(parse_duration_s(text)) if not isinstance(value, str) else text
    return value


def check_name(name: str, places: Places) -> str:
    """What saving under `name` means, in words. Raises ConfigError where that cannot be."""
    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", name):
        raise ConfigError(f"{name!r} is no name", mend="use letters, digits, - and _")
    known = profile_names(places).get(name)
    if own_path(name, places).is_file():
        raise ConfigError(f"{shown(own_path(name, places))} is there already", mend="choose another name")
    if known is None:
        return f"makes {shown(own_path(name, places))}"
    whose = "of the k6 suite" if known.suffix == ".env" else "that ships with the tool"
    return f"makes {shown(own_path(name, places))}, which takes the place of the one {whose}"


def own_path(name: str, places: Places) -> Path:
    """Where a profile of the user's is saved: below the working directory."""
    return places.folders[0] / "profiles" / f"{name}.toml"


def save_sheet(sheet: Sheet, texts: Mapping[str, str], places: Places, name: str | None = None) -> Path:
    """Saves the `texts` that differ from the sheet's in its own file; under a new `name` all that it has.

    Raises ConfigError for a value that does not fit, and for a file that is not the user's.
    """
    changed = {key: text for key, text in texts.items() if text.strip() != sheet.cell(key).text.strip()}
    if name is None:
        if sheet.kind != "own":
            raise ConfigError("is not yours", file=shown(sheet.path), mend="save it under a name")
        return save_toml(sheet.path, _tables(changed))
    check_name(name, places)
    kept = {cell.key: cell.text for cell in sheet.cells if cell.in_file}
    # What is not the user's has comments that are not the user's either.
    like = sheet.path if sheet.kind == "own" else None
    return save_toml(own_path(name, places), _tables(kept | changed if like is None else changed), like=like)


def _tables(texts: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, text in texts.items():
        table, _, field = key.partition(".")
        if field:
            values.setdefault(table, {})[field] = value_of(key, text)
        else:
            values[key] = text.strip() or None
    return values


def _kind(path: Path, places: Places) -> Kind:
    if path.suffix == ".env":
        return "k6"
    return "own" if places.is_own(path) else "packed"
