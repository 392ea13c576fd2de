"""What a plan asks of its environment, from its workloads."""

from __future__ import annotations

from pathlib import Path

from dmsperf_tui.run.dms_access import needs_of
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.systems.dms.preflight import Needs


def needs(scenario: str, **options: object) -> Needs:
    config: RunConfig = resolve(Options(scenario=scenario, results="results", **options))  # type: ignore[arg-type]
    return needs_of(config)


def test_a_load_phase_creates_everything_and_spares_what_is_not_served() -> None:
    found = needs("dms/load")
    assert len(found.uses) == 29
    assert set(map(frozenset, found.uses.values())) == {frozenset({"Create"})}
    assert found.spared == found.uses.keys()
    assert found.school_year == 2026
    assert "gradeLevelDescriptors" in found.descriptors


def test_what_another_workload_uses_as_well_is_not_spared() -> None:
    found = needs("dms/full")
    assert {"grades", "students"} <= found.uses.keys() - found.spared
    assert "bellSchedules" in found.spared
    assert "Delete" in found.uses["grades"]


def test_vus_and_connections_are_shared_by_the_workers() -> None:
    alone, shared = needs("dms/concurrent", vus=50), needs("dms/concurrent", vus=50, workers=3)
    assert (alone.machine.vus, alone.machine.connections) == (50, 50)
    assert (shared.machine.vus, shared.machine.connections) == (17, 17)
    assert alone.planned_rate is None
    assert alone.machine.results == Path("results").resolve()


def test_an_arrival_rate_is_what_a_rate_limit_is_held_against() -> None:
    assert needs("dms/mixed_crud").planned_rate == 1000
