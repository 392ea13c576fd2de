"""The cookie jar of one VU (RFC 6265)."""

from __future__ import annotations

import pytest

from dmsperf_tui.engine.http import CookieJar, Origin, Response
from dmsperf_tui.engine.http.cookie_date import parse_cookie_date


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
        ("sub.app.k12.test", False),
        ("test", False),
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
    set_cookies(jar, "", "=", "=value", "lonely", " ; Path=/", "a=1\x01", "b=" + "x" * 5000)
    assert len(jar) == 0
    assert jar.header("/") is None


def test_a_full_jar_drops_expired_cookies_then_the_oldest() -> None:
    jar, clock = jar_for()
    set_cookies(jar, "brief=1; Max-Age=10", *(f"c{index}=1" for index in range(179)))
    assert len(jar) == 180
    set_cookies(jar, "c0=2")  # a new value for a cookie that is there takes no room
    assert len(jar) == 180
    clock.now_s += 11
    set_cookies(jar, "late=1")
    assert (jar.get("brief"), jar.get("c0"), jar.get("late")) == (None, "2", "1")
    set_cookies(jar, "later=1")
    assert (jar.get("c0"), jar.get("c1"), jar.get("later")) == (None, "1", "1")
    assert len(jar) == 180


def test_a_domain_tells_cookies_apart_and_the_last_one_named_counts() -> None:
    jar, _ = jar_for()
    set_cookies(
        jar, "a=1", "a=2; Domain=k12.test", "a=3; Domain=app.k12.test", "b=4; Domain=x.test; Domain=k12.test"
    )
    assert jar.header("/") == b"Cookie: a=3; a=2; b=4\r\n"
    set_cookies(jar, "a=; Max-Age=0; Domain=.k12.test", "c=5; Domain=", "d=6; Domain=k12.test; Domain=x.test")
    assert jar.header("/") == b"Cookie: a=3; b=4; c=5\r\n"


def test_the_last_path_counts_and_a_replaced_cookie_keeps_its_place() -> None:
    jar, _ = jar_for()
    set_cookies(jar, "a=1; Path=/x; Path=/", "b=2; Path=/", "a=3; Path=/")
    assert jar.header("/y") == b"Cookie: a=3; b=2\r\n"


def test_a_response_without_cookies_is_not_looked_through() -> None:
    jar, _ = jar_for()
    response = Response.make(200, [(b"Set-Cookie", b"a=1")])
    assert response.sets_cookies
    response.sets_cookies = False
    jar.take(response, "/")
    assert len(jar) == 0
    response.sets_cookies = True
    jar.take(response, "/app/login")
    assert jar.header("/app") == b"Cookie: a=1\r\n"
    assert jar.header("/") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("1994 8:49:37 NOVember 6th", 784111777),
        ("Sun, 06 Nov 1994 08:49:37 -0700", 784111777),  # zones do not count
        ("01-Jan-69 00:00:00", 3124224000),
        ("01-Jan-70 00:00:00", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799),
        ("31 Dec 1600 23:59:59", None),
        ("31 Feb 2020 00:00:00", None),
        ("01 Jan 2020 24:00:00", None),
        ("01 Jan 2020 00:60:00", None),
        ("01 Jan 2020 000:00:00", None),
        ("01 Jan 2020", None),
        ("Jan 2020 00:00:00", None),
        ("01 2020 00:00:00", None),
        ("01 Jan 00:00:00", None),
        ("0", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: int | None) -> None:
    assert parse_cookie_date(text) == expected
