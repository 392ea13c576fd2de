"""Open workloads: iterations start at their planned times, wait, are dropped or cut; under virtual time."""

from __future__ import annotations

import gc
import random
import sys
from typing import Any

import pytest

from dmsperf_tui.engine.histogram import Histogram, merged
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.arrivals import Arrivals
from dmsperf_tui.plan.scenario import parse_plan
from dmsperf_tui.plan.units import NS_PER_S
from tests.engine.bench import Bench, flow_of, together
from tests.engine.virtual_time import run_virtual

TIMER_S = 0.0011
"""Starts are timed in whole milliseconds, rounded up."""


def constant(rate: float, duration: str = "10s", vus: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "executor": "constant-arrival-rate",
        "rate": rate,
        "duration": duration,
        "pre_allocated_vus": vus,
        **more,
    }


RAMP: dict[str, Any] = {
    "executor": "ramping-arrival-rate",
    "pre_allocated_vus": 30,
    "stages": [
        {"duration": "4s", "target": 20},
        {"duration": "0s", "target": 5},
        {"duration": "3s", "target": 5},
        {"duration": "3s", "target": 0},
    ],
}


def planned_s(options: dict[str, Any]) -> list[float]:
    """The planned starts of an unsteered workload."""
    plan = parse_plan("t", {"workloads": {"w": {"flow": "x", **options}}}).workloads[0]
    assert plan.arrival is not None
    seed = "0/w" if plan.arrival.poisson else None
    arrivals = Arrivals(
        plan.shape.curve(), plan.shape.duration_ns, 0, 1, first=int(plan.arrival.ramping), seed=seed
    )
    found: list[float] = []
    while arrivals.next_ns is not None:
        found.append(arrivals.take() / NS_PER_S)
    return found


def assert_on_time(starts: list[float], planned: list[float]) -> None:
    assert len(starts) == len(planned)
    late = [start - due for start, due in zip(starts, planned, strict=True)]
    assert min(late) >= -1e-9, "none before its time"
    assert max(late) <= TIMER_S


def trend(bench: Bench, metric: str) -> Histogram:
    measured = bench.load.recorder.take_metrics()
    return merged(one.trend for one in measured if one.metric == metric and one.trend)


# --- when they start -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        constant(10),
        constant(7, "9s", time_unit="3s"),
        constant(333, "3s", vus=100),
        RAMP,
        constant(40, arrivals="poisson", vus=60),
        {**RAMP, "arrivals": "poisson"},
        constant(5, start_time="2500ms"),
    ],
)
def test_iterations_start_at_their_planned_times_and_never_before(options: dict[str, Any]) -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.15), **options)
        await bench.until_finished()
        start_s = 2.5 if "start_time" in options else 0.0
        assert_on_time([at - start_s for at in bench.starts], planned_s(options))
        gauge = bench.gauge
        assert (gauge.completed, gauge.dropped, gauge.queued) == (gauge.planned, 0, 0)
        assert bench.runner.slips.take()[0].max_us <= TIMER_S * 1e6

    run_virtual(main())


def test_one_hour_at_a_constant_rate_does_not_drift_and_takes_no_memory() -> None:
    """3 a second, of which no trace is kept but counts: 10,800 iterations."""

    async def main() -> None:
        bench = Bench(flow_of(0.03), **constant(3, "1h", vus=3))
        bench.tick_s = 1.0
        late: list[float] = []

        async def run_to(at_s: float) -> None:
            while bench.now_s < at_s - 1e-9:
                await bench.until(min(at_s, bench.now_s + 10))
                late.extend(start - round(start * 3) / 3 for start in bench.starts)
                bench.starts.clear()
                bench.history.clear()
                assert min(late) >= -1e-9
                late[:] = [max(late)]
                bench.load.recorder.take_metrics()
                bench.runner.slips.take()

        await run_to(60)
        gc.collect()
        before = sys.getallocatedblocks()
        await run_to(3600)
        gc.collect()
        after = sys.getallocatedblocks()
        await bench.until_finished()
        assert bench.counts == (10_800, 10_800, 0, 0, 0)
        assert late[0] <= TIMER_S
        assert after - before < 500, "blocks of memory, of 10,600 iterations"

    run_virtual(main())


