"""An environment made ready from the screen: its steps, and what each of them says while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.run.preparation import SetupError, control_client
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.checks import PreflightRow, StepError, StepRow
from dmsperf_tui.systems.dms.setup.answers import unreachable
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment import check_line, login_words, tls_words, warns
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.steps import STEPS, Row, Step, failed, hosts, on_this_machine
from dmsperf_tui.tui.wording import Tone

_KEYS = {"enter": "Run it", "c": "Cancel it", "↑ ↓": "Choose", "esc": "Back"}
_NOT_RUN = Tone(" ", "", "$foreground-muted")
_RUNNING = Tone("●", "under way", "bold $primary")
_CANCELLED = Tone("■", "cancelled", "$warning")
_GLYPHS = {True: ("✓", "$success"), False: ("✗", "bold $error"), None: ("•", "$foreground-muted")}


def row_line(row: Row) -> Content:
    """`✓ vendor  dmsperf-tui made  changed`, and the mend below."""
    if isinstance(row, PreflightRow):
        return check_line(row)
    glyph, tone = _GLYPHS[row.ok]
    return Content.assemble(
        (f"{glyph} {row.name}", tone),
        f"  {row.detail}",
        ("  changed" if row.changed else "", "bold $accent"),
        (f"\n  → {row.mend}" if row.mend else "", "$warning"),
    )


def result(rows: Sequence[Row]) -> Tone:
    """How a step has ended."""
    if any(map(failed, rows)):
        return Tone("✗", "failed", "bold $error")
    checks = [row for row in rows if isinstance(row, PreflightRow)]
    if warnings := sum(map(warns, checks)):
        return Tone("▲", f"done, {warnings} warning" + ("s" if warnings > 1 else ""), "$warning")
    changes = sum(isinstance(row, StepRow) and row.changed for row in rows)
    said = "" if checks else f", {changes or 'nothing'} changed"
    return Tone("✓", f"done{said}", "$success")


class StepsScreen(ModalScreen[None]):
    """Enter runs a step, c cancels it, and so does leaving. `read` is the choice, freshly read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("c", "cancel", "Cancel the step"),
    ]

    def __init__(
        self,
        config: RunConfig,
        read: Callable[[], RunConfig],
        *,
        steps: Sequence[Step] = STEPS,
        client: Callable[[Environment], httpx.AsyncClient] = control_client,
    ) -> None:
        super().__init__()
        self._environment = config.environment
        self._read = read
        self._client = client
        self._steps = {step.name: step for step in steps}
        self._rows: dict[str, list[Row]] = {}
        self._tones: dict[str, Tone] = {}
        self._under_way: str | None = None
        self._agreed = on_this_machine(config.environment)

    def compose(self) -> ComposeResult:
        yield Reading(id="steps-title")
        with Horizontal(id="steps-body"):
            yield OptionList(
                *[Option(self._line(step), id=step.name) for step in self._steps.values()],
                id="steps",
                classes="choices",
                markup=False,
            )
            with VerticalScroll(id="step", classes="panel"):
                yield Reading(id="step-rows")
        keys = [
            Content.assemble((key, "bold $footer-key-foreground"), f" {word}") for key, word in _KEYS.items()
        ]
        yield Static(Content("   ").join(keys), id="steps-keys", markup=False)

    def on_mount(self) -> None:
        steps = self.query_one("#steps", OptionList)
        steps.border_title = "Steps"
        steps.focus()
        steps.highlighted = 0
        self._title()

    def _title(self) -> None:
        place = self._environment
        parts: list[str | tuple[str, str]] = [
            (f"Set up: {self._reference()}", "bold"),
            "  " if self._reference() == place.url else f"  {place.url}  ",
            tls_words(place.url, insecure=place.insecure),
        ]
        if place.cms_url:
            parts.append((f"  CMS {place.cms_url}", "$foreground-muted"))
        parts += ["  ", login_words(place)]
        self.query_one("#steps-title", Reading).put(Content.assemble(*parts))

    def _reference(self) -> str:
        """What names the environment on a command line: one that was given by its URL has no file."""
        place = self._environment
        return place.url if place.name == urlsplit(place.url).netloc else place.name

    def _line(self, step: Step) -> Content:
        tone = self._tones.get(step.name, _NOT_RUN)
        return Content.assemble(
            (f"{tone.glyph} {step.name:<10}", tone.style or "bold"), (step.what, "$foreground-muted")
        )

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._paint()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self._under_way is not None:
            self.notify(f"{self._under_way} is under way: c cancels it.", markup=False)
        elif event.option_id is not None:
            self._perform(self._steps[event.option_id])

    def action_cancel(self) -> None:
        self.workers.cancel_node(self)

    def action_leave(self) -> None:
        self.action_cancel()
        self.dismiss(None)

    @work(group="step", exclusive=True)
    async def _perform(self, step: Step) -> None:
        self._under_way = step.name
        try:
            if await self._may(step):
                await self._go(step)
        finally:
            self._under_way = None

    async def _may(self, step: Step) -> bool:
        """Asks before what is hard to undo, and once where the environment is not on this machine."""
        if self._agreed and not step.question:
            return True
        names = hosts(self._environment)
        question = step.question or f"Run {step.name} at {{host}}?"
        what = step.help
        if not on_this_machine(self._environment):
            what += "\nIt is not on this machine: others may use it."
        asked = Confirm(question.format(host=" and ".join(names)), what, "Run it", "Leave it")
        answer = await self.app.push_screen_wait(asked)
        self._agreed = self._agreed or answer is True
        return answer is True

    async def _go(self, step: Step) -> None:
        rows = self._rows[step.name] = []
        self._mark(step, _RUNNING)
        tone = _CANCELLED
        try:
            config = await asyncio.to_thread(self._read)
            async with self._client(config.environment) as client:
                async for row in step.rows(client, config):
                    self._take(rows, row)
                    self._paint()
            # A step may have made the credentials that the next one needs.
            self._environment = (await asyncio.to_thread(self._read)).environment
            tone = result(rows)
        except (ConfigError, SetupError, StepError, OSError, ValueError) as fault:
            rows.append(StepRow(step.name, False, str(fault)))
            tone = result(rows)
        except httpx.HTTPError as fault:
            rows.append(StepRow(step.name, False, unreachable(fault), mend="is the service running?"))
            tone = result(rows)
        except asyncio.CancelledError:
            rows.append(StepRow(step.name, None, "cancelled: what it had done until then stands"))
            raise
        finally:
            self._mark(step, tone)

    @staticmethod
    def _take(rows: list[Row], row: Row) -> None:
        """A row takes the place of the one before where that one was on its way to it."""
        if rows and rows[-1].ok is None and rows[-1].name == row.name:
            rows[-1] = row
        else:
            rows.append(row)

    def _mark(self, step: Step, tone: Tone) -> None:
        self._tones[step.name] = tone
        if not self.is_attached:
            return
        self.query_one("#steps", OptionList).replace_option_prompt(step.name, self._line(step))
        self._title()
        self._paint()

    def _paint(self) -> None:
        """What the highlighted step has said, or what it will do."""
        steps = self.query_one("#steps", OptionList)
        option = steps.highlighted_option
        if option is None or option.id is None:
            return
        step, panel = self._steps[option.id], self.query_one("#step", VerticalScroll)
        tone, rows = self._tones.get(step.name), self._rows.get(step.name, [])
        panel.border_title = Content(step.name)
        panel.border_subtitle = tone.content() if tone else ""
        # What mends several in a row is said once, below the last of them.
        following = [*[row.mend for row in rows[1:]], ""]
        lines = [
            row_line(replace(row, mend="") if row.mend == after else row)
            for row, after in zip(rows, following, strict=False)
        ]
        if tone is None:
            command = f"dmsperf-tui setup {step.name} --env {self._reference()}"
            lines = [
                Content(step.help),
                Content(""),
                Content.styled("Enter runs it, as does:", "$foreground-muted"),
                Content.styled(command, "bold"),
            ]
        elif not rows:
            lines = [Content.styled("• on its way …", "$foreground-muted")]
        self.query_one("#step-rows", Reading).put(Content("\n").join(lines))
        self.call_after_refresh(panel.scroll_end if rows else panel.scroll_home, animate=False)
