"""The pool: what may be used, by whom, and for how long."""

from __future__ import annotations

import base64
from pathlib import Path
from random import Random

from dmsperf_tui.engine.ids import IdFile, IdWriter
from dmsperf_tui.systems.dms.catalog import Catalog, catalog
from dmsperf_tui.systems.dms.created import KEPT, Data, Item, Pool
from dmsperf_tui.systems.dms.order import own_order
from dmsperf_tui.systems.dms.population import Population, Sizes

POPULATION = Population(Sizes(2, 12, 2, 2, 2), 7, "ab12cd")
CATALOG: Catalog = catalog(POPULATION, own_order(POPULATION.resources))
FIRST = CATALOG.part("students").first


def identity(number: int) -> bytes:
    return number.to_bytes(16, "big")


def data_with(path: Path, *numbers: int) -> tuple[Data, IdWriter]:
    """Data of which those students exist."""
    writer = IdWriter.create(path, CATALOG.total)
    for number in numbers:
        writer.put(FIRST + number, identity(number + 1))
    context = {"population": POPULATION.to_json(), "catalog": CATALOG.to_json(), "ids": str(path)}
    data = Data.of(context, None)
    assert data is not None
    return data, writer


def chosen(pool: Pool, resource: str = "students", times: int = 300) -> set[bytes]:
    random = Random(1)
    found = (pool.choose(resource, random) for _ in range(times))
    return {item.identity for item in found if item is not None}


def test_only_what_exists_is_chosen_also_while_it_comes(tmp_path: Path) -> None:
    data, writer = data_with(tmp_path / "ids", 0, 5)
    pool = Pool(data)
    assert chosen(pool) == {identity(1), identity(6)}
    writer.put(FIRST + 11, identity(12))
    assert chosen(pool) == {identity(1), identity(6), identity(12)}
    item = next(item for _ in range(99) if (item := pool.choose("students", Random(_))) is not None)
    number = int.from_bytes(item.identity, "big") - 1
    assert item.body == POPULATION.body("students", number), "the body is computed again"
    writer.close()


def test_nothing_is_chosen_of_what_the_list_does_not_have(tmp_path: Path) -> None:
    data, _ = data_with(tmp_path / "ids", 0)
    pool = Pool(data)
    assert pool.choose("gradeLevelDescriptors", Random(1)) is None
    assert pool.choose("schools", Random(1)) is None, "none of them exists yet"
    assert Pool(None).choose("students", Random(1)) is None
    assert pool.size("students") == 12


def test_ids_of_a_setup_are_in_its_answer() -> None:
    ids = bytearray(CATALOG.total * 16)
    ids[FIRST * 16 : FIRST * 16 + 16] = identity(9)
    setup = {
        "population": POPULATION.to_json(),
        "catalog": CATALOG.to_json(),
        "ids": base64.b64encode(ids).decode(),
    }
    data = Data.of({"population": None}, setup)
    assert data is not None
    assert data.identity("students", 0) == identity(9)
    assert data.identity("students", 1) is None
    assert Data.of({}, None) is None
    assert Data.of({}, {"other": 1}) is None


def test_workers_change_shares_of_their_own(tmp_path: Path) -> None:
    data, _ = data_with(tmp_path / "ids", *range(12))
    found: list[set[bytes]] = []
    for worker in range(3):
        pool, random = Pool(data, worker, 3), Random(1)
        mine: set[bytes] = set()
        for _ in range(300):
            with pool.borrow("students", random, alone=True) as item:
                if item is not None:
                    mine.add(item.identity)
        found.append(mine)
    assert [len(mine) for mine in found] == [4, 4, 4]
    assert len(set.union(*found)) == 12


def test_what_is_changed_is_in_one_pair_of_hands(tmp_path: Path) -> None:
    data, _ = data_with(tmp_path / "ids", 0)
    pool, random = Pool(data), Random(1)
    held = False
    for _ in range(300):
        with pool.borrow("students", random, alone=True) as first:
            if first is None:
                continue
            held = True
            assert chosen(pool) == {first.identity}, "others may read it"
            for _ in range(50):
                with pool.borrow("students", random, alone=True) as second:
                    assert second is None
            break
    assert held


def test_oldest_first_and_nothing_in_use() -> None:
    pool, random = Pool(None), Random(1)
    for number in range(3):
        pool.add(Item("grades", identity(number + 1), {}))
    with pool.borrow("grades", random) as used:
        assert used is not None
        taken = [pool.take_oldest("grades") for _ in range(3)]
        rest = [identity(number + 1) for number in range(3) if identity(number + 1) != used.identity]
        assert [item.identity for item in taken if item is not None] == rest
    last = pool.take_oldest("grades")
    assert last is not None
    assert last.identity == used.identity
    assert pool.take_oldest("grades") is None


def test_a_worker_remembers_the_newest_that_it_made() -> None:
    pool = Pool(None)
    for number in range(KEPT + 5):
        pool.add(Item("grades", identity(number + 1), {}))
    oldest = pool.take_oldest("grades")
    assert oldest is not None
    assert oldest.identity == identity(6)


def test_no_id_is_beyond_the_end_of_a_short_file(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"")
    data = Data(POPULATION, CATALOG, IdFile.open(tmp_path / "ids"))
    assert data.identity("students", 3) is None
