"""What the terminal app costs beside a real run: processor time at 120x40, bytes drawn at 80x24.

Twice a second, as over SSH, and four times, as at home; and while another window is in front.
"""

from __future__ import annotations

from tests.benchmarks import ours, servers
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import FRONT


def measure(bench: Bench) -> list[Row]:
    seconds = 5 if bench.quick else 15
    found: dict[str, list[float]] = {"2": [], "4": [], "1": [], "kB": [], "local kB": []}
    with servers.nginx(bench, (bench.server_core,)) as server:

        def run(columns: int, lines: int, *, over_ssh: bool = False, in_front: bool = True) -> ours.Run:
            return ours.in_terminal(
                bench, "screen", server, cores=bench.cores, seconds=seconds,
                columns=columns, lines=lines, over_ssh=over_ssh, in_front=in_front,
            )  # fmt: skip

        def cpu_percent(watched: ours.Run) -> float:
            return 100 * watched.meter.cores_used(FRONT, watched.steady)

        for _ in range(bench.rounds):
            found["2"].append(cpu_percent(run(120, 40, over_ssh=True)))
            found["4"].append(cpu_percent(run(120, 40)))
            found["1"].append(cpu_percent(run(120, 40, in_front=False)))
            found["kB"].append(run(80, 24, over_ssh=True).bytes_per_s / 1000)
            found["local kB"].append(run(80, 24).bytes_per_s / 1000)
    return [
        Row("at 120x40, 2 Hz as over SSH, of a core", Spread.of(found["2"]), "%", at_most=8),
        Row("the same, 4 Hz as at home", Spread.of(found["4"]), "%"),
        Row("the same, another window in front", Spread.of(found["1"]), "%"),
        Row("drawn at 80x24, 2 Hz", Spread.of(found["kB"]), "kB/s", at_most=20),
        Row("the same, 4 Hz", Spread.of(found["local kB"]), "kB/s"),
    ]
