"""The environment on the set-up screen: where the load would go, and what a check of it has found."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.settings.standins import standing_names
from dmsperf_tui.tui.checklist import CheckList
from dmsperf_tui.tui.environment import login_words, tls_words
from dmsperf_tui.tui.readings import Reading

_EMBEDDED = (
    "starts with the run, in a process of its own on a free port (try-out: it shares this machine's CPU)"
)
_NO_CHECK = "needs no check: it starts ready with each run"
_LOOK_S = 3.0
"""A few small files are read so often, and only while the set-up screen is on top."""


class TargetPanel(VerticalScroll):
    """What is known of the chosen environment before a run. It also looks which embedded ones run."""

    class StandingChanged(Message):
        """An embedded system that stays has come or gone, whoever started or stopped it."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")

    def compose(self) -> ComposeResult:
        yield Reading(classes="lines")
        yield CheckList()

    def on_mount(self) -> None:
        self.border_title = "Environment"
        self._standing = standing_names()
        self.set_interval(_LOOK_S, self._look)

    async def _look(self) -> None:
        if not (self.is_on_screen and self.screen.is_current):
            return
        names = await asyncio.to_thread(standing_names)
        if self.is_attached and names != self._standing:
            self._standing = names
            self.post_message(self.StandingChanged())

    @property
    def checks(self) -> CheckList:
        return self.query_one(CheckList)

    def show_choice(self, environment: Environment) -> None:
        """What is known before a run; checks of another environment are cancelled and gone."""
        self.border_title = Content(f"Environment · {environment.name}")
        if self.checks.environment not in (None, environment):
            self.checks.forget()
        address = Content.styled(environment.url, "bold")
        tls = Content.styled(*tls_words(environment.url, insecure=environment.insecure))
        if environment.embedded:
            lines = [Content(_EMBEDDED), Content.styled(f"◌ {_NO_CHECK}", "$foreground-muted")]
        elif self.checks.environment is not None:
            # The checks tell of the log-in, and need the room.
            lines = [Content.assemble(address, "  ", tls)]
        else:
            lines = [address, tls]
            if environment.try_out:
                lines.append(Content("stays until b stops it (try-out: it shares this CPU)"))
            words, tone = login_words(environment)
            if words and (tone == "$success" or environment.system == "dms"):
                lines.append(Content.assemble("log-in: ", (words, tone)))
            hint = "◌ c checks it for the chosen scenario, as a run does first; u makes it ready"
            lines.append(Content.styled(hint, "$foreground-muted"))
        self.query_one(Reading).put(Content("\n").join(lines))

    def check(self, config: RunConfig) -> None:
        """Checks whether the scenario of `config` can run in its environment, row by row as they come."""
        if config.environment.embedded:
            self.notify(f"The embedded system {_NO_CHECK}.", title="Nothing to check", markup=False)
            return
        self.checks.begin(config)
        self.show_choice(config.environment)

    @on(CheckList.Changed)
    def _changed(self) -> None:
        checks = self.checks
        self.set_class(checks.environment is not None, "-checked")
        self.border_subtitle = checks.summary
        # The newest while they come, the failing ones, which are on top, at the end.
        end = self.scroll_end if checks.under_way else self.scroll_home
        self.call_after_refresh(end, animate=False)
