"""The question before load goes to another machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment import tls_words
from dmsperf_tui.tui.plan_words import length_words, peak_words
from dmsperf_tui.tui.steps import on_this_machine


def needs_asking(config: RunConfig) -> bool:
    """Whether any of the addresses that a run talks to is another machine's."""
    return not config.environment.embedded and not on_this_machine(config.environment)


class StartDialog(Confirm):
    """Really there? Whoever else uses that system will feel it."""

    def __init__(self, config: RunConfig, estimate: str) -> None:
        place, plan = config.environment, config.plan
        rows = (
            ("environment", f"{place.name}, {place.load_url}"),
            ("", tls_words(place.url, insecure=place.insecure)[0]),
            ("scenario", f"{plan.name}: {plan.title}"),
            ("load", f"{peak_words(plan)}, {length_words(plan)}"),
            ("makes", estimate),
        )
        lines = [f"{label:<12} {words}" for label, words in rows if words]
        lines += ["", "It is not on this machine: others may use it. Asked once for this address."]
        host = urlsplit(place.url).netloc
        super().__init__(f"Start the load at {host}?", "\n".join(lines), "Start", "Do not start")