def test_an_iteration_takes_the_vu_that_has_been_idle_for_longest() -> None:
    async def main() -> None:
        seen: list[int] = []

        async def flow(vu: VirtualUser) -> None:
            seen.append(vu.number)
            await vu.sleep(0.01)

        bench = Bench(flow, **constant(10, "2s", vus=4))
        await bench.until_finished()
        assert seen == [1, 2, 3, 4] * 5

    run_virtual(main())


# --- late work -----------------------------------------------------------------------------------


def test_a_due_iteration_waits_for_a_vu_and_is_timed_from_its_planned_start() -> None:
    async def main() -> None:
        # Two VUs do 4 a second, 10 are due: they come further and further behind.
        bench = Bench(flow_of(0.5), **constant(10, "4s", vus=2, graceful_stop="60s"))
        await bench.until(3.99)
        gauge = bench.gauge
        assert (gauge.planned, gauge.started, gauge.waiting) == (40, 16, 24)
        await bench.until_finished()
        assert bench.counts == (40, 40, 0, 0, 0)
        assert gauge.queued == 38
        assert bench.now_s == pytest.approx(10.1, abs=0.05)
        # Number n is due at n/10; one VU does the even ones, and a tenth later the other the odd ones.
        responses = [0.5 * (n // 2 + 1) + 0.1 * (n % 2) - n / 10 for n in range(40)]
        measured = trend(bench, "iteration_response_time")
        assert measured.count == 40
        assert measured.max_us == pytest.approx(max(responses) * 1e6, abs=5000)
        assert measured.mean_us == pytest.approx(sum(responses) / 40 * 1e6, abs=5000)

    run_virtual(main())


def test_what_had_to_wait_is_no_slip_of_the_generator() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.5), **constant(10, "4s", vus=2, graceful_stop="60s"))
        await bench.until_finished()
        slips, prompt = bench.runner.slips.take()
        assert slips.count == prompt == 2, "only those of which a VU was free"

    run_virtual(main())


def test_late_is_drop_as_in_k6() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.45), **constant(10, "4s", vus=2, late="drop"))
        await bench.until_finished()
        # In each half second two VUs take the first two of the five that are due.
        assert bench.counts == (40, 16, 24, 0, 0)
        assert_on_time(bench.starts, [0.5 * (n // 2) + 0.1 * (n % 2) for n in range(16)])

    run_virtual(main())


@pytest.mark.parametrize(("backlog", "workers"), [(0, 1), (3, 1), (7, 2)])
def test_no_more_wait_than_the_backlog_holds(backlog: int, workers: int) -> None:
    async def main() -> None:
        options = constant(20, "5s", vus=workers, max_backlog=backlog, graceful_stop="5s")
        benches = [Bench(flow_of(60), index, workers, **options) for index in range(workers)]
        await together(benches, 4.99)
        waiting = [bench.gauge.waiting for bench in benches]
        assert sum(waiting) == backlog
        assert sum(bench.gauge.dropped for bench in benches) == 100 - backlog - workers

    run_virtual(main())


def test_vus_grow_to_max_vus_and_no_further() -> None:
    async def main() -> None:
        bench = Bench(flow_of(2), **constant(10, "10s", vus=2, max_vus=7, late="drop"))
        assert bench.gauge.vus == 0
        bench.adjust()
        assert (bench.gauge.vus, bench.gauge.made) == (1, 2)
        most = 0

        def look() -> None:
            nonlocal most
            most = max(most, bench.gauge.vus, bench.gauge.made)

        await bench.until_finished(look)
        assert most == 7
        # 7 in each 2 s, of 20.
        assert bench.counts == (100, 35, 65, 0, 0)

    run_virtual(main())


def test_the_cap_is_raised_and_lowered_live() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), **constant(10, "30s", vus=4, graceful_stop="60s"))
        await bench.until(5.01)
        assert (bench.gauge.running, bench.gauge.made) == (4, 4)
        assert bench.gauge.waiting > 20
        bench.cap(20)
        assert bench.gauge.running == 20, "what waits takes the new VUs at once"
        await bench.until(15)
        assert bench.gauge.waiting == 0
        bench.cap(3)
        await bench.until(16.02)
        assert bench.gauge.made == 3, "a VU that is over the cap finishes its iteration"
        assert bench.gauge.interrupted == 0
        await bench.until(20)
        assert bench.gauge.vus == 3
        await bench.until_finished()
        assert bench.gauge.dropped + bench.gauge.cut + bench.gauge.interrupted == 0

    run_virtual(main())


# --- pause, stop, end ----------------------------------------------------------------------------


def test_a_pause_moves_the_planned_starts_by_its_length() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.05), **constant(10, "5s"))
        await bench.until(2.05)
        await bench.pause(30)
        await bench.until_finished()
        assert bench.loop.now_s == pytest.approx(35, abs=0.1)
        assert_on_time(bench.starts, [number / 10 for number in range(50)])

    run_virtual(main())


