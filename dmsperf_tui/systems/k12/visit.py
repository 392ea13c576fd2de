"""One user's look at the platform before load starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx

from dmsperf_tui.engine.http import CookieJar, Origin
from dmsperf_tui.systems.answers import document, objects
from dmsperf_tui.systems.k12.site import API, Account, Site
from dmsperf_tui.systems.reach import TIMEOUT_S

MOST_COURSES = 10
"""How many are looked into for a quiz."""


class Visit:
    """A session of its own: nothing of it stays in `client`. Raises httpx.HTTPError as `client` does."""

    def __init__(self, client: httpx.AsyncClient, site: Site, account: Account) -> None:
        self._client, self._site, self._account = client, site, account
        self._headers = {b"Origin": site.origin.encode()} if site.origin else {}
        url = httpx.URL(site.url)
        # The one that load has, so that a check sends what a VU would.
        self._cookies = CookieJar(Origin(url.scheme, url.raw_host.decode("ascii"), url.port or 0))

    async def log_in(self) -> httpx.Response:
        credentials = {"email": self._account.email, "password": self._account.password}
        return await self._ask("POST", "/auth/login", credentials)

    async def course(self) -> str | None:
        """The id of the user's first course."""
        return next(iter(await self._courses()), None)

    async def look_at(self, course: str) -> httpx.Response:
        """The course with this id, as the user sees it."""
        return await self._ask("GET", f"/courses/{course}")

    async def quiz(self) -> str | None:
        """The id of the first quiz of his courses."""
        for course in (await self._courses())[:MOST_COURSES]:
            content = document(await self.look_at(course))
            quizzes = content.get("quiz_ids") if isinstance(content, dict) else None
            if isinstance(quizzes, list) and (known := _ids(quizzes)):
                return known[0]
        return None

    async def _courses(self) -> list[str]:
        courses = objects(await self._ask("GET", "/courses")) or []
        return _ids(course.get("id") for course in courses)

    async def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        # The client keeps cookies, and would send one user's with another's requests.
        self._client.cookies.clear()
        url = httpx.URL(f"{self._site.url}{API}{path}")
        headers = dict(self._headers)
        if line := self._cookies.header(url.path):
            name, _, value = line.strip().partition(b": ")
            headers[name] = value
        try:
            response = await self._client.request(method, url, json=body, headers=headers, timeout=TIMEOUT_S)
        finally:
            self._client.cookies.clear()
        self._cookies.update(response.headers.raw, url.path)
        return response


def _ids(given: Iterable[object]) -> list[str]:
    """Those that are numbers or text, which is all that can be an id."""
    return [str(one) for one in given if one != "" and type(one) in (int, str)]
