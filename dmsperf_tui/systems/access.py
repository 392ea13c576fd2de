"""What a run has to do with its system beside the load: it looks first, logs in, and tells the flows.

Each kind of system has an `Access` of its own (`dmsperf_tui.run.access` knows which); nothing else of a run
knows what kind it is aimed at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any

import httpx

from dmsperf_tui.systems.checks import PreflightRow, StepRow
from dmsperf_tui.systems.machine import MachineNeeds, machine_rows
from dmsperf_tui.systems.reach import reach


class Access(ABC):
    """One run's way into its system, or the rehearsal of one (`setup check`)."""

    def __init__(self) -> None:
        self.context: dict[str, Any] = {}
        """What the flows are told (`vu.context`), JSON; whole once the checks are over."""

    @abstractmethod
    def checks(self) -> AsyncIterator[PreflightRow]:
        """Each check as it is done; a fatal one that failed is the reason not to start."""

    def begin(self) -> None:  # noqa: B027
        """Load starts: whatever has to be kept fresh is, from now on."""

    def token_refused(self, generation: int) -> None:  # noqa: B027
        """A request was answered 401 with the token of this generation."""

    async def clean_up(self) -> AsyncIterator[StepRow]:
        """Load is over: deletes what the run has created, in steps. By default there is nothing to delete."""
        nothing: tuple[StepRow, ...] = ()
        for row in nothing:
            yield row

    async def close(self) -> None:  # noqa: B027
        """The run is over."""


class PlainAccess(Access):
    """Any HTTP service: it has to answer, and nobody logs in."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, machine: MachineNeeds, *, insecure: bool = False
    ) -> None:
        super().__init__()
        self._client, self._url, self._machine, self._insecure = client, url, machine, insecure

    async def checks(self) -> AsyncIterator[PreflightRow]:
        root, rows = await reach(self._client, self._url, insecure=self._insecure)
        for row in rows:
            yield row
        if root is not None:
            for row in machine_rows(self._machine):
                yield row
