"""What went over the wire, counted by all clients of one worker."""

from __future__ import annotations


class WireCounters:
    """Plain integers, changed from one event loop only, so that an increment is all a count costs."""

    __slots__ = (
        "connections_opened",
        "data_received",
        "data_sent",
        "in_flight",
        "requests_sent",
        "stale_connections",
    )

    def __init__(self) -> None:
        self.data_sent = 0
        """Bytes of HTTP given to the kernel (under TLS: before encryption, without handshakes)."""
        self.data_received = 0
        """Bytes of HTTP read, heads included, bodies as encoded (under TLS: after decryption)."""
        self.requests_sent = 0
        """Requests written in full: what the server can have seen. Equals the server's own count."""
        self.connections_opened = 0
        """TCP connections that came up, whether or not TLS followed."""
        self.stale_connections = 0
        """Idle connections found closed by the server, and replaced before a byte was sent."""
        self.in_flight = 0
        """Exchanges that run now, from `send()` to their end."""

    def __repr__(self) -> str:
        return f"WireCounters({', '.join(f'{name}={getattr(self, name)}' for name in self.__slots__)})"
