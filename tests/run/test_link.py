"""The link to a run over its control socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dmsperf_tui.run.commands import Note, Reply
from dmsperf_tui.run.link import SocketLink, encode_reply


@pytest.mark.anyio
async def test_an_answer_that_nobody_waits_for_any_more_harms_nothing(tmp_path: Path) -> None:
    """A prompt that is closed while the host thinks must not cost the screen its link."""
    heard = asyncio.Event()
    answer = asyncio.Event()

    async def host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(2):
            await reader.readline()
            heard.set()
            await answer.wait()
            writer.write(encode_reply(Reply(ok=True, text=f"answer {number}")))
        await writer.drain()
        writer.close()

    path = str(tmp_path / "host.sock")
    async with await asyncio.start_unix_server(host, path):
        link = await SocketLink.connect(path)
        first = asyncio.create_task(link.send(Note(text="first")))
        await heard.wait()
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(link.send(Note(text="second")))
        answer.set()
        assert (await second).text == "answer 1"
        await link.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
