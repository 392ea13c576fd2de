"""Where scenarios, profiles and environments are found: the caller's folder first, then the packed ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError, nearest

_PACKAGE = Path(__file__).resolve().parent.parent
_PACKED = _PACKAGE / "defaults"
DEFAULTS = _PACKED if _PACKED.is_dir() else _PACKAGE.parent
"""The files that ship with the tool: in the wheel under `defaults/`, in a checkout its own top level."""

SUITES = "scenarios/suites"
"""The folder of the suites."""


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
        """Every `NAME.toml` under the folder `kind`, by its name with its subfolder (`dms/smoke`).

        Suites stand below the scenarios, and are none.
        """
        found: dict[str, Path] = {}
        for folder in self.folders:
            root = folder / kind
            for path in sorted(root.rglob("*.toml")):
                if kind != SUITES and path.is_relative_to(folder / SUITES):
                    continue
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
        # An address with a password in it, without its scheme, comes here as well.
        raise ConfigError(f"unknown {what} {name.rpartition('@')[2]!r}", mend=nearest(name, [*names, *also]))

    def is_own(self, path: Path) -> bool:
        """Whether a file is the user's, rather than one that ships with the tool.

        The nearest folder above it tells: what is installed may lie below the working directory. A file
        that is below none of them was named by its path, and is the user's.
        """
        mine = self.folders[0].resolve()
        roots = [folder.resolve() for folder in (*self.folders, DEFAULTS)]
        above = [root for root in roots if path.resolve().is_relative_to(root)]
        return max(above, key=lambda root: len(root.parts), default=mine) == mine

    def file(self, name: str) -> Path:
        """The file at `name` below the working directory, else the one that ships with the tool."""
        found = (path for folder in self.folders if (path := folder / name).is_file())
        return next(found, DEFAULTS / name)

    def _known(self, kind: str) -> str:
        return ", ".join(self.names(kind))
