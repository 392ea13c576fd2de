"""Who a VU is: it logs in once, keeps the platform's cookie, and logs in again where that has expired.

The first login is the operation `POST auth/login` of the category `auth`. One after a 401 is the operation
`POST auth/login (again)` without a category, so that no objective is weighed down by it; the metric
`relogins` counts those that succeeded, where the scenario declares it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import NoReturn

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.site import API
from dmsperf_tui.systems.meters import measure

LONGEST_WAIT_S = 30.0
"""Between two tries to log in."""
CATEGORY = "category"
_LOGIN_TAGS = ((CATEGORY, "auth"),)
_SESSION = "k12.session"

Pairs = tuple[tuple[str, str], ...]
Flow = Callable[[VirtualUser], Awaitable[None]]


class LoggedOutError(Exception):
    """The platform does not let this user in: the iteration can go no further."""


class Session:
    """One VU's: the user that it was dealt, and whether he is logged in."""

    def __init__(self, email: str, password: str, headers: Pairs) -> None:
        self.email = email
        self.headers = headers
        """What a browser would send with every request."""
        self.open = False
        self.generation = 0
        """How many logins were answered: a request belongs to the last one before it was sent."""
        self._password = password
        self._refusals = 0
        """Since the last request that was let in."""
        self._one_login = asyncio.Lock()

    @classmethod
    def of(cls, vu: VirtualUser) -> Session:
        """This VU's, the same one always; a user that may be another VU's too is told in the error log.

        Raises LookupError where its workload was dealt no users.
        """
        found = vu.memory.get(_SESSION)
        if isinstance(found, Session):
            return found
        accounts: Sequence[tuple[str, str]] = vu.context.get("users", {}).get(vu.workload, ())
        if not accounts:
            raise LookupError(f"workload {vu.workload} has no users: set its env ROLE")
        email, password = accounts[(vu.number - 1) % len(accounts)]
        vu.keep_secret(password)
        own = 0 if vu.workload in vu.context.get("shared", ()) else len(accounts)
        if vu.number > own:
            users = f"the workload has {own} of its own, and this is its VU {vu.number}"
            detail = f"{email} may be another VU's too: {users}; add rows to the pool"
            vu.fail(f"users of {vu.workload}", "user shared", detail)
        origin: str = vu.context.get("origin", "")
        # From the start, so that none is 0 and not unknown.
        measure(vu, "relogins", 0)
        made = vu.memory[_SESSION] = cls(email, password, (("Origin", origin),) if origin else ())
        return made

    async def enter(self, vu: VirtualUser) -> None:
        """Logs in, unless it is; after a refusal only when some time has passed, twice as much each time.

        Of the parts of a `vu.batch` one logs in, and the others wait for it, as with `renew`. Raises
        LoggedOutError where that does not work.
        """
        if self.open:
            return
        generation = self.generation
        async with self._one_login:
            if generation == self.generation:
                if self._refusals:
                    wait_s = min(LONGEST_WAIT_S, 2.0 ** (self._refusals - 1))
                    # Those who were refused at once are not to come back at once.
                    await vu.sleep(wait_s * vu.random.uniform(0.5, 1.0))
                await self._log_in(vu, "POST auth/login", _LOGIN_TAGS)
            self._must_be_open()

    async def renew(self, vu: VirtualUser, generation: int) -> None:
        """Logs in again after a 401 to what was sent in `generation`, and counts it; nothing is to be done
        where that was before the last login. Raises LoggedOutError where that does not work."""
        async with self._one_login:
            if generation == self.generation:
                await self._log_in(vu, "POST auth/login (again)", ())
                measure(vu, "relogins", 1)
            self._must_be_open()

    def leave(self, vu: VirtualUser) -> None:
        """Forgets the session, as a browser that is closed does."""
        vu.cookies.clear()
        self.open = False

    def let_in(self) -> None:
        """A request was answered otherwise than with 401."""
        self._refusals = 0

    def refuse(self, why: str) -> NoReturn:
        """The platform does not want this user now; several parts of a batch count once. Raises
        LoggedOutError."""
        if self.open:
            self.open = False
            self._refusals += 1
        raise LoggedOutError(f"{self.email}: {why}")

    def _must_be_open(self) -> None:
        if not self.open:
            self.refuse("the login was refused")

    async def _log_in(self, vu: VirtualUser, name: str, tags: Pairs) -> None:
        self.open = False
        response = await vu.post(
            f"{API}/auth/login",
            name=name,
            json={"email": self.email, "password": self._password},
            expect=(200,),
            headers=self.headers,
            tags=tags,
        )
        self.generation += 1
        self.open = True
        if not vu.check("login successful", response.error is None and response.status == 200):
            self.refuse("the login was refused")


def signed_in(flow: Flow) -> Flow:
    """Makes `flow` begin with a login, where there is none yet, and end where the platform lets the user in
    no more: what went wrong is in the error log by then."""

    @wraps(flow)
    async def iteration(vu: VirtualUser) -> None:
        with suppress(LoggedOutError):
            await login(vu)
            await flow(vu)

    return iteration


async def login(vu: VirtualUser) -> Session:
    """Logs the VU in as the user it was dealt, once; its cookie goes with every request from then on.

    Raises LoggedOutError where the platform refuses, LookupError where the workload was dealt no users.
    """
    session = Session.of(vu)
    await session.enter(vu)
    return session
