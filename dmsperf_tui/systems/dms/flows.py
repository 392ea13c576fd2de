"""What virtual users do with a DMS. Each request declares the status it expects.

A DMS POST is an upsert: 201 when it created, 200 when the natural key was there already.
"""

from __future__ import annotations

from dmsperf_tui.engine.http import Response
from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.dms import data

RESOURCES = "/data/ed-fi"
UPSERTED = (201, 200)


def _id_of(response: Response) -> str | None:
    location = response.header("location")
    return location.rsplit("/", 1)[-1] if location else None


def _unique(vu: VirtualUser) -> str:
    return f"{vu.seed:x}-{vu.number}-{vu.iteration}"


async def create_school(vu: VirtualUser) -> None:
    """One new school an iteration (the performance strategy's `baseline`)."""
    identity = data.school_id(vu.seed, vu.number, vu.iteration)
    response = await vu.post(
        f"{RESOURCES}/schools", name="POST schools", json=data.school(identity), expect=UPSERTED
    )
    vu.check("status is 201", response.status == 201)
    vu.check("has location header", response.header("location") is not None)


async def descriptor_lifecycle(vu: VirtualUser) -> None:
    """Create, read, change and delete a gradeLevelDescriptor, then two lists (the k6 suite's smoke test)."""
    path = f"{RESOURCES}/gradeLevelDescriptors"
    body = data.grade_level_descriptor(f"dmsperf {_unique(vu)}")
    created = await vu.post(path, name="POST gradeLevelDescriptors", json=body, expect=UPSERTED)
    identity = _id_of(created)
    if vu.check("POST has location header", identity is not None):
        item = f"{path}/{identity}"
        read = await vu.get(item, name="GET gradeLevelDescriptors/{id}")
        vu.check("GET returns what was sent", _code_value(vu, read) == body["codeValue"])
        changed = {**body, "id": identity, "shortDescription": "Changed"}
        await vu.put(item, name="PUT gradeLevelDescriptors/{id}", json=changed)
        await vu.delete(item, name="DELETE gradeLevelDescriptors/{id}")
    await vu.get(f"{RESOURCES}/academicWeeks?limit=5", name="GET academicWeeks")
    await vu.get(f"{RESOURCES}/courses?limit=5", name="GET courses")


def _code_value(vu: VirtualUser, response: Response) -> object:
    if response.status != 200:
        return None
    try:
        document = response.json()
    except ValueError:
        vu.fail("GET gradeLevelDescriptors/{id}", "not JSON", response.body[:200].decode("utf-8", "replace"))
        return None
    return document.get("codeValue") if isinstance(document, dict) else None


async def enroll_student(vu: VirtualUser) -> None:
    """A student is created, read back and enrolled; then a page of students is read.

    The schools are the profile's `data.schools`, shared by all VUs; each VU makes sure of its own first.
    """
    own = data.school_id(vu.seed, vu.number % int(vu.profile.get("data.schools", 10)), 0)
    if "school" not in vu.memory:
        response = await vu.post(
            f"{RESOURCES}/schools", name="POST schools", json=data.school(own), expect=UPSERTED
        )
        if response.status not in UPSERTED:
            return
        vu.memory["school"] = own
    unique_id = _unique(vu)
    body = data.student(unique_id, vu.random)
    created = await vu.post(f"{RESOURCES}/students", name="POST students", json=body, expect=UPSERTED)
    identity = _id_of(created)
    if not vu.check("student has location header", identity is not None):
        return
    await vu.get(f"{RESOURCES}/students/{identity}", name="GET students/{id}")
    enrolment = data.enrolment(unique_id, own, vu.random)
    await vu.post(
        f"{RESOURCES}/studentSchoolAssociations",
        name="POST studentSchoolAssociations",
        json=enrolment,
        expect=UPSERTED,
    )
    await vu.get(f"{RESOURCES}/students?limit=25", name="GET students")
