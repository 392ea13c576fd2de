"""Pages that several users open, and the time they take to read one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get, check_response, document_of, items_of

Item = dict[str, Any]


async def read_page(vu: VirtualUser) -> None:
    """About a second, as in seed 004; not all alike, so that those who began together drift apart."""
    await vu.sleep(vu.random.uniform(0.5, 1.5))


async def fill_in(vu: VirtualUser) -> None:
    """The time that a short form takes: 2 to 5 s."""
    await vu.sleep(vu.random.uniform(2, 5))


async def me(vu: VirtualUser) -> None:
    check_response(vu, await api_get(vu, "/me", name="GET me", category="auth"), "me")


async def courses(vu: VirtualUser) -> list[Item]:
    """The user's own; an admin's are all."""
    response = await api_get(vu, "/courses", name="GET courses", category="list")
    check_response(vu, response, "courses")
    return items_of(vu, response, "GET courses")


async def course(vu: VirtualUser, identity: object) -> Item:
    """One course with what belongs to it."""
    return await one(vu, f"/courses/{identity}", "course", "GET courses/{id}")


async def unit_plans(vu: VirtualUser) -> list[Item]:
    response = await api_get(vu, "/unit_plans", name="GET unit_plans", category="list")
    check_response(vu, response, "unit_plans")
    return items_of(vu, response, "GET unit_plans")


async def notifications(vu: VirtualUser) -> None:
    response = await api_get(vu, "/notifications?unread=true", name="GET notifications", category="list")
    check_response(vu, response, "notifications")


async def gradebook(vu: VirtualUser, identity: object) -> None:
    path = f"/courses/{identity}/gradebook"
    response = await api_get(vu, path, name="GET courses/{id}/gradebook", category="gradebook")
    check_response(vu, response, "gradebook")


async def one(vu: VirtualUser, path: str, what: str, name: str) -> Item:
    """A thing that is opened; empty where it could not be."""
    response = await api_get(vu, path, name=name, category="detail")
    check_response(vu, response, what)
    return document_of(vu, response, name)


async def dashboard(vu: VirtualUser) -> list[Item]:
    """What a user sees first, as one group; his courses."""
    with vu.group("dashboard"):
        await me(vu)
        own = await courses(vu)
        await notifications(vu)
    return own


def some_course(vu: VirtualUser, own: Sequence[Mapping[str, Any]]) -> object:
    """One of the user's own courses; of a user without any the environment's; None where there is none."""
    if own:
        return vu.random.choice(own).get("id")
    return named(vu, "course")


def named(vu: VirtualUser, kind: str) -> str | None:
    """What the environment names by id, or the checks have found."""
    found: str = vu.context.get("ids", {}).get(kind, "")
    return found or None
