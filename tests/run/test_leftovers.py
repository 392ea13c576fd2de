"""What a run leaves behind, in an order in which it can be deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from dmsperf_tui.engine.ids import NO_ID
from dmsperf_tui.run.entity_store import EntityStore, read_created, read_manifest
from dmsperf_tui.run.leftovers import count_left, leftovers, runs_with_leftovers
from dmsperf_tui.systems.dms.catalog import Catalog, Part


def identity(number: int) -> bytes:
    return uuid.UUID(int=number).bytes


def now(work: Callable[[], object]) -> None:
    work()


def write(folder: Path) -> EntityStore:
    folder.mkdir()
    return EntityStore(folder, now)


def test_dependents_come_first_and_what_was_made_beside_the_list_before_it(tmp_path: Path) -> None:
    catalog = Catalog([Part("schools", 1, 0, 2), Part("students", 2, 2, 3)])
    store = write(tmp_path / "run-1")
    ids = store.open_list({"catalog": catalog.to_json()}, catalog.total)
    for index in (0, 1, 2, 4):
        store.put(index, identity(index + 1))
    store.made("students", identity(91) + identity(92))
    store.made("studentSchoolAssociations", identity(93))
    assert ids[3] == NO_ID
    store.close()
    assert [(kind, uuid.UUID(found).int) for kind, found in leftovers(tmp_path / "run-1")] == [
        ("studentSchoolAssociations", 93),
        ("students", 92),
        ("students", 91),
        ("students", 5),
        ("students", 3),
        ("schools", 2),
        ("schools", 1),
    ]
    assert count_left(tmp_path / "run-1") == 7


def test_a_resumed_list_starts_with_the_ids_of_its_origin(tmp_path: Path) -> None:
    first = write(tmp_path / "run-1")
    first.open_list({"run": "1"}, 5)
    first.put(3, identity(7))
    first.close()
    second = write(tmp_path / "run-2")
    ids = second.open_list({"run": "2"}, 5, tmp_path / "run-1")
    assert ids[3] == identity(7)
    assert read_manifest(tmp_path / "run-2") == {"run": "2"}
    second.close()


def test_what_was_there_before_is_not_deleted(tmp_path: Path) -> None:
    catalog = Catalog([Part("schools", 1, 0, 3)])
    store = write(tmp_path / "run-1")
    store.open_list({"catalog": catalog.to_json()}, catalog.total)
    for index, found in ((0, False), (1, True), (2, False)):
        store.put(index, identity(index + 1), found)
    store.close()
    assert [uuid.UUID(item).int for _, item in leftovers(tmp_path / "run-1")] == [3, 1]
    again = write(tmp_path / "run-2")
    again.open_list({"catalog": catalog.to_json()}, catalog.total, tmp_path / "run-1")
    again.close()
    assert [uuid.UUID(item).int for _, item in leftovers(tmp_path / "run-2")] == [3, 1]
    assert count_left(tmp_path / "run-2") == 2


def test_half_an_id_of_a_killed_host_is_left_out(tmp_path: Path) -> None:
    store = write(tmp_path / "run-1")
    store.made("students", identity(1) + b"half")
    assert read_created(tmp_path / "run-1") == {"students": [identity(1)]}


def test_runs_that_created_something_are_found_newest_first(tmp_path: Path) -> None:
    for name in ("2026-01-01-a", "2026-01-02-b", "2026-01-03-c"):
        store = write(tmp_path / name)
        if name.endswith("b"):
            store.open_list({}, 1)
            store.close()
        elif name.endswith("c"):
            store.made("schools", identity(1))
    assert [folder.name for folder in runs_with_leftovers(tmp_path)] == ["2026-01-03-c", "2026-01-02-b"]


@pytest.mark.parametrize("kind", ["../students", "a/b"])
def test_a_kind_cannot_leave_the_folder(tmp_path: Path, kind: str) -> None:
    store = write(tmp_path / "run-1")
    store.made(kind, identity(1))
    assert [path.parent.name for path in tmp_path.rglob("*.ids")] == ["created"]
