"""The tables of a profile: what may stand in one, with defaults, limits and words.

A system that has sizes of its own brings a table and its line in `TABLES`; everything else, from `${...}` in
scenarios to the screen, knows it by that.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from dmsperf_tui.plan.scenario_file import Duration


class Table(BaseModel):
    # The descriptions are what the screen says of the values.
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: ClassVar[str] = ""
    """Whose sizes they are; empty: of use to all."""


class _Data(Table):
    system = "dms"

    schools: int = Field(10, ge=1, description="Schools of the district.")
    students: int = Field(100, ge=1, description="Students of the district, dealt to its schools.")
    staff: int = Field(20, ge=0, description="Members of staff of the district.")
    courses_per_school: int = Field(10, ge=0, description="Courses that each school offers.")
    sections_per_course: int = Field(3, ge=0, description="Sections (classes) of each course.")
    prefix: str = Field(
        "",
        max_length=8,
        pattern=r"^[0-9A-Za-z]*$",
        description="Begins every key that is made; the run's id by default, so that no run meets another's "
        "data.",
    )
    first_school_id: int = Field(
        0,
        ge=0,
        le=10**14,
        description="The schools' ids count from here; derived from the prefix by default (0). Set both "
        "together: schools of two prefixes with the same ids are the same schools.",
    )
    school_year: int = Field(
        2026, ge=2000, le=2100, description="The year in which it ends: 2026 is 2025-2026."
    )
    updates: bool = Field(
        False, description="A create that finds its key taken, and so updates (200), is a success."
    )


class _Phase(Table):
    vus: int = Field(5, ge=1, description="Virtual users of a load phase.")
    duration: Duration = Field(300.0, description="How long a load phase stays at its peak.")


class _ReadWrite(Table):
    system = "dms"

    vus: int = Field(5, ge=1, description="Virtual users of a read-write phase.")
    duration: Duration = Field(300.0, description="How long a read-write phase lasts.")
    least_rate: float = Field(
        0.5,
        ge=0,
        allow_inf_nan=False,
        description="Operations a second below which a read-write phase has failed.",
    )


class _K12(Table):
    """The defaults are one school: the numbers of seed 004's scenarios."""

    system = "k12"

    teachers: int = Field(30, ge=1, description="Teachers at work at once on a normal school day.")
    students: int = Field(100, ge=1, description="Students at work at once on a normal school day.")
    admins: int = Field(3, ge=1, description="Administrators at work at once on a normal school day.")
    quiz_students: int = Field(35, ge=1, description="Students who begin one quiz at the same time.")
    graders: int = Field(20, ge=1, description="Teachers who grade at once at the end of a term.")
    setup_admins: int = Field(2, ge=1, description="Administrators who create courses on opening day.")
    setup_teachers: int = Field(20, ge=1, description="Teachers who set up on opening day, at its peak.")
    new_students: int = Field(200, ge=1, description="Students who log in on opening day, at its peak.")
    new_students_first: int = Field(50, ge=1, description="How many of them log in within the first minute.")
    ai_teachers: int = Field(15, ge=1, description="Teachers who use AI generation at once, at the peak.")
    ai_teachers_first: int = Field(5, ge=1, description="How many of them after the first minute.")


TABLES: dict[str, type[Table]] = {"data": _Data, "load": _Phase, "readwrite": _ReadWrite, "k12": _K12}
PROFILE_KEYS = tuple(f"{table}.{name}" for table, model in TABLES.items() for name in model.model_fields)
DATA = {f"data.{name}": field.default for name, field in _Data.model_fields.items()}
"""What decides on the data of a DMS, with the defaults."""


class _Words(Table):
    title: str = Field("", description="A few words, in lists.")
    description: str = Field("", description="A sentence: what it is the size of.")


_FIELDS: dict[str, Any] = {table: (model, model()) for table, model in TABLES.items()}
ProfileFile = create_model("ProfileFile", __base__=_Words, **_FIELDS)


def about(key: str) -> str:
    """What the value is, in words."""
    table, _, name = key.partition(".")
    field = TABLES[table].model_fields[name] if name else ProfileFile.model_fields[table]
    return field.description or ""
