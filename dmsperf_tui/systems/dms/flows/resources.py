"""The resources that flows work with. Light: the run's host reads it as well, and makes no documents."""

from __future__ import annotations

from dmsperf_tui.systems.dms.order import referred
from dmsperf_tui.systems.dms.population import Population

CREATED = {
    "students": 2,
    "studentSchoolAssociations": 1,
    "studentSectionAssociations": 1,
    "grades": 4,
    "studentAssessments": 4,
    "staffs": 1,
    "staffSchoolAssociations": 1,
    "courses": 1,
    "sections": 1,
}
"""The nine resources of the k6 suite's read-write phase, each with its share of what is created: half are of
the two kinds that are deleted, so that deletes never outrun creates."""
DELETED = ("grades", "studentAssessments")
_USED = (*CREATED, "assessments")


def needed() -> set[str]:
    """The resources that the flows use, and all that these refer to."""
    found: set[str] = set()
    more: set[str] = set(_USED)
    while more:
        found |= more
        more = {target for name in more for target in referred(name)} - found
    return found & set(Population.resources)
