"""What can go wrong with one request, as values.

A network fault under load is a finding, not an accident of the program: `HttpClient.send` never raises
one, it puts it into `Response.error`. They are exceptions all the same, so that a caller may `raise` them.
The tree follows the phases of a request, in the order in which a request passes through them::

    RequestError          phase
    ├── BlockedError      blocked           no connection was free in time, or the client was closed
    ├── ResolveError      resolving         the host's name gave no address
    ├── ConnectError      connecting        TCP did not come up
    ├── TlsError          tls_handshaking   the handshake or the certificate failed
    ├── SendError         sending           it broke, or time ran out, before the request was written
    ├── WaitError         waiting           ... after that, before the first byte of an answer
    ├── ReceiveError      receiving         ... while an answer was arriving
    ├── ProtocolError     receiving         what arrived is not one HTTP/1.1 response
    ├── BodyError         receiving         the head was fine; the body is cut short, too large, not decodable
    └── ForeignRedirect   redirecting       the answer points to another origin, where no load may go

An answer that came whole is no error here. Two more phases follow, which only the caller can judge, and
reports by these names: `status` (not one of those expected) and `check` (the flow is not content with it).

`kind` is a short stable slug: errors are grouped, counted and compared by it. `kinds` lists a class's own.
"""

from __future__ import annotations

import errno
import socket
import ssl
from typing import ClassVar, Final

GENERATOR_KINDS: Final = frozenset({"too many open files", "out of ports", "out of memory"})
"""Kinds that blame this machine and not the system under load: they make a run's verdict `invalid`."""
_LOST: Final = frozenset(
    {"connection reset", "connection closed", "client closed", "network unreachable", "out of memory"}
)


class RequestError(Exception):
    """One request failed. `str(error)` is one line without secrets: no path, query, header or body."""

    phase: ClassVar[str] = "blocked"
    """The part of the request that failed, in k6's words where k6 has one."""
    kinds: ClassVar[frozenset[str]] = frozenset()
    """Every kind that this class can have."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return self.message


class BlockedError(RequestError):
    """No connection was free in time, or the client was closed before the request began."""

    phase = "blocked"
    kinds = frozenset({"slot timeout", "client closed"})


class ResolveError(RequestError):
    """The host's name gave no address."""

    phase = "resolving"
    kinds = frozenset({"dns failure", "dns timeout"}) | GENERATOR_KINDS


class ConnectError(RequestError):
    """TCP did not come up."""

    phase = "connecting"
    kinds = (
        frozenset(
            {
                "connect refused",
                "connect timeout",
                "connect failed",
                "connection reset",
                "network unreachable",
            }
        )
        | GENERATOR_KINDS
    )


class TlsError(RequestError):
    """The handshake or the certificate failed."""

    phase = "tls_handshaking"
    kinds = frozenset({"tls verification failed", "tls handshake failed", "tls timeout"})


class SendError(RequestError):
    """The connection broke, or time ran out, before the request was written in full."""

    phase = "sending"
    kinds = frozenset({"send timeout"}) | _LOST


class WaitError(RequestError):
    """The connection broke, or time ran out, before the first byte of an answer."""

    phase = "waiting"
    kinds = frozenset({"read timeout"}) | _LOST


class ReceiveError(RequestError):
    """The connection broke, or time ran out, while an answer was arriving."""

    phase = "receiving"
    kinds = frozenset({"read timeout"}) | _LOST


class ProtocolError(RequestError):
    """What arrived is not one HTTP/1.1 response. `head too large` is said of trailers as well."""

    phase = "receiving"
    kinds = frozenset({"malformed response", "head too large", "unexpected response", "unexpected upgrade"})


class BodyError(RequestError):
    """The head was fine; the body is cut short, too large or not decodable."""

    phase = "receiving"
    kinds = frozenset({"truncated body", "body too large", "bad content-encoding"})


class ForeignRedirect(RequestError):  # noqa: N818 - named by what it is, as its neighbours are
    """The answer points to another origin, where no load may go."""

    phase = "redirecting"
    kinds = frozenset({"foreign redirect"})


_KIND_OF_ERRNO: Final = {
    errno.ECONNREFUSED: "connect refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.EHOSTUNREACH: "network unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.ENETDOWN: "network unreachable",
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files",
    errno.EADDRNOTAVAIL: "out of ports",
    errno.EADDRINUSE: "out of ports",
    errno.ENOMEM: "out of memory",
    errno.ENOBUFS: "out of memory",
}


def kind_of(fault: BaseException | None, otherwise: str) -> str:
    """The slug for what the operating system reported, or `otherwise` where it says nothing known."""
    if isinstance(fault, OSError) and fault.errno is not None:
        return _KIND_OF_ERRNO.get(fault.errno, otherwise)
    if isinstance(fault, ConnectionResetError | BrokenPipeError):
        return "connection reset"
    return otherwise


def resolve_error(fault: OSError | UnicodeError, host: str) -> ResolveError:
    """`fault` came from looking `host` up; a UnicodeError from a name that no DNS can hold."""
    if isinstance(fault, TimeoutError):
        return ResolveError("dns timeout", f"dns timeout: no address for {host} in time")
    reason = (fault.strerror if isinstance(fault, OSError) else "") or type(fault).__name__
    kind = "dns failure" if isinstance(fault, socket.gaierror) else kind_of(fault, "dns failure")
    return ResolveError(kind, f"{kind}: {host}: {reason}")


def connect_error(fault: OSError, where: str) -> ConnectError:
    """`fault` came from the TCP connect to `where` (host:port)."""
    if isinstance(fault, TimeoutError):
        return ConnectError("connect timeout", f"connect timeout: {where} did not answer in time")
    kind = kind_of(fault, "connect failed")
    return ConnectError(kind, f"{kind}: {where}")


def tls_error(fault: OSError, where: str) -> TlsError:
    """`fault` came from the TLS handshake with `where` (host:port)."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return TlsError(
            "tls verification failed", f"tls verification failed: {where}: {fault.verify_message}"
        )
    if isinstance(fault, TimeoutError):
        return TlsError("tls timeout", f"tls timeout: {where} did not finish the handshake in time")
    reason = fault.reason if isinstance(fault, ssl.SSLError) else kind_of(fault, "connection closed")
    return TlsError("tls handshake failed", f"tls handshake failed: {where}: {reason}")
