"""`--http-debug`: what goes over the wire, printed for people, secrets removed (k6: --http-debug=full)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence

from dmsperf_tui.engine.http import Response
from dmsperf_tui.plan.secrecy import REMOVED, sounds_secret

BODY_LIMIT = 4096
_HEADER = re.compile(r"^([^:\r\n]+):.*$")


Clean = Callable[[str, Sequence[str]], str]
"""Takes the run's secrets, some more, and the values of fields that sound secret out of a text."""


def print_exchange(request: bytes, response: Response, without_secrets: Clean) -> None:
    """One request and its answer on standard error."""
    head, _, body = request.partition(b"\r\n\r\n")
    own = _cookies(head, response)

    def clean(text: str) -> str:
        return without_secrets(text, own)

    first, *sent = head.decode("latin-1").split("\r\n")
    lines = [f"> {first}", *(f"> {_masked(line)}" for line in sent)]
    lines += _body(body, clean)
    if response.error is not None:
        lines.append(f"< {response.error}")
    else:
        lines.append(f"< {response.status}  {response.duration_ns / 1e6:.2f} ms")
    lines += [f"< {_masked((name + b': ' + value).decode('latin-1'))}" for name, value in response.headers]
    lines += _body(response.body, clean)
    sys.stderr.write("\n".join(clean(line) for line in lines) + "\n\n")
    sys.stderr.flush()


def _cookies(head: bytes, response: Response) -> list[str]:
    """The values of the cookies that went and came: a server may echo them in a body."""
    sent = [line for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("cookie:")]
    pairs = [pair for line in sent for pair in line.partition(":")[2].split(";")]
    pairs += [
        value.decode("latin-1").partition(";")[0]
        for name, value in response.headers
        if name.lower() == b"set-cookie"
    ]
    return [pair.partition("=")[2].strip() for pair in pairs]


def _masked(line: str) -> str:
    match = _HEADER.match(line)
    return f"{match[1]}: {REMOVED}" if match and sounds_secret(match[1]) else line


def _body(body: bytes, clean: Callable[[str], str]) -> list[str]:
    if not body:
        return [""]
    # Secrets first: half a token is one, too.
    text = clean(body[:65536].decode("utf-8", "replace"))
    cut = f" ... ({len(body)} bytes)" if len(text) > BODY_LIMIT else ""
    return ["", *(f"  {line}" for line in (text[:BODY_LIMIT] + cut).splitlines()), ""]
