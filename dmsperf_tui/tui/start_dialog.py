"""The question before load goes to another machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from dmsperf_tui.settings.config import RunConfig
from dmsperf_tui.settings.environment import Environment, is_loopback
from dmsperf_tui.tui.dialogs import Confirm
from dmsperf_tui.tui.environment import tls_words
from dmsperf_tui.tui.plan_words import length_words, peak_words
from dmsperf_tui.tui.steps import hosts, on_this_machine


def needs_asking(config: RunConfig) -> bool:
    """Whether any of the addresses that a run talks to is another machine's."""
    return not config.environment.embedded and not on_this_machine(config.environment)


def destination(environment: Environment) -> tuple[str, ...]:
    """What is agreed to: where the load goes, and every host that is talked to on its way."""
    return (environment.load_url, *hosts(environment))


class StartDialog(Confirm):
    """Really there? Whoever else uses that system will feel it."""

    def __init__(self, config: RunConfig, estimate: str) -> None:
        place, plan = config.environment, config.plan
        host = urlsplit(place.url).netloc
        besides = {"tokens": place.oauth_url, "CMS": place.cms_url or ""}
        others = [(label, url) for label, url in besides.items() if url and urlsplit(url).netloc != host]
        far = [name for name in hosts(place) if not is_loopback(f"//{name}")]
        where = "It is" if far == [host] else f"{' and '.join(far)} {'is' if len(far) == 1 else 'are'}"
        whom = "it" if len(far) == 1 else "them"
        rows = (
            ("environment", f"{place.name}, {place.load_url}"),
            ("", tls_words(place.url, insecure=place.insecure)[0]),
            *others,
            ("scenario", f"{plan.name}: {plan.title}"),
            ("load", f"{peak_words(plan)}, {length_words(plan)}"),
            ("makes", estimate),
        )
        lines = [f"{label:<12} {words}" for label, words in rows if words]
        asked = f"Asked once for {'this address' if not others else 'these addresses'}."
        lines += ["", f"{where} not on this machine: others may use {whom}. {asked}"]
        super().__init__(f"Start the load at {host}?", "\n".join(lines), "Start", "Do not start")
