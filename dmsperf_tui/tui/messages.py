"""What the reader of the link tells the app."""

from __future__ import annotations

from textual.message import Message

from dmsperf_tui.run.link import RunLink
from dmsperf_tui.run.snapshot import RunSnapshot


class SnapshotArrived(Message):
    """The run has been heard of; the newest message stands for all that wait."""

    def __init__(self, link: RunLink, snapshot: RunSnapshot) -> None:
        super().__init__()
        self.link = link
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived) and message.link is self.link


class LinkEnded(Message):
    """The host has gone, after its run's end or before."""

    def __init__(self, link: RunLink, why: str) -> None:
        super().__init__()
        self.link = link
        self.why = why
        """For a person, where nothing was heard of the run."""
