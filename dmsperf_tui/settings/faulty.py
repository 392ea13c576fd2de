"""What of the catalogue cannot be used, and why: known without choosing it."""

from __future__ import annotations

from collections.abc import Iterable

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.settings.config import Options, resolve
from dmsperf_tui.settings.places import Places
from dmsperf_tui.settings.profile import load_profile
from dmsperf_tui.settings.variables import Variables


def faulty_profiles(names: Iterable[str], places: Places | None = None) -> dict[str, str]:
    """Why, by the name."""
    places = places or Places.here()
    found: dict[str, str] = {}
    for name in names:
        try:
            load_profile(name, places, Variables.here())
        except ConfigError as fault:
            found[name] = _why(fault)
    return found


def faulty_scenarios(names: Iterable[str], profile: str, places: Places | None = None) -> dict[str, str]:
    """Why, by the name: with this profile, and without what was given for one run."""
    if faulty_profiles([profile], places):
        # Then that is what is wrong with each of them.
        return {}
    found: dict[str, str] = {}
    for name in names:
        try:
            resolve(Options(scenario=name, profile=profile), places)
        except ConfigError as fault:
            found[name] = _why(fault)
    return found


def _why(fault: ConfigError) -> str:
    """Without the file, which is what the list names."""
    return str(ConfigError(fault.what, key=fault.key, line=fault.line, mend=fault.mend))
