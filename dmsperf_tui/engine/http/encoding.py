"""Undo Content-Encoding (gzip and deflate, bounded in size and depth) and charset."""

from __future__ import annotations

import re
import zlib
from encodings.aliases import aliases
from typing import Final

from dmsperf_tui.engine.http.errors import BodyError

MAX_CODINGS: Final = 5
"""How deep codings may be stacked (curl's limit)."""
MAX_GZIP_MEMBERS: Final = 10_000

_GZIP_WBITS = 16 + zlib.MAX_WBITS
_STEP_BYTES = 64 * 1024
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
# Python's list of text encodings, and of a few binary ones, which `decode` refuses. Names that are not in it
# are never looked up: that would import modules by a server's words, and remember each.
_CODECS = aliases.keys() | aliases.values()


def decode_body(body: bytes, content_encoding: bytes, limit_bytes: int) -> bytes:
    """`body` as it was before the codings listed in `content_encoding` were applied (RFC 9110, 8.4).

    Raises BodyError, kind `bad content-encoding` for damaged data, a coding that is neither gzip nor
    deflate, or more than `MAX_CODINGS`; `body too large` beyond `limit_bytes`.
    """
    codings = [token.strip() for token in content_encoding.decode("latin-1").lower().split(",")]
    if len(codings) > MAX_CODINGS:
        raise BodyError("bad content-encoding", f"bad content-encoding: more than {MAX_CODINGS} codings")
    for coding in reversed(codings):
        try:
            if coding in ("gzip", "x-gzip"):
                body = _inflate_members(body, limit_bytes)
            elif coding == "deflate":
                body = _inflate_deflate(body, limit_bytes)
            elif coding not in ("", "identity"):
                raise BodyError(
                    "bad content-encoding", f"bad content-encoding: {coding[:40]!r} is not supported"
                )
        except (zlib.error, EOFError) as fault:
            message = f"bad content-encoding: the body is not valid {coding}: {fault}"
            raise BodyError("bad content-encoding", message) from None
    return body


def decode_text(body: bytes, content_type: str) -> str:
    """`body` in the charset of a Content-Type header (RFC 9110, 8.3.2), or in UTF-8; never raises."""
    found = _CHARSET.search(content_type)
    if found is not None:
        name = found[1].lower().replace("-", "_")
        if name in _CODECS:
            try:
                return body.decode(name, "replace")
            except (LookupError, UnicodeError):  # a codec that is not for text, or not of this platform
                return body.decode("utf-8", "replace")
    return body.decode("utf-8", "replace")


def _inflate_members(body: bytes, limit_bytes: int) -> bytes:
    """gzip: one member or several after each other (RFC 1952, 2.2), perhaps padded with zeros.

    Fed in steps: zlib copies whatever follows a member, which for many small ones would be quadratic.
    """
    view = memoryview(body)
    parts: list[bytes] = []
    room = limit_bytes
    at = 0
    for _ in range(MAX_GZIP_MEMBERS):
        inflater = zlib.decompressobj(_GZIP_WBITS)
        while not inflater.eof:
            step = view[at : at + _STEP_BYTES]
            if not step:
                raise EOFError("it ends early")
            part = _inflate_step(inflater, step, room, limit_bytes)
            at += len(step) - len(inflater.unused_data)
            room -= len(part)
            parts.append(part)
        if at == len(body) or (not body[at] and not body[at:].strip(b"\0")):
            return b"".join(parts)
    raise EOFError(f"more than {MAX_GZIP_MEMBERS} members")


def _inflate_deflate(body: bytes, limit_bytes: int) -> bytes:
    """deflate: zlib's format by the standard, raw deflate from servers that took the name at its word."""
    try:
        return _inflate(zlib.decompressobj(), body, limit_bytes)
    except zlib.error:
        return _inflate(zlib.decompressobj(-zlib.MAX_WBITS), body, limit_bytes)


def _inflate(inflater: zlib._Decompress, body: bytes, limit_bytes: int) -> bytes:
    plain = _inflate_step(inflater, body, limit_bytes, limit_bytes)
    if not inflater.eof:
        raise EOFError("it ends early")
    return plain


def _inflate_step(inflater: zlib._Decompress, step: bytes | memoryview, room: int, limit_bytes: int) -> bytes:
    # One byte more than allowed: max_length 0 would mean "no limit", and the extra byte shows the excess.
    plain = inflater.decompress(step, room + 1)
    if len(plain) > room:
        raise BodyError("body too large", f"body too large: more than {limit_bytes} bytes once decoded")
    return plain
