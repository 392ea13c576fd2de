"""The cookies of one virtual user at one origin (RFC 6265).

With one origin the Domain attribute decides only whether a cookie is accepted, and tells two of one name
apart. There is no list of public suffixes: a Domain without a dot, other than the host itself, is refused.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from dmsperf_tui.engine.http.cookie_date import parse_cookie_date
from dmsperf_tui.engine.http.origin import Origin
from dmsperf_tui.engine.http.request import HeaderLine
from dmsperf_tui.engine.http.response import Response

MAX_COOKIES = 180
MAX_COOKIE_BYTES = 4096

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Cookie:
    """One cookie; `expires_s` is Unix time, None for the session's length (here: the VU's)."""

    __slots__ = ("expires_s", "http_only", "name", "path", "secure", "value")

    def __init__(
        self, name: str, value: str, path: str, expires_s: float | None, secure: bool, http_only: bool
    ) -> None:
        self.name = name
        self.value = value
        self.path = path
        self.expires_s = expires_s
        self.secure = secure
        self.http_only = http_only


class CookieJar:
    """Keeps what `Set-Cookie` headers ask for and writes the `Cookie` header of the next request.

    `now_s` gives Unix time in seconds; tests inject their own. Secure cookies are kept and sent over https
    only. A cookie for a domain that the origin's host does not belong to is ignored, and so are cookies
    without a name, over 4,096 bytes, and with control characters. Of more than 180 the oldest goes, expired
    ones first.
    """

    __slots__ = ("_cookies", "_now_s", "_origin")

    def __init__(self, origin: Origin, now_s: Callable[[], float] = time.time) -> None:
        self._origin = origin
        self._now_s = now_s
        self._cookies: dict[tuple[str, str, str], Cookie] = {}  # by name, domain and path, oldest first

    def __len__(self) -> int:
        return len(self._cookies)

    def clear(self) -> None:
        """Forget everything: a new iteration starts with an empty jar, as in k6."""
        self._cookies.clear()

    def values(self) -> list[str]:
        """What the cookies say: secrets, to be kept out of logs."""
        return [cookie.value for cookie in self._cookies.values()]

    def get(self, name: str) -> str | None:
        """The value of the first live cookie of that name, e.g. a CSRF token that goes into a header."""
        self._drop_expired()
        return next((cookie.value for cookie in self._cookies.values() if cookie.name == name), None)

    def take(self, response: Response, path: str) -> None:
        """Take over what `response`, the answer to a request for `path`, sets; nearly free if nothing."""
        if response.sets_cookies:
            self.update(response.headers, path)

    def update(self, response_headers: Iterable[tuple[bytes, bytes]], path: str) -> None:
        """Take over the Set-Cookie headers of the answer to a request for `path`."""
        for name, value in response_headers:
            if len(name) == 10 and name.lower() == b"set-cookie":
                self._set(value.decode("latin-1"), path)

    def header(self, path: str) -> HeaderLine | None:
        """The complete `Cookie:` line for a request to `path`, for `RequestTemplate.encode`, or None."""
        if not self._cookies:
            return None
        self._drop_expired()
        request_path = path.partition("?")[0]
        is_secure = self._origin.scheme == "https"
        matching = [
            cookie
            for cookie in self._cookies.values()
            if (is_secure or not cookie.secure) and _path_matches(request_path, cookie.path)
        ]
        if not matching:
            return None
        matching.sort(key=lambda cookie: -len(cookie.path))  # longest path first; stable: then the oldest
        pairs = "; ".join(f"{cookie.name}={cookie.value}" for cookie in matching)
        return HeaderLine(b"Cookie: " + pairs.encode("latin-1") + b"\r\n")

    def _set(self, text: str, request_path: str) -> None:
        if len(text) > MAX_COOKIE_BYTES or _CONTROL.search(text):
            return
        pair, *attributes = text.split(";")
        name, equals, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            return
        path = _default_path(request_path)
        domain = self._origin.host
        expires_s: float | None = None
        max_age_s: float | None = None
        secure = http_only = False
        for attribute in attributes:
            key, _, setting = attribute.partition("=")
            key, setting = key.strip().lower(), setting.strip()
            if key == "path":
                path = setting if setting.startswith("/") else _default_path(request_path)
            elif key == "domain":
                domain = setting.lower().removeprefix(".") or domain
            elif key == "max-age":
                max_age_s = _parse_max_age(setting, max_age_s)
            elif key == "expires":
                date_s = parse_cookie_date(setting)
                expires_s = expires_s if date_s is None else date_s
            elif key == "secure":
                secure = True
            elif key == "httponly":
                http_only = True
        if not self._domain_matches(domain):
            return
        now_s = self._now_s()
        if max_age_s is not None:  # wins over Expires, whatever their order (RFC 6265, 5.3)
            expires_s = now_s + max_age_s
        identity = (name, domain, path)
        if expires_s is not None and expires_s <= now_s:
            self._cookies.pop(identity, None)
            return
        if identity not in self._cookies and len(self._cookies) >= MAX_COOKIES:
            self._drop_expired()
            if len(self._cookies) >= MAX_COOKIES:
                del self._cookies[next(iter(self._cookies))]
        self._cookies[identity] = Cookie(name, value, path, expires_s, secure, http_only)

    def _domain_matches(self, domain: str) -> bool:
        host = self._origin.host
        if domain == host:
            return True
        return "." in domain and host.endswith(f".{domain}") and not self._origin.is_ip_literal

    def _drop_expired(self) -> None:
        now_s = self._now_s()
        expired = [
            identity
            for identity, cookie in self._cookies.items()
            if cookie.expires_s is not None and cookie.expires_s <= now_s
        ]
        for identity in expired:
            del self._cookies[identity]


def _default_path(request_path: str) -> str:
    """The folder of the request (RFC 6265, 5.1.4)."""
    folder = request_path.partition("?")[0].rpartition("/")[0]
    return folder if folder.startswith("/") else "/"


def _path_matches(request_path: str, cookie_path: str) -> bool:
    """RFC 6265, 5.1.4: equal, or a folder above."""
    if request_path == cookie_path:
        return True
    return request_path.startswith(cookie_path) and (
        cookie_path.endswith("/") or request_path[len(cookie_path)] == "/"
    )


def _parse_max_age(setting: str, otherwise: float | None) -> float | None:
    digits = setting.removeprefix("-")
    # Twelve digits are 30,000 years: longer ones only serve to overflow.
    return float(setting[:12]) if digits.isascii() and digits.isdigit() else otherwise
