"""`--http-debug`: everything is printed but secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from dmsperf_tui.engine.clock import RunClock
from dmsperf_tui.engine.http import Origin, Response
from dmsperf_tui.engine.http_debug import print_exchange
from dmsperf_tui.engine.load import Load

REQUEST = (
    b"POST /echo HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer abc\r\n"
    b"Cookie: session=s3ss10n; theme=dark\r\n\r\n"
    b'{"mine":"s3ss10n"}'
)


def clean(text: str, more: Sequence[str]) -> str:
    for secret in ("abc", *more):
        text = text.replace(secret, "[removed]")
    return text


def test_tokens_and_cookies_are_removed_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    headers = [(b"Set-Cookie", b"csrf=t0k3n; Path=/"), (b"Content-Type", b"text/plain")]
    response = Response.make(200, headers, b"session s3ss10n, csrf t0k3n, bearer abc")
    print_exchange(REQUEST, response, clean)
    said = capsys.readouterr().err
    for secret in ("s3ss10n", "t0k3n", "abc"):
        assert secret not in said
    assert "> POST /echo HTTP/1.1" in said
    assert "> Cookie: [removed]" in said
    assert "< 200" in said
    assert "< Content-Type: text/plain" in said
    assert "session [removed], csrf [removed], bearer [removed]" in said


def test_fields_and_parameters_that_sound_secret_are_removed(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        load = Load(Origin("http", "127.0.0.1", 1), "", RunClock(0))
        request = (
            b'POST /token/a:b?access_token=hush HTTP/1.1\r\nHost: h\r\n\r\n{"password":"hush","user":"ann"}'
        )
        headers = [(b"Location", b"/x?session_id=hush&page=2")]
        print_exchange(
            request, Response.make(200, headers, b"client_secret=hush&scope=all"), load.without_secrets
        )

    asyncio.run(main())
    said = capsys.readouterr().err
    assert "hush" not in said
    assert "> POST /token/a:b?access_token=[removed] HTTP/1.1" in said
    assert '{"password":"[removed]","user":"ann"}' in said
    assert "< Location: /x?session_id=[removed]&page=2" in said
    assert "client_secret=[removed]&scope=all" in said
