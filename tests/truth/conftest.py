"""Servers and runs that end with their test, and three that several tests look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import private_registry  # noqa: F401
from tests.truth import loads
from tests.truth.bench import Session, TruthServer
from tests.truth.loads import Observation
from tests.truth.oracle import Observed, Oracle

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


def _observe(
    folder: Path,
    workloads: dict[str, Any],
    ask: Callable[[Oracle], Observed],
    *flags: str,
    warm_up_s: float = 0.0,
) -> Observation:
    with ExitStack() as stack:
        server = stack.enter_context(TruthServer(*flags))
        session = Session(folder, server.url, workloads, warm_up_s=warm_up_s)
        stack.callback(session.close)
        server.wait_for_load()
        oracle = ask(Oracle(server.port))
        return Observation(session.finish(), server.stamps, oracle)


@pytest.fixture(scope="session")
def delayed(tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """`DELAYED`, run once."""
    return _observe(
        tmp_path_factory.mktemp("delayed"),
        loads.DELAYED,
        lambda oracle: oracle.closed_load(loads.CLOSED_VUS, loads.DELAYED_S),
        *("--delay-ms", str(1000 * loads.DELAY_S)),
        warm_up_s=loads.WARM_UP_S,
    )


@pytest.fixture(scope="session")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """`SERIAL`, run once."""
    return _observe(
        tmp_path_factory.mktemp("serial"),
        loads.SERIAL,
        lambda oracle: oracle.open_load(loads.OVERLOAD_RATE, loads.OVERLOAD_S),
        *("--serial-ms", str(1000 * loads.SERVICE_S)),
    )


@pytest.fixture(scope="session")
def stalled(tmp_path_factory: pytest.TempPathFactory) -> Observation:
    """`STALLED`, run once."""
    return _observe(
        tmp_path_factory.mktemp("stalled"),
        loads.STALLED,
        lambda oracle: oracle.open_load(loads.STALLED_RATE, loads.STALLED_S),
        *("--delay-ms", str(1000 * loads.STALL_DELAY_S)),
        *("--stall", f"{loads.STALL_AT_S}:{loads.STALL_S}"),
    )
