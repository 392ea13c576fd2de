"""`--http-debug`: what goes over the wire, printed for people, secrets removed (k6: --http-debug=full)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from dmsperf_tui.engine.http import Response
from dmsperf_tui.plan.secrecy import sounds_secret

BODY_LIMIT = 4096
_HEADER = re.compile(r"^([^:\r\n]+):.*$")


def print_exchange(request: bytes, response: Response, clean: Callable[[str], str]) -> None:
    """One request and its answer on standard error."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [f"> {_masked(line)}" for line in head.decode("latin-1").split("\r\n")]
    lines += _body(body, clean)
    if response.error is not None:
        lines.append(f"< {response.error}")
    else:
        lines.append(f"< {response.status}  {response.duration_ns / 1e6:.2f} ms")
    lines += [f"< {_masked((name + b': ' + value).decode('latin-1'))}" for name, value in response.headers]
    lines += _body(response.body, clean)
    sys.stderr.write("\n".join(clean(line) for line in lines) + "\n\n")
    sys.stderr.flush()


def _masked(line: str) -> str:
    match = _HEADER.match(line)
    return f"{match[1]}: [removed]" if match and sounds_secret(match[1]) else line


def _body(body: bytes, clean: Callable[[str], str]) -> list[str]:
    if not body:
        return [""]
    # Secrets first: half a token is one, too.
    text = clean(body[:65536].decode("utf-8", "replace"))
    cut = f" ... ({len(body)} bytes)" if len(text) > BODY_LIMIT else ""
    return ["", *(f"  {line}" for line in (text[:BODY_LIMIT] + cut).splitlines()), ""]
