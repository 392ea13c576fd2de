"""What the load goes to: nginx, which answers at once, and a server that takes a fixed time."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from tests.benchmarks.bench import HERE, Bench, BenchError, pinned

NGINX = """
worker_processes %(processes)d; daemon off; pid nginx.pid; error_log stderr crit;
events { worker_connections 20000; }
http {
  access_log off; keepalive_requests 100000000; default_type application/json;
  client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
  server {
    listen 127.0.0.1:%(port)d reuseport backlog=4096;
    location / { return 200 '{"id": "8b1d6c3c7f2a4a30b7a4b7f4d6d6f0aa"}'; }
    location /data { return 201 '{"id": "8b1d6c3c7f2a4a30b7a4b7f4d6d6f0aa"}'; }
  }
}
"""
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """Something that answers, and the processes whose work that is."""

    url: str
    pids: tuple[int, ...]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def nginx(bench: Bench, cores: Sequence[int]) -> Iterator[Server]:
    """One nginx worker for each core. GET / gives 200, POST /data 201.

    Raises BenchError where there is no nginx, or it does not start.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise BenchError("nginx is not installed: there is nothing to measure against")
    folder = tempfile.mkdtemp(prefix="nginx-", dir=bench.folder)
    port = _free_port()
    configuration = f"{folder}/nginx.conf"
    with open(configuration, "w") as file:
        file.write(NGINX % {"processes": len(cores), "port": port})
    process = subprocess.Popen(pinned(cores, program, "-p", folder, "-c", configuration))
    try:
        yield Server(f"http://127.0.0.1:{port}", _workers(process, len(cores), port))
    finally:
        _ended(process)


def _workers(master: subprocess.Popen[bytes], count: int, port: int) -> tuple[int, ...]:
    """The worker processes, once they are there and the port answers."""
    until = time.monotonic() + _PATIENCE_S
    while master.poll() is None and time.monotonic() < until:
        pids = tuple(worker.pid for worker in psutil.Process(master.pid).children())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            if len(pids) == count:
                return pids
        time.sleep(0.02)
    raise BenchError("nginx did not start")


@contextlib.contextmanager
def fixed_latency(latency_ms: float, cores: Sequence[int]) -> Iterator[Server]:
    """One process on each core, all on one port; every request is answered with 200 after `latency_ms`."""
    with contextlib.ExitStack() as started:
        port = 0
        pids = []
        for core in cores:
            script = str(HERE / "fixed_latency_server.py")
            process = subprocess.Popen(
                pinned((core,), sys.executable, script, str(latency_ms), str(port)), stdout=subprocess.PIPE
            )
            started.callback(_ended, process)
            assert process.stdout is not None
            started.enter_context(process.stdout)
            line = process.stdout.readline()
            if not line:
                raise BenchError("the fixed-latency server did not start")
            port = int(line)
            pids.append(process.pid)
        yield Server(f"http://127.0.0.1:{port}", tuple(pids))
