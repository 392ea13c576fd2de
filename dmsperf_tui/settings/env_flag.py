"""Which environment a command is for: the flag `--env`, else the variable `ENV`."""

from __future__ import annotations

import re

from dmsperf_tui.plan.errors import ConfigError, nearest
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.variables import Variables


def named_environment(
    given: str | None, places: Places, variables: Variables, *, strict: bool = False
) -> str | None:
    """What `--env` says, else `ENV`, as in `k6 run --env ENV=staging`; None where neither names one.

    Shells use `ENV` as well, for a file: a path names none. Raises ConfigError for a flag that is there and
    empty, and, if `strict`, for an `ENV` that no environment is called: what nobody watches must not end up
    at the embedded system by a slip.
    """
    if given is not None:
        return some_name(given)
    name, known = (variables.get("ENV") or (None,))[0], places.names("config/environments")
    if strict and name and name not in known and re.fullmatch(r"[\w-]+", name):
        mend = f"{nearest(name, known)}; --env goes before ENV"
        raise ConfigError(f"{name!r} names no environment", key="variable ENV", mend=mend)
    return name if name in known else None


def some_name(name: str) -> str:
    """`name` itself. Raises ConfigError where it is empty."""
    if not name.strip():
        raise ConfigError(
            "names nothing", key="--env", mend="is its variable empty? --env embedded is the stand-in"
        )
    return name
