"""The embedded system that stays, by key: started where none runs, stopped once somebody has said yes."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.embedded import EmbeddedError, start_standing, stop_standing
from dmsperf_tui.run.registry import live_runs
from dmsperf_tui.settings.environment import EMBEDDED
from dmsperf_tui.settings.standins import Standin, standins
from dmsperf_tui.tui.dialogs import Confirm


async def toggle(app: App[Any], chosen: str) -> str | None:
    """Starts one, or stops the one that is `chosen`; the environment to choose then, None: leave it as it is.

    Where one runs that is not chosen it is only named, as a second one would share its CPU. To be called in a
    worker, as it asks.
    """
    try:
        running = await asyncio.to_thread(standins)
        mine = next((standin for standin in running if standin.name == chosen), None)
        if mine is not None:
            return await _stop(app, mine)
        if running:
            words = f"{running[-1].name} runs already, and is chosen now; b again stops it."
            app.notify(words, title="Embedded system", markup=False)
            return running[-1].name
        app.notify("The embedded system starts …", markup=False, timeout=2)
        standin = await start_standing()
    except (EmbeddedError, ConfigError, OSError) as fault:
        app.notify(str(fault), title="Embedded system", severity="error", markup=False)
        return None
    words = f"{standin.name} at {standin.url} stays when this screen closes; b stops it."
    app.notify(words, title="Embedded system", markup=False)
    return standin.name


async def _stop(app: App[Any], standin: Standin) -> str | None:
    runs = [run for run in await asyncio.to_thread(live_runs) if run.url.startswith(standin.url)]
    what = f"All that was created at {standin.url} goes with it."
    if runs:
        names = ", ".join(f"{run.id} ({run.scenario})" for run in runs)
        what = f"▲ A run that is under way uses it: {names}. Its requests will fail.\n{what}"
    if not await app.push_screen_wait(Confirm(f"Stop {standin.name}?", what, "Stop it", "Leave it")):
        return None
    await stop_standing(standin)
    app.notify(f"{standin.name} has stopped.", title="Embedded system", markup=False)
    return EMBEDDED
