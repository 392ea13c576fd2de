"""The command as a process that begins as a copy of one that has imported the tool already.

A new interpreter takes a second of a core before it says a word, and tests start hundreds. A copy runs the
command's own `main` in a process of its own: with its own arguments, folder, variables and standard streams,
its own signals and end. Workers that it starts are new interpreters, as ever. That the command works as one,
too, is proven in `test_command` and `test_survival`.
"""

from __future__ import annotations

import functools
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import orjson

ROOT = Path(__file__).parents[2]


class Copy:
    """What tests need of a `subprocess.Popen`."""

    def __init__(self, words: tuple[str, ...], folder: Path, variables: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        ends = [os.pipe() for _ in range(3)]
        self.stdin: IO[str] = os.fdopen(ends[0][1], "w")
        self.stdout: IO[str] = os.fdopen(ends[1][0])
        self.stderr: IO[str] = os.fdopen(ends[2][0])
        theirs = [ends[0][0], ends[1][1], ends[2][1]]
        self._channel, its = socket.socketpair()
        with its:
            socket.send_fds(_nursery(), [b"."], [*theirs, its.fileno()])
        for descriptor in theirs:
            os.close(descriptor)
        request = {"words": words, "folder": str(folder), "variables": dict(variables)}
        self._channel.sendall(orjson.dumps(request))
        self._channel.shutdown(socket.SHUT_WR)
        self.pid = int(b"".join(iter(lambda: self._channel.recv(1), b"\n")))

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        try:
            return self.wait(0)
        except TimeoutError:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative of a signal as in `subprocess`. Raises TimeoutError."""
        if self.returncode is None:
            # A timeout of 0 would be a socket that does not block, and fails otherwise.
            self._channel.settimeout(None if timeout is None else max(timeout, 0.001))
            self.returncode = int(self._channel.recv(16))
            self._channel.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is left to read of its output and its errors, and its end. Raises TimeoutError."""
        said = {self.stdout: "", self.stderr: ""}

        def read(stream: IO[str]) -> None:
            said[stream] = stream.read()

        readers = [threading.Thread(target=read, args=(stream,), daemon=True) for stream in said]
        for reader in readers:
            reader.start()
        until = None if timeout is None else time.monotonic() + timeout
        for reader in readers:
            reader.join(None if until is None else max(0.0, until - time.monotonic()))
            if reader.is_alive():
                raise TimeoutError(f"pid {self.pid} has not ended in {timeout} s")
        self.wait(timeout)
        for stream in (self.stdin, *said):
            stream.close()
        return said[self.stdout], said[self.stderr]


@functools.cache
def _nursery() -> socket.socket:
    """This process's own; it ends when the socket does."""
    ours, its = socket.socketpair()
    with its:
        words = [sys.executable, "-m", "tests.e2e.nursery", str(its.fileno())]
        _started.append(subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=(its.fileno(),)))
    return ours


_started: list[subprocess.Popen[bytes]] = []


# --- in the nursery's process ---------------------------------------------------------------------


def _next_request(channel: socket.socket) -> dict[str, Any] | None:
    """In each copy what it is asked for; None, in the nursery itself, when nobody asks any more."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1, 4)
        if not message:
            return None
        if os.fork() == 0:
            channel.close()
            return _become(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _become(descriptors: list[int]) -> dict[str, Any]:
    """Returns in a child of this process, which waits for its end and tells it."""
    *streams, told = descriptors
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=told) as asker:
        text = b"".join(iter(lambda: asker.recv(65536), b""))
        pid = os.fork()
        if pid:
            for descriptor in streams:
                os.close(descriptor)
            asker.sendall(b"%d\n" % pid)
            _, status = os.waitpid(pid, 0)
            asker.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    request: dict[str, Any] = orjson.loads(text)
    return request


def main() -> None:
    import dmsperf_tui.batch
    import dmsperf_tui.run.ctl
    import dmsperf_tui.setup
    import dmsperf_tui.standin.server  # noqa: F401
    from dmsperf_tui.cli import main as command

    # Nobody waits for those who wait for the copies; Ctrl-C is for the test run.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    request = _next_request(socket.socket(fileno=int(sys.argv[1])))
    if request is None:
        return
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["variables"])
    tempfile.tempdir = None
    sys.argv = ["dmsperf-tui", *request["words"]]
    command()


if __name__ == "__main__":
    main()
