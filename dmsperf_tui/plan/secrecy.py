"""Which names stand for secrets, and texts without them: what carries one is never shown or recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

REMOVED = "[removed]"
MOST_SECRETS = 10_000
"""How many secrets are known at a time; those not seen for longest are forgotten."""
_FEW = 50
_END = 8
"""Many secrets are looked for by so many of their last characters: tokens begin alike."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[^a-z0-9]+")
# Of a name in lower case with "-" between its words. "passes", "compass", "tokens_issued", "token_type" and
# Ed-Fi's "sessionName" are none.
_SECRET = re.compile(
    r"authorization|cookie|secret(?!ar)|passw(?:or)?d|passphrase|passcode|credential"
    r"|(?:api|private|access|subscription)-?key"
    r"|token(?!s(?:-|$)|i[sz]|-(?:type|ur[il]|endpoint|count|limit|expir\w*)(?:-|$))"
    r"|(?:^|-)(?:pass|pwd|auth|session)$|pwd$|(?:^|-)session-?key|sess(?:ion)?-?id(?:-|$)"
)
# What a key that is worth a closer look has in it.
_HINT = re.compile(r"auth|cookie|secret|pass|pwd|credential|key|token|sess", re.IGNORECASE)


# The key of a field of JSON (also in a text of JSON, and of what Python prints), of a form or a query.
_KEYS = (
    re.compile(r"(?<!\\)(?P<quote>\\*+[\"'])(?P<key>[^\"'\\\r\n]{1,80})(?P=quote)\s*+:\s*+"),
    re.compile(r"(?<![\w.%\[\]-])(?P<key>[\w.%\[\]-]++)=(?P<quote>)"),
)
_LONGEST_KEY = 80
_USERINFO = re.compile(r"(?<=://)[^/?#]*@")


@lru_cache(maxsize=16)
def _value(quote: str) -> re.Pattern[str]:
    """A text in such quotes, a number, or a list of those, also one that was cut off; of a form up to "&".

    No pattern can go back on what it took: the time is linear in the text.
    """
    if not quote:
        return re.compile(r"""(?:[^&\s"\\]|\\(?!["'\\]))++""")
    end = re.escape(quote)
    inside = rf"(?:[^{quote}\\]|\\.)*+" if len(quote) == 1 else rf"(?:(?!(?<!\\){end}).)*+"
    text = f"{end}{inside}(?:{end})?"
    number = r"-?\d[\d.eE+-]*+"
    items = rf"\[(?:{text}|[^\"'\[\]{{}}\\])*+(?:\]|\Z)"
    return re.compile(f"{text}|{number}|{items}", re.DOTALL)


@lru_cache(maxsize=1024)
def sounds_secret(name: str) -> bool:
    """Whether a header, key or parameter of this name may hold a secret."""
    words = _BETWEEN.sub("-", _CAMEL.sub("-", name).lower()).strip("-")
    return _SECRET.search(words) is not None


def without_secret_fields(text: str) -> str:
    """`text` without the values of JSON fields, form fields and query parameters that sound secret."""
    if _HINT.search(text):
        for keys in _KEYS:
            text = _without_values(text, keys)
    return text


def without_userinfo(text: str) -> str:
    """`text` without the user and password of the URLs in it."""
    return _USERINFO.sub(f"{REMOVED}@", text)


def _without_values(text: str, keys: re.Pattern[str]) -> str:
    parts: list[str] = []
    kept = at = 0
    while (found := keys.search(text, at)) is not None:
        # What is no secret is looked into: a text may hold more JSON, a parameter another address.
        at, quote = found.end(), found["quote"]
        if not sounds_secret(found["key"][-_LONGEST_KEY:]):
            continue
        if (value := _value(quote).match(text, at)) is not None:
            parts += text[kept:at], quote, REMOVED, quote
            kept = at = value.end()
    return "".join(parts) + text[kept:]


class Secrets:
    """The values that are known to be secret. Adding one and looking for all of them is cheap."""

    def __init__(self) -> None:
        self._by_end: dict[str, dict[str, None]] = {}
        self._lengths: set[int] = set()
        """Of the ends."""
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
        end = secret[-_END:]
        self._by_end.setdefault(end, {})[secret] = None
        self._lengths.add(len(end))

    def _forget(self, secret: str) -> None:
        del self._all[secret]
        alike = self._by_end[secret[-_END:]]
        del alike[secret]
        if not alike:
            del self._by_end[secret[-_END:]]

    def removed_from(self, text: str, more: Iterable[str] = ()) -> str:
        """`text` without any of them, and without `more`."""
        found = {secret for secret in more if secret}
        if len(self._all) <= _FEW:
            found.update(self._all)
        else:
            ends = {text[at : at + length] for length in self._lengths for at in range(len(text))}
            found.update(secret for end in ends & self._by_end.keys() for secret in self._by_end[end])
        # The longest first: one may be a part of another.
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        return text
