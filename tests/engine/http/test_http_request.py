"""Bytes that go out: the encoder, the origin, and what both refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmsperf_tui import __version__
from dmsperf_tui.engine.http import NO_HEADERS, Origin, RequestTemplate, header_line

ORIGIN = Origin("http", "dms.test", 8080)
DEFAULTS = (
    f"Host: dms.test:8080\r\nUser-Agent: dmsperf-tui/{__version__}\r\n"
    "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
).encode()


def test_a_get_has_no_length() -> None:
    assert RequestTemplate(ORIGIN, "GET").encode("/a?b=c%20d") == (
        b"GET /a?b=c%20d HTTP/1.1\r\n" + DEFAULTS + b"\r\n"
    )


def test_a_post_with_headers_and_a_body() -> None:
    template = RequestTemplate(ORIGIN, "POST", {"Content-Type": "application/json"})
    token = header_line("Authorization", "Bearer abc")
    static = b"POST /data HTTP/1.1\r\n" + DEFAULTS + b"Content-Type: application/json\r\n"
    for body in (b'{"a":1}', b""):
        expected = static + b"Authorization: Bearer abc\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        assert template.encode("/data", body, token) == expected
    assert template.encode("/data", b"x") == static + b"Content-Length: 1\r\n\r\nx"


def test_what_changes_between_two_requests_is_not_cached() -> None:
    template = RequestTemplate(ORIGIN, "DELETE")
    one, two = header_line("Authorization", "one"), header_line("Authorization", "two")
    seen = {template.encode(path, b"", line) for path in ("/a", "/b") for line in (one, two, NO_HEADERS)}
    assert len(seen) == 6
    assert template.encode("/a", b"", one).count(b"one") == 1


def test_defaults_can_be_replaced() -> None:
    given_headers = [
        ("accept", "text/html"),
        ("HOST", "other.test"),
        ("user-agent", "me"),
        ("X", "1"),
        ("X", "2"),
    ]
    head = RequestTemplate(ORIGIN, "GET", given_headers).encode("/").lower()
    for name in (b"\r\nhost:", b"\r\naccept:", b"\r\nuser-agent:"):
        assert head.count(name) == 1
    assert b"\r\nhost: other.test\r\n" in head
    assert head.count(b"\r\nx: ") == 2


def test_head_only_follows_the_method() -> None:
    assert RequestTemplate(ORIGIN, "HEAD").head_only
    assert not RequestTemplate(ORIGIN, "GET").head_only


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nEvil: 1"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("X:", "a"),
        ("", "a"),
        ("X", "snow ☃"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
    ],
)
def test_bad_headers_are_refused_without_quoting_the_value(name: str, value: str) -> None:
    for refused in (lambda: header_line(name, value), lambda: RequestTemplate(ORIGIN, "GET", {name: value})):
        with pytest.raises(ValueError, match=r".") as caught:
            refused()
        if len(value) > 1:
            assert value not in str(caught.value)


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "GÉT"])
def test_bad_methods_are_refused(method: str) -> None:
    with pytest.raises(ValueError, match="method"):
        RequestTemplate(ORIGIN, method)


@pytest.mark.parametrize("path", ["", "a", "http://other.test/", "/a\r\nX: 1", "/a\tb", "/a#b", "/\ud800"])
def test_bad_paths_are_refused(path: str) -> None:
    template = RequestTemplate(ORIGIN, "GET")
    with pytest.raises(ValueError, match="path"):
        template.encode(path)
    assert template.encode("/").startswith(b"GET / HTTP/1.1\r\n")


def test_paths_are_escaped_where_needed() -> None:
    template = RequestTemplate(ORIGIN, "GET")
    assert template.encode("/a b/é?q=%20&r=ü").startswith(b"GET /a%20b/%C3%A9?q=%20&r=%C3%BC HTTP/1.1\r\n")


@given(st.text())
def test_no_path_can_start_a_second_line(path: str) -> None:
    template = RequestTemplate(ORIGIN, "GET")
    try:
        request = template.encode(path)
    except ValueError:
        return
    line, _, rest = request.partition(b"\r\n")
    assert len(line.split(b" ")) == 3
    assert rest == DEFAULTS + b"\r\n"


@given(st.text(), st.text())
def test_no_header_can_start_a_second_line(name: str, value: str) -> None:
    try:
        line = header_line(name, value)
    except ValueError:
        return
    assert line.endswith(b"\r\n")
    assert b"\r" not in line[:-2]
    assert b"\n" not in line[:-2]


@pytest.mark.parametrize(
    ("url", "text", "path"),
    [
        ("http://dms.test", "http://dms.test", ""),
        ("http://DMS.test:80/", "http://dms.test", ""),
        ("https://dms.test:443/data/v3/", "https://dms.test", "/data/v3"),
        ("https://dms.test:8443/api", "https://dms.test:8443", "/api"),
        ("http://[::1]:8080/a", "http://[::1]:8080", "/a"),
        ("http://bücher.test/", "http://xn--bcher-kva.test", ""),
        (" http://127.0.0.1:5198 ", "http://127.0.0.1:5198", ""),
    ],
)
def test_origins(url: str, text: str, path: str) -> None:
    origin, base_path = Origin.parse(url)
    assert (str(origin), base_path) == (text, path)
    assert origin.host_header.decode() == text.partition("://")[2]
    assert (origin.ssl_context is not None) == (origin.scheme == "https")
    assert origin.is_ip_literal == any(character.isdigit() for character in origin.host.split(".")[0])
    assert origin == Origin.parse(url)[0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dms.test",
        "ftp://dms.test",
        "http://",
        "http://user:secret@dms.test",
        "http://dms.test:0",
        "http://dms.test:99999",
        "http://dms.test:x",
        "http://dms.test/?a=secret",
        "http://dms.test/#secret",
        "http://dms test/",
        "http://[::1",
        "http://\u2100.test",
    ],
)
def test_urls_that_no_load_can_be_aimed_at(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Origin.parse(url)
    assert "secret" not in str(caught.value)


def test_a_missing_ca_file() -> None:
    with pytest.raises(OSError, match="No such file"):
        Origin.parse("https://dms.test", ca_file=Path("/nowhere/ca.pem"))
