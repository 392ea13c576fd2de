"""Grade levels and kinds of schools."""

from __future__ import annotations

from dataclasses import dataclass

from dmsperf_tui.systems.dms.generators._descriptors import uri

GRADE_LEVELS = (
    "Kindergarten",
    "First grade",
    "Second grade",
    "Third grade",
    "Fourth grade",
    "Fifth grade",
    "Sixth grade",
    "Seventh grade",
    "Eighth grade",
    "Ninth grade",
    "Tenth grade",
    "Eleventh grade",
    "Twelfth grade",
)
"""By number of years since kindergarten."""

GRADE_LEVEL_URIS = tuple(uri("gradeLevelDescriptors", level) for level in GRADE_LEVELS)


@dataclass(frozen=True, slots=True)
class SchoolKind:
    """What kind of school it is, and the grades it teaches (numbers into `GRADE_LEVELS`)."""

    name: str
    grades: tuple[int, ...]
    teacher: str
    """The staff classification of those who teach there."""


ELEMENTARY = SchoolKind("Elementary School", tuple(range(6)), "Elementary Teacher")
MIDDLE = SchoolKind("Middle School", (6, 7, 8), "Secondary Teacher")
HIGH = SchoolKind("High School", (9, 10, 11, 12), "Secondary Teacher")

SCHOOL_KINDS = (HIGH, ELEMENTARY, MIDDLE, ELEMENTARY, ELEMENTARY)
"""The kinds of five schools of a district in turn: three elementary schools feed one middle and one high."""
