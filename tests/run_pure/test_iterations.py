"""Shared iterations: each index once, whoever does it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmsperf_tui.run.iterations import SharedIterations


@settings(max_examples=80, deadline=None)
@given(
    total=st.integers(1, 3000),
    workers=st.integers(1, 5),
    steps=st.lists(
        st.tuples(st.sampled_from(["lease", "lose"]), st.integers(0, 4), st.floats(0, 1)), max_size=60
    ),
)
def test_every_index_is_begun_exactly_once(
    total: int, workers: int, steps: list[tuple[str, int, float]]
) -> None:
    """Workers lease and are lost in any order; a lost one has begun the first of its indexes."""
    shared = SharedIterations(total, workers)
    alive = set(range(workers))
    held: dict[int, list[int]] = {worker: [] for worker in alive}
    begun: list[int] = []
    for action, number, part in steps:
        worker = number % workers
        if worker not in alive:
            continue
        if action == "lease":
            held[worker] += shared.lease(worker)
        elif len(alive) > 1:
            taken = round(part * len(held[worker]))
            begun += held[worker][:taken]
            assert shared.give_back(worker, taken) == len(held[worker]) - taken
            held[worker] = []
            alive.remove(worker)
        assert shared.left == total - len(begun) - sum(len(indexes) for indexes in held.values())
    while indexes := shared.lease(worker := min(alive)):
        held[worker] += indexes
    assert shared.left == 0
    assert sorted(begun + [index for indexes in held.values() for index in indexes]) == list(range(total))


def test_leases_grow_smaller_so_that_none_holds_what_another_could_do() -> None:
    shared = SharedIterations(10_000, 4)
    sizes: list[int] = []
    while indexes := shared.lease(len(sizes) % 4):
        sizes.append(len(indexes))
    assert sum(sizes) == 10_000
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= 10_000 // 4
    assert sizes[-4:] == [1, 1, 1, 1]


def test_what_is_given_back_goes_to_the_others() -> None:
    shared = SharedIterations(8, 1)
    first, second = shared.lease(0), shared.lease(0)
    assert (first, second) == (range(2), range(2, 3))
    assert shared.give_back(0, 1) == 2
    rest: list[int] = []
    while indexes := shared.lease(1):
        rest += indexes
    assert sorted(rest) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("taken", [3, 99])
def test_a_worker_that_began_all_gives_nothing_back(taken: int) -> None:
    shared = SharedIterations(12, 1)
    assert len(shared.lease(0)) == 3
    assert shared.give_back(0, taken) == 0
    assert shared.left == 9


def test_giving_back_twice_or_without_a_lease_does_nothing() -> None:
    shared = SharedIterations(12, 1)
    shared.lease(0)
    assert shared.give_back(0, 0) == 3
    assert shared.give_back(0, 0) == 0
    assert shared.give_back(7, 0) == 0
    assert shared.left == shared.total == 12


def test_when_none_are_left_a_lease_is_empty() -> None:
    shared = SharedIterations(1, 1)
    assert list(shared.lease(0)) == [0]
    assert list(shared.lease(0)) == []
