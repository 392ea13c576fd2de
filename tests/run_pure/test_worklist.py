"""A list of entities: each created once, in orders that wait for one another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.plan.entities import ListPart
from dmsperf_tui.run.worklist import WorkList


def _parts(sizes: list[tuple[int, int]]) -> list[ListPart]:
    parts: list[ListPart] = []
    order = first = 0
    for number, (step, count) in enumerate(sizes):
        order += step
        parts.append(ListPart(f"part{number}", order, first, count))
        first += count
    return parts


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 60)), min_size=1, max_size=5),
    workers=st.integers(1, 4),
    existing=st.sets(st.integers(0, 299)),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["lease", "settle", "settle", "fail", "lose", "surrender"]), st.integers(0, 10**6)
        ),
        max_size=200,
    ),
)
def test_each_entity_is_done_once_and_never_before_its_order(
    sizes: list[tuple[int, int]], workers: int, existing: set[int], steps: list[tuple[str, int]]
) -> None:
    """Whatever is leased, lost, surrendered and settled in whatever order."""
    parts = _parts(sizes)
    order_of = {index: part.order for part in parts for index in range(part.first, part.first + part.count)}
    work = WorkList(parts, workers, existing.__contains__)
    held: dict[int, list[int]] = {worker: [] for worker in range(workers)}
    done = {index for index in order_of if index in existing}

    def lease(worker: int) -> range | None:
        indexes = work.lease(worker)
        for index in indexes or ():
            assert index not in done
            assert not any(index in others for others in held.values())
            assert all(order_of[other] >= order_of[index] for other in order_of if other not in done)
            held[worker].append(index)
        return indexes

    def settle(worker: int, place: int, created: bool) -> None:
        if held[worker]:
            index = held[worker].pop(place % len(held[worker]))
            done.add(index)
            work.settle(index, created)

    for action, number in steps:
        worker = number % workers
        if action == "lease":
            lease(worker)
        elif action == "lose":
            work.give_back(worker)
            held[worker] = []
        elif action == "surrender" and held[worker]:
            cut = number % len(held[worker])
            back, held[worker] = held[worker][cut:], held[worker][:cut]
            work.surrender(worker, [(index, index + 1) for index in back])
        else:
            settle(worker, number, action != "fail")
        assert work.left == len(order_of) - len(done)
    while not work.finished:
        for worker in range(workers):
            lease(worker)
            while held[worker]:
                settle(worker, 0, True)
    assert done == set(order_of)
    assert work.lease(0) == range(0)
    assert work.created + work.failed == work.total == sum(count for _, count in sizes)
    assert sum(created + failed for _, created, failed in work.counts()) == work.total


def test_an_order_waits_for_the_last_of_the_one_before() -> None:
    work = WorkList([ListPart("schools", 1, 0, 2), ListPart("students", 2, 2, 3)], workers=2)
    first, second = work.lease(0), work.lease(1)
    assert (first, second) == (range(0, 1), range(1, 2))
    assert work.lease(0) is None
    assert work.settle(0, created=True) is False
    assert work.lease(0) is None
    assert work.order == 1
    assert work.settle(1, created=False) is True
    assert work.lease(0) == range(2, 3)
    assert work.order == 2


def test_what_a_lost_worker_had_not_done_goes_to_others() -> None:
    work = WorkList([ListPart("students", 1, 0, 40)], workers=1)
    lost = work.lease(0)
    assert lost == range(0, 10)
    work.settle(3, created=True)
    work.give_back(0)
    rest: list[int] = []
    while indexes := work.lease(1):
        rest += indexes
        assert work.begun(indexes.start) == (indexes.start < 10)
        assert (indexes.start < 10) == (indexes[-1] < 10)
    assert sorted(rest) == [index for index in range(40) if index != 3]


def test_a_resumed_list_does_only_what_is_missing() -> None:
    work = WorkList(
        [ListPart("schools", 1, 0, 2), ListPart("students", 2, 2, 3)],
        workers=1,
        exists={0, 1, 3}.__contains__,
    )
    assert work.to_do == 2
    assert work.order == 2
    assert work.lease(0) == range(2, 3)
    assert work.lease(0) == range(4, 5)
    assert work.lease(0) is None


@pytest.mark.parametrize("total", [0, 1])
def test_a_list_without_anything_to_do_is_finished(total: int) -> None:
    work = WorkList([ListPart("schools", 1, 0, total)], workers=1, exists=lambda index: True)
    assert work.finished
    assert work.lease(0) == range(0)
    assert work.order is None


def test_an_order_that_failed_nearly_whole_ends_the_list() -> None:
    """What comes after it refers to it: it would be answered 409, one by one."""
    work = WorkList([ListPart("students", 1, 0, 40), ListPart("grades", 2, 40, 100)], workers=1)
    while indexes := work.lease(0):
        for index in indexes:
            work.settle(index, created=index < 15)
    assert work.halted
    assert work.lease(1) == range(0)
    assert not work.finished
    assert (work.created, work.failed, work.left) == (15, 25, 100)


def test_a_few_failures_among_few_end_nothing() -> None:
    work = WorkList([ListPart("schools", 1, 0, 4), ListPart("students", 2, 4, 2)], workers=1)
    leased = [work.lease(0) for _ in range(4)]
    assert leased == [range(index, index + 1) for index in range(4)]
    for index in range(4):
        work.settle(index, created=False)
    assert not work.halted
    assert work.lease(0) == range(4, 5)
