"""Endpoints about oneself: log-in and logout, who one is, what one is notified of."""

from __future__ import annotations

from collections.abc import Iterator
from hmac import compare_digest

from dmsperf_tui.standin.k12.answers import Answer, RefusedError, bad_request
from dmsperf_tui.standin.k12.call import Call
from dmsperf_tui.standin.k12.knobs import Category, K12Knobs
from dmsperf_tui.standin.k12.people import Person
from dmsperf_tui.standin.k12.routes import EVERYBODY, STRANGERS, Endpoint
from dmsperf_tui.standin.k12.school import School
from dmsperf_tui.standin.k12.sessions import Sessions

COOKIE = "session"

_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"
_NOTIFICATIONS = ("A grade was entered", "New assignment", "Quiz tomorrow", "Course changed", "Welcome")


class AccountApi:
    def __init__(self, password: str, knobs: K12Knobs, school: School, sessions: Sessions) -> None:
        self._password = password.encode()
        self._knobs = knobs
        self._school = school
        self._sessions = sessions

    def endpoints(self) -> Iterator[Endpoint]:
        yield Endpoint("POST", "/auth/login", Category.AUTH, STRANGERS, self._login)
        yield Endpoint("POST", "/auth/logout", Category.AUTH, EVERYBODY, self._logout)
        yield Endpoint("GET", "/me", Category.AUTH, EVERYBODY, lambda call: Answer(call.person))
        yield Endpoint("GET", "/notifications", Category.LIST, EVERYBODY, _notifications)

    def _login(self, call: Call) -> Answer:
        fields = call.fields()
        email, password = fields.get("email"), fields.get("password")
        if not isinstance(email, str) or not isinstance(password, str) or not password:
            raise bad_request("The body must have email and password.")
        known = compare_digest(password.encode(), self._password)
        person = self._school.person(email) if known else None
        if person is None:
            raise RefusedError(401, "invalid_credentials", "The e-mail address or the password is wrong.")
        ttl_s = self._knobs.session_ttl_s
        cookie = f"{COOKIE}={self._sessions.open(person, ttl_s)}; {_ATTRIBUTES}"
        return Answer({"user": person, "expires_in": int(ttl_s)}, headers={"Set-Cookie": cookie})

    def _logout(self, call: Call) -> Answer:
        self._sessions.close(call.token)
        return Answer(None, 204, {"Set-Cookie": f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"})


def _notifications(call: Call) -> Answer:
    unread_only = call.asked("unread") == "true"
    return Answer([row for row in _rows(call.person) if row["unread"] or not unread_only])


def _rows(person: Person) -> Iterator[dict[str, object]]:
    """Everybody has the same, the first few of them unread, how many by the person."""
    unread = person.id % len(_NOTIFICATIONS) + 1
    for place, title in enumerate(_NOTIFICATIONS):
        yield {"id": person.id * len(_NOTIFICATIONS) + place, "title": title, "unread": place < unread}
