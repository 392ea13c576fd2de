"""Iterations by number, think times and live weights of closed workloads; under virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.units import NS_PER_S
from tests.engine.bench import Bench, flow_of, together
from tests.engine.virtual_time import run_virtual


def host_of(bench: Bench, total: int, size: int = 10) -> Callable[[], None]:
    """Answers the worker's wishes for shared iterations."""
    free = iter(range(0, total, size))
    leases = bench.closed.leases
    assert leases is not None

    def grant() -> None:
        while bench.wanted:
            bench.wanted -= 1
            start = next(free, None)
            leases.grant(*((start, min(start + size, total)) if start is not None else (0, 0)))

    return grant


# --- per-vu-iterations ---------------------------------------------------------------------------


def test_each_vu_does_its_own_number_of_iterations_and_knows_which() -> None:
    done: list[tuple[int, int | None]] = []

    async def flow(vu: VirtualUser) -> None:
        done.append((vu.number, vu.index))
        await vu.sleep(0.1 * vu.number)

    async def main() -> None:
        bench = Bench(flow, executor="per-vu-iterations", vus=3, iterations=4)
        await bench.until_finished_or_idle()
        assert bench.counts == (12, 12, 0, 0, 0)
        assert bench.gauge.completed == 12
        assert bench.now_s == pytest.approx(1.2, abs=0.05)

    run_virtual(main())
    assert sorted(done) == [(number, index) for number in (1, 2, 3) for index in range(4)]


def test_a_vu_that_leaves_drops_its_rest_and_a_new_one_brings_its_own() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="per-vu-iterations", vus=2, iterations=10)
        await bench.until(2.5)
        assert bench.counts == (20, 6, 0, 0, 14)
        bench.steer("set", 1)
        await bench.until(3.1)
        # One VU had 7 to go when it left.
        assert bench.counts == (20, 7, 7, 0, 6)
        bench.steer("set", 3)
        await bench.until(3.2)
        assert bench.counts == (40, 9, 7, 0, 24)
        await bench.until_finished_or_idle()
        assert bench.counts == (40, 33, 7, 0, 0)
        assert bench.gauge.interrupted == 0

    run_virtual(main())


def test_a_vu_that_is_wanted_again_before_it_has_left_goes_on_with_its_own() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="per-vu-iterations", vus=2, iterations=5)
        await bench.until(1.5)
        bench.steer("set", 1)
        await bench.until(1.7)
        bench.steer("set", 2)
        await bench.until_finished_or_idle()
        assert bench.counts == (10, 10, 0, 0, 0)

    run_virtual(main())


def test_a_vu_that_has_done_all_of_its_own_is_not_started_again() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.1), executor="per-vu-iterations", vus=1, iterations=2)
        await bench.until(0.5)
        assert bench.runner.idle
        bench.steer("set", 2)
        assert not bench.runner.idle
        await bench.until_finished_or_idle()
        assert bench.counts == (4, 4, 0, 0, 0)

    run_virtual(main())


def test_what_is_left_at_max_duration_is_dropped_and_counted() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="per-vu-iterations", vus=3, iterations=10, max_duration="4500ms")
        await bench.until_finished()
        assert bench.counts == (30, 15, 15, 0, 0)
        assert (bench.gauge.completed, bench.gauge.interrupted) == (15, 0)

    run_virtual(main())


def test_extend_gives_iterations_more_time() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="per-vu-iterations", vus=1, iterations=10, max_duration="4500ms")
        await bench.until(1)
        bench.steer("extend", 3 * NS_PER_S)
        await bench.until_finished()
        assert bench.counts == (10, 8, 2, 0, 0)

    run_virtual(main())


def test_workers_share_the_vus_of_per_vu_iterations() -> None:
    async def main() -> None:
        benches = [
            Bench(flow_of(0.2), index, 3, executor="per-vu-iterations", vus=4, iterations=5)
            for index in range(3)
        ]
        await together(benches, 2)
        assert [bench.gauge.started for bench in benches] == [10, 5, 5]
        assert all(bench.gauge.done for bench in benches)

    run_virtual(main())


# --- shared-iterations ---------------------------------------------------------------------------


def test_a_worker_without_a_vu_has_nothing_to_do_and_says_so() -> None:
    async def main() -> None:
        with_vu, without = (
            Bench(flow_of(0.1), index, 2, executor="shared-iterations", vus=1, iterations=20)
            for index in range(2)
        )
        host = host_of(with_vu, 20)
        for _ in range(150):
            host()
            await together([with_vu, without], with_vu.now_s + 0.02)
        assert without.gauge.done
        assert (without.gauge.started, without.wanted) == (0, 0)
        assert with_vu.gauge.done
        assert with_vu.gauge.completed == 20
        for bench in (with_vu, without):
            bench.runner.close()
            bench.adjust()
            assert bench.runner.finished

    run_virtual(main())


def test_nothing_is_done_before_the_first_vu_had_a_chance_to_begin() -> None:
    """The tick's own time is a little before the clock's: what begins in between is not over."""

    async def main() -> None:
        bench = Bench(flow_of(1), executor="per-vu-iterations", vus=1, iterations=1, start_time="100ms")
        await asyncio.sleep(0.1)
        bench.runner.adjust(round(0.1 * NS_PER_S) - 1)
        assert not bench.gauge.done
        await bench.until_finished_or_idle()
        assert bench.gauge.completed == 1

    run_virtual(main())


