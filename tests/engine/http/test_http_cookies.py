"""The cookie jar of one VU (RFC 6265)."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.http import CookieJar, Origin


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def jar_for(url: str = "https://app.k12.test") -> tuple[CookieJar, Clock]:
    clock = Clock()
    return CookieJar(Origin.parse(url)[0], clock), clock


def set_cookies(jar: CookieJar, *values: str, path: str = "/") -> None:
    jar.update([(b"Content-Type", b"x"), *((b"set-cookie", value.encode()) for value in values)], path)


def test_a_session_cookie_comes_back() -> None:
    jar, _ = jar_for()
    assert jar.header("/") is None
    set_cookies(jar, "session=abc=1; Path=/; HttpOnly; SameSite=Lax; Secure", "csrf=x")
    assert jar.header("/anything?x=1") == b"Cookie: session=abc=1; csrf=x\r\n"
    assert jar.get("csrf") == "x"
    assert jar.get("absent") is None
    jar.clear()
    assert len(jar) == 0


def test_a_newer_value_replaces_an_older_one() -> None:
    jar, _ = jar_for()
    set_cookies(jar, "a=1; Path=/", "a=2; Path=/")
    assert jar.header("/") == b"Cookie: a=2\r\n"


def test_paths() -> None:
    jar, _ = jar_for()
    set_cookies(
        jar, "root=1; Path=/", "api=2; Path=/api", "own=3", "odd=4; Path=relative", path="/api/v1/login"
    )
    assert jar.header("/") == b"Cookie: root=1\r\n"
    assert jar.header("/api") == b"Cookie: api=2; root=1\r\n"
    assert jar.header("/apiary") == b"Cookie: root=1\r\n"
    assert jar.header("/api/v1/x?y=/z") == b"Cookie: own=3; odd=4; api=2; root=1\r\n"
    assert jar.header("/api/v1") == b"Cookie: own=3; odd=4; api=2; root=1\r\n"


def test_secure_cookies_stay_off_plain_http() -> None:
    jar, _ = jar_for("http://app.k12.test")
    set_cookies(jar, "a=1; Secure", "b=2")
    assert jar.header("/") == b"Cookie: b=2\r\n"


@pytest.mark.parametrize(
    ("domain", "accepted"),
    [
        ("app.k12.test", True),
        (".k12.test", True),
        ("K12.test", True),
        ("other.test", False),
        ("p.k12.test", False),
    ],
)
def test_domains(domain: str, accepted: bool) -> None:
    jar, _ = jar_for()
    set_cookies(jar, f"a=1; Domain={domain}")
    assert len(jar) == accepted


def test_domains_never_match_part_of_an_address() -> None:
    jar, _ = jar_for("http://127.0.0.1")
    set_cookies(jar, "a=1; Domain=0.1", "b=1; Domain=127.0.0.1")
    assert jar.header("/") == b"Cookie: b=1\r\n"


def test_expiry() -> None:
    jar, clock = jar_for()
    set_cookies(
        jar,
        "age=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "date=2; Expires=Fri, 15-Jan-2027 08:00:20 GMT",
        "bad=3; Max-Age=soon; Expires=never",
        "gone=4; Max-Age=0",
        "never=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "forever=6; Max-Age=99999999999999999999999999",
    )
    assert jar.header("/") == b"Cookie: age=1; date=2; bad=3; forever=6\r\n"
    clock.now_s += 10
    assert jar.get("age") is None
    assert jar.header("/") == b"Cookie: date=2; bad=3; forever=6\r\n"
    clock.now_s += 10
    assert jar.header("/") == b"Cookie: bad=3; forever=6\r\n"


def test_a_server_deletes_a_cookie() -> None:
    jar, _ = jar_for()
    set_cookies(jar, "a=1")
    set_cookies(jar, "a=; Max-Age=-1")
    assert jar.header("/") is None


def test_what_is_ignored() -> None:
    jar, _ = jar_for()
    set_cookies(jar, "", "=", "a=1\x01", "b=" + "x" * 5000)
    assert len(jar) == 0
    set_cookies(jar, "lonely")
    assert jar.header("/") == b"Cookie: lonely\r\n"
    set_cookies(jar, *(f"c{index}=1" for index in range(300)))
    assert len(jar) == 180
