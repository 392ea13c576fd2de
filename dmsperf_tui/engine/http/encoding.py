"""Undo Content-Encoding: gzip and deflate, in any stacking, bounded in size."""

from __future__ import annotations

import zlib

from dmsperf_tui.engine.http.errors import BodyError

_GZIP_WBITS = 16 + zlib.MAX_WBITS


def decode_body(body: bytes, content_encoding: bytes, limit_bytes: int) -> bytes:
    """`body` as it was before the codings listed in `content_encoding` were applied (RFC 9110, 8.4).

    Raises BodyError, kind `bad content-encoding` for damaged data or a coding that is neither gzip nor
    deflate, `body too large` beyond `limit_bytes`.
    """
    for token in reversed(content_encoding.decode("latin-1").lower().split(",")):
        coding = token.strip()
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


def _inflate_members(body: bytes, limit_bytes: int) -> bytes:
    """gzip: one member or several after each other (RFC 1952, 2.2)."""
    parts: list[bytes] = []
    room = limit_bytes
    while True:
        inflater = zlib.decompressobj(_GZIP_WBITS)
        part = _inflate(inflater, body, room)
        parts.append(part)
        room -= len(part)
        body = inflater.unused_data.lstrip(b"\0")
        if not body:
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _inflate_deflate(body: bytes, limit_bytes: int) -> bytes:
    """deflate: zlib's format by the standard, raw deflate from servers that took the name at its word."""
    try:
        return _inflate(zlib.decompressobj(), body, limit_bytes)
    except zlib.error:
        return _inflate(zlib.decompressobj(-zlib.MAX_WBITS), body, limit_bytes)


def _inflate(inflater: zlib._Decompress, body: bytes, limit_bytes: int) -> bytes:
    # One byte more than allowed: max_length 0 would mean "no limit", and the extra byte shows the excess.
    plain = inflater.decompress(body, limit_bytes + 1)
    if len(plain) > limit_bytes:
        raise BodyError("body too large", f"body too large: more than {limit_bytes} bytes once decoded")
    if not inflater.eof:
        raise EOFError("it ends early")
    return plain
