"""Profiles: the sizes of a test, from `profiles/*.toml`, variables and flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario_file import Duration, explain
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.references import scalar
from dmsperf_tui.settings.toml_file import TomlFile
from dmsperf_tui.settings.variables import DOTENV, Variables


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Data(_Table):
    schools: int = Field(default=10, ge=1)
    students: int = Field(default=100, ge=1)
    staff: int = Field(default=20, ge=1)
    courses_per_school: int = Field(default=10, ge=1)
    sections_per_course: int = Field(default=3, ge=1)


class _Phase(_Table):
    vus: int = Field(default=5, ge=1)
    duration: Duration = 300.0


class _ProfileFile(_Table):
    title: str = ""
    description: str = ""
    data: _Data = _Data()
    load: _Phase = _Phase()
    readwrite: _Phase = _Phase()


K6_VARIABLES = {
    "data.schools": "SCHOOL_COUNT",
    "data.students": "STUDENT_COUNT",
    "data.staff": "STAFF_COUNT",
    "data.courses_per_school": "COURSES_PER_SCHOOL",
    "data.sections_per_course": "SECTIONS_PER_COURSE",
    "load.vus": "VUS_LOAD_PHASE",
    "load.duration": "DURATION_LOAD_PHASE",
    "readwrite.vus": "VUS_READWRITE_PHASE",
    "readwrite.duration": "DURATION_READWRITE_PHASE",
}
"""The k6 suite's variable of each value."""


class Profile(BaseModel):
    """One size of test: dotted values (`load.vus`), each with the source it came from."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str = ""
    description: str = ""
    values: dict[str, int | float] = {}
    """Counts, and durations in seconds."""
    sources: dict[str, str] = {}


def load_profile(
    name: str, places: Places, variables: Variables, flags: Mapping[str, str] | None = None
) -> Profile:
    """Flag over variable over file over `.env.load-test` over default.

    Raises ConfigError for an unknown profile, key or value.
    """
    file = TomlFile.read(places.find("profiles", name, "profile"))
    layers: dict[str, Any] = {}
    sources: dict[str, str] = {}
    written = {
        f"{table}.{key}" for table, body in file.data.items() if isinstance(body, Mapping) for key in body
    }
    for key, variable in K6_VARIABLES.items():
        found = variables.get(variable)
        if flags and key in flags:
            layers[key], sources[key] = scalar(flags[key]), f"flag --set {key}"
        elif found and (found[1] != DOTENV or key not in written):
            layers[key], sources[key] = scalar(found[0]), found[1]
        else:
            sources[key] = f"profile {name}" if key in written else "default"
    merged = {key: dict(body) if isinstance(body, Mapping) else body for key, body in file.data.items()}
    for key, value in layers.items():
        table, _, field = key.partition(".")
        if isinstance(fields := merged.setdefault(table, {}), dict):
            fields[field] = value
    try:
        parsed = _ProfileFile.model_validate(merged)
    except ValidationError as error:
        complaint = explain(error, _ProfileFile)
        if complaint.key in layers:
            raise complaint.located(file=sources[complaint.key]) from None
        if complaint.what.startswith("unknown key") and complaint.key:
            complaint = ConfigError(
                complaint.what, key=complaint.key, mend=nearest(complaint.key, [*K6_VARIABLES, "title"])
            )
        raise file.locate(complaint) from None
    dumped = parsed.model_dump()
    return Profile(
        name=name,
        title=parsed.title or name,
        description=parsed.description,
        values={key: dumped[key.partition(".")[0]][key.partition(".")[2]] for key in K6_VARIABLES},
        sources=sources,
    )
