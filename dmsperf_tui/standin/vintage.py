"""The two generations of the real service that the stand-in plays."""

from __future__ import annotations

from enum import StrEnum


class Vintage(StrEnum):
    """v0.7: documents in one table, CMS `/v2`. v8: relational, CMS `/v3`, schema fixed at provisioning."""

    V0_7 = "v0.7"
    V8 = "v8"
