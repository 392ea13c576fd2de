"""The one error that a person's input can cause."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(Exception):
    """Something in a file, a flag or a variable is wrong: what, where, and the mend, in one line.

    The command ends with exit code 104 (k6's "invalid configuration").
    """

    def __init__(
        self,
        what: str,
        *,
        file: str | None = None,
        key: str | None = None,
        line: int | None = None,
        mend: str | None = None,
    ) -> None:
        self.what = what
        self.file = file
        self.key = key
        self.line = line
        self.mend = mend
        super().__init__(str(self))

    def __str__(self) -> str:
        where = ""
        if self.file:
            where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        key = f"{self.key}: " if self.key else ""
        mend = f"; {self.mend}" if self.mend else ""
        return " ".join(f"{where}{key}{self.what}{mend}".split())

    def located(self, *, file: str, key: str | None = None, line: int | None = None) -> ConfigError:
        """The same error, told where it happened; an empty `key` takes the key out."""
        kept = self.key if key is None else key
        return ConfigError(self.what, file=file, key=kept, line=line or self.line, mend=self.mend)


def nearest(name: str, known: Iterable[str]) -> str:
    """The mend for an unknown name: the nearest known one, or all of them where none is near."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if known else "there is none to choose from"