def test_what_is_due_while_requests_drain_waits_and_then_starts() -> None:
    """Pausing, the clock goes on for a while: what is due then is neither lost nor a finding."""

    async def main() -> None:
        bench = Bench(flow_of(0.05), **constant(10, "5s", vus=12))
        await bench.until(2.05)
        await bench.pause(30, draining_s=1)
        assert bench.gauge.waiting + bench.gauge.running == 10
        await bench.until_finished()
        assert bench.counts == (50, 50, 0, 0, 0)
        assert bench.starts_between(2.051, 3.05) == 0
        assert bench.gauge.queued == 0

    run_virtual(main())


def test_what_waits_through_a_pause_waits_no_longer_for_it() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), **constant(2, "4s", vus=1, graceful_stop="60s"))
        await bench.until(3)
        assert bench.gauge.waiting == 3
        await bench.pause(60)
        await bench.until_finished()
        assert trend(bench, "iteration_response_time").max_us < 6_000_000

    run_virtual(main())


def test_a_stop_cuts_what_waits_and_lets_the_running_finish() -> None:
    async def main() -> None:
        bench = Bench(flow_of(2), **constant(10, "60s", vus=4))
        await bench.until(3.05)
        before = bench.gauge.started
        waiting = bench.gauge.waiting
        assert waiting > 20
        bench.end()
        assert (bench.gauge.waiting, bench.gauge.cut) == (0, waiting)
        await bench.until_finished()
        assert (bench.gauge.started, bench.gauge.interrupted) == (before, 0)
        assert bench.now_s == pytest.approx(4.3, abs=0.05)

    run_virtual(main())


def test_an_abort_interrupts_what_runs_and_cuts_what_waits() -> None:
    async def main() -> None:
        bench = Bench(flow_of(60), **constant(10, "60s", vus=4))
        await bench.until(3.05)
        bench.end(at_once=True)
        await bench.until(3.1)
        assert bench.runner.finished
        assert (bench.gauge.interrupted, bench.gauge.cut, bench.gauge.planned) == (4, 27, 31)

    run_virtual(main())


def test_within_the_grace_what_waits_may_start_and_then_it_is_cut() -> None:
    async def main() -> None:
        # 20 due in 2 s, one VU: one starts each second; at 2 + 3.5 s five have run and one runs.
        bench = Bench(flow_of(1), **constant(10, "2s", vus=1, graceful_stop="3500ms"))
        await bench.until(2.1)
        assert bench.gauge.waiting == 17
        await bench.until_finished()
        assert bench.now_s == pytest.approx(5.5, abs=0.05)
        assert bench.counts == (20, 6, 0, 14, 0)
        assert (bench.gauge.completed, bench.gauge.interrupted) == (5, 1)

    run_virtual(main())


def test_a_stop_within_the_grace_cuts_what_waits_at_once() -> None:
    async def main() -> None:
        bench = Bench(flow_of(1), **constant(10, "2s", vus=1, graceful_stop="60s"))
        await bench.until(4.5)
        assert bench.gauge.waiting == 15
        bench.end()
        await bench.until_finished()
        assert bench.now_s == pytest.approx(5, abs=0.05)
        assert bench.counts == (20, 5, 0, 15, 0)

    run_virtual(main())


