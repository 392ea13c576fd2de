"""What every case is given: a folder, how long to measure, and which cores to use."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


class BenchError(Exception):
    """A case cannot be measured; one line says why."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One call of `make bench`."""

    folder: Path
    """For configurations and records; it goes away at the end."""
    cores: Sequence[int]
    """Those that this process may use."""
    quick: bool = False
    long: bool = False

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 3

    @property
    def seconds(self) -> int:
        """The length of one round of load."""
        return 5 if self.quick else 8

    @property
    def server_core(self) -> int:
        return self.cores[0]

    @property
    def load_core(self) -> int:
        """Another than the server's, where there is one."""
        return self.cores[1 % len(self.cores)]

    @property
    def variables(self) -> dict[str, str]:
        """The environment of what we start: its live runs are registered in our folder, seen by nobody."""
        return {**os.environ, "TMPDIR": str(self.folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def pinned(cores: Sequence[int], *command: str) -> list[str]:
    """`command` on these cores alone, where the system has `taskset`."""
    if not shutil.which("taskset"):
        return list(command)
    return ["taskset", "-c", ",".join(str(core) for core in cores), *command]


def usable_cores() -> list[int]:
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def allow_many_connections() -> None:
    """Servers and peers get as many open files as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
