"""Requests a second of one worker beside its peers: 50 VUs post JSON and check the status, nginx answers.

nginx has one core and each load generator, in turn, another. Ours is host and worker together on that core,
with every metric recorded: once as the generic flow, once as a Python flow that makes a new document and
counts a check.
"""

from __future__ import annotations

from tests.benchmarks import ours, peers, servers
from tests.benchmarks.bench import Bench, BenchError, say
from tests.benchmarks.figures import Row, Spread
from tests.benchmarks.meter import SERVER

VUS = 50
FLOWS = {"http.request": "post", "Python flow": "post_flow"}
AT_LEAST = {"wrk -t1": 0.35, "Locust FastHttpUser": 4.0, "k6": 3.0}


def measure(bench: Bench) -> list[Row]:
    cores = (bench.load_core,)
    rates: dict[str, list[float]] = {}
    nginx_cores: dict[str, float] = {}
    with servers.nginx(bench, (bench.server_core,)) as server:
        work = peers.Work("post", server, VUS, bench.seconds)
        for _ in range(bench.rounds):
            for peer in peers.PEERS:
                try:
                    run = peers.run(bench, peer, work, cores)
                except BenchError as fault:
                    say(f"    {peer.name} is left out: {fault}")
                    continue
                if run is not None:
                    rates.setdefault(peer.name, []).append(run.rate)
                    nginx_cores[peer.name] = run.server_cores
            for flow, scenario in FLOWS.items():
                found = ours.batch(bench, scenario, server, cores=cores, seconds=bench.seconds)
                rates.setdefault(flow, []).append(found.rate)
                nginx_cores[flow] = found.meter.cores_used(SERVER, found.steady)
    busy = ", ".join(f"{name} {used:.0%}" for name, used in nginx_cores.items())
    say(f"    nginx used of its core, last round: {busy}")
    rows = [Row(f"{name}, throughput", Spread.of(found), "/s") for name, found in rates.items()]
    for flow in FLOWS:
        rows += [
            Row(
                f"{flow} / {peer.name}",
                Spread.of_ratios(rates[flow], rates[peer.name]),
                at_least=AT_LEAST.get(peer.name),
            )
            for peer in peers.PEERS
            if len(rates.get(peer.name, ())) == bench.rounds
        ]
    return rows
