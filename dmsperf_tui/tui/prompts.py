"""Questions with a line of text for an answer: each makes a command of it, None where it was called off."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from pydantic import ValidationError
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from dmsperf_tui.plan.changes import parse_weights
from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import format_clock, parse_duration_s
from dmsperf_tui.run.commands import Changing, Command, Extend, Note, Reply, Scale, Weights
from dmsperf_tui.tui.dialogs import Dialog
from dmsperf_tui.tui.levels import Level

Foresee = Callable[[Changing], Awaitable[Reply | None]]
"""Asks the run what a change would come to; None: it is not there to say."""
_KEYS = "Enter sets it, Esc does not"


class Prompt(Dialog[Command | None]):
    """One line of text, checked as it is typed; what it will do, or what is wrong with it, stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "call_off", "Cancel")]

    def __init__(
        self,
        question: str,
        hint: str,
        *,
        now: str = "",
        placeholder: str = "",
        most: int = 0,
        foresee: Foresee | None = None,
    ) -> None:
        """`now` is how things stand; without `foresee` nothing is asked of the run beforehand."""
        super().__init__()
        self._question, self._now, self._hint = question, now, hint
        self._placeholder, self._most = placeholder, most
        self._foresee = foresee

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="question", markup=False)
            if self._now:
                yield Static(self._now, classes="now", markup=False)
            yield Input(placeholder=self._placeholder, max_length=self._most)
            yield Static(self._hint, classes="hint", id="says", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def wants(self, event: events.Key) -> bool:
        if event.key in ("enter", "backspace"):
            return not self._ready or not self.query_one(Input).has_focus
        return event.is_printable

    async def take(self, event: events.Key) -> None:
        field = self.query_one(Input)
        if event.key == "enter":
            await field.action_submit()
        elif event.key == "backspace":
            field.action_delete_left()
        elif event.character is not None:
            field.insert_text_at_cursor(event.character)

    def read(self, text: str) -> Command:
        """The command that `text` means. Raises ConfigError."""
        raise NotImplementedError

    def _judge(self, text: str) -> Command | None:
        """The command; what is wrong with it is said."""
        if not text.strip():
            self._say(Content(self._hint))
            return None
        try:
            return self.read(text.strip())
        except ConfigError as error:
            self._say(_wrong(str(error)))
        except ValidationError as error:
            self._say(_wrong(f"{text.strip()!r} cannot be: {error.errors()[0]['msg'].lower()}"))
        return None

    def _say(self, words: Content) -> None:
        self.query_one("#says", Static).update(words)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._answer(self._judge(event.value), final=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._answer(self._judge(event.value), final=True)

    @work(group="foresee", exclusive=True)
    async def _answer(self, command: Command | None, *, final: bool) -> None:
        """Says what the command would do, or is; what the run would refuse is not sent."""
        if command is None:
            return
        reply = await self._foresee(command) if self._foresee and isinstance(command, Changing) else None
        if reply is not None and not reply.ok:
            self._say(_wrong(reply.text))
        elif final:
            self.dismiss(command)
        elif reply is not None:
            self._say(Content.styled(f"✓ {reply.text}", "$success"))

    def action_call_off(self) -> None:
        self.dismiss(None)


def _wrong(text: str) -> Content:
    return Content.styled(f"✗ {text}", "$error")


class LevelPrompt(Prompt):
    """A new number of VUs or a new rate."""

    def __init__(self, level: Level, foresee: Foresee) -> None:
        forms = {
            "vus": ("50  +10  -10  +20%  50 over 30s", "50 over 30s"),
            "rate": ("120  90/m  +10  +20%  120 over 30s", "120 over 30s"),
            "most": ("50  +10  +20%", "50"),
        }
        hint, placeholder = forms[level.kind]
        super().__init__(
            level.title, f"{hint}   {_KEYS}", now=level.now, placeholder=placeholder, foresee=foresee
        )
        self._level = level

    def read(self, text: str) -> Command:
        return self._level.read(text)


def of_workload(what: str, workload: str | None) -> str:
    return f"{what} {workload}" if workload else what


_FACTOR = re.compile(r"[x×]?\s*(?P<factor>\d+(?:\.\d+)?)\s*[x×]?(?:\s+over\s+(?P<over>\S+))?")


class ScalePrompt(Prompt):
    """So many times the plan."""

    def __init__(self, workload: str | None, foresee: Foresee) -> None:
        super().__init__(
            of_workload("Scale", workload),
            f"2  0.5  1.5 over 30s   {_KEYS}",
            now="so many times the plan, until it is released",
            placeholder="1.5 over 30s",
            foresee=foresee,
        )
        self._workload = workload

    def read(self, text: str) -> Command:
        match = _FACTOR.fullmatch(text)
        if match is None:
            raise ConfigError(f"{text!r} is not a factor", mend="write 2, 0.5 or 1.5 over 30s")
        over_s = parse_duration_s(match["over"]) if match["over"] else 0.0
        return Scale(factor=float(match["factor"]), over_s=over_s, workload=self._workload)


class ExtendPrompt(Prompt):
    """A longer plan."""

    def __init__(self, planned_s: float, workload: str | None, foresee: Foresee) -> None:
        super().__init__(
            of_workload("Extend", workload),
            f"30s  5m  1h30m   {_KEYS}",
            now=f"how much longer than planned; the run's plan lasts {format_clock(round(planned_s))}",
            placeholder="5m",
            foresee=foresee,
        )
        self._workload = workload

    def read(self, text: str) -> Command:
        return Extend(by_s=parse_duration_s(text.removeprefix("+")), workload=self._workload)


_SHARE = re.compile(r"(?P<flow>.+?)(?:\s*=\s*|\s+)(?P<share>\d+(?:\.\d+)?)\s*%?")


def shares_words(weights: Mapping[str, float]) -> str:
    """`read 80 %, write 20 %`."""
    total = sum(weights.values()) or 1.0
    return ", ".join(f"{name} {share / total:.0%}".replace("%", " %") for name, share in weights.items())


class SharesPrompt(Prompt):
    """New shares of a mix."""

    def __init__(self, workload: str, weights: Mapping[str, float], foresee: Foresee) -> None:
        present = ", ".join(f"{name} {share:g}" for name, share in weights.items())
        super().__init__(
            f"Shares of {workload}",
            f"{present}   {_KEYS}",
            now=shares_words(weights),
            placeholder=present,
            foresee=foresee,
        )
        self._workload = workload

    def read(self, text: str) -> Command:
        parts = [part.strip() for part in text.split(",")]
        matches = [_SHARE.fullmatch(part) for part in parts]
        plain = ",".join(
            f"{m['flow']}={m['share']}" if m else part for m, part in zip(matches, parts, strict=True)
        )
        return Weights(weights=parse_weights(plain), workload=self._workload)


class NotePrompt(Prompt):
    """A line for the record."""

    def __init__(self) -> None:
        super().__init__("A note on the timeline", "Enter writes it into the record, Esc leaves it", most=500)

    def read(self, text: str) -> Command:
        return Note(text=text)
