"""Who is logged in, and for how long."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from dmsperf_tui.standin.k12.answers import RefusedError
from dmsperf_tui.standin.k12.people import Person

_REMEMBERED_S = 600.0


@dataclass(slots=True)
class _Session:
    person: Person
    ends_at: float


class Sessions:
    """Sessions by token. `clock` gives seconds, monotonic.

    A session ends when its time is over, whatever was asked in it, or at its logout. One whose time is over
    is remembered for ten minutes, to say so, and dropped by the log-ins that follow: what is held is never
    more than the log-ins of one life and ten minutes. A logout drops it at once.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Ordered, because a plain dict is slow to find its first entry once many of those were removed.
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def open(self, person: Person, ttl_s: float) -> str:
        """A new token for the person."""
        now = self._clock()
        self._forget(now - _REMEMBERED_S)
        token = secrets.token_urlsafe(24)
        self._sessions[token] = _Session(person, now + ttl_s)
        return token

    def find(self, token: str) -> Person:
        """Whose session it is. Raises 401."""
        session = self._sessions.get(token)
        if session is None:
            raise RefusedError(401, "unauthorized", "Log in first.")
        if session.ends_at <= self._clock():
            raise RefusedError(401, "session_expired", "The session is over; log in again.")
        return session.person

    def close(self, token: str) -> None:
        self._sessions.pop(token, None)

    def expire_all(self) -> int:
        """Ends every live session and returns how many those were."""
        now = self._clock()
        live = [session for session in self._sessions.values() if session.ends_at > now]
        for session in live:
            session.ends_at = now
        return len(live)

    @property
    def live(self) -> int:
        now = self._clock()
        return sum(session.ends_at > now for session in self._sessions.values())

    def __len__(self) -> int:
        """How many are held, live or remembered."""
        return len(self._sessions)

    def _forget(self, ended_before: float) -> None:
        while self._sessions:
            token = next(iter(self._sessions))
            if self._sessions[token].ends_at > ended_before:
                return
            del self._sessions[token]
