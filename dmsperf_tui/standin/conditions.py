"""If-Match and If-None-Match. Clients send etags with and without quotes; both are understood."""

from __future__ import annotations

from collections.abc import Mapping

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.store import Item


def _names(header: str, item: Item) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or item.etag in tags


def require_match(headers: Mapping[str, str], item: Item | None) -> None:
    """The conditions of a write. Raises 412; `item` is what is there now, if anything."""
    wanted = headers.get("if-match")
    if wanted is not None:
        if item is None:
            raise problems.nothing_to_match()
        if not _names(wanted, item):
            raise problems.stale_etag()
    unwanted = headers.get("if-none-match")
    if unwanted is not None and item is not None and _names(unwanted, item):
        raise problems.unwanted_match()


def require_current(headers: Mapping[str, str], item: Item) -> None:
    """v0.7: If-Match alone, on PUT and DELETE alone, one tag. Raises 412."""
    wanted = headers.get("if-match")
    if wanted is not None and wanted.strip().strip('"') != item.etag:
        raise problems.stale_etag()


def is_known(headers: Mapping[str, str], item: Item) -> bool:
    """Whether a reader has this version already, so that 304 is the answer."""
    known = headers.get("if-none-match")
    return known is not None and _names(known, item)
