"""Where load may go: one scheme, host and port. Nothing else is ever contacted."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """An http or https origin (RFC 6454).

    `host` is lower case, ASCII (IDNA) and without the brackets of an IPv6 literal. `ssl_context` is shared
    by all connections of a worker, and None for plain http.
    """

    scheme: str
    host: str
    port: int
    ssl_context: ssl.SSLContext | None = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(
        cls, url: str, ca_file: str | os.PathLike[str] | None = None, insecure: bool = False
    ) -> tuple[Origin, str]:
        """Split a base URL into its origin and its base path (no trailing slash, "" for the root).

        `ca_file` (PEM) is trusted beside the system's authorities; `insecure` switches verification off.
        Raises ValueError for a URL that no load can be aimed at, OSError or ssl.SSLError for an unusable
        `ca_file`. User names and passwords in a URL are refused: they would end up in records.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as fault:
            raise ValueError(f"not a usable URL: {fault}") from None
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError("the URL must start with http:// or https://")
        if not parts.hostname:
            raise ValueError("the URL names no host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the URL must not carry a user name or password")
        if parts.query or parts.fragment:
            raise ValueError("a base URL has no query and no fragment")
        if port == 0:
            raise ValueError("port 0 cannot be connected to")
        context = make_ssl_context(ca_file, insecure) if parts.scheme == "https" else None
        origin = cls(parts.scheme, _ascii_host(parts.hostname), port or DEFAULT_PORTS[parts.scheme], context)
        return origin, parts.path.rstrip("/")

    @property
    def is_ip_literal(self) -> bool:
        """True when there is no name to resolve."""
        return _is_ip(self.host)

    @property
    def netloc(self) -> str:
        """`host` or `host:port`, the port left out when it is the scheme's default (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def host_header(self) -> bytes:
        """The value of the Host header."""
        return self.netloc.encode("ascii")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def make_ssl_context(ca_file: str | os.PathLike[str] | None = None, insecure: bool = False) -> ssl.SSLContext:
    """A client context that verifies, offers HTTP/1.1 only, and trusts `ca_file` beside the system's CAs."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ascii_host(host: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError("the URL's host is not a valid name") from None
    host = host.lower()
    if not host.isprintable() or any(character in ' "<>\\^`{|}/?#@' for character in host):
        raise ValueError("the URL's host is not a valid name")
    return host
