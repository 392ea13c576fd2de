"""How VUs start, iterate, leave and are interrupted: under virtual time, against k6's rules."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from dmsperf_tui.engine.histogram import Histogram, merged
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.units import NS_PER_S
from tests.engine.bench import Bench, flow_of
from tests.engine.virtual_time import run_virtual


def iterations(bench: Bench) -> Histogram:
    """The durations of the iterations so far."""
    measured = bench.load.recorder.take_metrics()
    found = [metric.trend for metric in measured if metric.metric == "iteration_duration" and metric.trend]
    return merged(found)


RAMP: dict[str, Any] = {
    "executor": "ramping-vus",
    "start_vus": 0,
    "stages": [
        {"duration": "10s", "target": 10},
        {"duration": "5s", "target": 10},
        {"duration": "5s", "target": 0},
    ],
}


def test_ramping_vus_follow_the_plan_to_the_tick() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.01), **RAMP)
        await bench.until(20)
        shape = bench.runner.plan.shape
        for at_s, vus in bench.history:
            before = shape.vus_at(round((at_s - 0.05) * NS_PER_S)) if at_s > 0.05 else 0
            now = shape.vus_at(round(at_s * NS_PER_S))
            assert min(before, now) <= vus <= max(before, now), f"{vus} VUs at {at_s} s"
        await bench.until_finished()
        assert bench.gauge.interrupted == 0

    run_virtual(main())


def test_vus_are_shared_between_workers_and_numbered_distinctly() -> None:
    numbers: list[int] = []

    async def flow(vu: VirtualUser) -> None:
        if vu.iteration == 0:
            numbers.append(vu.number)
        await vu.sleep(0.1)

    async def main() -> None:
        benches = [Bench(flow, i, 3, executor="constant-vus", vus=8, duration="1s") for i in range(3)]
        for bench in benches:
            bench.runner.adjust(0)
        assert [bench.gauge.vus for bench in benches] == [3, 3, 2]
        await asyncio.gather(*(bench.until_finished() for bench in benches))

    run_virtual(main())
    assert sorted(numbers) == list(range(1, 9))


def test_leaving_vu_has_the_ramp_down_grace_and_is_then_interrupted() -> None:
    async def main() -> None:
        bench = Bench(
            flow_of(60),
            executor="ramping-vus",
            start_vus=5,
            stages=[
                {"duration": "1s", "target": 5},
                {"duration": "0s", "target": 2},
                {"duration": "30s", "target": 2},
            ],
            graceful_ramp_down="4s",
        )
        await bench.until(4.9)
        gauge = bench.gauge
        assert (gauge.vus, gauge.leaving, gauge.interrupted) == (5, 3, 0)
        await bench.until(5.1)
        assert (gauge.vus, gauge.leaving, gauge.interrupted) == (2, 0, 3)
        assert gauge.completed == 0

    run_virtual(main())


def test_vu_that_is_wanted_again_while_it_leaves_stays_uninterrupted() -> None:
    async def main() -> None:
        bench = Bench(flow_of(10), executor="constant-vus", vus=4, duration="60s")
        await bench.until(1)
        bench.steer("set", 1)
        await bench.until(2)
        assert bench.gauge.leaving == 3
        bench.steer("set", 4)
        await bench.until(59)
        gauge = bench.gauge
        assert (gauge.vus, gauge.leaving, gauge.interrupted) == (4, 0, 0)
        assert gauge.completed == 4 * 5

    run_virtual(main())


def test_highest_vu_leaves_first() -> None:
    async def main() -> None:
        seen: dict[int, float] = {}

        async def flow(vu: VirtualUser) -> None:
            await vu.sleep(0.1)
            seen[vu.number] = bench.now_s

        bench = Bench(flow, executor="constant-vus", vus=5, duration="60s")
        await bench.until(1)
        bench.steer("set", 2, over_s=3)
        await bench.until(10)
        ends = [seen[number] for number in (3, 4, 5)]
        assert ends == sorted(ends, reverse=True)
        assert seen[1] > 9.8
        assert seen[2] > 9.8

    run_virtual(main())


@pytest.mark.parametrize(("length_s", "completed", "interrupted"), [(1.5, 2, 0), (3.5, 0, 2)])
def test_graceful_stop_lets_running_iterations_finish(
    length_s: float, completed: int, interrupted: int
) -> None:
    async def main() -> None:
        bench = Bench(flow_of(length_s), executor="constant-vus", vus=2, duration="1s", graceful_stop="2s")
        await bench.until_finished()
        gauge = bench.gauge
        assert (gauge.completed, gauge.interrupted) == (completed, interrupted)
        assert bench.now_s == pytest.approx(min(length_s, 3.0), abs=0.05)
        assert iterations(bench).count == completed

    run_virtual(main())


def test_graceful_stop_cuts_a_longer_ramp_down_short() -> None:
    async def main() -> None:
        bench = Bench(
            flow_of(60),
            executor="ramping-vus",
            start_vus=2,
            stages=[{"duration": "1s", "target": 2}, {"duration": "1s", "target": 0}],
            graceful_ramp_down="30s",
            graceful_stop="3s",
        )
        await bench.until_finished()
        assert bench.now_s == pytest.approx(5.0, abs=0.05)
        assert bench.gauge.interrupted == 2

    run_virtual(main())


def test_stop_is_graceful_and_abort_is_at_once() -> None:
    async def main() -> None:
        for at_once, expected_s in ((False, 5.0), (True, 3.3)):
            bench = Bench(flow_of(5), executor="constant-vus", vus=3, duration="60s")
            await bench.until(3.3)
            bench.runner.end(at_once)
            await bench.until_finished()
            assert bench.now_s == pytest.approx(expected_s, abs=0.05)
            assert bench.gauge.interrupted == (3 if at_once else 0)

    run_virtual(main())


def test_iteration_count_of_constant_vus_is_that_of_a_closed_loop() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.5), executor="constant-vus", vus=7, duration="60s", think_time="1s")
        await bench.until_finished()
        # 60 s / (0.5 s + 1 s) = 40 iterations for each VU.
        assert bench.gauge.completed == 7 * 40
        durations = iterations(bench)
        assert durations.min_us == pytest.approx(1_500_000, abs=2000)
        assert durations.mean_us == pytest.approx(1_500_000, rel=0.001)

    run_virtual(main())


def test_think_time_is_cut_short_when_the_vu_leaves() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.1), executor="constant-vus", vus=1, duration="5s", think_time="60s")
        await bench.until_finished()
        assert bench.now_s == pytest.approx(5.0, abs=0.05)
        assert bench.gauge.completed == 1

    run_virtual(main())


def test_pause_starts_nothing_and_counts_in_no_duration() -> None:
    async def main() -> None:
        started: list[float] = []

        async def flow(vu: VirtualUser) -> None:
            started.append(loop.now_s)
            await vu.sleep(1)

        bench = Bench(flow, executor="constant-vus", vus=3, duration="20s", think_time="1s")
        loop = bench.loop
        await bench.until(4.5)
        before = len(started)
        await bench.pause(10)
        assert len(started) == before
        await bench.until_finished()
        assert loop.now_s == pytest.approx(20 + 10, abs=0.1)
        assert bench.gauge.completed == 3 * 10
        durations = iterations(bench)
        assert durations.max_us == pytest.approx(2_000_000, abs=25_000)

    run_virtual(main())


def test_shared_iterations_do_each_index_once_and_fast_vus_do_more() -> None:
    done: list[int] = []
    by_vu: dict[int, int] = {}

    async def flow(vu: VirtualUser) -> None:
        assert vu.index is not None
        done.append(vu.index)
        by_vu[vu.number] = by_vu.get(vu.number, 0) + 1
        await vu.sleep(1.0 if vu.number == 1 else 0.1)

    async def main() -> None:
        bench = Bench(flow, executor="shared-iterations", vus=3, iterations=100)
        leases, free = bench.closed.leases, iter(range(0, 100, 10))
        assert leases is not None

        def host() -> None:
            while bench.wanted:
                bench.wanted -= 1
                start = next(free, None)
                leases.grant(*((start, start + 10) if start is not None else (0, 0)))

        await bench.until_finished(host)

    run_virtual(main())
    assert sorted(done) == list(range(100))
    assert by_vu[2] > 4 * by_vu[1]


def test_flow_that_raises_counts_as_an_iteration_and_an_error() -> None:
    async def flow(vu: VirtualUser) -> None:
        if vu.iteration % 2:
            raise LookupError("nothing here")
        await vu.sleep(0.1)

    async def main() -> None:
        bench = Bench(flow, executor="constant-vus", vus=1, duration="1s")
        await bench.until_finished()
        (error,) = bench.load.recorder.take_errors()
        assert (error.phase, error.failure) == ("flow", "LookupError")
        assert error.samples[0].detail.startswith("LookupError: nothing here (test_workload.py:")
        assert 8 <= error.count <= 10
        (raised,) = (one for one in bench.load.recorder.take_metrics() if one.metric == "flow_errors")
        assert (raised.total, raised.tags) == (error.count, {"scenario": "w"})
        assert bench.gauge.completed == bench.gauge.started

    run_virtual(main())


@pytest.mark.parametrize("seed", range(8))
def test_conservation_holds_at_every_tick_whatever_people_steer(seed: int) -> None:
    dice = random.Random(seed)

    async def flow(vu: VirtualUser) -> None:
        await vu.sleep(vu.random.random() * 3)

    async def main() -> None:
        bench = Bench(
            flow, executor="constant-vus", vus=5, duration="60s", graceful_stop="1s", think_time="100ms"
        )
        at_s = 0.0
        while at_s < 55:
            at_s += dice.random() * 5
            await bench.until(at_s)
            if dice.random() < 0.2:
                bench.steer("release")
            else:
                bench.steer("set", dice.randrange(0, 30), dice.choice([0, 2]))
        await bench.until_finished()
        gauge = bench.gauge
        assert gauge.vus == gauge.running == 0
        assert gauge.started == gauge.completed + gauge.interrupted > 50

    run_virtual(main())


def test_vus_that_are_cancelled_before_their_first_step_leave_no_ghosts() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="constant-vus", vus=2, duration="60s")
        await bench.until(1)
        bench.steer("set", 20)
        bench.runner.end(at_once=True)
        await bench.until(bench.now_s + 0.1)
        assert bench.gauge.vus == 0
        assert bench.runner.finished

    run_virtual(main())


def test_ramp_down_grace_of_nothing_interrupts_at_once() -> None:
    async def main() -> None:
        bench = Bench(
            flow_of(10),
            executor="ramping-vus",
            start_vus=4,
            stages=[
                {"duration": "1s", "target": 4},
                {"duration": "0s", "target": 0},
                {"duration": "9s", "target": 0},
            ],
            graceful_ramp_down="0s",
        )
        await bench.until(1.1)
        assert (bench.gauge.vus, bench.gauge.interrupted) == (0, 4)

    run_virtual(main())


def test_flow_that_awaits_nothing_lets_the_others_run() -> None:
    async def flow(vu: VirtualUser) -> None:
        if vu.number == 1:
            return
        await vu.sleep(0.5)

    async def main() -> None:
        bench = Bench(flow, executor="constant-vus", vus=2, duration="60s")
        bench.runner.adjust(0)
        for _ in range(2000):
            await asyncio.sleep(0)
        assert bench.gauge.vus == 2
        bench.runner.end(at_once=True)
        for _ in range(10):
            await asyncio.sleep(0)
        assert bench.runner.finished

    run_virtual(main())


@pytest.mark.parametrize("halt", ["stop", "pause"])
def test_lease_that_comes_after_a_stop_or_pause_begins_nothing(halt: str) -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), executor="shared-iterations", vus=2, iterations=50)
        leases = bench.closed.leases
        assert leases is not None
        await bench.until(0.5)
        if halt == "stop":
            bench.runner.end(at_once=False)
        else:
            bench.load.hold()
        leases.grant(0, 10)
        await bench.until(1)
        assert bench.gauge.started == 0
        assert leases.taken == 0

    run_virtual(main())


def test_every_token_and_secret_header_so_far_is_taken_out_of_reports() -> None:
    async def main() -> None:
        load = Bench(flow_of(1), executor="constant-vus", duration="1s").load
        load.set_token("first-token", 1)
        load.set_token("second-token", 2)
        load.keep_secret("header-secret")
        said = load.without_secrets("echo first-token, second-token and header-secret")
        assert said == "echo [removed], [removed] and [removed]"

    run_virtual(main())
