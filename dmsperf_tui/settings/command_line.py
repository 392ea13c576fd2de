"""A choice as the command line that makes it, so that a pipeline can repeat what was tried on the screen."""

from __future__ import annotations

import shlex

from dmsperf_tui.plan.secrecy import REMOVED, sounds_secret, without_secret_fields, without_userinfo
from dmsperf_tui.plan.units import format_duration
from dmsperf_tui.settings.config import Options


def overrides(options: Options) -> list[tuple[str, ...]]:
    """The flags of this run alone, each with its value; what may be a secret is not shown."""
    found: list[tuple[str, ...]] = []
    if options.vus is not None:
        found.append(("--vus", str(options.vus)))
    if options.duration_s is not None:
        found.append(("--duration", format_duration(options.duration_s)))
    if options.workers != 1:
        found.append(("--workers", str(options.workers)))
    if options.seed is not None:
        found.append(("--seed", str(options.seed)))
    if options.speedup != 1:
        found.append(("--speedup", f"{options.speedup:g}"))
    if options.data is not None:
        found.append(("--data", options.data))
    if options.resume is not None:
        found.append(("--resume", options.resume))
    if options.objectives is not None:
        found.append(("--objectives", options.objectives))
    if options.abort_on_4xx:
        found.append(("--abort-on-4xx",))
    if options.in_process:
        found.append(("--in-process",))
    if options.results != Options().results:
        found.append(("--results", options.results))
    found += [("--summary", file) for file in options.summary]
    found += [("--set", f"{key}={public(key, text)}") for key, text in options.settings.items()]
    return found


def overrides_shown(options: Options) -> str:
    """In a line for the screen, as they are typed."""
    return "  ".join(shlex.join(flag) for flag in overrides(options))


def command_line(options: Options) -> str:
    """`dmsperf-tui --batch ...`: the same run without a screen; what may be a secret is not in it."""
    named = (options.scenario, options.profile, without_userinfo(options.environment))
    flags = zip(("--scenario", "--profile", "--env"), named, strict=True)
    words = [word for flag in (*flags, *overrides(options)) for word in flag]
    return shlex.join(["dmsperf-tui", "--batch", *words])


def public(key: str, text: str) -> str:
    """What is given for a key, without what may be a secret."""
    if sounds_secret(key.rpartition(".")[2]):
        return REMOVED
    return without_userinfo(without_secret_fields(text))
