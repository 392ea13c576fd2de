"""What one user of a student information system does, on data of its own."""

from __future__ import annotations

import asyncio

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms.flows import calls
from dmsperf_tui.systems.dms.flows.fresh import Fresh

_SCHOOLS = "dms.schools"


class _OwnSchool:
    """A school that its first student waits for."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.exists = False
        self.tried = False


async def create_school(vu: VirtualUser) -> None:
    """One new school an iteration (the performance strategy's `baseline`)."""
    await calls.create(vu, "schools", Fresh.of(vu).school())


async def enroll_student(vu: VirtualUser) -> None:
    """A student is created, read back and enrolled; then a page of students is read.

    The schools are the profile's `data.schools`, dealt to the workers; each is created when its first
    student comes.
    """
    fresh = Fresh.of(vu)
    body, number = fresh.student()
    if not await _school_exists(vu, fresh, fresh.school_of(number)):
        return
    identity = await calls.create(vu, "students", body)
    if identity is None:
        return
    await calls.read(vu, "students", identity)
    await calls.create(vu, "studentSchoolAssociations", fresh.enrolment(number))
    await calls.page(vu, "students", limit=25)


async def _school_exists(vu: VirtualUser, fresh: Fresh, school: int) -> bool:
    schools: dict[int, _OwnSchool] = vu.shared.setdefault(_SCHOOLS, {})
    own = schools.setdefault(school, _OwnSchool())
    if own.exists:
        return True
    async with own.lock:
        if not own.exists:
            body = fresh.school_body(school)
            # A request whose answer was lost may have been carried out.
            expect = calls.UPSERTED if own.tried else calls.expected(vu)
            own.tried = True
            response, own.exists = await calls.post(vu, "schools", body, expect)
            identity = calls.identity_of(response)
            if own.exists and identity is not None:
                vu.made("schools", identity)
    return own.exists
