"""Which names stand for secrets: what carries one is never shown or recorded."""

from __future__ import annotations

import re

_SECRET = re.compile(r"authorization|cookie|secret|token|password|api[-_]?key", re.IGNORECASE)


def sounds_secret(name: str) -> bool:
    """Whether a header or key of this name may hold a secret."""
    return _SECRET.search(name) is not None
