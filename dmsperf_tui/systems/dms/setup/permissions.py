"""Whether a client may do what a scenario does, without leaving anything behind.

A DMS checks a document before it asks whether the client may send it, and its references and descriptors
after that (ApiService.cs: ValidateDocument, ResourceActionAuthorization, handler). So a valid body that
refers to what does not exist is refused for that, or with 403, and never stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from dmsperf_tui.systems.answers import explain
from dmsperf_tui.systems.dms.generators import GENERATORS, descriptor_body
from dmsperf_tui.systems.dms.order import SCHOOL_YEAR_TYPES
from dmsperf_tui.systems.dms.population import Population, Sizes
from dmsperf_tui.systems.dms.setup.data_api import DataApi, mend_of
from dmsperf_tui.systems.dms.setup.together import for_each

ACTIONS = ("Create", "Read", "Update", "Delete")
_NO_SUCH = "there is no such value"
_UNRESOLVED = "does not exist"
_MISCONFIGURED = "configuration:security"
_BARE = {"students": "birthSexDescriptor", "staffs": "sexDescriptor", "contacts": "sexDescriptor"}
"""Resources that need not refer to anything, and an optional descriptor of theirs."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What came of one probe."""

    resource: str
    action: str
    allowed: bool | None
    """None: it cannot be told."""
    why: str = ""
    mend: str = ""


async def probe_all(api: DataApi, uses: Mapping[str, Collection[str]]) -> list[Permission]:
    """A result for each endpoint and action of `uses`, in that order. Raises StepError, httpx.HTTPError."""
    population = Population(Sizes(2, 20, 4, 2, 1), 0, f"PROBE{secrets.token_hex(3)}")
    jobs = [
        (resource, action) for resource, actions in uses.items() for action in ACTIONS if action in actions
    ]
    found: dict[tuple[str, str], Permission] = {}

    async def probe(job: tuple[str, str]) -> None:
        resource, action = job
        found[job] = await _probe(api, population, resource, action, "Delete" in uses[resource])

    await for_each(jobs, probe)
    return [found[job] for job in jobs]


def unstorable(population: Population, resource: str) -> dict[str, Any] | None:
    """A valid body that no DMS stores, as what it refers to does not exist; None where that cannot be had."""
    generator = GENERATORS.get(resource)
    if generator is None or generator.reference_data or not population.count(resource):
        return None
    body = population.body(resource, 0)
    if resource in _BARE:
        body[_BARE[resource]] = "uri://ed-fi.org/SexDescriptor#x"
    replaced = _without_values(body)
    refers = bool(generator.references) or replaced != body
    return replaced if refers else None


def _without_values(value: Any) -> Any:
    """`value` with code values that do not exist; different ones stay different, as lists may ask for it."""
    if isinstance(value, dict):
        return {
            key: item.replace("#", f"#{_NO_SUCH} ", 1)
            if key.endswith("Descriptor") and isinstance(item, str)
            else _without_values(item)
            for key, item in value.items()
        }
    return [_without_values(item) for item in value] if isinstance(value, list) else value


async def _probe(
    api: DataApi, population: Population, resource: str, action: str, may_delete: bool
) -> Permission:
    if action == "Read":
        return _judged(await api.send("GET", resource, params={"limit": 1}), resource, action)
    if action == "Delete":
        return _judged(await api.send("DELETE", f"{resource}/{uuid4()}"), resource, action)
    body = unstorable(population, resource)
    if body is None and resource.endswith("Descriptors"):
        body = descriptor_body(resource, f"dmsperf probe {secrets.token_hex(4)}")
        if action == "Create" and not may_delete:
            body = None
    if body is None:
        why = (
            "only real load shows it" if resource != SCHOOL_YEAR_TYPES else "a year is no place to try things"
        )
        return Permission(resource, action, None, why)
    if action == "Update":
        identity = str(uuid4())
        response = await api.send("PUT", f"{resource}/{identity}", json={"id": identity, **body})
        return _judged(response, resource, action)
    response = await api.send("POST", resource, json=body)
    if response.status_code in (200, 201):
        # A descriptor refers to nothing: it is made, and taken away again.
        made = response.headers.get("location", "").rpartition("/")[2]
        await api.send("DELETE", f"{resource}/{made}")
    return _judged(response, resource, action)


def _judged(response: httpx.Response, resource: str, action: str) -> Permission:
    status = response.status_code
    if status in (401, 403) or (status == 500 and _MISCONFIGURED in response.text):
        # Of a claim set that does not name the resource at all, or is unknown, a DMS says no more than that.
        why = f"the client may not {action.lower()} {resource}: {explain(response)}"
        return Permission(resource, action, False, why, mend_of(response))
    if status == 404 and action in ("Create", "Read"):
        return Permission(
            resource, action, False, "the DMS does not serve it", "run: dmsperf-tui setup schema"
        )
    expected = response.is_success or status in (404, 409)
    if expected or (status == 400 and _UNRESOLVED in response.text):
        return Permission(resource, action, True)
    return Permission(resource, action, None, explain(response))
