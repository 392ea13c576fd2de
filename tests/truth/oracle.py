"""A second opinion: a load generator of plain threads and blocking sockets, for modest rates.

It shares no idea of how the tool works: no event loop, no histogram, no pool of users. In the open model each
request has a thread of its own, started when it is due, so that any number can be under way; times are taken
from the due instant. Percentiles are those of the sorted sample.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from tests.truth.formulas import nearest_rank

_TIMEOUT_S = 30.0


@dataclass
class Observed:
    """What a run saw, in seconds; the order is that of the answers."""

    response_s: list[float] = field(default_factory=list)
    """From when a request was due; in the closed model from when it was sent."""
    service_s: list[float] = field(default_factory=list)
    """From when it was sent."""

    def add(self, due_s: float, sent_s: float, answered_s: float) -> None:
        self.response_s.append(answered_s - due_s)
        self.service_s.append(answered_s - sent_s)

    def response_ms(self, percentile: float) -> float:
        return 1000 * nearest_rank(self.response_s, percentile)

    def service_ms(self, percentile: float) -> float:
        return 1000 * nearest_rank(self.service_s, percentile)


def _get(connection: socket.socket, path: str) -> None:
    """One request and its whole answer. Raises ConnectionError for a truncated or unwelcome one."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    if b" 200 " not in status:
        raise ConnectionError(status.decode())
    lengths = [line.partition(b":")[2] for line in headers if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += _more(connection)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server hung up")
    return data


class Oracle:
    """Loads the server on a port of this machine. Raises whatever its threads raised."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[socket.socket] = deque()
        self._faults: list[Exception] = []
        self._lock = threading.Lock()

    def open_load(self, rate: float, length_s: float) -> Observed:
        """`rate` requests a second at even distances, whatever becomes of the ones before."""
        observed, threads = Observed(), []
        start_s = time.perf_counter() + 0.05
        for number in range(round(rate * length_s)):
            due_s = start_s + number / rate
            time.sleep(max(0.0, due_s - time.perf_counter()))
            threads.append(threading.Thread(target=self._one, args=(observed, due_s), daemon=True))
            threads[-1].start()
        return self._finish(observed, threads)

    def closed_load(self, users: int, length_s: float, think_s: float = 0.0) -> Observed:
        """`users`, each of which sends, awaits the answer, thinks, and sends again."""
        observed = Observed()
        until_s = time.perf_counter() + length_s

        def live() -> None:
            while time.perf_counter() < until_s:
                self._one(observed, None)
                time.sleep(think_s)

        threads = [threading.Thread(target=live, daemon=True) for _ in range(users)]
        for thread in threads:
            thread.start()
        return self._finish(observed, threads)

    def _one(self, observed: Observed, due_s: float | None) -> None:
        try:
            connection = self._connection()
            try:
                sent_s = time.perf_counter()
                _get(connection, "/oracle")
                answered_s = time.perf_counter()
            except BaseException:
                connection.close()
                raise
        except (OSError, LookupError) as fault:
            self._faults.append(fault)
            return
        self._idle.append(connection)
        with self._lock:
            observed.add(sent_s if due_s is None else due_s, sent_s, answered_s)

    def _connection(self) -> socket.socket:
        try:
            return self._idle.pop()
        except IndexError:
            connection = socket.create_connection(("127.0.0.1", self._port), _TIMEOUT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection

    def _finish(self, observed: Observed, threads: list[threading.Thread]) -> Observed:
        for thread in threads:
            thread.join()
        while self._idle:
            self._idle.pop().close()
        if self._faults:
            raise self._faults[0]
        return observed
