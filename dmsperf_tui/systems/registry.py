"""Finds a workload's flow by its name: `dms.create_school`, `http.request`, or `my_flows.py:checkout`."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.plan.scenario import WorkloadPlan

if TYPE_CHECKING:
    from dmsperf_tui.engine.vu import Flow

GENERIC = "http.request"
FLOWS = {
    "dms.create_school": "dmsperf_tui.systems.dms.flows:create_school",
    "dms.descriptor_lifecycle": "dmsperf_tui.systems.dms.flows:descriptor_lifecycle",
    "dms.enroll_student": "dmsperf_tui.systems.dms.flows:enroll_student",
}
"""The flows that ship with the tool, imported when a worker needs them: a screen that lists them does not."""


def check_flow(workload: WorkloadPlan, folder: Path) -> None:
    """Whether the flow can be there at all, without importing it.

    Raises ConfigError for an unknown name or a missing file.
    """
    name = workload.flow
    key = f"workloads.{workload.name}.flow"
    if name == GENERIC or name in FLOWS:
        return
    file, colon, _ = name.partition(":")
    if not colon or not file.endswith(".py"):
        raise ConfigError(f"unknown flow {name!r}", key=key, mend=nearest(name, [*FLOWS, GENERIC]))
    if not (folder / file).is_file():
        raise ConfigError(f"no such file {file!r}", key=key, mend=f"put it beside the scenario, in {folder}")


@cache
def _module(path: Path) -> ModuleType:
    """A flow file, imported once however many workloads use it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flow_of(workload: WorkloadPlan, folder: Path) -> Flow:
    """The flow of `workload`; files are looked for in the scenario's `folder`.

    Raises ConfigError as `check_flow` does, and for a function that is not async; whatever a file of
    the user's raises on import.
    """
    check_flow(workload, folder)
    if workload.flow == GENERIC:
        from dmsperf_tui.systems.http import request_flow

        assert workload.request is not None
        return request_flow(workload.request)
    if workload.flow in FLOWS:
        module_name, _, function = FLOWS[workload.flow].partition(":")
        module = importlib.import_module(module_name)
    else:
        file, _, function = workload.flow.partition(":")
        module = _module(folder / file)
    flow: Flow | None = getattr(module, function, None)
    if flow is None or not inspect.iscoroutinefunction(flow):
        known = [name for name, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        raise ConfigError(
            f"there is no async function {function!r}",
            key=f"workloads.{workload.name}.flow",
            mend=nearest(function, known),
        )
    return flow
