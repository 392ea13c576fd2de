"""A server in this process would share the loop with the load: it has a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import private_registry  # noqa: F401
from tests.truth.bench import TruthServer


@pytest.fixture
def server() -> Iterator[TruthServer]:
    """Answers at once, and counts what arrives on any path but `/`."""
    with TruthServer("--delay-ms", "0") as server:
        yield server
