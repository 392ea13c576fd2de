"""What a service has answered, in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.plan.secrecy import without_secret_fields
from dmsperf_tui.systems.checks import StepError, StepRow

_LONGEST = 300

P = ParamSpec("P")


def document(response: httpx.Response) -> Any:
    """The answer's JSON, or None where it is none."""
    try:
        return response.json()
    except ValueError:
        return None


def objects(response: httpx.Response) -> list[dict[str, Any]] | None:
    """The answer's list of JSON objects, or None where it is none."""
    items = document(response)
    return items if isinstance(items, list) and all(isinstance(item, dict) for item in items) else None


def explain(response: httpx.Response) -> str:
    """The status and the most telling text of a problem body: `409 The referenced School item(s) ...`"""
    body = document(response)
    texts = list(_texts(body)) if isinstance(body, dict) else []
    if not texts and body is None:
        texts = [response.text.strip()[:_LONGEST]]
    text = " ".join(without_secret_fields(texts[0]).split())[:_LONGEST] if texts else ""
    return f"{response.status_code} {text}".strip()


def _texts(body: dict[str, Any]) -> Iterator[str]:
    """Most telling first: the errors, what validation says, the detail, the title."""
    errors = body.get("errors") or body.get("failures") or []
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield str(error.get("message") or error.get("errorType") or error)
        else:
            yield str(error)
    validation = body.get("validationErrors")
    for path, messages in validation.items() if isinstance(validation, dict) else ():
        if isinstance(messages, list) and messages:
            yield f"{path}: {messages[0]}"
    for key in ("detail", "error_description", "error", "message", "title"):
        if isinstance(text := body.get(key), str) and text:
            yield text


def told(name: str) -> Callable[[Callable[P, AsyncIterator[StepRow]]], Callable[P, AsyncIterator[StepRow]]]:
    """Makes the errors of a step its last row."""

    def decorate(step: Callable[P, AsyncIterator[StepRow]]) -> Callable[P, AsyncIterator[StepRow]]:
        @wraps(step)
        async def rows(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[StepRow]:
            try:
                async for row in step(*args, **kwargs):
                    yield row
                    if row.ok is False:
                        return
            except StepError as fault:
                yield StepRow(name, False, fault.detail, mend=fault.mend)
            except ConfigError as fault:
                yield StepRow(name, False, str(fault))
            except httpx.HTTPError as fault:
                yield StepRow(name, False, unreachable(fault), mend="is the service running?")

        return rows

    return decorate


def unreachable(fault: httpx.HTTPError) -> str:
    """Which address did not answer, and how."""
    try:
        url = f"{fault.request.url.copy_with(query=None)} "
    except RuntimeError:
        url = ""
    return f"{url}does not answer ({str(fault) or type(fault).__name__})"
