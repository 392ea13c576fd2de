"""One folder for each user of a machine: its live runs and its embedded systems are made known there.

Sockets are not kept under `results/`: a socket's path may have 107 bytes at most.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from dmsperf_tui.plan.errors import ConfigError


def private_folder() -> Path:
    """The folder, made on first use.

    Raises ConfigError when it belongs to somebody else, others may enter it, or it cannot be made.
    """
    path = Path(tempfile.gettempdir()) / f"dmsperf-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        info = path.lstat()
    except OSError as fault:
        raise ConfigError(f"cannot be made ({fault.strerror})", file=str(path), mend="set TMPDIR") from None
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or stat.S_IMODE(info.st_mode) & 0o077:
        raise ConfigError(
            "is not a private folder of yours",
            file=str(path),
            mend=f"remove it, or set TMPDIR; chmod 700 {path}",
        )
    return path
