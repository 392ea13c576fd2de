"""Resident memory and processor time of a run's processes while it lasts."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from tests.benchmarks.bench import BenchError

WORKER, HOST, SERVER, FRONT = "worker", "host", "server", "front"
"""What a process is to a run. FRONT is the one that was started: the terminal app, or a peer."""
EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Point:
    """One look at a process: when, in seconds since the epoch, and what it had used by then."""

    at_s: float
    resident_mb: float
    cpu_s: float


@dataclass(slots=True)
class Track:
    """One process over time."""

    role: str
    points: list[Point] = field(default_factory=list)

    @property
    def peak_mb(self) -> float:
        return max(point.resident_mb for point in self.points)

    def cores_used(self, from_s: float, to_s: float) -> float:
        """Processor seconds a second between two times. Raises BenchError when it was not there."""
        inside = [point for point in self.points if from_s <= point.at_s <= to_s]
        if len(inside) < 2:
            raise BenchError(f"a {self.role} process was not seen during the load")
        first, last = inside[0], inside[-1]
        return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)


class Meter:
    """Watches a process, all that it starts, and the servers that it talks to."""

    def __init__(self, root: int, servers: Sequence[int] = ()) -> None:
        self._root = psutil.Process(root)
        self._servers = [psutil.Process(pid) for pid in servers]
        self._tracks: dict[int, Track] = {}

    def look(self) -> None:
        """Takes one point of each process; call it every `EVERY_S`."""
        try:
            ours = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in (*ours, *self._servers):
            try:
                command = process.cmdline()
                if not command:
                    # Ended and not yet waited for: nothing about it is true any more.
                    continue
                with process.oneshot():
                    memory, times = process.memory_info(), process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            role = SERVER if process in self._servers else _role_of(command)
            track = self._tracks.setdefault(process.pid, Track(role))
            # Between fork and exec a child still bears its parent's command line.
            track.role = role
            track.points.append(Point(time.time(), memory.rss / 1e6, times.user + times.system))

    def tracks(self, role: str) -> list[Track]:
        """All processes of this role. Raises BenchError when there was none: 0 MB would keep any budget."""
        found = [track for track in self._tracks.values() if track.role == role]
        if not found:
            raise BenchError(f"no {role} process was seen")
        return found

    def longest(self, role: str) -> Track:
        """The process of this role that was there most of the time."""
        return max(self.tracks(role), key=lambda track: len(track.points))

    def peak_mb(self, role: str) -> float:
        """The most that a single process of this role had resident."""
        return max(track.peak_mb for track in self.tracks(role))

    def cores_used(self, role: str, window: tuple[float, float]) -> float:
        """By all processes of this role together."""
        return sum(track.cores_used(*window) for track in self.tracks(role))


class Others:
    """What all other processes of the machine take meanwhile: a figure beside much of that is noise."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._before_s = _others_cpu_s()

    def cores(self) -> float:
        """Processor seconds a second since this was made. Ours must have ended by now, to be told apart."""
        return max(0.0, (_others_cpu_s() - self._before_s) / (time.monotonic() - self._start_s))


def _others_cpu_s() -> float:
    """Of all processes but this one; what has ended is in its parent's account, so nothing is lost."""
    total_s = 0.0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            if process.pid != os.getpid():
                total_s += times.user + times.system + times.children_user + times.children_system
    return total_s


def _role_of(command: Sequence[str]) -> str:
    if "dmsperf_tui.run.worker" in command:
        return WORKER
    return HOST if "dmsperf_tui.run.process" in command or "--batch" in command else FRONT
