"""Python keeps what it has compiled, here and in all processes that tests start: there are hundreds."""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
