"""Who there is: everybody whose e-mail address says a role, and a number if it likes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    TEACHER = "teacher"
    STUDENT = "student"
    ADMIN = "admin"
    STRANGER = "stranger"
    """Nobody yet: only logging in is open to him."""


_EMAIL = re.compile(r"(teacher|student|admin)([1-9]\d{0,6})?@test\.local")
_RANKS = {Role.TEACHER: 1, Role.STUDENT: 2, Role.ADMIN: 3}


@dataclass(frozen=True, slots=True)
class Person:
    """`id` follows from role and number, so the same person has it in every process."""

    id: int
    email: str
    name: str
    role: Role

    @property
    def number(self) -> int:
        """The one in the e-mail address, 0 without."""
        return (self.id - 1) // len(_RANKS)


STRANGER = Person(0, "", "", Role.STRANGER)


def person(role: Role, number: int) -> Person:
    """Number 0 goes without one: `teacher@test.local`."""
    count = str(number) if number else ""
    id = number * len(_RANKS) + _RANKS[role]
    return Person(id, f"{role}{count}@test.local", f"{role.title()} {count}".strip(), role)


def person_of(email: str) -> Person | None:
    """Whose address this is: `admin2@test.local`, in any case. None where it is nobody's."""
    found = _EMAIL.fullmatch(email.strip().lower())
    return person(Role(found[1]), int(found[2] or 0)) if found else None
