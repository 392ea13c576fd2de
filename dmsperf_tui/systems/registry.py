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
from dmsperf_tui.plan.scenario import GENERIC, FlowPlan
from dmsperf_tui.systems.dms import listing as dms
from dmsperf_tui.systems.k12 import listing as k12

if TYPE_CHECKING:
    from dmsperf_tui.engine.vu import Flow

FLOWS = {**dms.FLOWS, **k12.FLOWS}
"""The flows that ship with the tool, imported when a worker needs them: a screen that lists them does not."""
USUAL = {**dms.USUAL, **k12.USUAL}
"""What an iteration of a flow usually comes to, of those of which that is known."""

PEOPLED = frozenset({"k12"})
"""Systems whose users log in one by one: an environment of theirs has a pool of people."""
LISTS = ("dms.load_phase",)
"""The lists of entities that a workload can work through; the run's preparation makes them."""

_GIVEN: dict[str, Flow] = {}
"""Functions that the caller's own process has handed over, by the names that stand for them."""


def keep_flow(function: Flow) -> str:
    """From now on the returned name is `function`, in this process. Raises ConfigError for one that is not
    async."""
    if not inspect.iscoroutinefunction(function):
        raise ConfigError(f"{function!r} is not an async function", key="flow", mend="write async def")
    name = f"python.{function.__qualname__}.{len(_GIVEN)}"
    _GIVEN[name] = function
    return name


def forget_flow(name: str) -> None:
    _GIVEN.pop(name, None)


def check_list(name: str, key: str) -> None:
    """Raises ConfigError for a list of entities that there is not."""
    if name not in LISTS:
        raise ConfigError(f"unknown list {name!r}", key=key, mend=nearest(name, LISTS))


def check_flow(name: str, folder: Path, key: str) -> None:
    """Whether the flow that stands at `key` of the scenario can be there at all, without importing it.

    Raises ConfigError for an unknown name or a missing file.
    """
    if name == GENERIC or name in FLOWS or name in _GIVEN:
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


def flow_of(plan: FlowPlan, folder: Path) -> Flow:
    """The function that `plan` names; files are looked for in the scenario's `folder`.

    Raises ConfigError as `check_flow` does, and for a function that is not async; whatever a file of
    the user's raises on import.
    """
    check_flow(plan.flow, folder, plan.name)
    if plan.flow == GENERIC:
        from dmsperf_tui.systems.http import request_flow

        assert plan.request is not None
        return request_flow(plan.request)
    if plan.flow in _GIVEN:
        return _GIVEN[plan.flow]
    if plan.flow in FLOWS:
        module_name, _, function = FLOWS[plan.flow].partition(":")
        module = importlib.import_module(module_name)
    else:
        file, _, function = plan.flow.partition(":")
        module = _module(folder / file)
    flow: Flow | None = getattr(module, function, None)
    if flow is None or not inspect.iscoroutinefunction(flow):
        known = [name for name, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        raise ConfigError(
            f"there is no async function {function!r} in {plan.flow}",
            key=plan.name,
            mend=nearest(function, known),
        )
    return flow
