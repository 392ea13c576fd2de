"""Public Ed-Fi data that lies beside the checkout on some machines and is no part of the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data"


def shared(name: str) -> Any:
    """A JSON file of that folder; the test is skipped where it is absent."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"needs ../shared/data/{name}, public Ed-Fi data that is not in the repository")
    return json.loads(path.read_text(encoding="utf-8"))
