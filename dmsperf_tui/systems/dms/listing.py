"""The flows of a DMS, for the registry. Light: nothing is imported for it."""

from __future__ import annotations

_FLOWS = "dmsperf_tui.systems.dms.flows"
FLOWS = {
    "dms.create": f"{_FLOWS}.crud:create",
    "dms.create_school": f"{_FLOWS}.journeys:create_school",
    "dms.delete": f"{_FLOWS}.crud:delete",
    "dms.descriptor_lifecycle": f"{_FLOWS}.smoke:descriptor_lifecycle",
    "dms.enroll_student": f"{_FLOWS}.journeys:enroll_student",
    "dms.growing_district": f"{_FLOWS}.ramp:growing_district",
    "dms.load_entity": f"{_FLOWS}.load:load_entity",
    "dms.populate": f"{_FLOWS}.populate:populate",
    "dms.query": f"{_FLOWS}.queries:query",
    "dms.query_by_range": f"{_FLOWS}.queries:query_by_range",
    "dms.read": f"{_FLOWS}.crud:read",
    "dms.students_in_batches": f"{_FLOWS}.bulk:students_in_batches",
    "dms.update": f"{_FLOWS}.crud:update",
}
USUAL: dict[str, tuple[float, float, float]] = {
    "dms.descriptor_lifecycle": (7, 6, 0),
    "dms.enroll_student": (4, 4, 0),
    "dms.students_in_batches": (100, 1, 0),
}
"""Requests of an iteration, how many answers it waits for one after the other, and how many seconds it
thinks; other flows make one request."""
