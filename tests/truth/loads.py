"""Three runs that several tests look at: workloads side by side, each with a path of its own at one server.

The oracle loads the same server at the same time, in the way of one of the workloads.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.truth.bench import Measured, Stamps, closed_load, open_load
from tests.truth.oracle import Observed

DELAY_S, DELAYED_S, WARM_UP_S, CLOSED_VUS = 0.05, 3.5, 1.0, 10
THINKING_VUS, THINK_S = 20, 0.1
DELAYED = {
    "open": open_load(200, DELAYED_S, 50),
    "closed": closed_load(CLOSED_VUS, DELAYED_S),
    "thinking": closed_load(THINKING_VUS, DELAYED_S, think_time=f"{THINK_S}s"),
}
"""At a server that takes any number at once, each for `DELAY_S`. The oracle does as `closed`."""

SERVICE_S = 0.01
OVERLOAD_RATE, OVERLOAD_S, FEW_VUS = 120, 4.0, 10
LOOP_VUS, LOOP_THINK_S = 20, 0.04
SERIAL = {
    "server": open_load(OVERLOAD_RATE, OVERLOAD_S, 100),
    "tool": open_load(OVERLOAD_RATE, OVERLOAD_S, FEW_VUS, late="queue"),
    "drop": open_load(OVERLOAD_RATE, OVERLOAD_S, FEW_VUS, late="drop"),
    "loop": closed_load(LOOP_VUS, OVERLOAD_S, think_time=f"{LOOP_THINK_S}s"),
}
"""At a server that takes one at a time of each, for `SERVICE_S`. The oracle does as `server`.

The first three are an overload whose backlog is at the server; in the tool, which has too few VUs; and
nowhere, as k6 has it.
"""

STALL_DELAY_S, STALL_AT_S, STALL_S, STALLED_S, STALLED_RATE = 0.02, 1.5, 0.8, 6.0, 100
FEW_STALLED_VUS = 4
"""Twice what the load needs where nothing stalls; less than 1 % of the requests."""
STALLED = {
    "open": open_load(STALLED_RATE, STALLED_S, 120),
    "queue": open_load(STALLED_RATE, STALLED_S, FEW_STALLED_VUS, late="queue"),
    "drop": open_load(STALLED_RATE, STALLED_S, FEW_STALLED_VUS, late="drop"),
    "closed": closed_load(3, STALLED_S),
}
"""At a server that answers after `STALL_DELAY_S` and stalls once for all. The oracle does as `open`."""


@dataclass(frozen=True)
class Observation:
    """What the tool says, what the server's books say, and what the oracle says."""

    measured: Measured
    stamps: Stamps
    oracle: Observed
