"""What becomes of an answer that was not the expected one: followed, repeated, or recorded as failed.

The errors of a request are told by the phase in which they happened, in the order in which it passes them::

    resolving         no address                 (engine/http/errors.py has the tree of these)
    connecting        no TCP connection
    tls_handshaking   no TLS, or a certificate that does not verify
    sending           broken before the request was written
    waiting           ... before the first byte of an answer
    receiving         ... in the middle of it; not HTTP, too large, cut short
    redirecting       an answer that points to another origin
    status            an answer whose status was not expected
    check             an answer that the flow found wrong (`vu.fail`)
    flow              the flow itself raised
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from dmsperf_tui.engine.http import (
    ForeignRedirect,
    ProtocolError,
    RequestTemplate,
    Response,
    redirect_method,
    redirect_target,
)
from dmsperf_tui.engine.messages import Sample
from dmsperf_tui.engine.recorder import OperationStats

if TYPE_CHECKING:
    from dmsperf_tui.engine.load import Load
    from dmsperf_tui.engine.vu import VirtualUser

MAX_REDIRECTS = 10
"""As in k6."""
TOKEN_PATIENCE_S = 10.0
"""How long a request that got 401 waits for a new token before it is let go."""
BODY_LIMIT = 4096
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Attempt:
    """One request as it was sent."""

    template: RequestTemplate
    stats: OperationStats
    path: str
    body: bytes
    expect: Collection[int]
    timeout_ns: int
    generation: int
    """The token's."""
    late_ns: int
    keep_body: bool


async def settle(vu: VirtualUser, load: Load, attempt: Attempt, response: Response) -> Response:
    """Follows redirects, repeats once after a 401 with an old token, records the rest as failed."""
    stats, template = attempt.stats, attempt.template
    path, body, method = attempt.path, attempt.body, attempt.template.method
    hops, repeated = 0, False
    while not (response.error is None and response.status in attempt.expect):
        if response.error is None and response.status in _REDIRECTS and hops < MAX_REDIRECTS:
            target = redirect_target(response, load.origin, path)
            if isinstance(target, (ForeignRedirect, ProtocolError)):
                response.error = target
            elif target is not None:
                stats.record(response, False, attempt.late_ns)
                attempt.late_ns = -1
                hops += 1
                path = target
                follow = redirect_method(response.status, method)
                if follow != method:
                    method, body = follow, b""
                    template = RequestTemplate(load.origin, method)
                response = await _again(vu, load, template, path, body, attempt)
                continue
        stats.record(response, True, attempt.late_ns)
        attempt.late_ns = -1
        _report(vu, load, stats.name, f"{method} {path}", body, response)
        repeatable = response.status == 401 and not repeated and attempt.generation
        if not repeatable or not await load.newer_token(attempt.generation, TOKEN_PATIENCE_S):
            if load.abort_on_4xx and 400 <= response.status < 500:
                said = gist(load.without_secrets(response.text, vu.cookies.values()))
                load.end_run(
                    f"a 4xx answer (--abort-on-4xx): {stats.name} answered {response.status}: {said}"
                )
            return response
        repeated = True
        response = await _again(vu, load, template, path, body, attempt)
    stats.record(response, False, attempt.late_ns)
    return response


async def _again(
    vu: VirtualUser, load: Load, template: RequestTemplate, path: str, body: bytes, attempt: Attempt
) -> Response:
    if load.held:
        await load.released()
    return await vu.send(template, path, body, attempt.timeout_ns, attempt.keep_body)


def _report(
    vu: VirtualUser, load: Load, operation: str, request: str, body: bytes, response: Response
) -> None:
    if response.error is not None:
        phase, failure = response.error.phase, response.error.kind
    else:
        phase, failure = "status", str(response.status)
    if not load.recorder.wants_sample(operation, phase, failure):
        load.recorder.error(operation, phase, failure, Sample(request, response.status, ""))
        return
    own = vu.cookies.values()

    def clean(text: str) -> str:
        return load.without_secrets(text, own)

    # Cut only after secrets are out: half a token is one, too.
    text = clean(response.body[:65536].decode("utf-8", "replace"))[:BODY_LIMIT]
    sent = clean(body[:65536].decode("utf-8", "replace"))[:BODY_LIMIT]
    detail = str(response.error) if response.error is not None else gist(text)
    sample = Sample(clean(request), response.status, clean(detail), text, sent)
    load.recorder.error(operation, phase, failure, sample)


def gist(body: str) -> str:
    """What an answer says went wrong, in a line: of a problem document (RFC 9457) its words."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict):
        said = [document.get(key) for key in ("detail", "title", "message", "error")]
        words = next((str(text) for text in said if text), "")
        more = [document.get(key) for key in ("validationErrors", "errors")]
        extra = " ".join(orjson.dumps(part).decode() for part in more if part)
        if words:
            body = f"{words} {extra}"
    return " ".join(body.split())[:300]
