"""Profiles: the sizes of a test, from `profiles/*.toml`, variables and flags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario_file import explain
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile_tables import DATA, PROFILE_KEYS, ProfileFile
from dmsperf_tui.settings.references import scalar
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import DOTENV, Variables

K6_VARIABLES = {
    "data.schools": "SCHOOL_COUNT",
    "data.students": "STUDENT_COUNT",
    "data.staff": "STAFF_COUNT",
    "data.courses_per_school": "COURSES_PER_SCHOOL",
    "data.sections_per_course": "SECTIONS_PER_COURSE",
    "data.prefix": "UNIQUE_PREFIX",
    "load.vus": "VUS_LOAD_PHASE",
    "load.duration": "DURATION_LOAD_PHASE",
    "readwrite.vus": "VUS_READWRITE_PHASE",
    "readwrite.duration": "DURATION_READWRITE_PHASE",
}
"""The k6 suite's variable of each value that it has."""
DOTENV_FOLDER = ".env.profiles"
"""Where the k6 suite keeps its profiles, which are usable as they are."""


class Profile(BaseModel):
    """One size of test: dotted values (`load.vus`), each with the source it came from."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str = ""
    description: str = ""
    values: dict[str, int | float | str] = {}
    """Counts, durations in seconds, and what begins the keys of the data."""
    sources: dict[str, str] = {}

    def of_run(self, run: str, sizes: Mapping[str, Any]) -> Profile:
        """The same with the data's values from the run that is gone on with."""
        kept = {key: value for key, value in sizes.items() if key in DATA}
        return self.model_copy(
            update={
                "values": {**self.values, **kept},
                "sources": {**self.sources, **dict.fromkeys(kept, f"run {run}")},
            }
        )


def profile_names(places: Places) -> dict[str, Path]:
    """Every profile by its name: `profiles/*.toml`, then the k6 suite's `.env.profiles/*.env`."""
    found = places.names("profiles")
    for folder in places.folders:
        for path in sorted((folder / DOTENV_FOLDER).glob("*.env")):
            found.setdefault(path.stem, path)
    return found


def find_profile(name: str, places: Places) -> Path:
    if name.endswith(".env") and Path(name).is_file():
        return Path(name)
    known = profile_names(places)
    return (
        known[name]
        if name in known
        else places.find("profiles", name, "profile", tuple(known.keys() - places.names("profiles").keys()))
    )


def read_profile(path: Path) -> TomlFile:
    """A profile file of either kind, with the keys that it has."""
    if path.suffix != ".env":
        return TomlFile.read(path)
    given = dotenv_values(path)
    data: dict[str, Any] = {"description": "A profile of the k6 suite"}
    for key, variable in K6_VARIABLES.items():
        if value := given.get(variable):
            table, _, field = key.partition(".")
            data.setdefault(table, {})[field] = scalar(value)
    return TomlFile(path, path.read_text(encoding="utf-8"), data)


def load_profile(
    name: str, places: Places, variables: Variables, flags: Mapping[str, str] | None = None
) -> Profile:
    """Flag over variable over file over `.env.load-test` over default.

    Raises ConfigError for an unknown profile, key or value.
    """
    file = read_profile(find_profile(name, places))
    layers: dict[str, Any] = {}
    sources: dict[str, str] = {}
    written = {
        f"{table}.{key}" for table, body in file.data.items() if isinstance(body, Mapping) for key in body
    }
    for key in PROFILE_KEYS:
        found = variables.get(K6_VARIABLES[key]) if key in K6_VARIABLES else None
        if flags and key in flags:
            layers[key], sources[key] = _value(key, flags[key]), f"flag --set {key}"
        elif found and (found[1] != DOTENV or key not in written):
            layers[key], sources[key] = _value(key, found[0]), found[1]
        else:
            sources[key] = f"profile {name}" if key in written else "default"
    merged = {key: dict(body) if isinstance(body, Mapping) else body for key, body in file.data.items()}
    for key, value in layers.items():
        table, _, field = key.partition(".")
        if isinstance(fields := merged.setdefault(table, {}), dict):
            fields[field] = value
    try:
        parsed = ProfileFile.model_validate(merged)
    except ValidationError as error:
        complaint = explain(error, ProfileFile)
        if complaint.key in layers:
            raise complaint.located(file=sources[complaint.key]) from None
        if complaint.what.startswith("unknown key") and complaint.key:
            complaint = ConfigError(
                complaint.what, key=complaint.key, mend=nearest(complaint.key, [*PROFILE_KEYS, "title"])
            )
        raise file.locate(complaint) from None
    dumped = parsed.model_dump()
    return Profile(
        name=name,
        title=parsed.title or name,
        description=parsed.description,
        values={key: dumped[key.partition(".")[0]][key.partition(".")[2]] for key in PROFILE_KEYS},
        sources=sources,
    )


def behind(named: Collection[str], *, listed: bool) -> tuple[str, ...]:
    """The values that a scenario is made from: those that it names, and the sizes of a list's data."""
    return tuple(key for key in PROFILE_KEYS if key in named or (listed and key in DATA))


def parsed(key: str, text: str) -> Any:
    """The value that `text` stands for, as a file would have it. Raises ConfigError, in the model's words."""
    value = _value(key, text)
    table, _, name = key.partition(".")
    if isinstance(value, bool) and not isinstance(DATA.get(key), bool):
        raise ConfigError(f"{text!r} is not a number", key=key)
    try:
        ProfileFile.model_validate({table: {name: value}} if name else {table: text})
    except ValidationError as error:
        raise explain(error, ProfileFile) from None
    return value if name else text


def _value(key: str, text: str) -> Any:
    """A prefix stays text, also where it is all digits."""
    return text if key == "data.prefix" else scalar(text)
