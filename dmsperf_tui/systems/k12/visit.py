"""One user's look at the platform before load starts."""

from __future__ import annotations

from typing import Any

import httpx

from dmsperf_tui.systems.answers import document, objects
from dmsperf_tui.systems.k12.session import API
from dmsperf_tui.systems.k12.site import Account, Site
from dmsperf_tui.systems.reach import TIMEOUT_S

MOST_COURSES = 10
"""How many are looked into for a quiz."""


class Visit:
    """A session of its own: nothing of it stays in `client`. Raises httpx.HTTPError as `client` does."""

    def __init__(self, client: httpx.AsyncClient, site: Site, account: Account) -> None:
        self._client, self._site, self._account = client, site, account
        self._headers = {"Origin": site.base_url} if site.base_url else {}

    async def log_in(self) -> httpx.Response:
        credentials = {"email": self._account.email, "password": self._account.password}
        response = await self._ask("POST", "/auth/login", credentials)
        if response.is_success:
            self._headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in response.cookies.items())
        return response

    async def course(self) -> str | None:
        """The id of the user's first course."""
        return next(iter(await self._courses()), None)

    async def quiz(self) -> str | None:
        """The id of the first quiz of his courses."""
        for course in (await self._courses())[:MOST_COURSES]:
            content = document(await self._ask("GET", f"/courses/{course}"))
            quizzes = content.get("quiz_ids") if isinstance(content, dict) else None
            if isinstance(quizzes, list) and quizzes:
                return str(quizzes[0])
        return None

    async def _courses(self) -> list[str]:
        courses = objects(await self._ask("GET", "/courses")) or []
        return [str(course["id"]) for course in courses if "id" in course]

    async def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        # The client keeps cookies, and would send one user's with another's requests.
        self._client.cookies.clear()
        url = f"{self._site.url}{API}{path}"
        try:
            return await self._client.request(
                method, url, json=body, headers=self._headers, timeout=TIMEOUT_S
            )
        finally:
            self._client.cookies.clear()
