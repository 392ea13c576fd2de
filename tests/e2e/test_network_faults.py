"""What networks do to requests: each kind is counted under its name, and the run goes on."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import PASSED, Command

FAULTS = {
    "reset": "connection reset",
    "closed": "connection closed",
    "truncated": "truncated body",
    "garbage": "malformed response",
    "slow": "read timeout",
    "elsewhere": "foreign redirect",
}


class Misbehaving:
    """An HTTP server that does what the path says."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # The other side goes away as it likes, and a TLS greeting has no path.
        with connection, contextlib.suppress(OSError, IndexError, UnicodeDecodeError):
            while head := connection.recv(65536):
                if not self._answer(connection, head.split(b" ")[1].decode().strip("/")):
                    return

    def _answer(self, connection: socket.socket, what: str) -> bool:
        if what == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if what == "closed":
            return False
        if what == "truncated":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            return False
        if what == "garbage":
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            return False
        if what == "slow":
            time.sleep(1)
            return False
        if what == "elsewhere":
            connection.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n"
            )
            return True
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True


@pytest.fixture
def misbehaving() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.close()


def test_every_network_fault_is_counted_by_its_kind_and_the_run_goes_on(
    command: Command, misbehaving: Misbehaving
) -> None:
    text = 'system = "http"\n'
    for name in [*FAULTS, "fine"]:
        text += (
            f'[workloads.{name}]\nexecutor = "constant-vus"\nduration = "2s"\nflow = "http.request"\n'
            f'think_time = "100ms"\ngraceful_stop = "2s"\n'
            f'[workloads.{name}.request]\npath = "/{name}"\ntimeout = "200ms"\n'
        )
    (command.folder / "faults.toml").write_text(text)
    finished = command.run("--batch", "--scenario", "faults.toml", "--env", misbehaving.url)
    assert finished.code in PASSED, finished.err
    summary = command.summary
    operations = {operation["name"]: operation for operation in summary["operations"]}
    errors = {error["operation"]: error for error in summary["errors"]}
    assert set(errors) == {f"GET /{name}" for name in FAULTS}
    for name, kind in FAULTS.items():
        operation, error = operations[f"GET /{name}"], errors[f"GET /{name}"]
        assert error["kind"] == kind
        assert operation["count"] == operation["failed"] == error["count"] >= 5
    assert operations["GET /fine"]["failed"] == 0
    assert operations["GET /fine"]["count"] >= 10
    assert operations["GET /slow"]["max"] == pytest.approx(200, abs=60)
    assert summary["workloads"]["fine"]["interrupted"] == 0


def test_tls_that_cannot_be_verified_is_said_before_load(command: Command, misbehaving: Misbehaving) -> None:
    url = misbehaving.url.replace("http://", "https://")
    finished = command.run("--batch", "--scenario", "http/get", "--env", url)
    assert finished.code == 107
    assert "reachable" in finished.err
