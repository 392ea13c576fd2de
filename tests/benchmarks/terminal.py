"""A command in a pseudo-terminal of any size: `dmsperf-tui`, mostly."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType

import psutil

from tests.benchmarks.bench import Bench, BenchError

OVER_SSH = "SSH_CONNECTION"
"""The variable that sshd sets; the app then draws twice a second rather than four times."""
FOCUS_LOST = "\x1b[O"
"""What a terminal reports, as xterm does, when another window is in front."""


class Terminal:
    """Runs a command, reads all that it draws and presses its keys."""

    def __init__(
        self,
        bench: Bench,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 40,
        over_ssh: bool = False,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        variables = {name: value for name, value in bench.variables.items() if name != OVER_SSH}
        self.started_s = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=bench.folder,
            env={**variables, OVER_SSH: "192.0.2.1 50000 192.0.2.2 22"} if over_ssh else variables,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.drawn = b""
        self.reads: list[tuple[float, int]] = []
        """When something was drawn, in seconds since the epoch, and how many bytes."""

    def read(self, seconds: float) -> None:
        """Takes in what is drawn within `seconds`; returns early when the command has ended."""
        until = time.monotonic() + seconds
        while (remaining := until - time.monotonic()) > 0:
            if not select.select([self._master], [], [], remaining)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            if not data:
                return
            self.drawn += data
            self.reads.append((time.time(), len(data)))

    def wait_for(self, text: str, patience_s: float = 20.0) -> float:
        """The seconds from the command's start until `text` was drawn. Raises BenchError when it is not."""
        until = time.monotonic() + patience_s
        while text.encode() not in self.drawn:
            if time.monotonic() > until or self.process.poll() is not None:
                raise BenchError(f"the terminal app did not show {text!r}")
            self.read(0.002)
        return time.perf_counter() - self.started_s

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    @property
    def cpu_s(self) -> float:
        """Processor seconds of the command alone, so far: other than a duration, nearly the same on a busy
        machine."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def bytes_per_s(self, window: tuple[float, float]) -> float:
        """What was drawn between two times, since the epoch, a second."""
        first_s, last_s = window
        return sum(size for at_s, size in self.reads if first_s <= at_s <= last_s) / (last_s - first_s)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Quits, politely first."""
        if self.process.poll() is None:
            self.press("q")
            until = time.monotonic() + 5.0
            while self.process.poll() is None and time.monotonic() < until:
                self.read(0.05)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)
