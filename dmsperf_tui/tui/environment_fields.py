"""The fields of an environment's editor: what each is called, what it means, and how it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from dmsperf_tui.plan.scenario import SYSTEMS
from dmsperf_tui.settings.draft import Draft
from dmsperf_tui.settings.environment import SECRETS, Environment
from dmsperf_tui.settings.variables import Variables
from dmsperf_tui.tui.readings import Reading

_YES_NO = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Spec:
    """One key of the file."""

    key: str
    words: str
    choices: tuple[str, ...] = ()
    """What it can be, where that is not free text."""
    example: str = ""
    of: str = ""
    """The one system that it is for; empty: all."""

    @property
    def secret(self) -> bool:
        return self.key in SECRETS

    def value(self, made: Environment) -> object:
        """What it came to; None where it is not set."""
        table, _, name = self.key.rpartition(".")
        return getattr(made, table).get(name) if table else getattr(made, name)


GROUPS: dict[str, tuple[Spec, ...]] = {
    "What it is": (
        Spec("title", "a few words for the list", example="Staging"),
        Spec("description", "a sentence more"),
        Spec("system", "dms, k12, or http for any other service", SYSTEMS),
    ),
    "Where it is": (
        Spec("url", "load goes there and nowhere else", example="http://host:8080/api"),
        Spec("cms_url", "the Configuration Service, for set-up", example="http://host:8081/config", of="dms"),
        Spec("token_url", "where tokens come from [/oauth/token]", of="dms"),
        Spec("tenant", "stands in the path before /data and /oauth", example="district-1", of="dms"),
        Spec("route_qualifiers", "the path's further segments, in order", example="255901/2026", of="dms"),
        Spec("base_url", "the web front end that calls it", example="http://host:3000", of="k12"),
    ),
    "People and ids (K-12)": (
        Spec("users", "who logs in, a CSV file [config/k12-users.csv]", of="k12"),
        Spec("user_password", "theirs: ${K12_PASSWORD} in that file", of="k12"),
        Spec("ids.quiz", "the quiz to take [it is looked for]", of="k12"),
        Spec("ids.course", "the course to work in [it is looked for]", of="k12"),
        Spec("ids.submission", "what to grade [they are looked for]", example="12,13,14", of="k12"),
    ),
    "Client": (
        Spec("client_id", "${CLIENT_ID} is the one that set-up keeps", of="dms"),
        Spec("client_secret", "its secret", of="dms"),
        Spec("create_client", "may a run make one unasked? [if it is local]", _YES_NO, of="dms"),
        Spec("claim_set", "of a client that set-up makes", of="dms"),
    ),
    "Administrator, for set-up": (
        Spec("admin_client_id", "set-up registers one where it may", of="dms"),
        Spec("admin_client_secret", "its secret", of="dms"),
        Spec("admin_token", "a token instead of both", of="dms"),
        Spec("data_store", "the database's connection string, where none is known", of="dms"),
    ),
    "Start and clean-up": (
        Spec(
            "prepare",
            "the command that starts it; shown before it runs",
            example="docker compose up -d",
        ),
        Spec("cleanup", "delete what a run created at its end [no]", _YES_NO, of="dms"),
    ),
    "TLS": (
        Spec("ca_file", "a PEM file of authorities to trust", example="ca.pem"),
        Spec("insecure", "▲ do not verify certificates [no]", _YES_NO),
    ),
}


class Choice(Static, can_focus=True):
    """One of a few words, or none: arrows, space or a click go through them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,enter", "step(1)", "Next"),
        Binding("left", "step(-1)", "Before"),
    ]

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, choices: Sequence[str], value: str, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._choices = ["", *dict.fromkeys([*choices, *([value] if value else [])])]
        self.value = value

    def on_mount(self) -> None:
        self.put(self.value)

    def put(self, value: str) -> None:
        """Shows `value`."""
        self.value = value
        said = Content(value) if value else Content.styled("not set", "$foreground-muted")
        self.update(Content.assemble(("‹ ", "$foreground-muted"), said, (" ›", "$foreground-muted")))

    def action_step(self, step: int) -> None:
        at = self._choices.index(self.value) if self.value in self._choices else 0
        self.put(self._choices[(at + step) % len(self._choices)])
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        self.action_step(1)


class FieldRow(Widget):
    """A name, what is typed, and a line below: what it means, or what is wrong with it."""

    def __init__(self, spec: Spec, text: str) -> None:
        super().__init__(classes="field")
        self.spec = spec
        self._text = text

    def compose(self) -> ComposeResult:
        spec, identity = self.spec, f"field-{self.spec.key.replace('.', '-')}"
        yield Label(spec.key, markup=False)
        if spec.choices:
            yield Choice(spec.choices, self._text, id=identity)
        else:
            # A secret is never shown: not what is set, and not what is typed.
            value = "" if spec.secret else self._text
            yield Input(value, spec.example, password=spec.secret, compact=True, id=identity)
        yield Reading(classes="field-note")

    @property
    def note(self) -> Reading:
        return self.query_one(Reading)

    def read(self) -> str:
        """What has been typed or chosen."""
        return self.query_one(Choice).value if self.spec.choices else self.query_one(Input).value

    def fits(self, draft: Draft) -> bool:
        """Whether it belongs to the draft's system; what the file has is never hidden."""
        system = draft.text("system")
        return not self.spec.of or system in ("", self.spec.of) or bool(draft.text(self.spec.key))

    def write(self, text: str) -> None:
        """Shows another value, without a word to anybody."""
        if self.spec.choices:
            self.query_one(Choice).put(text)
        else:
            with self.prevent(Input.Changed):
                self.query_one(Input).value = "" if self.spec.secret else text


def note(
    spec: Spec, draft: Draft, variables: Variables, made: Environment | None, problem: str
) -> tuple[str, str]:
    """What stands below a field, and its tone. `made` is what the draft makes, where it is sound."""
    kind: Literal["set", "typed", "not set"]
    if problem:
        return f"✗ {problem}", "$error"
    if spec.secret:
        status = draft.status(spec.key, variables)
        kind = "not set" if status.startswith("not") else "typed" if status.startswith("typed") else "set"
        glyph, tone = {
            "set": ("✓", "$success"),
            "typed": ("●", "$accent"),
            "not set": ("◌", "$foreground-muted"),
        }[kind]
        return f"{glyph} {status} · {spec.words}", tone
    if spec.key == "insecure" and draft.values.get("insecure") is True:
        return "▲ INSECURE: certificates are not verified", "bold $error"
    if made is not None and "${" in draft.text(spec.key):
        value = spec.value(made)
        if spec.key.endswith("client_id"):
            return ("✓ set" if value else "◌ not set") + f" · {spec.words}", "$foreground-muted"
        return f"→ {value}" if value else f"◌ not set · {spec.words}", "$foreground-muted"
    return spec.words, "$foreground-muted"


def note_content(words: tuple[str, str]) -> Content:
    return Content.styled(*words)
