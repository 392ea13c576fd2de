"""`cleanup = true`: what a run has created is gone when it is over."""

from __future__ import annotations

from tests.e2e.conftest import PASSED, Command, Standin

ENVIRONMENT = """\
title = "Cleaned"
system = "dms"
url = "{url}"
client_id = "${{CLIENT_ID}}"
client_secret = "${{CLIENT_SECRET}}"
cleanup = true
"""


def test_an_environment_that_says_so_is_as_it_was_after_the_run(standin: Standin, command: Command) -> None:
    folder = command.folder / "config" / "environments"
    folder.mkdir(parents=True)
    (folder / "cleaned.toml").write_text(ENVIRONMENT.format(url=standin.url), encoding="utf-8")
    before = standin.stats()["resources"]
    words = ["--batch", "--phase", "full", "--profile", "smoke", "--env", "cleaned", "--speedup", "20"]
    finished = command.run(*words, "--set", "load.vus=8", **standin.variables)
    assert finished.code in PASSED, finished.err
    assert standin.stats()["created"]["students"] >= 2
    assert standin.stats()["resources"] == before
    (event,) = [event for event in command.summary["events"] if event["kind"] == "cleanup"]
    assert "deleted" in event["text"]
    assert (command.record / "cleaned.json").is_file()
