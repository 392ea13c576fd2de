"""A scripted load phase: a district's list, half way through its students, a few of which have failed."""

from __future__ import annotations

from dataclasses import replace

from dmsperf_tui.run.snapshot import EntityRow, HealthRow, ListRow, RunSnapshot, RunState
from tests.tui.fakes import INFO, ended, running

KINDS = (
    ("localEducationAgencies", 3, 1, 0),
    ("schools", 4, 100, 0),
    ("courses", 4, 1_000, 0),
    ("classPeriods", 6, 800, 0),
    ("locations", 6, 2_000, 2),
    ("students", 7, 50_000, 29),
    ("staffs", 7, 5_000, 0),
    ("contacts", 7, 50_000, 0),
    ("courseOfferings", 9, 2_000, 0),
    ("sections", 10, 6_000, 0),
    ("studentSchoolAssociations", 10, 50_000, 0),
    ("staffEducationOrganizationAssignmentAssociations", 10, 5_000, 0),
    ("studentSectionAssociations", 12, 300_000, 0),
    ("grades", 13, 300_000, 0),
)
FINDING = (
    "load: 744,068 of 771,901 entities are not created, and at 412/s they take 30:06: longer than is left"
)


def entities(order: int | None = 7, share: float = 0.4, kinds: int = len(KINDS)) -> ListRow:
    """The list while `order` is created, a `share` of each of its kinds; None: all done with."""
    rows = []
    for name, at, total, failed in KINDS[:kinds]:
        begun = order is None or at <= order
        part = total if order is None or at < order else int(total * share) if at == order else 0
        lost = failed if begun else 0
        rows.append(EntityRow(name, at, total, max(0, part - lost), lost))
    created, lost = sum(row.created for row in rows), sum(row.failed for row in rows)
    total = sum(row.total for row in rows)
    left = total - created - lost
    return ListRow("load", total, 0, created, lost, order, 412.3, left / 412.3 if left else None, tuple(rows))


def loading(one: ListRow | None = None, *, state: RunState = RunState.RUNNING) -> RunSnapshot:
    """The run of that list, which its limit will cut off."""
    snapshot = ended() if state.over else running()
    return replace(
        snapshot,
        info=replace(INFO, scenario="dms/load"),
        state=state,
        lists=(one or entities(),),
        health=HealthRow("valid", (), 0.4, 0.37, 0.1, (FINDING, "something about another workload"), 2, 2),
    )
