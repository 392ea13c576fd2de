"""`--http-debug`: everything is printed but secrets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.http_debug import print_exchange

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
