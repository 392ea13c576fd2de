"""What each flow needs of a DMS: the actions on each resource, and the descriptor values.

The pre-flight asks for permission by it, and the set-up's claim set is held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dmsperf_tui.systems.dms.flows.resources import CREATED, DELETED, needed
from dmsperf_tui.systems.dms.generators import GENERATORS, descriptors_of
from dmsperf_tui.systems.dms.population import Population

CREATE, READ, UPDATE, DELETE = "Create", "Read", "Update", "Delete"
"""The names of actions in claim sets."""
_Uses = Mapping[str, tuple[str, ...]]


def _each(resources: Iterable[str], *actions: str) -> _Uses:
    return dict.fromkeys(resources, actions)


_READS = _each(CREATED, READ)
_USES: Mapping[str, _Uses] = {
    "dms.create_school": {"schools": (CREATE,)},
    "dms.descriptor_lifecycle": {
        "gradeLevelDescriptors": (CREATE, READ, UPDATE, DELETE),
        "academicWeeks": (READ,),
        "courses": (READ,),
    },
    "dms.enroll_student": {
        "schools": (CREATE,),
        "students": (CREATE, READ),
        "studentSchoolAssociations": (CREATE,),
    },
    "dms.students_in_batches": {"students": (CREATE,)},
    "dms.load_entity": _each(Population.resources, CREATE),
    "dms.populate": _each(needed(), CREATE),
    "dms.create": _each(CREATED, CREATE, READ),
    "dms.read": _READS,
    "dms.update": _each(CREATED, READ, UPDATE),
    "dms.delete": {**_READS, **_each(DELETED, READ, DELETE)},
    "dms.query": _each(("students", "studentSchoolAssociations"), READ),
    "dms.query_by_range": {"students": (READ,)},
    "dms.growing_district": {
        "schools": (CREATE, READ),
        "students": (CREATE, READ, UPDATE),
        "studentSchoolAssociations": (READ,),
    },
}


def uses(flows: Iterable[str]) -> dict[str, frozenset[str]]:
    """Endpoint -> the actions that those flows take on it. A flow that is not ours needs nothing known."""
    found: dict[str, set[str]] = {}
    for flow in flows:
        for resource, actions in _USES.get(flow, {}).items():
            found.setdefault(resource, set()).update(actions)
    return {resource: frozenset(actions) for resource, actions in sorted(found.items())}


def descriptors(flows: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Descriptor endpoint -> the code values that must exist before those flows create or change anything."""
    writes = {name for name, actions in uses(flows).items() if {CREATE, UPDATE} & actions}
    return descriptors_of(GENERATORS[name] for name in sorted(writes & set(Population.resources)))
