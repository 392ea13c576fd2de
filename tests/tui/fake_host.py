"""A link to a run at its helm: what keys send is obeyed, or refused, by the host's own rules."""

from __future__ import annotations

from typing import Any

from dmsperf_tui.run.commands import Command, Preview, Reply
from dmsperf_tui.run.snapshot import RunSnapshot
from tests.run_pure.steered import AtHelm
from tests.tui.fakes import FakeLink


class HostLink(FakeLink):
    """`sent` has what the run was told; what it was only asked beforehand is not in it."""

    def __init__(self, workloads: dict[str, Any], at_s: float = 10.0, **scenario: Any) -> None:
        self.at = AtHelm(workloads, at_s, **scenario)
        super().__init__(self.at.run.snapshot())
        self.replies: list[Reply] = []

    def begin(self, workloads: dict[str, Any], at_s: float = 10.0) -> RunSnapshot:
        """Goes on with another run, and returns its first snapshot."""
        self.at = AtHelm(workloads, at_s)
        snapshot = self.at.run.snapshot()
        self.push(snapshot)
        return snapshot

    async def send(self, command: Command) -> Reply:
        reply = self.at.helm.obey(command)
        if not isinstance(command, Preview):
            self.sent.append(command)
            self.replies.append(reply)
            self.push(self.at.run.snapshot())
        return reply