def test_a_stop_while_paused_ends_it() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.5), **constant(10, "60s", vus=2))
        await bench.until(3)
        bench.load.hold()
        await bench.until(4)
        bench.end()
        await bench.until_finished()
        gauge = bench.gauge
        assert gauge.planned == 41
        assert gauge.cut == 41 - gauge.started
        assert gauge.interrupted == 0

    run_virtual(main())


# --- live changes --------------------------------------------------------------------------------


def test_a_rate_that_is_set_is_in_force_at_once_and_exact() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.01), **constant(10, "30s"))
        await bench.until(10)
        bench.steer("set", 50)
        await bench.until(20)
        bench.steer("release")
        await bench.until_finished()
        assert [bench.starts_between(s, s + 10) for s in (0, 10, 20)] == [100, 500, 100]
        assert bench.gauge.planned == 700

    run_virtual(main())


def test_a_rate_of_nothing_starts_nothing_until_it_is_raised() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.01), **constant(10, "30s"))
        await bench.until(5)
        bench.steer("set", 0)
        await bench.until(15)
        assert bench.gauge.planned == 51, "the one that was due at this very instant had started"
        bench.steer("set", 10)
        await bench.until(16.05)
        assert bench.gauge.planned == 61

    run_virtual(main())


def test_a_ramp_of_the_rate_starts_as_many_as_its_area() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.01), **constant(10, "30s", vus=30))
        await bench.until(10)
        bench.steer("set", 50, over_s=10)
        await bench.until_finished()
        assert bench.starts_between(0, 10) == 100
        assert bench.starts_between(10, 20) == pytest.approx(300, abs=1)
        assert bench.starts_between(20, 30) == pytest.approx(500, abs=1)
        assert bench.gauge.planned == 900

    run_virtual(main())


def test_scale_hold_skip_and_extend_change_the_rate_and_the_end() -> None:
    async def main() -> None:
        bench = Bench(
            flow_of(0.01),
            executor="ramping-arrival-rate",
            start_rate=10,
            pre_allocated_vus=30,
            stages=[
                {"duration": "10s", "target": 10},
                {"duration": "10s", "target": 30},
                {"duration": "10s", "target": 30},
            ],
        )
        await bench.until(4)
        bench.steer("scale", 2)
        await bench.until(8)
        bench.steer("skip", 1)  # 20 to 60 within 10 s, twice the plan's
        await bench.until(13)
        bench.steer("hold")  # at 40
        await bench.until(20)
        bench.steer("release")  # the plan has 30 since 18, until 28
        bench.steer("extend", 5 * NS_PER_S)
        await bench.until_finished()
        counts = [bench.starts_between(a, b) for a, b in ((0, 4), (4, 8), (8, 13), (13, 20), (20, 33))]
        assert counts == pytest.approx([40, 80, 150, 280, 390], abs=1)
        assert bench.gauge.planned == 40 + 80 + 150 + 280 + 390
        assert bench.now_s == pytest.approx(33, abs=0.1)

    run_virtual(main())


def test_a_rate_cut_keeps_what_waits() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.5), **constant(20, "60s", vus=2))
        await bench.until(5.01)
        waiting = bench.gauge.waiting
        assert waiting > 70
        bench.steer("set", 1)
        assert bench.gauge.waiting == waiting
        await bench.until(40)
        assert bench.counts == (101 + 35, 101 + 35, 0, 0, 0)

    run_virtual(main())


# --- many workers --------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("arrivals", ["uniform", "poisson"])
def test_workers_share_arrivals_vus_and_changes(workers: int, arrivals: str) -> None:
    options = constant(30, "20s", vus=35, arrivals=arrivals)

    def starts_of(benches: list[Bench]) -> list[float]:
        return sorted(at for bench in benches for at in bench.starts)

    async def steered(benches: list[Bench]) -> None:
        await together(benches, 10)
        # All at the same instant, as the host says when.
        for bench in benches:
            bench.steer("set", 55, over_s=4)
        await together(benches)

    alone: list[float] = []

    async def one() -> None:
        bench = Bench(flow_of(0.05), **options)
        await steered([bench])
        alone.extend(bench.starts)

    async def main() -> None:
        benches = [Bench(flow_of(0.05), index, workers, **options) for index in range(workers)]
        assert sum(bench.runner.gauge.made for bench in benches) == 0
        await steered(benches)
        assert_on_time(starts_of(benches), alone)
        assert sum(bench.gauge.planned for bench in benches) == len(alone)
        numbers = [seat.vu.number for bench in benches for seat in bench.runner._seats]
        assert sorted(numbers) == list(range(1, 36))

    run_virtual(one())
    run_virtual(main())


