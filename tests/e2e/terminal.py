"""`dmsperf-tui` in a pseudo-terminal, and what is to be read on it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pyte
import pytest

from tests.e2e.conftest import wait_for


class Terminal:
    """A terminal emulator of 80x24 that understands what is drawn, as xterm does."""

    def __init__(self, folder: Path, *args: str, **variables: str) -> None:
        self._master, slave = pty.openpty()
        self._emulated = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._emulated)
        self._lock = threading.Lock()
        self._attended = threading.Event()
        self._attended.set()
        self._set_size(80, 24)
        self.drawn = b""
        """Each byte so far."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dmsperf_tui", *args],
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **variables},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._open = True
        threading.Thread(target=self._read, daemon=True).start()

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            self._attended.wait()
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.drawn += data
                self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen now."""
        with self._lock:
            return list(self._emulated.display)

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    def shows(self, *words: str) -> bool:
        """Whether all of these are on the screen now."""
        text = self.text
        return all(each in text for each in words)

    def wait_for(self, *words: str) -> None:
        """Waits until all of these are on the screen together; else fails the test, with the screen."""
        try:
            wait_for(lambda: self.shows(*words), " and ".join(words))
        except pytest.fail.Exception as failure:
            pytest.fail(f"{failure}; on the screen is:\n{self.text}")

    def wait_gone(self, words: str) -> None:
        """Waits until these are not on the screen any more."""
        wait_for(lambda: not self.shows(words), f"no {words} on the screen")

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """The window is made larger or smaller: the kernel sends SIGWINCH."""
        with self._lock:
            self._emulated.resize(lines, columns)
        self._set_size(columns, lines)

    def stall(self) -> None:
        """Nothing is read from now on: a frozen emulator, a stuck SSH connection."""
        self._attended.clear()

    def go_on(self) -> None:
        self._attended.set()

    def vanish(self) -> None:
        """The terminal emulator is closed, the SSH session drops: the kernel sends SIGHUP."""
        self._attended.set()
        if self._open:
            self._open = False
            os.close(self._master)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.vanish()
