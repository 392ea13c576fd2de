"""The k6 suite's smoke test: one of each kind of call."""

from __future__ import annotations

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.fresh import Fresh
from dmsperf_tui.systems.dms.generators import descriptor_body

_DESCRIPTORS = "gradeLevelDescriptors"


async def descriptor_lifecycle(vu: VirtualUser) -> None:
    """Create, read, change and delete a gradeLevelDescriptor, then three small lists, two of them at once."""
    body = descriptor_body(_DESCRIPTORS, f"Load test {Fresh.of(vu).key('descriptors')}")
    response, ok = await calls.post(vu, _DESCRIPTORS, body, calls.expected(vu))
    identity = calls.identity_of(response) if ok else None
    if vu.check("POST has location header", identity is not None) and identity is not None:
        read = await calls.read(vu, _DESCRIPTORS, identity)
        vu.check("GET returns what was sent", _code_value(vu, read) == body["codeValue"])
        changed = {**body, "shortDescription": "Changed by a load test"}
        await calls.update(vu, _DESCRIPTORS, identity, changed)
        await calls.delete(vu, _DESCRIPTORS, identity)
    await calls.page(vu, "academicWeeks", limit=5)
    await vu.batch(calls.page(vu, "academicWeeks", limit=1), calls.page(vu, "courses", limit=1))


def _code_value(vu: VirtualUser, response: Response) -> object:
    if response.status != 200:
        return None
    try:
        document = response.json()
    except ValueError:
        said = response.body[:200].decode("utf-8", "replace")
        vu.fail(f"GET {_DESCRIPTORS}/{{id}}", "not JSON", said)
        return None
    return document.get("codeValue") if isinstance(document, dict) else None
