"""What all VUs of one worker share: where load goes, the token, the clock, the pause gate, the recorder."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from dmsperf_tui.engine.alarm import Alarm, LoopAlarm
from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import NO_HEADERS, HeaderLine, Origin, Response, WireCounters, header_line
from dmsperf_tui.engine.outcomes import OutcomeLog
from dmsperf_tui.engine.recorder import Recorder
from dmsperf_tui.plan.metrics import MetricType
from dmsperf_tui.plan.scenario import THINK_TIME_FLOOR_S
from dmsperf_tui.plan.secrecy import Secrets, without_secret_fields
from dmsperf_tui.plan.units import NS_PER_S


class RunAbortError(Exception):
    """The run is to end at once: the iteration that said so goes no further."""


class Load:
    """The state is: the gate (`held`), the token and its generation. Only the worker changes it."""

    def __init__(
        self,
        origin: Origin,
        base_path: str,
        clock: RunClock,
        *,
        seed: int = 0,
        profile: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        share: tuple[int, int] = (0, 1),
        setup: Any = None,
        metrics: Mapping[str, MetricType] | None = None,
        speedup: float = 1.0,
        renew: Callable[[int], None] = lambda generation: None,
        abort: Callable[[str], None] = lambda reason: None,
        tap: Callable[[bytes, Response], None] | None = None,
        make_alarm: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Alarm] = LoopAlarm,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.origin = origin
        self.base_path = base_path
        self.clock = clock
        self.seed = seed
        self.profile: Mapping[str, Any] = profile or {}
        self.data: Mapping[str, Any] = data or {}
        self.context: Mapping[str, Any] = context or {}
        """What the system's preparation has found."""
        self.share = share
        """(index of this worker, number of workers), as the run was prepared."""
        self.shared: dict[str, Any] = {}
        """The flows' own: one for all VUs of this worker."""
        self.outcomes = OutcomeLog()
        self.setup = setup
        self.declared: Mapping[str, MetricType] = metrics or {}
        self.wire = WireCounters()
        self.recorder = Recorder(clock.start_ns)
        self.abort = abort
        """Asks for the end of the run, with the reason."""
        self.tap = tap
        """Sees each exchange (`--http-debug`)."""
        self.abort_on_4xx = False
        """The first 4xx answer that is a failed request ends the run (the k6 suite's ABORT_ON_4XX)."""
        self.make_alarm = make_alarm
        """What wakes the loop when an arrival is due."""
        self.held = False
        """No request may start: the run is pausing or paused."""
        self.auth_header: HeaderLine = NO_HEADERS
        self.token_generation = 0
        """0: requests carry no token."""
        self._secrets = Secrets()
        self._tokens: deque[str] = deque(maxlen=50)
        self._speedup = speedup
        self._renew = renew
        self._go = asyncio.Event()
        self._go.set()
        self._token_changed = asyncio.Event()

    def end_run(self, reason: str) -> NoReturn:
        """Asks for the end of the whole run; raises RunAbortError for the iteration that does."""
        self.abort(reason)
        # Until the host has ended it, which takes a moment, nothing more goes out.
        self.hold()
        raise RunAbortError(reason)

    # --- the gate -------------------------------------------------------------------------------

    def hold(self) -> None:
        """From now on no request starts."""
        self.held = True
        self._go.clear()

    def release(self) -> None:
        self.held = False
        self._go.set()

    async def released(self) -> None:
        """Returns when requests may start."""
        while self.held:
            await self._go.wait()

    # --- the token ------------------------------------------------------------------------------

    def set_token(self, value: str, generation: int) -> None:
        """All requests from now on carry this token."""
        # Earlier ones are still valid for a while, and servers echo them late.
        self._tokens.append(value)
        self.token_generation = generation
        self.auth_header = header_line("Authorization", f"Bearer {value}")
        self._token_changed.set()
        self._token_changed = asyncio.Event()

    async def newer_token(self, generation: int, patience_s: float) -> bool:
        """Waits for a token newer than `generation`, which was refused; False when none comes in time."""
        if self.token_generation == generation:
            self._renew(generation)
            try:
                await asyncio.wait_for(self._token_changed.wait(), patience_s)
            except TimeoutError:
                return False
        return self.token_generation > generation

    def without_secrets(self, text: str, more: Iterable[str] = ()) -> str:
        """`text` without tokens, secret headers and `more`, should a server have echoed them, and without
        the values of fields and parameters that sound secret."""
        return without_secret_fields(self._secrets.removed_from(text, (*self._tokens, *more)))

    def keep_secret(self, value: str) -> None:
        """From now on `value` is taken out of everything that is reported."""
        self._secrets.add(value)

    # --- time -----------------------------------------------------------------------------------

    async def sleep(self, seconds: float) -> None:
        """Sleeps on the run's clock; `--speedup` shortens it, to no less than the think time floor."""
        if self._speedup != 1 and seconds > 0:
            seconds = max(seconds / self._speedup, min(seconds, THINK_TIME_FLOOR_S))
        await self.sleep_until(self.clock.elapsed_ns() + int(seconds * NS_PER_S))

    async def sleep_until(self, elapsed_ns: int) -> None:
        """Returns when the run's clock shows `elapsed_ns`, which a pause puts off."""
        while (left_ns := elapsed_ns - self.clock.elapsed_ns()) > 0:
            if self.clock.frozen:
                await self._go.wait()
            await asyncio.sleep(left_ns / NS_PER_S)
