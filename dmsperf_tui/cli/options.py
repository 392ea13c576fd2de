"""What the commands share: types of options, examples in the help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.units import parse_duration_s

_C = TypeVar("_C", bound=click.Command)

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration_s(value)
        except ConfigError as error:
            self.fail(f"{error.what}; {error.mend}", param, ctx)


class Setting(click.ParamType[tuple[str, str]]):
    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key.strip(), text.strip()


def example(text: str) -> Callable[[_C], _C]:
    def add(command: _C) -> _C:
        command.epilog = f"Example: {text}"
        return command

    return add


def named_by(flag: str | None, *, strict: bool) -> str | None:
    """The environment that `--env` names, else the variable `ENV`. Raises ConfigError for an empty flag, and,
    if `strict`, for an `ENV` that no environment is called."""
    from dmsperf_tui.settings.env_flag import named_environment
    from dmsperf_tui.settings.places import Places
    from dmsperf_tui.settings.variables import Variables

    return named_environment(flag, Places.here(), Variables.here(), strict=strict)
