"""A workload that works through a list: each entity until it is done with; under virtual time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dmsperf_tui.engine.ids import NO_ID, IdFile, IdWriter
from dmsperf_tui.engine.outcomes import OutcomeLog, entries
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.plan.entities import ListPart
from dmsperf_tui.run.worklist import WorkList
from tests.engine.bench import Bench
from tests.engine.virtual_time import run_virtual

RAMP = {
    "executor": "ramping-vus",
    "start_vus": 1,
    "stages": [{"duration": "10s", "target": 4}, {"duration": "60s", "target": 4}],
    "graceful_ramp_down": "1s",
    "entities": "dms.load_phase",
}


def identity(index: int) -> bytes:
    return (index + 1).to_bytes(16, "big")


class ListHost:
    """What the host does for one worker: grants, and takes outcomes."""

    def __init__(self, bench: Bench, work: WorkList) -> None:
        self._bench, self._work = bench, work
        self.outcomes: dict[int, bytes] = {}
        self._waiting = 0

    def __call__(self) -> None:
        leases = self._bench.closed.leases
        assert leases is not None
        for encoded in self._bench.load.outcomes.take().settled.values():
            for index, found, _ in entries(encoded):
                assert index not in self.outcomes
                self.outcomes[index] = found
                self._work.settle(index, found != NO_ID)
        self._waiting += self._bench.wanted
        self._bench.wanted = 0
        while self._waiting and (indexes := self._work.lease(0)) is not None:
            self._waiting -= 1
            leases.grant(indexes.start, indexes.stop)


def bench_of(flow: Callable[[VirtualUser], object], **options: object) -> Bench:
    bench = Bench(flow, **{**RAMP, **options})  # type: ignore[arg-type]
    return bench


def test_vus_work_through_the_list_in_its_orders_and_stop() -> None:
    begun: list[int] = []

    async def flow(vu: VirtualUser) -> None:
        assert vu.index is not None
        begun.append(vu.index)
        await vu.sleep(0.1)
        vu.outcome = identity(vu.index) if vu.index != 7 else None

    async def main() -> None:
        work = WorkList([ListPart("schools", 1, 0, 5), ListPart("students", 2, 5, 40)], 1)
        bench = bench_of(flow)
        host = ListHost(bench, work)
        await bench.until_finished_or_idle(host)
        host()
        assert work.finished
        assert (work.created, work.failed) == (44, 1)
        assert host.outcomes == {index: identity(index) if index != 7 else NO_ID for index in range(45)}
        assert bench.now_s < 10
        assert bench.gauge.vus == 0

    run_virtual(main())
    assert sorted(begun) == list(range(45))
    assert set(begun[:5]) == set(range(5))


def test_an_entity_whose_iteration_was_interrupted_goes_to_another_vu() -> None:
    attempts: dict[int, int] = {}

    async def flow(vu: VirtualUser) -> None:
        assert vu.index is not None
        assert vu.again == (vu.index in attempts)
        attempts[vu.index] = attempts.get(vu.index, 0) + 1
        # The first of VU 2 takes longer than it may when it is told to leave.
        await vu.sleep(100 if vu.number == 2 and vu.iteration == 0 else 0.5)
        vu.outcome = identity(vu.index)

    async def main() -> None:
        work = WorkList([ListPart("students", 1, 0, 30)], 1)
        bench = bench_of(flow, stages=[{"duration": "60s", "target": 2}], start_vus=2)
        host = ListHost(bench, work)
        await bench.until(2.0, host)
        bench.steer("set", 1)
        await bench.until(4.0, host)
        assert bench.gauge.interrupted == 1
        await bench.until_finished_or_idle(host)
        host()
        assert sorted(host.outcomes) == list(range(30))

    run_virtual(main())
    assert sorted(attempts.values()) == [1] * 29 + [2]


def test_a_vu_that_waits_at_a_barrier_leaves_at_once_and_gives_nothing_up() -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.sleep(20 if vu.number == 1 else 0.1)
        vu.outcome = identity(vu.index or 0)

    async def main() -> None:
        work = WorkList([ListPart("schools", 1, 0, 3), ListPart("students", 2, 3, 3)], 1)
        bench = bench_of(flow, stages=[{"duration": "60s", "target": 3}], start_vus=3)
        host = ListHost(bench, work)
        await bench.until(2.0, host)
        assert bench.gauge.vus == 3
        bench.steer("set", 1)
        await bench.until(2.1, host)
        assert bench.gauge.vus == 1
        bench.steer("set", 3)
        await bench.until_finished_or_idle(host)
        assert bench.gauge.interrupted == 0

    run_virtual(main())


def test_entities_without_a_vu_go_back_to_the_host() -> None:
    async def flow(vu: VirtualUser) -> None:
        await vu.sleep(1.0)
        vu.outcome = identity(vu.index or 0)

    async def main() -> None:
        bench = bench_of(flow, stages=[{"duration": "60s", "target": 1}], start_vus=1)
        back: list[tuple[int, int]] = []
        bench.closed._surrender = lambda ranges, again: back.extend(ranges)
        leases = bench.closed.leases
        assert leases is not None
        await bench.until(0.1)
        leases.grant(0, 10)
        await bench.until(2.5)
        bench.steer("set", 0)
        await bench.until(4.0)
        # 0 to 2 were begun, and the last of them was finished.
        assert back == [(3, 10)]
        assert len(list(entries(bench.load.outcomes.take().settled["w"]))) == 3

    run_virtual(main())


def test_outcomes_are_told_once() -> None:
    log = OutcomeLog()
    log.settle("load", 5, identity(5))
    log.settle("load", 6, None)
    log.made("students", identity(1))
    told = log.take()
    assert list(entries(told.settled["load"])) == [(5, identity(5), False), (6, NO_ID, False)]
    assert set(told.made) == {"students"}
    assert not log
    with pytest.raises(ValueError, match="16 bytes"):
        log.made("students", b"short")


def test_the_file_of_ids_is_one_memory_for_all_who_read_it(tmp_path: Path) -> None:
    path = tmp_path / "ids.bin"
    writer = IdWriter.create(path, 1000)
    reader = IdFile.open(path)
    assert len(reader) == 1000
    assert reader[999] == NO_ID
    writer.put(999, identity(999))
    assert reader[999] == identity(999)
    writer.close()
    IdWriter.create(path, 1000).close()
    assert IdFile.open(path)[999] == identity(999)
    assert os.stat(path).st_size == 16_000


def test_an_empty_list_has_an_empty_file(tmp_path: Path) -> None:
    IdWriter.create(tmp_path / "ids.bin", 0).close()
    assert len(IdFile.open(tmp_path / "ids.bin")) == 0
