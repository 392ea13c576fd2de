"""The embedded system: a stand-in DMS in a process of its own, which ends with the run's host."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import IO

import orjson
from pydantic import SecretStr

from dmsperf_tui.settings.environment import Environment

READY_TIMEOUT_S = 20.0


class EmbeddedError(Exception):
    """The stand-in did not come up; one line says why."""


class EmbeddedSystem:
    """A started stand-in. It watches its standard input and ends when that ends, also with a killed host."""

    def __init__(self, process: asyncio.subprocess.Process, environment: Environment) -> None:
        self._process = process
        self.environment = environment
        """Where it is and how to log in."""

    @classmethod
    async def start(cls, environment: Environment, log: IO[bytes]) -> EmbeddedSystem:
        """Returns when it answers. Raises EmbeddedError."""
        with log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dmsperf_tui", "serve", "--port", "0", "--until-eof"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), READY_TIMEOUT_S)
            ready = orjson.loads(line)
        except asyncio.CancelledError:
            process.kill()
            raise
        except (TimeoutError, orjson.JSONDecodeError):
            process.kill()
            await process.wait()
            raise EmbeddedError(
                "the embedded system did not start; see standin.log in the results folder"
            ) from None
        started = environment.model_copy(
            update={
                "url": ready["url"],
                "client_id": ready["client_id"],
                "client_secret": SecretStr(ready["client_secret"]),
            }
        )
        return cls(process, started)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.wait_closed()
        try:
            await asyncio.wait_for(self._process.wait(), 5.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
