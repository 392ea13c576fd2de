"""What one run does otherwise than scenario and profile say: a form, and the command line that it equals."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Static, TextArea

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_duration, parse_duration_s
from dmsperf_tui.settings.command_line import command_line, public
from dmsperf_tui.settings.config import Options, RunConfig, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.tui.form import Field, Form, Tick
from dmsperf_tui.tui.plan_words import length_words, peak_words
from dmsperf_tui.tui.readings import Reading

SET = "[set]"
"""Stands for a value that may be a secret: it is kept unless another one is typed."""
_TYPED_S = 0.15
"""After the last key, before the files are read again."""
_FIELDS = (
    ("vus", "VUs", "as planned", "the peak; of a rate, the most it may take"),
    ("duration", "Duration", "as planned", "30s, 5m, 1h30m; stages are stretched"),
    ("workers", "Workers", "1", "engine processes"),
    ("seed", "Seed", "a new one", "the same seed gives the same data"),
    ("speedup", "Speed-up", "1", "divides times and iterations"),
    ("data", "Data of run", "none", "works on its data: an id, or last"),
    ("resume", "Resume run", "none", "goes on with its list: an id, or last"),
    ("objectives", "Objectives", "as the scenario", "name or file: a missed one fails the run; or none"),
    ("results", "Results in", Options().results, "the folder of the record"),
)


def read_options(before: Options, texts: Mapping[str, str], *, abort: bool, here: bool) -> Options:
    """`before` with what was typed; an empty text is what holds without it. Raises ConfigError.

    `abort` is --abort-on-4xx, `here` --in-process; `settings` has a line for each --set.
    """
    duration = texts["duration"]
    try:
        duration_s = parse_duration_s(duration) if duration else None
    except ConfigError as fault:
        raise ConfigError(fault.what, key="--duration", mend=fault.mend) from None
    settings: dict[str, str] = {}
    for line in filter(None, map(str.strip, texts["settings"].splitlines())):
        key, equals, text = line.removeprefix("--set ").partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{line!r} is not KEY=VALUE", key="--set", mend="write load.vus=20")
        key, text = key.strip(), text.strip()
        if text == SET and key not in before.settings:
            raise ConfigError(
                f"{SET} stands for a value that is there already", key=key, mend="type the value"
            )
        settings[key] = before.settings[key] if text == SET else text
    return replace(
        before,
        vus=_whole(texts["vus"], "--vus"),
        duration_s=duration_s,
        workers=_whole(texts["workers"], "--workers") or 1,
        seed=_whole(texts["seed"], "--seed", least=0),
        speedup=_number(texts["speedup"], "--speedup"),
        data=texts["data"] or None,
        resume=texts["resume"] or None,
        objectives=texts["objectives"] or None,
        results=texts["results"] or Options().results,
        settings=settings,
        abort_on_4xx=abort,
        in_process=here,
    )


def without_overrides(options: Options) -> Options:
    """The same scenario, profile and environment, as they are."""
    return Options(options.scenario, options.profile, options.environment)


def as_texts(options: Options) -> dict[str, str]:
    """What stands in the fields: empty where nothing was given, `[set]` for what may be a secret."""
    return {
        "vus": str(options.vus or ""),
        "duration": format_duration(options.duration_s) if options.duration_s is not None else "",
        "workers": str(options.workers) if options.workers != 1 else "",
        "seed": str(options.seed) if options.seed is not None else "",
        "speedup": f"{options.speedup:g}" if options.speedup != 1 else "",
        "data": options.data or "",
        "resume": options.resume or "",
        "objectives": options.objectives or "",
        "results": options.results if options.results != Options().results else "",
        "settings": "\n".join(
            f"{key}={text if public(key, text) == text else SET}" for key, text in options.settings.items()
        ),
    }


class RunOptions(Form[Options | None]):
    """Checked as it is typed, by what checks the command line. None: called off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave the options as they were"),
        Binding("ctrl+s", "use", "Use them for the next run"),
        Binding("ctrl+l", "clear", "Clear them all"),
        Binding("y", "copy", "Copy the command line, outside of a field"),
    ]

    def __init__(self, options: Options, places: Places | None) -> None:
        super().__init__()
        self._before, self._places = options, places

    def compose(self) -> ComposeResult:
        texts = as_texts(self._before)
        with Vertical(classes="dialog form", id="run-options"):
            yield Static("For this run only", classes="question", markup=False)
            with VerticalScroll(classes="fields"):
                for key, label, empty, _ in _FIELDS:
                    yield Field(key, label, texts[key], empty=empty)
                with Horizontal(classes="ticks"):
                    yield Tick("end at a 4xx answer", self._before.abort_on_4xx, id="abort")
                    yield Tick("in this process", self._before.in_process, id="here")
                yield TextArea(
                    texts["settings"],
                    id="settings",
                    compact=True,
                    placeholder="--set, a line each: load.vus=20",
                    highlight_cursor_line=False,
                )
            yield Reading(id="options-say", classes="says")
            yield Reading(id="options-command", classes="says")
            with Horizontal(classes="buttons"):
                yield Button("^s Use", id="use", variant="success", compact=True)
                yield Button("^l Clear all", id="clear", compact=True)
                yield Button("y Copy command", id="copy", compact=True)
                yield Button("esc Leave", id="leave", compact=True)

    def on_mount(self) -> None:
        for key, _, _, words in _FIELDS:
            self.fields[key].say(words)
        self.query_one(Input).focus()
        self._check()

    def _typed(self) -> Options:
        return read_options(
            self._before,
            {**self.texts, "settings": self.query_one(TextArea).text},
            abort=self.query_one("#abort", Checkbox).value,
            here=self.query_one("#here", Checkbox).value,
        )

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Checkbox.Changed)
    def _check(self) -> None:
        before = as_texts(without_overrides(self._before))
        for key, field in self.fields.items():
            field.mark(field.text != before[key])
        self._judge()

    @work(group="options", exclusive=True)
    async def _judge(self) -> None:
        await asyncio.sleep(_TYPED_S)
        await self._resolved()

    async def _resolved(self) -> tuple[Options, RunConfig] | None:
        """What is typed, and what a run of it would be; None, and why on screen, where it cannot be."""
        try:
            options = self._typed()
            config = await asyncio.to_thread(resolve, options, self._places)
        except ConfigError as fault:
            self._say(f"✗ {fault}", "$error")
            return None
        self._say(f"✓ {length_words(config.plan)} · {peak_words(config.plan)}", "$success")
        self._put("#options-command", command_line(options), "$foreground-muted")
        return options, config

    def _say(self, words: str, style: str) -> None:
        self._put("#options-say", words, style)

    def _put(self, place: str, words: str, style: str) -> None:
        # The app may have been closed while the files were read.
        for reading in self.query(place).results(Reading):
            reading.put(Content.styled(words, style))

    @on(Input.Submitted)
    def action_use(self) -> None:
        self._use()

    @work(group="options", exclusive=True)
    async def _use(self) -> None:
        if (found := await self._resolved()) is not None and self.is_current:
            self.dismiss(found[0])

    def action_clear(self) -> None:
        for field in self.fields.values():
            field.input.value = ""
        self.query_one(TextArea).text = ""
        for box in self.query(Checkbox):
            box.value = False
        self.query_one(Input).focus()

    def action_copy(self) -> None:
        try:
            line = command_line(self._typed())
        except ConfigError as fault:
            self._say(f"✗ {fault}", "$error")
            return
        self.app.copy_to_clipboard(line)
        self.notify(line, title="Copied", markup=False)

    def action_leave(self) -> None:
        # What was typed last is not judged any more.
        self.workers.cancel_group(self, "options")
        self.dismiss(None)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        await self.run_action(event.button.id or "")


def _whole(text: str, flag: str, least: int = 1) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) < least:
        raise ConfigError(f"{text!r} is no whole number", key=flag, mend=f"give {least} or more")
    return int(text)


def _number(text: str, flag: str) -> float:
    try:
        number = float(text or 1)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{text!r} is no number", key=flag, mend="give 1 or more")
    return number
