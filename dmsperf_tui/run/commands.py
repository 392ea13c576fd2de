"""What a person can tell a run, from the TUI, `ctl` or Python alike; one JSON object each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SetVus(_Command):
    """Set the VU target of one workload, or of each that has VUs."""

    command: Literal["vus"] = "vus"
    amount: float = Field(allow_inf_nan=False, ge=-1e9, le=1e9)
    unit: Literal["to", "by", "percent"] = "to"
    over_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)
    workload: str | None = None


class Release(_Command):
    """Back to where the plan is by now."""

    command: Literal["release"] = "release"
    workload: str | None = None


class Pause(_Command):
    command: Literal["pause"] = "pause"


class Resume(_Command):
    command: Literal["resume"] = "resume"


class Stop(_Command):
    """End the run: gracefully within the grace period, or at once."""

    command: Literal["stop"] = "stop"
    at_once: bool = False
    signal: bool = False
    """Asked for by a signal rather than a person at a screen: exit code 105."""


class Note(_Command):
    """A line of text on the timeline."""

    command: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=500)

    @field_validator("text")
    @classmethod
    def _one_line(cls, text: str) -> str:
        # It is printed on terminals: no control characters.
        return "".join(character if character.isprintable() else " " for character in text).strip()


class Status(_Command):
    """One snapshot, without the timeline."""

    command: Literal["status"] = "status"


class Watch(_Command):
    """Snapshots from now on, the first one with the whole timeline."""

    command: Literal["watch"] = "watch"


Command = Annotated[
    SetVus | Release | Pause | Resume | Stop | Note | Status | Watch, Field(discriminator="command")
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


class Reply(BaseModel):
    """The host's answer to a command."""

    ok: bool
    text: str = ""
    """What was done, or why not and the mend."""
