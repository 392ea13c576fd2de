"""An environment made ready from the screen: its steps, what each says while it runs, and a log of all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import ClassVar

import httpx
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, RichLog
from textual.widgets.option_list import Option

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.plain import plain
from dmsperf_tui.plan.secrecy import without_secret_fields
from dmsperf_tui.run.preparation import SetupError, control_client
from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment
from dmsperf_tui.systems.answers import unreachable
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment import login_words, tls_words
from dmsperf_tui.tui.layout import WIDE
from dmsperf_tui.tui.readings import Reading
from dmsperf_tui.tui.rows import Row, aimed, bar, reference, result, row_line, row_lines
from dmsperf_tui.tui.steps import CHECK, Step, hosts, on_this_machine, steps_for
from dmsperf_tui.tui.wording import Tone, shorten

_BUTTONS = {"run": "enter Run", "cancel": "c Cancel", "log": "l Log", "leave": "esc Back"}
_NOT_RUN = Tone(" ", "", "$foreground-muted")
_RUNNING = Tone("●", "under way", "bold $primary")
_CANCELLED = Tone("■", "cancelled", "$warning")
_MOST_LOGGED = 5000
_MOST_ROWS = 300
"""Of a step that streams; the log has more."""


class StepList(OptionList):
    """A click shows what a step does; to run it takes Enter or the button."""

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()
        clicked = event.style.meta.get("option")
        if isinstance(clicked, int) and 0 <= clicked < self.option_count:
            self.highlighted = clicked


class StepsScreen(ModalScreen[None]):
    """Enter runs a step, c cancels it, and so does leaving. `read` is the choice, freshly read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("c", "cancel", "Cancel the step"),
        Binding("l", "log", "The log over the whole panel, and back"),
    ]

    def __init__(
        self,
        config: RunConfig,
        read: Callable[[], RunConfig],
        *,
        steps: Sequence[Step] | None = None,
        client: Callable[[Environment], httpx.AsyncClient] = control_client,
        clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S"),
    ) -> None:
        super().__init__()
        self._config = config
        self._read = read
        self._client = client
        self._clock = clock
        self._steps = {step.name: step for step in steps or steps_for(config)}
        self._rows: dict[str, list[Row]] = {}
        self._tones: dict[str, Tone] = {}
        self._under_way: str | None = None
        self._agreed: set[tuple[str, ...]] = set()
        """Hosts on other machines that steps may go to: each choice of them was asked for once."""

    def compose(self) -> ComposeResult:
        yield Reading(id="steps-title")
        with Horizontal(id="steps-body"):
            yield StepList(
                *[Option(step.name, id=step.name) for step in self._steps.values()],
                id="steps",
                classes="choices",
                markup=False,
            )
            with Vertical(id="steps-said"):
                with VerticalScroll(id="step", classes="panel"):
                    yield Reading(id="step-rows")
                yield RichLog(id="steps-log", classes="panel", max_lines=_MOST_LOGGED, min_width=1)
        with Horizontal(id="steps-keys", classes="bar-buttons"):
            for name, words in _BUTTONS.items():
                yield Button(words, id=f"steps-{name}-button", name=name, compact=True)

    def on_mount(self) -> None:
        steps = self.query_one("#steps", OptionList)
        steps.border_title = "Steps"
        steps.focus()
        steps.highlighted = 0
        log = self.query_one(RichLog)
        log.border_title = "Log"
        log.border_subtitle = "what is done here appears here"
        self._title()

    def on_resize(self) -> None:
        self._title()
        for step in self._steps.values():
            self._list(step)

    @property
    def _environment(self) -> Environment:
        return self._config.environment

    def _title(self) -> None:
        """How it is protected comes before the addresses, which may be long: it is always seen whole."""
        place, name = self._environment, reference(self._environment)
        tls = tls_words(place.url, insecure=place.insecure)
        room = self.app.size.width - len(tls[0]) - 12
        parts: list[str | tuple[str, str]] = [
            ("Set up: ", "bold"),
            (shorten(name, max(8, room)), "bold"),
            "  ",
            tls,
            "" if name == place.url else f"  {place.url}",
        ]
        if place.cms_url:
            parts.append((f"  CMS {place.cms_url}", "$foreground-muted"))
        parts += ["  ", login_words(place)]
        self.query_one("#steps-title", Reading).put(Content.assemble(*parts))

    def _line(self, step: Step) -> Content:
        tone = self._tones.get(step.name, _NOT_RUN)
        words = tone.word or step.what
        if step.name == self._under_way and (progress := self._progress(step)):
            words = f"{100 * progress[0] // max(1, progress[1])} %"
        if self.app.size.width < WIDE:
            words = words.partition(",")[0] if tone.word else ""
        return Content.assemble(
            (f"{tone.glyph} {step.name:<12}", tone.style or "bold"),
            (words, tone.style if tone.word else "$foreground-muted"),
        )

    def _progress(self, step: Step) -> tuple[int, int] | None:
        rows = self._rows.get(step.name)
        return rows[-1].progress if rows and isinstance(rows[-1], StepRow) else None

    def _list(self, step: Step) -> None:
        self.query_one("#steps", OptionList).replace_option_prompt(step.name, self._line(step))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._paint()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_run()

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self.run_action(f"screen.{event.button.name}")

    def action_run(self) -> None:
        """The highlighted step."""
        option = self.query_one("#steps", OptionList).highlighted_option
        if self._under_way is not None:
            self.notify(f"{self._under_way} is under way: c cancels it.", markup=False)
        elif option is not None and option.id is not None:
            self._perform(self._steps[option.id])

    def action_cancel(self) -> None:
        self.workers.cancel_node(self)

    def action_log(self) -> None:
        self.toggle_class("-log")

    def action_leave(self) -> None:
        self.action_cancel()
        self.dismiss(None)

    @work(group="step", exclusive=True)
    async def _perform(self, step: Step) -> None:
        self._under_way = step.name
        try:
            try:
                config = await asyncio.to_thread(self._read)
            except (ConfigError, OSError, ValueError) as fault:
                self._rows[step.name] = []
                self._take(step, StepRow(step.name, False, str(fault)))
                self._mark(step, result(self._rows[step.name]))
                return
            self._config = config
            self._title()
            if await self._may(step, config.environment):
                await self._go(step, config)
        finally:
            self._under_way = None
            if self.is_attached:
                self._list(step)

    async def _may(self, step: Step, place: Environment) -> bool:
        """Asks before what is hard to undo, and once for hosts that are not on this machine."""
        asked, names = step.question(place), tuple(hosts(place))
        elsewhere = not step.here and not on_this_machine(place)
        if not asked and (not elsewhere or names in self._agreed):
            return True
        what = f"{step.help}\nIt is not on this machine: others may use it." if elsewhere else step.help
        question = asked or f"Run {step.name} at {' and '.join(names)}?"
        answer = await self.app.push_screen_wait(Confirm(question, what, "Run it", "Leave it"))
        if answer is True and elsewhere:
            self._agreed.add(names)
        return answer is True

    async def _go(self, step: Step, config: RunConfig) -> None:
        """Runs it with `config`, the one that was asked about."""
        rows = self._rows[step.name] = []
        self._mark(step, _RUNNING)
        self._note(step, "begins")
        tone = _CANCELLED
        try:
            async with self._client(config.environment) as client:
                async for row in step.rows(client, config):
                    self._take(step, aimed(row, config.environment))
            # A step may have made the credentials that the next one needs.
            self._config = await asyncio.to_thread(self._read)
            tone = result(rows)
        except (ConfigError, SetupError, StepError, OSError, ValueError) as fault:
            self._take(step, StepRow(step.name, False, str(fault)))
            tone = result(rows)
        except httpx.HTTPError as fault:
            self._take(step, StepRow(step.name, False, unreachable(fault), mend="is the service running?"))
            tone = result(rows)
        except asyncio.CancelledError:
            rows.append(StepRow(step.name, None, "cancelled: what it had done until then stands"))
            raise
        except Exception as fault:
            # What a server answers may surprise a step; that is no reason for the screen to go.
            self._take(step, StepRow(step.name, False, f"{type(fault).__name__}: {fault}"))
            tone = result(rows)
        finally:
            self._mark(step, tone)
            self._note(step, tone.content().plain)

    def _take(self, step: Step, row: Row) -> None:
        """A row takes the place of the one before where that one was on its way to it."""
        rows = self._rows[step.name]
        if isinstance(row, StepRow) and step.streams:
            row = replace(row, detail=without_secret_fields(row.detail))
        if rows and rows[-1].ok is None and rows[-1].name == row.name and not step.streams:
            rows[-1] = row
        else:
            rows.append(row)
        del rows[:-_MOST_ROWS]
        if not isinstance(row, StepRow) or row.progress is None:
            self._note(step, row_line(row).plain)
        self._list(step)
        self._paint()

    def _note(self, step: Step, text: str) -> None:
        """A line of the log, wrapped beside its time and its step; a mend has one of its own."""
        if not self.is_attached:
            return
        log = self.query_one(RichLog)
        log.border_subtitle = ""
        head = f"{self._clock()} {step.name:<9}"
        width = max(len(head) + 20, log.scrollable_content_region.width)
        for line in plain(text).splitlines():
            rows = wrap(line, width, initial_indent=head, subsequent_indent=" " * len(head))
            log.write("\n".join(rows or [head]))

    def _mark(self, step: Step, tone: Tone) -> None:
        self._tones[step.name] = tone
        if not self.is_attached:
            return
        self._list(step)
        self._title()
        self._paint()

    def _command(self, step: Step) -> str:
        """What does the same on a command line."""
        words = f"dmsperf-tui setup {step.name} --env {reference(self._environment)}"
        if step.name == CHECK.name:
            words += f" --scenario {self._config.plan.name} --profile {self._config.profile.name}"
        return words

    def _paint(self) -> None:
        """What the highlighted step has said, or what it will do."""
        option = self.query_one("#steps", OptionList).highlighted_option
        if option is None or option.id is None:
            return
        step, panel = self._steps[option.id], self.query_one("#step", VerticalScroll)
        tone, rows = self._tones.get(step.name), self._rows.get(step.name, [])
        of = f" for {self._config.plan.name} · {self._config.profile.name}" if step.name == CHECK.name else ""
        panel.border_title = Content(f"{step.name}{of}")
        panel.border_subtitle = tone.content() if tone else ""
        lines = [row_lines(rows)] if rows else [Content.styled("• on its way …", "$foreground-muted")]
        if tone is None:
            lines = [
                Content(step.help),
                Content(""),
                Content.styled("Enter runs it, as does:", "$foreground-muted"),
                Content.styled(self._command(step), "bold"),
            ]
        elif progress := self._progress(step):
            lines.append(bar(*progress))
        self.query_one("#step-rows", Reading).put(Content("\n").join(lines))
        self.call_after_refresh(panel.scroll_end if rows else panel.scroll_home, animate=False)
