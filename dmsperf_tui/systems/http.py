"""The generic flow: one declared request an iteration, no Python needed."""

from __future__ import annotations

import orjson

from dmsperf_tui.engine.vu import Flow, VirtualUser
from dmsperf_tui.plan.scenario import RequestPlan


def request_flow(spec: RequestPlan) -> Flow:
    """A flow that sends `spec` and counts any status but the expected ones as failed."""
    headers = dict(spec.headers)
    body = spec.body.encode() if spec.body is not None else b""
    if spec.json_body is not None:
        body = orjson.dumps(spec.json_body)
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
    name = spec.name or f"{spec.method} {spec.path.partition('?')[0]}"
    expect = frozenset(spec.expect)
    lines = tuple(headers.items())
    tags = tuple(spec.tags.items())

    async def request(vu: VirtualUser) -> None:
        await vu.request(
            spec.method,
            spec.path,
            name=name,
            body=body,
            headers=lines,
            expect=expect,
            timeout_s=spec.timeout_s,
            tags=tags,
            keep_body=False,
        )

    return request
