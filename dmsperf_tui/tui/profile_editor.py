"""A profile's values: each with where it comes from, to be changed, saved, or given for one run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile_sheet import WORDS, Cell, Sheet, check_name, save_sheet, value_of
from dmsperf_tui.settings.toml_file import shown
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.form import CHANGED, Field, Form
from dmsperf_tui.tui.naming import NamePrompt
from dmsperf_tui.tui.readings import Reading

_WHOSE = {
    "own": "yours",
    "packed": "ships with the tool: save it as one of your own, under its name too",
    "k6": "of the k6 suite, read-only: save it as one of your own, in TOML",
}


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of it: the profile to choose, and the values that are given to the next run by hand."""

    profile: str
    settings: Mapping[str, str]


class ProfileEditor(Form[Edited | None]):
    """None: all is as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back; asks where something is not saved"),
        Binding("ctrl+s", "save", "Save the profile"),
        Binding("ctrl+n", "save_as", "Save it under a name of yours"),
        Binding("ctrl+r", "once", "Use the changed values for the next run, without saving"),
    ]

    def __init__(self, sheet: Sheet, settings: Mapping[str, str], places: Places | None) -> None:
        """`settings` are given by hand already (--set)."""
        super().__init__()
        self._sheet, self._places = sheet, places or Places.here()
        self._given = {cell.key: settings[cell.key] for cell in sheet.cells if cell.key in settings}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog form", id="profile-editor"):
            yield Reading(id="profile-title")
            with VerticalScroll(classes="fields"):
                for cell in self._sheet.cells:
                    text = self._given.get(cell.key, cell.text)
                    empty = "" if cell.key in WORDS else "default"
                    yield Field(cell.key, cell.key, text, empty=empty, wide=cell.key in WORDS)
            yield Reading(id="profile-say", classes="says")
            with Horizontal(classes="buttons"):
                yield Button("^s Save", id="save", variant="success", compact=True)
                yield Button("^n Save as", id="save_as", compact=True)
                yield Button("^r This run only", id="once", compact=True)
                yield Button("esc Back", id="leave", compact=True)

    def on_mount(self) -> None:
        sheet = self._sheet
        title = Content.assemble(
            (f"Profile {sheet.name}", "bold"),
            (f"  {shown(sheet.path)}  {_WHOSE[sheet.kind]}", "$foreground-muted"),
        )
        self.query_one("#profile-title", Reading).put(title)
        self.query_one("#save", Button).disabled = sheet.kind != "own"
        for key in self.fields:
            self._judge(key)
        next(field for key, field in self.fields.items() if key not in WORDS).input.focus()

    # What is typed

    @property
    def changed(self) -> dict[str, str]:
        """What differs from the file."""
        return {key: text for key, text in self.texts.items() if text != self._sheet.cell(key).text.strip()}

    def _fault(self, key: str) -> str:
        """Why what is typed cannot be; empty where it can."""
        if key in WORDS:
            return ""
        try:
            value_of(key, self.fields[key].text)
        except ConfigError as fault:
            return fault.what
        return ""

    def _judge(self, key: str) -> None:
        field, cell = self.fields[key], self._sheet.cell(key)
        changed = field.text != cell.text.strip()
        field.mark(changed)
        field.set_class(bool(self._fault(key)), "-faulty")
        if not field.has_class("-words"):
            field.say(*_source(cell, changed=changed, given=self._given.get(key) == field.text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if isinstance(field := event.input.parent, Field):
            self._judge(field.key)
            self._explain(field.key)

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        if isinstance(field := event.widget.parent, Field):
            self._explain(field.key)

    def _explain(self, key: str) -> None:
        """What the value is, what is wrong with it, and whether saving it would change anything."""
        cell, fault = self._sheet.cell(key), self._fault(key)
        parts: list[str | tuple[str, str]] = [(key, "bold"), f"  {cell.about}"]
        if fault:
            parts.append((f"\n✗ {fault}", "$error"))
        elif cell.over:
            words = (
                f"▲ the {cell.over} is {cell.over_text}, and wins over the file: unset it, or give a value "
            )
            parts.append((f"\n{words}for this run only", "$warning"))
        elif key in self.changed:
            before = cell.text or "nothing"
            parts.append((f"\n{CHANGED} {before} in {cell.source}", "$accent"))
        self.query_one("#profile-say", Reading).put(Content.assemble(*parts))

    def _all_right(self) -> bool:
        for key, field in self.fields.items():
            if self._fault(key):
                field.input.focus()
                self._explain(key)
                return False
        return True

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next(Input)

    # What becomes of it

    def action_save(self) -> None:
        if self._sheet.kind != "own":
            self.action_save_as()
        elif not self.changed:
            self.notify("Nothing is changed.", markup=False)
        elif self._all_right():
            self._save_own()

    def action_save_as(self) -> None:
        if self._all_right():
            self._ask_name()

    @work(group="save", exclusive=True)
    async def _ask_name(self) -> None:
        packed = self._sheet.kind != "own"
        judge = lambda name: check_name(name, self._places)  # noqa: E731
        dialog = NamePrompt("Save the profile as", self._sheet.path.stem if packed else "", judge)
        name = await self.app.push_screen_wait(dialog)
        if name is not None:
            await self._save(name)

    @work(group="save", exclusive=True)
    async def _save_own(self) -> None:
        await self._save(None)

    async def _save(self, name: str | None) -> None:
        try:
            path = await asyncio.to_thread(save_sheet, self._sheet, self.texts, self._places, name)
        except ConfigError as fault:
            for reading in self.query("#profile-say").results(Reading):
                reading.put(Content.styled(f"✗ {fault}", "$error"))
            return
        self.notify(shown(Path(path)), title="Saved", markup=False)
        if self.is_current:
            self.dismiss(Edited(name or self._sheet.name, {}))

    def action_once(self) -> None:
        if not self._all_right():
            return
        values = {key: text for key, text in self.changed.items() if key not in WORDS}
        if emptied := next((key for key, text in values.items() if not text), None):
            self.fields[emptied].input.focus()
            words = f"{emptied} is empty: for one run type a value. Saved empty, the default holds."
            self.notify(words, severity="warning", markup=False)
            return
        if not values and not self._given:
            self.notify("No value is changed.", markup=False)
        else:
            self.dismiss(Edited(self._sheet.name, values))

    def action_leave(self) -> None:
        if self.texts == {
            cell.key: self._given.get(cell.key, cell.text).strip() for cell in self._sheet.cells
        }:
            self.dismiss(None)
        else:
            what = "\n".join(f"{CHANGED} {key} = {text or 'default'}" for key, text in self.changed.items())
            dialog = Confirm("Leave the changes?", what, "Leave them", "Go on editing")
            self.app.push_screen(dialog, self._answered)

    def _answered(self, yes: bool | None) -> None:
        if yes:
            self.dismiss(None)

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        await self.run_action(event.button.id or "")


def _source(cell: Cell, *, changed: bool, given: bool) -> tuple[str, str]:
    """Where the value that counts is from, and its colour."""
    if given:
        return f"flag --set {cell.key}", "$accent"
    if cell.over:
        return f"▲ {cell.over.removeprefix('variable ')} = {cell.over_text}", "$warning"
    return ("changed, not saved", "$accent") if changed else (cell.source, "$foreground-muted")
