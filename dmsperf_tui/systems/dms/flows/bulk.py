"""Many students at once (the performance strategy's `bulk_load`)."""

from __future__ import annotations

from typing import Any

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.fresh import Fresh

BATCH = 100


async def students_in_batches(vu: VirtualUser) -> None:
    """100 new students, all at once as far as `connections_per_vu` goes.

    A DMS has no batch endpoint: each is a request.
    """
    fresh = Fresh.of(vu)
    await vu.batch(*(_student(vu, fresh.student()[0]) for _ in range(BATCH)))


async def _student(vu: VirtualUser, body: dict[str, Any]) -> Response:
    response, ok = await calls.post(vu, "students", body, calls.expected(vu))
    vu.check("created", response.status == 201)
    if ok and (identity := calls.identity_of(response)) is not None:
        vu.made("students", identity)
    return response
