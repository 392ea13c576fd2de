"""What a person can tell a run, from the TUI, `ctl` or Python alike; one JSON object each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from dmsperf_tui.plan.changes import Change

_Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Steering(_Command):
    """A change of load, of one workload or of each that it fits."""

    over_s: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)
    workload: str | None = None


class SetVus(_Steering):
    """Set the VU target; of an open workload the most VUs that it may have."""

    command: Literal["vus"] = "vus"
    amount: _Finite
    unit: Literal["to", "by", "percent"] = "to"

    @classmethod
    def of(cls, change: Change, workload: str | None = None, over_s: float = 0.0) -> SetVus:
        return cls(amount=change.amount, unit=change.unit, over_s=over_s or change.over_s, workload=workload)


class SetRate(_Steering):
    """Set the rate of an open workload."""

    command: Literal["rate"] = "rate"
    amount: _Finite
    unit: Literal["to", "by", "percent"] = "to"
    per_s: float | None = Field(default=None, gt=0, le=86_400)
    """What the amount is per, in seconds; None: the workload's own `time_unit`."""

    @classmethod
    def of(cls, change: Change, workload: str | None = None, over_s: float = 0.0) -> SetRate:
        return cls(
            amount=change.amount,
            unit=change.unit,
            per_s=change.per_s,
            over_s=over_s or change.over_s,
            workload=workload,
        )


class Scale(_Steering):
    """So many times the plan, from now on."""

    command: Literal["scale"] = "scale"
    factor: float = Field(ge=0, le=1000, allow_inf_nan=False)


class HoldLevel(_Command):
    """Freeze the load at its present level."""

    command: Literal["hold"] = "hold"
    workload: str | None = None


class Release(_Steering):
    """Back to where the plan is by now."""

    command: Literal["release"] = "release"


class Skip(_Command):
    """Go on with the next stage of the plan, or with stage number `stage`, from 1."""

    command: Literal["skip"] = "skip"
    stage: int | None = Field(default=None, ge=1)
    workload: str | None = None


class Extend(_Command):
    """Make the plan's last stage, or its `max_duration`, longer."""

    command: Literal["extend"] = "extend"
    by_s: float = Field(gt=0, le=86_400, allow_inf_nan=False)
    workload: str | None = None


class Weights(_Command):
    """New shares of a mix."""

    command: Literal["weights"] = "weights"
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(min_length=1)
    workload: str | None = None


class Undo(_Command):
    """Take the newest change of load back; again: the one before it."""

    command: Literal["undo"] = "undo"


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


Steered = SetVus | SetRate | Scale | HoldLevel | Release | Skip | Extend
"""Commands that change a workload's level."""
Changing = Steered | Weights | Undo
"""Commands that change the load."""


class Preview(_Command):
    """What a change would come to now, or why it would be refused. Nothing is done."""

    command: Literal["preview"] = "preview"
    change: Annotated[Changing, Field(discriminator="command")]


Command = Annotated[
    Changing | Preview | Pause | Resume | Stop | Note | Status | Watch, Field(discriminator="command")
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


class Reply(BaseModel):
    """The host's answer to a command."""

    ok: bool
    text: str = ""
    """What was done, or why not and the mend."""
