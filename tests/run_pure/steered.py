"""A run at its helm, with a clock that shows what the test says and workers that only keep what they hear."""

from __future__ import annotations

from typing import Any, cast

from dmsperf_tui.engine.messages import Down, Steer
from dmsperf_tui.plan.steering import Steering
from dmsperf_tui.run.commands import Command
from dmsperf_tui.run.crew import Crew
from dmsperf_tui.run.helm import Helm
from dmsperf_tui.run.run import Run
from tests.run_pure.test_control import At


class FakeCrew:
    """One worker that is sent things."""

    def __init__(self) -> None:
        self.heard: list[Down] = []
        self.sent: list[Steer] = []
        """The changes of level among them."""
        self.at_work = {0}
        self.all_drained: Any = None

    def send_all(self, message: Down) -> None:
        self.heard.append(message)
        if isinstance(message, Steer):
            self.sent.append(message)

    def expect_drained(self, version: int) -> None:
        """Nothing is in flight."""

    def end_by(self, patience_s: float) -> None:
        """Nobody has to be waited for."""

    def acknowledge(self, run: Run) -> None:
        """The worker has applied all that it heard."""
        for version in list(run._pending):
            run.acknowledge(version, 0, run._pending[version].asked_ns)

    def worker(self, run: Run) -> Steering:
        """What a worker keeps of the first workload."""
        workload = run.config.plan.workloads[0]
        return Steering(workload.shape, whole=workload.arrival is None)

    def feed(self, worker: Steering) -> None:
        for message in self.sent:
            if message.action != "cap":
                worker.apply(message.action, message.value, message.elapsed_ns, message.over_ns)


class AtHelm(At):
    """`At`, told through the helm as a front end tells it."""

    def __init__(self, workloads: dict[str, Any], at_s: float = 10.0, **scenario: Any) -> None:
        super().__init__(workloads, at_s, **scenario)
        self.crew = FakeCrew()
        self.helm = Helm(self.run, cast("Crew", self.crew), lambda: None)

    def says(self, command: Command) -> str:
        """The answer; a refusal begins with a cross."""
        reply = self.helm.obey(command)
        return reply.text if reply.ok else f"✗ {reply.text}"
