"""The part of a request that did not leave at once: large bodies, and everything under TLS."""

from __future__ import annotations

import asyncio
from typing import Final

TLS_STEP_BYTES: Final = 64 * 1024


class PendingWrite:
    """Feeds a request to a transport and knows when the last byte was taken.

    Plain TCP: the transport's high-water mark is 0, so it resumes exactly when the kernel has everything.
    TLS: the layers in between would swallow any amount and call it written. In steps of 64 kB, each waiting
    for the one before, what they may still hold at the end is bounded (128 kB).
    """

    __slots__ = ("_at", "_is_pumping", "_request", "_sent_before", "_step_bytes", "_transport", "is_paused")

    def __init__(self, transport: asyncio.Transport, request: bytes, sent_before: int, is_tls: bool) -> None:
        self._transport = transport
        self._request = memoryview(request)
        self._at = self._sent_before = sent_before
        self._step_bytes = TLS_STEP_BYTES if is_tls else len(request)
        self._is_pumping = False
        self.is_paused = False
        """Set while the transport asks to hold back."""

    def pump(self) -> bool:
        """Write as much as the transport takes now; True once the whole request is written."""
        if self._is_pumping:  # uvloop's TLS pauses and resumes inside of write: the loop below goes on
            return False
        self._is_pumping = True
        while self._at < len(self._request) and not self.is_paused:
            part = self._request[self._at : self._at + self._step_bytes]
            self._at += len(part)
            self._transport.write(part)
        self._is_pumping = False
        return not self.is_paused

    def taken_bytes(self) -> int:
        """How much has left so far, as far as the transport tells."""
        return max(self._at - self._sent_before - self._transport.get_write_buffer_size(), 0)
