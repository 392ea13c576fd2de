"""Memory of many virtual users: 5,000 of them get one page a second each from nginx, beside the peers.

They arrive over the first half of the time. What is compared is the most that one process had resident.
"""

from __future__ import annotations

from tests.benchmarks import ours, peers, servers
from tests.benchmarks.bench import Bench, BenchError, say
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import HOST, WORKER

VUS = 5000


def measure(bench: Bench) -> list[Row]:
    seconds = 8 if bench.quick else 20
    cores = (bench.load_core,)
    resident_mb: dict[str, list[float]] = {}
    rates: list[float] = []
    for _ in range(bench.rounds):
        # A new port each round: 5,000 connections closed at once keep theirs for a minute.
        with servers.nginx(bench, (bench.server_core,)) as server:
            run = ours.batch(bench, "users", server, cores=cores, seconds=seconds)
            rates.append(max(point["requests"] for point in run.summary["timeline"]))
            resident_mb.setdefault("worker", []).append(run.meter.peak_mb(WORKER))
            resident_mb.setdefault("host", []).append(run.meter.peak_mb(HOST))
            for peer in peers.PEERS:
                try:
                    other = peers.run(bench, peer, peers.Work("users", server, VUS, seconds), cores)
                except BenchError as fault:
                    say(f"    {peer.name} is left out: {fault}")
                    continue
                if other is not None:
                    resident_mb.setdefault(peer.name, []).append(other.peak_mb)
    rows = [Row("requests in the best second", Spread.of(rates), "/s")]
    for name, found in resident_mb.items():
        rows.append(
            Row(f"{name}, resident", Spread.of(found), "MB", at_most=150 if name == "worker" else None)
        )
    ours_mb = resident_mb["worker"]
    rows += [
        Row(f"worker / {peer.name}, resident", Spread.of_ratios(ours_mb, resident_mb[peer.name]))
        for peer in peers.PEERS
        if len(resident_mb.get(peer.name, ())) == bench.rounds
    ]
    return rows
