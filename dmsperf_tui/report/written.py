"""Summaries as files: the suffix says in which form, and a file is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError


def in_form(
    path: Path, *, json: Callable[[], str], text: Callable[[], str], markdown: Callable[[], str]
) -> bytes:
    """What `path` is to hold: `.md` Markdown, `.txt` the text; JSON for every other suffix."""
    form = {".md": markdown, ".txt": text}.get(path.suffix.lower(), json)
    return form().encode()


def check_writable(path: Path) -> None:
    """Whether `--summary` can be written there, before it is needed. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(0, "is a folder")
        probe = path.with_name(f".{path.name}.{os.getpid()}")
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise ConfigError(
            f"cannot be written ({fault.strerror})", file=str(path), mend="name another: --summary FILE"
        ) from None


def replace_file(path: Path, data: bytes) -> None:
    """Readers find the old content or the new, nothing between. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