def test_a_lost_workers_arrivals_go_to_the_others() -> None:
    async def main() -> None:
        options = constant(30, "10s", vus=9)
        benches = [Bench(flow_of(0.05), index, 3, **options) for index in range(3)]
        await together(benches, 5.01)
        kept = [benches[0], benches[2]]
        for place, bench in enumerate(kept):
            bench.runner.reshare(place, 2, round(5.5 * NS_PER_S))
        await together(kept)
        # All of them until 5.01 s, two of three until 5.5 s, all of them again from then on.
        assert sum(bench.starts_between(0, 5.005) for bench in benches) == 151
        assert sum(bench.starts_between(5.005, 5.4999) for bench in kept) == 9
        assert sum(bench.starts_between(5.4999, 10) for bench in kept) == 135

    run_virtual(main())


def test_a_workload_that_waits_for_another_is_shared_anew_before_it_starts() -> None:
    async def main() -> None:
        bench = Bench(flow_of(0.05), 0, 2, **constant(10, "2s"))
        bench.runner.start_ns = None
        await bench.until(1)
        bench.runner.reshare(0, 1, round(0.5 * NS_PER_S))
        bench.runner.start(round(1.5 * NS_PER_S))
        await bench.until_finished()
        assert_on_time(bench.starts, [1.5 + number / 10 for number in range(20)])

    run_virtual(main())


# --- whatever happens ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_both_equations_hold_at_every_tick_whatever_people_do(seed: int) -> None:
    dice = random.Random(seed)

    async def flow(vu: VirtualUser) -> None:
        if vu.random.random() < 0.05:
            raise LookupError("odd")
        await vu.sleep(vu.random.random() ** 4 * 5)

    async def main() -> None:
        options = dice.choice(
            [
                constant(20, "40s", vus=5, max_vus=12, max_backlog=dice.choice([0, 20, 10_000])),
                constant(20, "40s", vus=5, late="drop"),
                {**RAMP, "stages": [{"duration": "20s", "target": 40}, {"duration": "20s", "target": 3}]},
                constant(25, "40s", vus=10, arrivals="poisson"),
            ]
        )
        bench = Bench(flow, **{**options, "graceful_stop": dice.choice(["0s", "1s", "20s"])})
        while bench.now_s < 30 and bench.now_s < bench.runner.steering.end_ns / NS_PER_S - 1:
            await bench.until(bench.now_s + dice.random() * 3)
            match dice.choice(["set", "scale", "hold", "release", "extend", "skip", "cap", "pause"]):
                case "cap":
                    bench.cap(dice.randrange(1, 20))
                case "pause":
                    await bench.pause(dice.random() * 3, dice.choice([0, 0.5]))
                case "extend":
                    bench.steer("extend", NS_PER_S)
                case "scale":
                    bench.steer("scale", dice.random() * 3, dice.choice([0, 2]))
                case "set":
                    bench.steer("set", dice.randrange(60), dice.choice([0, 2]))
                case "hold":
                    bench.steer("hold")
                case "skip":
                    bench.steer("skip", dice.randrange(len(bench.runner.plan.shape.stages)))
                case _:
                    bench.steer("release", over_s=dice.choice([0, 2]))
        if dice.random() < 0.5:
            bench.end(at_once=dice.random() < 0.5)
        await bench.until_finished()
        gauge = bench.gauge
        assert gauge.vus == gauge.running == gauge.waiting == gauge.leaving == 0
        assert gauge.started == gauge.completed + gauge.interrupted
        assert gauge.planned == gauge.started + gauge.dropped + gauge.cut
        assert gauge.planned > 50
        assert len(bench.starts) <= gauge.started

    run_virtual(main())
