"""The file in a `multipart/form-data` body (RFC 7578), read strictly.

Starlette's own reader needs another package, and the standard library's is for mail: it takes seconds for
ten megabytes, and odd headers make it fail.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dmsperf_tui.standin.k12.answers import RefusedError, invalid

_LONGEST_BOUNDARY = 70
_LONGEST_HEAD = 8192
_MOST_PARTS = 100
_END = b"--"
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))')
_LINE = b"\r\n"


class Part(NamedTuple):
    """`filename` is None for a field that is no file."""

    name: str
    filename: str | None
    content: bytes


def read_file(content_type: str, body: bytes, field: str) -> Part:
    """The one file of this field. Raises 422 where the body is not multipart, torn, or has none or two."""
    files = [
        part
        for part in read_parts(_boundary(content_type), body)
        if part.name == field and part.filename is not None
    ]
    if len(files) != 1:
        found = f"are {len(files)}" if files else "is none"
        raise invalid(f"The body must hold one file in the field {field}; there {found}.")
    return files[0]


def read_parts(boundary: bytes, body: bytes) -> list[Part]:
    """Every part. Raises 422 for a body that does not end as it should."""
    # A delimiter begins with the line break before it, which the first one may lack.
    delimiter = _LINE + _END + boundary
    body = _LINE + body
    parts: list[Part] = []
    at, after = _next_delimiter(body, delimiter, 0)
    while not body.startswith(_END, after):
        if len(parts) == _MOST_PARTS:
            raise invalid(f"The body has more than {_MOST_PARTS} parts.")
        start = after
        at, after = _next_delimiter(body, delimiter, start)
        parts.append(_part(body[start:at]))
    return parts


def _next_delimiter(body: bytes, delimiter: bytes, start: int) -> tuple[int, int]:
    """Where it begins and where it ends. A longer boundary that begins alike is none."""
    while (at := body.find(delimiter, start)) >= 0:
        after = at + len(delimiter)
        if body.startswith((_END, _LINE), after):
            return at, after
        start = after
    raise _torn()


def _part(whole: bytes) -> Part:
    """`whole` begins with the line break behind its delimiter."""
    end = whole.find(_LINE * 2, 0, _LONGEST_HEAD)
    if end < 0:
        raise invalid("A part of the body has no end of its headers.")
    name, filename = "", None
    for line in whole[:end].decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            _, given = _parameters(value)
            name, filename = given.get("name", ""), given.get("filename")
    return Part(name, filename, whole[end + len(_LINE * 2) :])


def _boundary(content_type: str) -> bytes:
    kind, given = _parameters(content_type)
    if kind != "multipart/form-data":
        raise invalid("The body must be multipart/form-data.")
    boundary = given.get("boundary", "")
    if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
        raise invalid("The Content-Type names no boundary.")
    return boundary.encode("latin-1")


def _parameters(header: str) -> tuple[str, dict[str, str]]:
    """`form-data; name="file"` as its kind and its parameters. `filename*` is not for forms."""
    kind, semicolon, rest = header.partition(";")
    found = _PARAMETER.findall(semicolon + rest)
    return kind.strip().lower(), {
        name.lower(): quoted.replace('\\"', '"') or bare for name, quoted, bare in found
    }


def _torn() -> RefusedError:
    return invalid("The body ends before its last boundary.")
