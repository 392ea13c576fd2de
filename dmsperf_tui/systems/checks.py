"""The outcome of one check of an environment before load starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreflightRow:
    """One line of the pre-flight."""

    name: str
    ok: bool | None
    """None: not tried yet, or nothing to judge."""
    detail: str
    seconds: float = 0.0
    mend: str = ""
