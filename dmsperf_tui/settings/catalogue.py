"""What there is to choose from: scenarios, profiles, environments, each with its own words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.environment import EMBEDDED
from dmsperf_tui.settings.objectives import OBJECTIVES_FOLDER, read_objectives
from dmsperf_tui.settings.places import SUITES, Places
from dmsperf_tui.settings.profile import profile_names
from dmsperf_tui.settings.standins import standins
from dmsperf_tui.settings.toml_file import TomlFile

_FOLDERS = {
    "scenarios": "scenarios",
    "suites": SUITES,
    "profiles": "profiles",
    "environments": "config/environments",
    "objectives": OBJECTIVES_FOLDER,
}
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
            Entry(
                EMBEDDED,
                "Embedded systems",
                "Stand-ins of a DMS and a K-12 platform, started with each run on this machine",
                None,
            )
        )
        entries += _standing()
    paths = profile_names(places) if kind == "profiles" else places.names(_FOLDERS[kind])
    for name, path in paths.items():
        if path.suffix == ".env":
            entries.append(Entry(name, name, f"A profile of the k6 suite: {path.name}", path))
            continue
        try:
            data = read_objectives(name, path)[1].data if kind == "objectives" else TomlFile.read(path).data
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
                "Embedded systems that stay",
                f"A stand-in DMS ({standin.vintage}) and K-12 platform at {standin.url}, until stopped",
                None,
            )
            for standin in standins()
        ]
    except ConfigError:
        return []
