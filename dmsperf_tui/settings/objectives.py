"""Which objectives a run is shown with, or held to."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.objectives import ObjectiveSet
from dmsperf_tui.plan.objectives_reader import parse_objectives
from dmsperf_tui.plan.scenario import Plan
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.toml_file import TomlFile, shown

OBJECTIVES_FOLDER = "config/objectives"
NONE = "none"
"""What `--objectives` says to hide those of the scenario."""
_FLAG, _KEY = "--objectives", "objectives"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The objectives of one run."""

    objectives: ObjectiveSet
    gate: bool
    """Asked for by the flag: a missed one is a failed threshold."""
    source: str
    """Their file, and who named it."""

    @property
    def sources(self) -> dict[str, str]:
        return {_KEY: self.source}


def choose_objectives(flag: str | None, scenario: TomlFile, plan: Plan, places: Places) -> Chosen | None:
    """Those that the flag names, else those of the scenario's key `objectives`; None where there are none.

    Raises ConfigError where they cannot be found or read, or are of another system than the scenario.
    """
    by_flag = flag is not None
    name = flag if flag is not None else scenario.data.get(_KEY)
    if name is None or (by_flag and name == NONE):
        return None
    try:
        path = _find(name, places, None if by_flag else scenario.path.parent)
        found, file = read_objectives(name, path)
        if found.system != plan.system:
            raise ConfigError(
                f"{name} is for {found.system}, and scenario {plan.name} for {plan.system}",
                mend=f"choose others, or {NONE}" if by_flag else "name others, or take the key out",
            )
    except ConfigError as error:
        if error.file:
            raise
        asked = ConfigError(error.what, key=_FLAG if by_flag else _KEY, mend=error.mend)
        raise (asked if by_flag else scenario.locate(asked)) from None
    try:
        mine, known = _name_of(scenario.path, plan.name, places), set(places.names("scenarios"))
        if mine not in known:
            # It was named by its path, as those beside it are.
            known |= {mine, *(path.stem for path in scenario.path.parent.glob("*.toml"))}
        _check_scenarios(file, known)
        concerned = found.of_run(mine, plan.metrics)
    except ConfigError as error:
        raise file.locate(error) from None
    asker = f"flag {_FLAG}" if by_flag else f"scenario {plan.name}"
    return Chosen(concerned, by_flag, f"{shown(path)} ({asker})")


def read_objectives(name: str, path: Path) -> tuple[ObjectiveSet, TomlFile]:
    """The objectives at `path`. Raises ConfigError, with file and line, for what does not fit."""
    file = TomlFile.read(path)
    try:
        return parse_objectives(Path(name).stem if name.endswith(".toml") else name, file.data), file
    except ConfigError as error:
        raise file.locate(error) from None


def _check_scenarios(file: TomlFile, known: Set[str]) -> None:
    """Raises ConfigError for a target of a scenario that there is not: it would never be judged."""
    for name, table in file.data.get("concurrency", {}).items():
        scenario = table["scenario"]
        if scenario not in known:
            what, mend = f"unknown scenario {scenario!r}", nearest(scenario, known)
            raise ConfigError(what, key=f"concurrency.{name}.scenario", mend=mend)


def _find(name: str, places: Places, beside: Path | None) -> Path:
    """A scenario may name a file beside it."""
    if beside is not None and name.endswith(".toml") and (beside / name).is_file():
        return beside / name
    return places.find(OBJECTIVES_FOLDER, name, "objectives", also=(NONE,) if beside is None else ())


def _name_of(path: Path, given: str, places: Places) -> str:
    """The scenario's name, also where it was named by its path."""
    here = path.resolve()
    names = places.names("scenarios").items()
    return next((name for name, other in names if other.resolve() == here), given)
