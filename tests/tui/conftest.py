"""What the tests of the terminal app share: folders of their own, and waiting without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from textual._context import active_app
from textual._wait import wait_for_idle
from textual.app import App
from textual.pilot import Pilot

from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.app import DmsPerfApp

SCENARIOS = {
    "dms/smoke": """
title = "Smoke: does every kind of call work?"
description = "One VU creates, reads, changes and deletes a descriptor."
system = "dms"

[workloads.smoke]
executor = "constant-vus"
vus = 1
duration = "30s"
flow = "dms.descriptor_lifecycle"
think_time = "1s"

[thresholds]
http_req_duration = ["p(95)<2000"]
http_req_failed = ["rate<0.1"]
""",
    "dms/steps": """
title = "Steps to forty"
description = "Ten, then forty VUs: where does latency begin to climb?"
system = "dms"

[workloads.steps]
executor = "ramping-vus"
start_vus = 0
stages = [
  { duration = "1m", target = 10 },
  { duration = "2m", target = 10 },
  { duration = "1m", target = 40 },
  { duration = "2m", target = 40 },
]
flow = "dms.enroll_student"
""",
    "http/broken": """
[workloads.get]
executor = "constant-vus"
vus = 1
duration = "30 parsecs"
flow = "http.request"
""",
}
PROFILES = {
    "dev": 'title = "Development"\ndescription = "A small district"\n[load]\nvus = 5\nduration = "5m"\n',
    "prod": 'title = "Production"\ndescription = "A large district"\n[load]\nvus = 100\nduration = "30m"\n',
}
ENVIRONMENTS = {
    "open": 'title = "Unverified"\nsystem = "dms"\nurl = "https://dms.test/api"\ninsecure = true\n',
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with all colours, wherever the tests run: a poorer one gets another theme."""
    for name in ("NO_COLOR", "TEXTUAL_THEME", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A private folder of the tests' own: runs and embedded systems of who runs them are not theirs.

    Not below `tmp_path`, which is too long for a socket's path.
    """
    tmp_path_factory.getbasetemp()  # which is found by the same variable, when it is first asked for
    with TemporaryDirectory(prefix="tui") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr("tempfile.tempdir", None)
        yield


def at_rest(app: App[object]) -> bool:
    """Nothing is on its way to any widget of the screen, and the screen is laid out and painted."""
    screen = app.screen
    due = screen._layout_required or screen._scroll_required or screen._repaint_required
    pumps = [app, *screen.walk_children(with_self=True)]
    waiting = any(pump.message_queue_size or pump._pending_message or pump._next_callbacks for pump in pumps)
    return not (due or screen._dirty_widgets or screen._callbacks or waiting)


@pytest.fixture(autouse=True)
def rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pilot does ends when the app is at rest.

    For Textual's pilot it ends when the process uses no processor; on a busy machine that is so while it
    waits for one, with panels on the screen that are not painted yet.
    """

    async def rest(min_sleep: float = 1 / 50, max_sleep: float = 1) -> None:
        await wait_for_idle(min_sleep, max_sleep)
        app = active_app.get()
        calm = 0
        for _ in range(400):
            # Twice: between two looks whoever took a message has done with it.
            calm = calm + 1 if at_rest(app) else 0
            if calm == 2 or app._exit:
                return
            await asyncio.sleep(0.005)

    monkeypatch.setattr("textual.pilot.wait_for_idle", rest)
    monkeypatch.setattr("textual.app.wait_for_idle", rest)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Scenarios, profiles and environments of the tests alone; one scenario is faulty."""
    for folder, files in (
        ("scenarios", SCENARIOS),
        ("profiles", PROFILES),
        ("config/environments", ENVIRONMENTS),
    ):
        for name, text in files.items():
            path = tmp_path / folder / f"{name}.toml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return Places((tmp_path,))


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Lets the app work until `condition` holds."""
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.005)
    raise AssertionError("the app never came to what was waited for")


async def settled(pilot: Pilot[None]) -> None:
    """The run is on the screen, and all that it set going is done."""
    app = pilot.app
    assert isinstance(app, DmsPerfApp)
    await until(pilot, lambda: app.snapshot is not None and not app._stale)
    await pilot.pause()
    await pilot.pause()


async def still(pilot: Pilot[None]) -> None:
    """Nothing on the screen changes any more: what was set going is all painted."""
    last, same = "", 0
    for _ in range(300):
        await pilot.pause(0.02)
        now = pilot.app.export_screenshot()
        same = same + 1 if now == last else 0
        if same == 5:
            return
        last = now
    raise AssertionError("the screen never came to rest")


async def settled_and_still(pilot: Pilot[None]) -> None:
    """For a picture of a run."""
    await settled(pilot)
    await still(pilot)


def screen_lines(app: App[None]) -> list[str]:
    """What a terminal would show, row by row."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


class Compare(Protocol):
    def __call__(
        self,
        app: App[None],
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], Awaitable[None]],
    ) -> bool: ...
