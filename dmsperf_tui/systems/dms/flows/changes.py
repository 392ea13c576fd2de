"""What the read-write flows change in an item: a real change each time, for an unchanged one costs less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from dmsperf_tui.systems.dms.generators import Body, uri
from dmsperf_tui.systems.dms.generators._levels import GRADE_LEVELS

_LETTERS = {90: "A", 80: "B", 70: "C", 60: "D"}


def marks(percent: int) -> Body:
    letter = next((letter for least, letter in _LETTERS.items() if percent >= least), "F")
    return {"numericGradeEarned": percent, "letterGradeEarned": letter}


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


_CHANGES: Mapping[str, Callable[[Mapping[str, Any], int], Body]] = {
    "students": lambda body, turn: {"firstName": f"{body['firstName']}-Updated{turn}"},
    "staffs": lambda body, turn: {
        "yearsOfPriorProfessionalExperience": (body.get("yearsOfPriorProfessionalExperience", 0) + turn) % 50
    },
    "grades": lambda body, turn: marks(60 + turn % 41),
    "studentSchoolAssociations": lambda body, turn: {"fullTimeEquivalency": (1 + turn % 100) / 100},
    "studentSectionAssociations": lambda body, turn: {"endDate": _later(body["beginDate"], 1 + turn % 365)},
    "studentAssessments": lambda body, turn: {"serialNumber": str(turn)},
    "courses": lambda body, turn: {"courseDescription": f"Revision {turn}"},
    "sections": lambda body, turn: {"sectionName": f"Group {turn}"},
    "staffSchoolAssociations": lambda body, turn: {
        "gradeLevels": [
            {"gradeLevelDescriptor": uri("gradeLevelDescriptors", GRADE_LEVELS[turn % len(GRADE_LEVELS)])}
        ]
    },
}
"""None of them is a part of the resource's natural key (the k6 suite's where it has one)."""


def changed(resource: str, body: Mapping[str, Any], turn: int) -> Body:
    """`body` with one field as no neighbouring `turn` has it."""
    return {**body, **_CHANGES[resource](body, turn)}
