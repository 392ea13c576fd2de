"""Where a redirect leads, and that it never leads elsewhere."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.http import (
    ForeignRedirect,
    Origin,
    ProtocolError,
    Response,
    redirect_method,
    redirect_target,
)

ORIGIN = Origin("https", "dms.test", 8443)


def redirect(location: str | None, status: int = 302) -> Response:
    headers = [(b"Location", location.encode())] if location is not None else []
    return Response.make(status, headers)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/login", "/login"),
        ("/login?next=%2Fa&x=1#top", "/login?next=%2Fa&x=1"),
        ("next", "/a/next"),
        ("../up", "/up"),
        ("?page=2", "/a/b?page=2"),
        ("https://dms.test:8443/c", "/c"),
        ("https://DMS.test:8443", "/"),
        ("//dms.test:8443/d", "/d"),
        ("/with space?q=a b", "/with%20space?q=a%20b"),
    ],
)
def test_same_origin(location: str, target: str) -> None:
    assert redirect_target(redirect(location), ORIGIN, "/a/b") == target


def test_default_ports_are_the_same_origin() -> None:
    origin = Origin("https", "dms.test", 443)
    assert redirect_target(redirect("https://dms.test:443/x"), origin, "/") == "/x"
    assert redirect_target(redirect("https://dms.test/x"), origin, "/") == "/x"


@pytest.mark.parametrize(
    "location",
    [
        "https://other.test:8443/x?code=secret",
        "http://dms.test:8443/secret",
        "https://dms.test/secret",
        "//other.test/secret",
        "https://user:secret@other.test/",
        "javascript:secret",
        "ftp://dms.test/secret",
    ],
)
def test_other_origins(location: str) -> None:
    error = redirect_target(redirect(location), ORIGIN, "/")
    assert isinstance(error, ForeignRedirect)
    assert (error.phase, error.kind) == ("redirecting", "foreign redirect")
    assert "secret" not in str(error)


def test_a_location_that_is_no_url() -> None:
    assert isinstance(redirect_target(redirect("http://[::1"), ORIGIN, "/"), ProtocolError)
    assert isinstance(redirect_target(redirect("http://a:port/"), ORIGIN, "/"), ProtocolError)


def test_answers_that_are_no_redirects() -> None:
    assert redirect_target(redirect("/x", 200), ORIGIN, "/") is None
    assert redirect_target(redirect("/x", 304), ORIGIN, "/") is None
    assert redirect_target(redirect(None), ORIGIN, "/") is None


def test_methods() -> None:
    assert [redirect_method(status, "POST") for status in (301, 302, 303, 307, 308)] == [
        "GET",
        "GET",
        "GET",
        "POST",
        "POST",
    ]
    assert redirect_method(302, "HEAD") == "HEAD"