def test_shared_iterations_stay_the_same_whatever_the_vus() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.5), executor="shared-iterations", vus=4, iterations=100)
        host = host_of(bench, 100)
        for at_s, vus in ((2, 1), (5, 20), (6, 2)):
            await bench.until(at_s, host)
            bench.steer("set", vus)
        while not bench.runner.idle:
            await bench.until(bench.now_s + 0.02, host)
        assert (bench.gauge.started, bench.gauge.completed) == (100, 100)

    run_virtual(main())


# --- pauses between iterations -------------------------------------------------------------------


def test_an_iteration_lasts_at_least_its_minimum() -> None:
    async def main() -> None:
        bench = Bench(
            flow_of(0.2), executor="constant-vus", vus=2, duration="10s", min_iteration_duration="1s"
        )
        await bench.until_finished()
        assert bench.gauge.completed == 2 * 10
        durations = [one.trend for one in bench.load.recorder.take_metrics() if one.trend]
        assert max(trend.max_us for trend in durations) == pytest.approx(200_000, abs=2000), (
            "the wait after it is no part of it, as in k6"
        )

    run_virtual(main())


def test_a_longer_iteration_waits_for_no_minimum_and_think_time_counts_towards_it() -> None:
    async def main() -> None:
        slow = Bench(flow_of(2), executor="constant-vus", duration="10s", min_iteration_duration="1s")
        await slow.until_finished()
        assert slow.gauge.completed == 5
        thinking = Bench(
            flow_of(0.2),
            executor="constant-vus",
            duration="10s",
            think_time="300ms",
            min_iteration_duration="1s",
        )
        await thinking.until_finished()
        assert thinking.gauge.completed == 10

    run_virtual(main())


def test_the_wait_for_the_minimum_is_cut_short_when_the_vu_leaves() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.1), executor="constant-vus", duration="5s", min_iteration_duration="60s")
        await bench.until_finished()
        assert bench.now_s == pytest.approx(5, abs=0.05)
        assert (bench.gauge.completed, bench.gauge.interrupted) == (1, 0)

    run_virtual(main())


@pytest.mark.parametrize(("speedup", "sleep_s"), [(1, 1.0), (10, 0.1), (50, 0.02), (1000, 0.01)])
def test_speedup_shortens_sleeps_in_flows_to_no_less_than_10_ms(speedup: float, sleep_s: float) -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="constant-vus", duration=f"{2 * speedup}s", speedup=speedup)
        await bench.until_finished()
        assert bench.gauge.completed == pytest.approx(2 / sleep_s, abs=1)

    run_virtual(main())


# --- a mix ---------------------------------------------------------------------------------------


def mixed(bench_flows: dict[str, int], seen: Counter[str], vus: int, **more: object) -> Bench:
    """A mix of flows; each makes so many requests an iteration, of a tenth of a second each."""

    def flow_making(name: str, requests: int) -> Callable[[VirtualUser], object]:
        async def flow(vu: VirtualUser) -> None:
            for _ in range(requests):
                vu.requests += 1
                seen[name] += 1
                await vu.sleep(0.1)

        return flow

    flows = [flow_making(name, requests) for name, requests in bench_flows.items()]
    mix = {name: {"flow": f"x.{name}", "weight": 1} for name in bench_flows}
    return Bench(flows, executor="constant-vus", vus=vus, mix=mix, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("vus", "seconds"), [(1, 200), (7, 80), (30, 80)])
def test_shares_of_a_mix_are_of_requests_also_where_flows_are_of_unequal_length(
    vus: int, seconds: int
) -> None:
    async def main() -> None:
        seen: Counter[str] = Counter()
        bench = mixed({"read": 1, "list": 3, "load": 20}, seen, vus, duration=f"{seconds}s")
        bench.runner.mix.weigh({"read": 50, "list": 30, "load": 20})
        await bench.until_finished()
        total = sum(seen.values())
        assert total > 9 * seconds * vus
        for name, share in (("read", 0.5), ("list", 0.3), ("load", 0.2)):
            assert seen[name] / total == pytest.approx(share, abs=0.02)

    run_virtual(main())


def test_new_weights_hold_from_then_on() -> None:
    async def main() -> None:
        seen: Counter[str] = Counter()
        bench = mixed({"read": 1, "write": 4}, seen, 10, duration="100s")
        await bench.until(50)
        assert seen["read"] / sum(seen.values()) == pytest.approx(0.5, abs=0.02)
        bench.runner.mix.weigh({"read": 9})
        seen.clear()
        await bench.until_finished()
        assert seen["read"] / sum(seen.values()) == pytest.approx(0.9, abs=0.02)

    run_virtual(main())


def test_a_flow_of_no_weight_never_runs() -> None:
    async def main() -> None:
        seen: Counter[str] = Counter()
        bench = mixed({"read": 1, "write": 1}, seen, 3, duration="20s")
        bench.runner.mix.weigh({"write": 0})
        await bench.until_finished()
        assert seen["write"] == 0
        assert seen["read"] > 500

    run_virtual(main())


def test_a_flow_that_fails_before_its_requests_does_not_starve_the_others() -> None:
    async def main() -> None:
        runs: Counter[str] = Counter()

        async def broken(vu: VirtualUser) -> None:
            runs["broken"] += 1
            await vu.sleep(0.1)
            raise LookupError("nothing here")

        async def well(vu: VirtualUser) -> None:
            runs["well"] += 1
            vu.requests += 1
            await vu.sleep(0.1)

        mix = {"broken": {"flow": "x.a"}, "well": {"flow": "x.b"}}
        bench = Bench([broken, well], executor="constant-vus", vus=4, duration="20s", mix=mix)
        await bench.until_finished()
        assert runs["well"] > 300

    run_virtual(main())
