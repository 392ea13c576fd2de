"""Which names stand for secrets, and texts without them: what carries one is never shown or recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

REMOVED = "[removed]"
MOST_SECRETS = 10_000
"""How many secrets are known at a time; those not seen for longest are forgotten."""
_START = 4
"""Secrets are looked for by so many of their first characters."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[^a-z0-9]+")
# Of a name in lower case with "-" between its words. "passes", "compass", "tokens_issued", "token_type" and
# Ed-Fi's "sessionName" are none.
_SECRET = re.compile(
    r"authorization|cookie|secret|passw(?:or)?d|passphrase|passcode|credential"
    r"|(?:api|private|access|subscription)-?key"
    r"|token(?!s(?:-|$)|i[sz]|-(?:type|ur[il]|endpoint|count|limit|expir\w*)(?:-|$))"
    r"|(?:^|-)(?:pass|pwd|auth|session)$|pwd$|(?:^|-)session-?key|sess(?:ion)?-?id(?:-|$)"
)
# What a key that is worth a closer look has in it.
_HINT = re.compile(r"auth|cookie|secret|pass|pwd|credential|key|token|sess", re.IGNORECASE)


def _pair(quote: str, value: str) -> re.Pattern[str]:
    """`"key": value`, where the value is a text, a number or a list of those, also one that was cut off."""
    text = f"{quote}{value}(?:{quote})?"
    items = rf"\[(?:{text}|[^\"'\[\]{{}}\\])*+(?:\]|\Z)"
    return re.compile(
        rf"(?P<head>(?P<quote>{quote})(?P<key>[^\"'\\\r\n]{{1,80}}){quote}\s*:\s*)"
        rf"(?:{text}|-?\d[\d.eE+-]*+|{items})"
    )


# No pattern can go back on what it took: the time is linear in the text.
_FIELDS = (
    _pair('"', r'(?:[^"\\]|\\.)*+'),
    _pair("'", r"(?:[^'\\]|\\.)*+"),
    # JSON in a text of JSON.
    _pair(r'\\++"', r'(?:[^"\\]|\\{2,}+"?|\\[^"\\])*+'),
    # A form, a query.
    re.compile(r'(?<![\w.%\[\]-])(?P<head>(?P<key>[\w.%\[\]-]++)=)(?:[^&\s"\\]|\\(?!["\'\\]))++'),
)


@lru_cache(maxsize=1024)
def sounds_secret(name: str) -> bool:
    """Whether a header, key or parameter of this name may hold a secret."""
    words = _BETWEEN.sub("-", _CAMEL.sub("-", name).lower()).strip("-")
    return _SECRET.search(words) is not None


def without_secret_fields(text: str) -> str:
    """`text` without the values of JSON fields, form fields and query parameters that sound secret."""
    if _HINT.search(text):
        for pattern in _FIELDS:
            text = pattern.sub(_removed, text)
    return text


def _removed(match: re.Match[str]) -> str:
    if not sounds_secret(match["key"]):
        return match[0]
    quote = match.groupdict().get("quote", "")
    return f"{match['head']}{quote}{REMOVED}{quote}"


class Secrets:
    """The values that are known to be secret. Adding one and looking for all of them is cheap."""

    def __init__(self) -> None:
        self._by_start: dict[str, dict[str, None]] = {}
        self._all: dict[str, None] = {}
        """From the one not seen for longest."""

    def add(self, secret: str) -> None:
        if not secret:
            return
        if secret in self._all:
            del self._all[secret]
        elif len(self._all) >= MOST_SECRETS:
            self._forget(next(iter(self._all)))
        self._all[secret] = None
        self._by_start.setdefault(secret[:_START], {})[secret] = None

    def _forget(self, secret: str) -> None:
        del self._all[secret]
        alike = self._by_start[secret[:_START]]
        del alike[secret]
        if not alike:
            del self._by_start[secret[:_START]]

    def removed_from(self, text: str, more: Iterable[str] = ()) -> str:
        """`text` without any of them, and without `more`."""
        starts = {text[at : at + length] for length in range(1, _START + 1) for at in range(len(text))}
        found = {secret for start in starts & self._by_start.keys() for secret in self._by_start[start]}
        found.update(secret for secret in more if secret)
        # The longest first: one may be a part of another.
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        return text
