"""Environment variables and `.env.load-test`, with the k6 suite's names (its README, "Options")."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from dmsperf_tui.plan.errors import ConfigError

DOTENV = ".env.load-test"


@dataclass(frozen=True, slots=True)
class Variables:
    """What is set around the tool, the process environment before the file."""

    environ: Mapping[str, str]
    dotenv: Mapping[str, str]

    @classmethod
    def here(cls, folder: Path | None = None) -> Variables:
        """Raises ConfigError when other users can read the file: it holds a secret."""
        path = (folder or Path.cwd()) / DOTENV
        values: dict[str, str] = {}
        if path.is_file():
            if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                raise ConfigError("can be read by other users", file=DOTENV, mend=f"run: chmod 600 {DOTENV}")
            values = {name: value for name, value in dotenv_values(path).items() if value}
        return cls(dict(os.environ), values)

    def get(self, name: str) -> tuple[str, str] | None:
        """(value, source), or None where it is set nowhere; an empty value counts as not set."""
        if self.environ.get(name):
            return self.environ[name], f"variable {name}"
        if self.dotenv.get(name):
            return self.dotenv[name], DOTENV
        return None
