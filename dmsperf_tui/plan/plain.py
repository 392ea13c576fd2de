"""Text that a server, or a flow, has made up: fit for a terminal, whatever is in it."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    # C0 but the line's end, DEL and C1; what turns or joins text invisibly; halves of surrogate pairs.
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code == 0x09:
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<{code:02X}>"


def plain(text: str) -> str:
    """`text` with its line ends, and each other control character as a picture of it: `␛` for escape."""
    return _UNSAFE.sub(_picture, text.replace("\r\n", "\n"))


def line(text: str) -> str:
    """The same in one line."""
    return plain(" ".join(text.split()))


def guarded(text: str) -> str:
    """The same for a text that spans point into: one character for each; `text` itself without any."""
    return _UNSAFE.sub(_sign, text) if _UNSAFE.search(text) else text


def _sign(match: re.Match[str]) -> str:
    picture = _picture(match)
    return picture if len(picture) == 1 else " " if match.group() == "\t" else "\ufffd"
