"""A weighted mix of flows: which one an iteration runs, so that their requests have the shares asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dmsperf_tui.engine.vu import Flow
from dmsperf_tui.plan.scenario import FlowPlan


class MixedFlow:
    """One flow of a mix: its share and what it has made."""

    __slots__ = ("charged", "cost", "flow", "plan", "runs", "weight")

    def __init__(self, plan: FlowPlan, flow: Flow) -> None:
        self.plan = plan
        self.flow = flow
        self.weight = plan.weight
        self.charged = 0.0
        """Requests, made and expected of what is under way, since the shares were set."""
        self.cost = 1.0
        """Requests an iteration, on average so far."""
        self.runs = 0


class Mix:
    """Chooses the flow that is furthest behind its share of requests.

    What an iteration will cost is charged as it starts, by the flow's average, and put right as it ends:
    flows of many requests and flows of one come out at their shares, also with many VUs at once (deficit
    round robin; Shreedhar and Varghese 1995).
    """

    def __init__(self, flows: Sequence[tuple[FlowPlan, Flow]]) -> None:
        self._flows = [MixedFlow(plan, flow) for plan, flow in flows]
        self.only = self._flows[0] if len(self._flows) == 1 else None
        """The flow where there is but one: nothing to choose."""

    def choose(self) -> MixedFlow:
        flows = self._flows
        total = sum(flow.charged for flow in flows)
        weights = sum(flow.weight for flow in flows)
        chosen = max(
            (flow for flow in flows if flow.weight),
            key=lambda flow: flow.weight / weights * (total + flow.cost) - flow.charged,
        )
        chosen.charged += chosen.cost
        return chosen

    def settle(self, flow: MixedFlow, expected: float, requests: int) -> None:
        """An iteration that was charged `expected` requests has made `requests`.

        One that made none is charged one: a flow that fails before its first must not take all the turns.
        """
        requests = max(1, requests)
        flow.charged += requests - expected
        flow.runs += 1
        flow.cost += (requests - flow.cost) / flow.runs

    def weigh(self, weights: Mapping[str, float]) -> None:
        """New shares, from now on."""
        for flow in self._flows:
            flow.weight = weights.get(flow.plan.name, flow.weight)
            flow.charged = 0.0
