"""Where scenarios, profiles and environments are found: the caller's folder first, then the packed ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError, nearest

_PACKAGE = Path(__file__).resolve().parent.parent
_PACKED = _PACKAGE / "defaults"
DEFAULTS = _PACKED if _PACKED.is_dir() else _PACKAGE.parent
"""The files that ship with the tool: in the wheel under `defaults/`, in a checkout its own top level."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders to search, in order."""

    folders: tuple[Path, ...]

    @classmethod
    def here(cls) -> Places:
        """The working directory, then what ships with the tool."""
        folders = dict.fromkeys((Path.cwd(), DEFAULTS))
        return cls(tuple(folders))

    def names(self, kind: str) -> dict[str, Path]:
        """Every `NAME.toml` under the folder `kind`, by its name with its subfolder (`dms/smoke`)."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            root = folder / kind
            for path in sorted(root.rglob("*.toml")):
                found.setdefault(path.relative_to(root).with_suffix("").as_posix(), path)
        return dict(sorted(found.items()))

    def find(self, kind: str, name: str, what: str, also: tuple[str, ...] = ()) -> Path:
        """The file called `name`, or the file at that path.

        Raises ConfigError with the nearest name; `also` are names that need no file.
        """
        if name.endswith(".toml"):
            path = Path(name)
            if path.is_file():
                return path
            raise ConfigError("no such file", file=name, mend=f"or name one of: {self._known(kind)}")
        names = self.names(kind)
        if name in names:
            return names[name]
        raise ConfigError(f"unknown {what} {name!r}", mend=nearest(name, [*names, *also]))

    def file(self, name: str) -> Path:
        """The file at `name` below the working directory, else the one that ships with the tool."""
        found = (path for folder in self.folders if (path := folder / name).is_file())
        return next(found, DEFAULTS / name)

    def _known(self, kind: str) -> str:
        return ", ".join(self.names(kind))
