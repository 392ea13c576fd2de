"""What there is to choose from: scenarios, profiles, environments, each with its own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.environment import EMBEDDED
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile import profile_names
from dmsperf_tui.settings.standins import standins
from dmsperf_tui.settings.toml_file import TomlFile

_FOLDERS = {"scenarios": "scenarios", "profiles": "profiles", "environments": "config/environments"}
KINDS = tuple(_FOLDERS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to choose."""

    name: str
    title: str
    description: str
    path: Path | None
    problem: str = ""
    """Why it cannot be used, in one line."""


def catalogue(kind: str, places: Places | None = None) -> list[Entry]:
    """Every entry of `scenarios`, `profiles` or `environments`; a broken file is listed with its problem."""
    places = places or Places.here()
    entries: list[Entry] = []
    if kind == "environments":
        entries.append(
            Entry(EMBEDDED, "Embedded DMS", "A stand-in DMS, started with each run on this machine", None)
        )
        entries += _standing()
    paths = profile_names(places) if kind == "profiles" else places.names(_FOLDERS[kind])
    for name, path in paths.items():
        if path.suffix == ".env":
            entries.append(Entry(name, name, f"A profile of the k6 suite: {path.name}", path))
            continue
        try:
            data = TomlFile.read(path).data
        except ConfigError as error:
            entries.append(Entry(name, name, "", path, str(error)))
            continue
        description = str(data.get("description", data.get("url", "")))
        entries.append(Entry(name, str(data.get("title", name)), description, path))
    return entries


def _standing() -> list[Entry]:
    """The embedded systems that stay, where this user's private folder can be trusted."""
    try:
        return [
            Entry(
                standin.name,
                "Embedded DMS that stays",
                f"A stand-in DMS of vintage {standin.vintage} at {standin.url}, until it is stopped",
                None,
            )
            for standin in standins()
        ]
    except ConfigError:
        return []
