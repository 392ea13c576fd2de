"""The pre-flight on a screen: its rows fill in as they come, the failing ones first when all are there."""

from __future__ import annotations

import httpx
from textual.content import Content
from textual.message import Message

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.preparation import SetupError, check, control_client
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.answers import unreachable
from dmsperf_tui.systems.checks import PreflightRow, StepError
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.rows import aimed, row_lines, tally, worst_first

_GROUP = "checks"


class CheckList(Reading):
    """The checks of one scenario at one environment. Nothing is asked of any address before `begin`."""

    class Changed(Message):
        """Another row, or the end."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="checks")
        self.rows: list[PreflightRow] = []
        self.environment: Environment | None = None
        """Which one is checked; None before the first check."""
        self.under_way = False
        self._what = ""

    @property
    def summary(self) -> Content:
        """`12 ✓ 1 ▲ 0 ✗`; empty where nothing has been checked."""
        if self.environment is None:
            return Content("")
        wait = Content.styled("◌ ", "$primary") if self.under_way else Content("")
        return Content.assemble(wait, tally(self.rows))

    def begin(self, config: RunConfig) -> None:
        """Checks; what was under way is cancelled."""
        self.rows, self.environment, self.under_way = [], config.environment, True
        self._what = f"{config.plan.name} · {config.profile.name}"
        self._paint()
        self.run_worker(self._check(config), group=_GROUP, exclusive=True)

    def refuse(self, text: str) -> None:
        """Shows why there is nothing to check."""
        self.forget()
        self.put(Content.styled(f"✗ {text}", "$error"))

    def forget(self) -> None:
        """Cancels what is under way; nothing is shown any more."""
        self.workers.cancel_group(self, _GROUP)
        self.rows, self.environment, self.under_way = [], None, False
        self.put(Content(""))
        self.post_message(self.Changed())

    async def _check(self, config: RunConfig) -> None:
        try:
            async with control_client(config.environment) as client:
                async for row in check(client, config):
                    self._take(row, config)
        except httpx.HTTPError as fault:
            mend = "is the service running?"
            self._take(PreflightRow("check", False, unreachable(fault), mend=mend), config)
        except (ConfigError, SetupError, StepError, OSError, ValueError) as fault:
            self._take(PreflightRow("check", False, str(fault)), config)
        except Exception as fault:
            # What a server answers may surprise a check; that is no reason for the screen to go.
            self._take(PreflightRow("check", False, f"{type(fault).__name__}: {fault}"), config)
        self.under_way = False
        self._paint()

    def _take(self, row: PreflightRow, config: RunConfig) -> None:
        self.rows.append(aimed(row, config.environment))
        self._paint()

    def _paint(self) -> None:
        rows = self.rows if self.under_way else worst_first(self.rows)
        lines = [
            Content.styled(f"{'Checking' if self.under_way else 'Checked'} for {self._what}:", "bold"),
            *([row_lines(rows)] if rows else []),
            *([Content.styled("◌ …", "$primary")] if self.under_way else []),
        ]
        self.put(Content("\n").join(lines))
        self.post_message(self.Changed())
