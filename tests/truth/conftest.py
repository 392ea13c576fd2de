"""Servers and runs that end with their test, and two that several tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import private_registry  # noqa: F401
from tests.truth.bench import Session, TruthServer
from tests.truth.loads import DELAY_S, DELAYED, SERIAL, SERVICE_S, Observation

StartServer = Callable[..., TruthServer]
StartRun = Callable[..., Session]


@pytest.fixture
def serve() -> Iterator[StartServer]:
    """Starts a server of known latency: `serve("--delay-ms", 10)`."""
    with ExitStack() as stack:
        yield lambda *flags: stack.enter_context(TruthServer(*map(str, flags)))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[StartRun]:
    """Starts a run of the tool: `run(server, {"load": open_load(200, 3)}, "--workers", "2")`."""
    with ExitStack() as stack:
        count = iter(range(100))

        def start(server: TruthServer, workloads: dict[str, Any], *flags: str) -> Session:
            session = Session(tmp_path / str(next(count)), server.url, workloads, *flags)
            return stack.enter_context(closing(session))

        yield start


def _observe(folder: Path, loads: dict[str, Any], *flags: str) -> Observation:
    with TruthServer(*flags) as server, closing(Session(folder, server.url, loads)) as session:
        return Observation(session.finish(), server.stamps)


@pytest.fixture(scope="session")
def delayed(tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """`DELAYED`, run once."""
    return _observe(tmp_path_factory.mktemp("delayed"), DELAYED, "--delay-ms", str(1000 * DELAY_S))


@pytest.fixture(scope="session")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """`SERIAL`, run once."""
    return _observe(tmp_path_factory.mktemp("serial"), SERIAL, "--serial-ms", str(1000 * SERVICE_S))
