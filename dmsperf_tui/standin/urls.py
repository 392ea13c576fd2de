"""Absolute URLs, as the client that asks would write them."""

from __future__ import annotations

from starlette.types import Scope


def root_url(scope: Scope, host: str | None) -> str:
    """Scheme, host (from its header) and prefix as the client used them, without a slash at the end."""
    return f"{scope['scheme']}://{host or 'localhost'}{scope.get('root_path', '')}"
