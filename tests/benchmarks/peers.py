"""What people would pick instead, on the same work: wrk, Locust, k6, and bare asyncio as the ceiling.

Each is a class that says whether it is installed, how it is started, and how its figures are read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.bench import HERE, Bench, BenchError, pinned
from tests.benchmarks.meter import EVERY_S, FRONT, SERVER, Meter
from tests.benchmarks.servers import Server

SCRIPTS = HERE / "scripts"
_OVERTIME_S = 60.0


@dataclass(frozen=True, slots=True)
class Work:
    """What a peer is to do."""

    script: str
    """`post` or `users`: which of its scripts."""
    server: Server
    vus: int
    seconds: float


class Peer(Protocol):
    """Another load generator."""

    @property
    def name(self) -> str:
        """As in the table."""

    def command(self, work: Work) -> list[str] | None:
        """None where it is not installed."""

    def rate(self, output: str) -> float:
        """Requests a second. Raises BenchError when any failed, ValueError when the output has no figures."""


class Wrk:
    name = "wrk -t1"

    def command(self, work: Work) -> list[str] | None:
        program = shutil.which("wrk")
        if program is None or work.script != "post":
            return None
        script = str(SCRIPTS / "post.lua")
        return [
            program,
            "-t1",
            f"-c{work.vus}",
            f"-d{work.seconds:g}s",
            "-s",
            script,
            f"{work.server.url}/data",
        ]

    def rate(self, output: str) -> float:
        found = re.search(r"Requests/sec:\s*([\d.]+)", output)
        _refuse_failures("Non-2xx" in output)
        return float(found[1] if found else "")


class Locust:
    """Its command is that of the variable LOCUST, or `locust` on the path."""

    name = "Locust FastHttpUser"

    def command(self, work: Work) -> list[str] | None:
        program = os.environ.get("LOCUST") or shutil.which("locust")
        if not program:
            return None
        # Users who come and go all at once would be another test: they take half of the time to come.
        arriving = work.vus if work.script == "post" else work.vus / (work.seconds / 2)
        load = (f"-u{work.vus}", f"-r{arriving:g}", f"-t{work.seconds:g}s", "-H", work.server.url)
        script = str(SCRIPTS / f"locust_{work.script}.py")
        return [program, "-f", script, *load, "--headless", "--only-summary", "--json"]

    def rate(self, output: str) -> float:
        (entry,) = json.loads(output)
        _refuse_failures(entry["num_failures"])
        return float(entry["num_requests"] / (entry["last_request_timestamp"] - entry["start_time"]))


class K6:
    name = "k6"

    def command(self, work: Work) -> list[str] | None:
        program = shutil.which("k6")
        if program is None:
            return None
        values = {
            "BENCH_URL": work.server.url,
            "BENCH_VUS": str(work.vus),
            "BENCH_SECONDS": f"{work.seconds:g}",
        }
        given = [part for name, value in values.items() for part in ("-e", f"{name}={value}")]
        return [program, "run", "--quiet", *given, str(SCRIPTS / f"k6_{work.script}.js")]

    def rate(self, output: str) -> float:
        found = re.search(r"^\{.*\}$", output, re.MULTILINE)
        figures = json.loads(found[0] if found else "")
        _refuse_failures(figures["failed"])
        return float(figures["rate"])


class BareAsyncio:
    name = "bare asyncio"

    def command(self, work: Work) -> list[str] | None:
        if work.script != "post":
            return None
        port = work.server.url.rpartition(":")[2]
        return [sys.executable, str(HERE / "ceiling.py"), port, str(work.vus), f"{work.seconds:g}"]

    def rate(self, output: str) -> float:
        return float(output)


PEERS: tuple[Peer, ...] = (Wrk(), Locust(), K6(), BareAsyncio())


def _refuse_failures(failures: int) -> None:
    if failures:
        raise BenchError("requests failed")


@dataclass(frozen=True, slots=True)
class PeerRun:
    rate: float
    peak_mb: float
    """The most that it had resident."""
    server_cores: float
    """What the server used meanwhile: near one for a server of one core, the server was the limit."""


def run(bench: Bench, peer: Peer, work: Work, cores: Sequence[int]) -> PeerRun | None:
    """None where it is not installed, or not made for such work. Raises BenchError when it fails."""
    command = peer.command(work)
    if command is None:
        return None
    output, log = bench.folder / "peer.txt", bench.folder / "peer.log"
    with open(output, "wb") as out, open(log, "wb") as narration:
        process = subprocess.Popen(pinned(cores, *command), stdout=out, stderr=narration, cwd=bench.folder)
    meter = Meter(process.pid, work.server.pids)
    start_s, until = time.time(), time.monotonic() + work.seconds + _OVERTIME_S
    try:
        while process.poll() is None and time.monotonic() < until:
            meter.look()
            time.sleep(EVERY_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    try:
        rate = peer.rate(output.read_text())
    except ValueError:
        said = (log.read_text() or output.read_text()).strip().splitlines()
        raise BenchError(said[-1] if said else f"its exit code was {process.returncode}") from None
    middle = (start_s + 0.4 * work.seconds, start_s + 0.95 * work.seconds)
    return PeerRun(rate, meter.peak_mb(FRONT), meter.cores_used(SERVER, middle))


def missing() -> list[str]:
    """The names of those that are not installed here."""
    return [
        peer.name
        for peer in PEERS
        if peer.command(Work("post", Server("http://127.0.0.1:1", ()), 1, 1)) is None
    ]
