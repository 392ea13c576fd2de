"""An embedded system that stays: a process of its own that every command of this user can name."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import psutil
import pytest

from dmsperf_tui.run.embedded import EmbeddedError, start_standing, stop_standing
from dmsperf_tui.settings.standins import standins
from tests.e2e.conftest import in_process


def test_it_belongs_to_no_terminal_and_needs_no_secret_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIENT_SECRET", "that-of-another-system")
    standin = asyncio.run(start_standing())
    try:
        assert os.getsid(standin.pid) == standin.pid != os.getsid(0)
        assert standins() == [standin]
        secret = standin.client_secret.get_secret_value()
        assert secret != "that-of-another-system"
        assert secret not in " ".join(psutil.Process(standin.pid).cmdline())
        monkeypatch.delenv("CLIENT_SECRET")

        listed = in_process("list", "environments").out
        assert f"{standin.name}  Embedded systems that stay\n" in listed
        checked = in_process("setup", "check", "--env", standin.name, "--scenario", "dms/smoke")
        assert checked.code == 0, checked.err
        assert "✓ permissions" in checked.out
        assert secret not in listed + checked.out + checked.err

        taken = f"cannot listen on 127.0.0.1:{standin.port}: Address already"
        with pytest.raises(EmbeddedError, match=taken):
            asyncio.run(start_standing(standin.port))
        assert standins() == [standin]
    finally:
        asyncio.run(stop_standing(standin))
    assert not psutil.pid_exists(standin.pid)
    assert standins() == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(standin.url, trust_env=False)
    gone = in_process("setup", "check", "--env", standin.name)
    assert (gone.code, gone.err) == (
        104,
        f"dmsperf-tui: --env: no embedded system of yours runs as {standin.name!r}; "
        "start one: dmsperf-tui serve\n",
    )
