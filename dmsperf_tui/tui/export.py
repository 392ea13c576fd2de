"""What a panel shows, as a file: in the run's folder or the working folder, and never over another."""

from __future__ import annotations

from itertools import count
from pathlib import Path


def write_export(name: str, content: bytes, *folders: Path) -> Path:
    """Writes `content` into the first of `folders` that takes it; `errors-export-2.json` where there is one.

    Raises OSError where none takes it.
    """
    *others, last = folders
    for folder in others:
        try:
            return _write_new(folder / name, content)
        except OSError:
            continue
    return _write_new(last / name, content)


def _write_new(path: Path, content: bytes) -> Path:
    for number in count(2):
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            stem = path.stem.removesuffix(f"-{number - 1}") if number > 2 else path.stem
            path = path.with_name(f"{stem}-{number}{path.suffix}")
        else:
            return path
    raise AssertionError("numbers do not end")
