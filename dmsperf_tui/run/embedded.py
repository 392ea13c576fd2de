"""The embedded systems: stand-ins in a process of their own, which ends with the run's host, or stays."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from typing import IO

import orjson
import psutil
from pydantic import SecretStr

from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.standins import Standin, standins

READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
_LAST_WORDS = 300
_OWN_SECRETS = ("CLIENT_SECRET", "K12_PASSWORD")


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
        ).with_password(ready["k12_password"])
        return cls(process, started)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.wait_closed()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start_standing(port: int = 0) -> Standin:
    """Starts one that stays: it belongs to no terminal, and ends when it is told to. Raises EmbeddedError."""
    return await asyncio.to_thread(_start_standing, port)


def _start_standing(port: int) -> Standin:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dmsperf_tui", "serve", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # It makes a secret of its own: that of another system is none of its business.
            env={name: value for name, value in os.environ.items() if name not in _OWN_SECRETS},
            start_new_session=True,
        )
        impatient = threading.Timer(READY_TIMEOUT_S, process.kill)
        impatient.start()
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        impatient.cancel()
        if not line:
            process.wait()
            log.seek(0)
            said = log.read().decode("utf-8", "replace").strip().splitlines()
            why = said[-1][-_LAST_WORDS:] if said else f"it ended with {process.returncode}"
            raise EmbeddedError(f"the embedded system did not start: {why}")
    threading.Thread(target=process.wait, name="reaper of the embedded system", daemon=True).start()
    found = [standin for standin in standins() if standin.pid == process.pid]
    if not found:
        process.terminate()
        raise EmbeddedError("the embedded system did not start: its folder cannot be used")
    return found[0]


async def stop_standing(standin: Standin) -> None:
    """Ends one, whoever started it, and waits until it is gone. Raises EmbeddedError where it will not."""
    await asyncio.to_thread(_stop_standing, standin)


def _stop_standing(standin: Standin) -> None:
    if not standin.alive:
        return
    try:
        process = psutil.Process(standin.pid)
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
    except psutil.NoSuchProcess:
        return
    except (psutil.Error, OSError) as fault:
        raise EmbeddedError(f"{standin.name} cannot be stopped: {fault}") from None
