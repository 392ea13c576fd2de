"""TOML files that know on which line a key stands, so that an error can point at it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dmsperf_tui.plan.errors import ConfigError

_TABLE = re.compile(r"\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]?\]")
_KEY = re.compile(r"""\s*(?P<key>"[^"]*"|'[^']*'|[A-Za-z0-9_.\-"' ]+?)\s*=""")


@dataclass(frozen=True)
class TomlFile:
    path: Path
    text: str
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """Raises ConfigError when it cannot be read or is no TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read ({error})", file=shown(path)) from None
        try:
            return cls(path, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            found = re.search(r"line (\d+)", message)
            line = int(found[1]) if found else None
            raise ConfigError(f"is not valid TOML: {message}", file=shown(path), line=line) from None

    def line_of(self, key: str) -> int | None:
        """The line on which the dotted `key` stands, or the nearest table or key above it."""
        wanted = re.sub(r"\.\d+(?=\.|$)", "", key)
        best: tuple[int, int] | None = None
        table = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if match := _TABLE.match(line):
                table = match["name"].replace('"', "")
                here = table
            elif match := _KEY.match(line):
                name = match["key"].strip("\"'")
                here = f"{table}.{name}" if table else name
            else:
                continue
            if (wanted == here or wanted.startswith(f"{here}.")) and (best is None or len(here) > best[0]):
                best = (len(here), number)
        return best[1] if best else None

    def locate(self, error: ConfigError) -> ConfigError:
        """`error` with this file and the line of its key."""
        line = self.line_of(error.key) if error.key else None
        return error.located(file=shown(self.path), line=line)


def shown(path: Path) -> str:
    """A path as people name it: below the working directory where it is there."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
