"""Two runs that several tests look at: workloads side by side, each with a path of its own at one server."""

from __future__ import annotations

from dataclasses import dataclass

from tests.truth.bench import Measured, Stamps, closed_load, open_load

DELAY_S = 0.05
THINKING_VUS, THINK_S = 20, 0.1
DELAYED = {
    "open": open_load(200, 3, 50),
    "closed": closed_load(10, 3),
    "thinking": closed_load(THINKING_VUS, 3, think_time=f"{THINK_S}s"),
}
"""At a server that takes any number at once, each for `DELAY_S`."""

SERVICE_S = 0.01
OVERLOAD_RATE, OVERLOAD_S, FEW_VUS = 120, 4.0, 10
LOOP_VUS, LOOP_THINK_S = 20, 0.04
SERIAL = {
    "server": open_load(OVERLOAD_RATE, OVERLOAD_S),
    "tool": open_load(OVERLOAD_RATE, OVERLOAD_S, FEW_VUS, late="queue"),
    "drop": open_load(OVERLOAD_RATE, OVERLOAD_S, FEW_VUS, late="drop"),
    "loop": closed_load(LOOP_VUS, OVERLOAD_S, think_time=f"{LOOP_THINK_S}s"),
}
"""At a server that takes one at a time of each, for `SERVICE_S`.

The first three are an overload whose backlog is at the server; in the tool, which has too few VUs; or nowhere,
as k6 has it.
"""


@dataclass(frozen=True)
class Observation:
    """What the tool says, and what the server's books say."""

    measured: Measured
    stamps: Stamps
