"""The platform put together: everything below `/api/v1`, and the referee's paths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dmsperf_tui.standin.k12.account_api import COOKIE, AccountApi
from dmsperf_tui.standin.k12.answers import Answer, RefusedError, forbidden, too_large
from dmsperf_tui.standin.k12.attempts import Attempts
from dmsperf_tui.standin.k12.call import Call, cookie, read_body
from dmsperf_tui.standin.k12.course_api import CourseApi
from dmsperf_tui.standin.k12.knobs import Category, K12Knobs, K12Options
from dmsperf_tui.standin.k12.office_api import OfficeApi
from dmsperf_tui.standin.k12.people import STRANGER
from dmsperf_tui.standin.k12.quiz_api import QuizApi
from dmsperf_tui.standin.k12.routes import STRANGERS, Endpoint, Match, Routes
from dmsperf_tui.standin.k12.school import School
from dmsperf_tui.standin.k12.sessions import Sessions
from dmsperf_tui.standin.k12.stats import K12Stats
from dmsperf_tui.standin.k12.submissions import Submissions
from dmsperf_tui.standin.referee import json_answer, turned

_SET_UP = b"(set-up)"
"""How the User-Agent of the tool's own set-up ends: neither counted as load nor slowed nor struck."""


class K12:
    """The ASGI application of everything below `/api/v1`. `clock` gives seconds, monotonic.

    A request is checked at the door (path, session, role, the AI's limit), waits its latency, may be struck
    by an error, and only then acts. Raises `ValueError` for a knob that cannot be turned so far.
    """

    def __init__(
        self,
        options: K12Options,
        seed: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._sleep = sleep
        self._knobs = K12Knobs(options, seed, clock)
        self._sessions = Sessions(clock)
        self._stats = K12Stats()
        school = School()
        submissions = Submissions(school)
        attempts = Attempts()
        apis = (
            AccountApi(options.password, self._knobs, school, self._sessions),
            CourseApi(school, submissions),
            QuizApi(attempts, self._stats),
            OfficeApi(school, submissions, attempts),
        )
        self._routes = Routes(endpoint for api in apis for endpoint in api.endpoints())

    def routes(self) -> list[BaseRoute]:
        """What referees ask and turn."""
        return [
            Route("/_standin/k12/stats", self._show_stats, methods=["GET"]),
            Route("/_standin/k12/faults", self._turn, methods=["PUT"]),
            Route("/_standin/k12/expire-sessions", self._expire_sessions, methods=["POST"]),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        match = self._routes.find(scope["method"], scope["path"])
        try:
            body = b"" if scope["method"] == "GET" else await read_body(headers, receive)
        except ClientDisconnect:
            return
        is_load = not headers.get(b"user-agent", b"").endswith(_SET_UP)
        if is_load:
            self._stats.arrived(match.operation)
        else:
            self._stats.setup_requests += 1
        try:
            answer = await self._answer(match, scope, headers, body, is_load)
        except RefusedError as refusal:
            answer = refusal.answer
        if is_load:
            self._stats.answered(match.operation, answer.status)
        await answer.send(send)

    async def _answer(
        self, match: Match, scope: Scope, headers: Mapping[bytes, bytes], body: bytes | None, is_load: bool
    ) -> Answer:
        endpoint = match.found
        if isinstance(endpoint, RefusedError):
            raise endpoint
        person, token = STRANGER, ""
        if endpoint.roles is not STRANGERS:
            token = cookie(headers, COOKIE)
            person = self._sessions.find(token)
            if person.role not in endpoint.roles:
                raise forbidden(f"This is not for a {person.role}.")
        if body is None:
            raise too_large("at most 10 MB")
        if is_load:
            await self._hold_up(endpoint)
        query = scope["query_string"].decode("latin-1")
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        return endpoint.handler(Call(person, token, match.id, query, content_type, body, is_load))

    async def _hold_up(self, endpoint: Endpoint) -> None:
        """What the knobs do to a request. Raises what they answer."""
        if endpoint.category is Category.AI and (closed_s := self._knobs.refuse_generation()):
            message = "The AI is asked too much; try again later."
            raise RefusedError(429, "too_many_requests", message, {"Retry-After": str(closed_s)})
        if wait_s := self._knobs.wait_s(endpoint.category):
            await self._sleep(wait_s)
        if self._knobs.strikes_error():
            raise RefusedError(self._knobs.error_status, "out_of_order", "Something went wrong.")

    async def _show_stats(self, _: Request) -> Response:
        return json_answer(self._stats.as_json(self._sessions.live))

    async def _turn(self, request: Request) -> Response:
        return await turned(self._knobs, request)

    async def _expire_sessions(self, _: Request) -> Response:
        return json_answer({"expired": self._sessions.expire_all()})
