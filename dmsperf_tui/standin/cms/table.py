"""Rows of one kind with declared fields: how their JSON is read, checked, kept and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import cast

import orjson

from dmsperf_tui.standin.cms.answers import invalid, missing, spaced, unreadable
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.vintage import Vintage

Row = dict[str, object]
Paging = tuple[int, int | None]
"""Rows to skip, and how many there may be."""

_PAGE_V0_7 = 25


class Kind(Enum):
    """What a field holds; the value is what an absent one reads as."""

    TEXT = ""
    NUMBER = 0
    NUMBERS = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One property. `check` gives the complaint about a text, or nothing."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    max_length: int | None = None
    check: Callable[[str], str | None] | None = None


@dataclass(slots=True)
class Table:
    """The rows by id, which count from 1. `title` names one in messages."""

    title: str
    fields: tuple[Field, ...]
    vintage: Vintage
    rows: dict[int, Row] = field(default_factory=dict)
    last_id: int = 0

    def read(self, body: bytes) -> Row:
        """The declared properties of a JSON body, in any case; what is absent is empty.

        Raises the 400 of a body that does not fit the types, or that breaks the rules.
        """
        given = self._given(body)
        row: Row = {}
        errors: Errors = {}
        for one in self.fields:
            value = self._value(one, given.get(one.name.lower()))
            row[one.name] = value
            found = _complaints(one, value)
            for suffix, message in found:
                errors.setdefault(f"{_pascal(one.name)}{suffix}", []).append(message)
        if errors:
            raise invalid(self.vintage, errors)
        return row

    def body_id(self, body: bytes) -> int:
        """The `id` in a body, 0 where there is none."""
        return cast("int", self._value(Field("id", Kind.NUMBER), self._given(body).get("id")))

    def add(self, row: Row) -> int:
        self.last_id += 1
        self.rows[self.last_id] = row
        return self.last_id

    def listed(self, parameters: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
        """The rows of a page: 25 by default in v0.7, all in 8.x, where fields are filters as well."""
        lowered = {name.lower(): value for name, value in parameters.items()}
        offset, limit = self._paging(lowered)
        found = list(self.rows.items())
        if self.vintage is Vintage.V8:
            wanted = {
                one.name: lowered[one.name.lower()]
                for one in self.fields
                if one.kind is Kind.TEXT and one.name.lower() in lowered
            }
            found = [
                (id, row)
                for id, row in found
                if lowered.get("id", str(id)) == str(id)
                and all(row[name] == value for name, value in wanted.items())
            ]
        return iter(found[offset:] if limit is None else found[offset : offset + limit])

    def _given(self, body: bytes) -> dict[str, object]:
        detail = f'Failed to read parameter "{self.title}InsertCommand" from the request body as JSON.'
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise unreadable(detail) from None
        if not isinstance(parsed, dict):
            raise unreadable(detail)
        return {name.lower(): value for name, value in parsed.items()}

    def _value(self, one: Field, value: object) -> object:
        """The value in the field's type; numbers may come as text (JsonSerializerDefaults.Web)."""
        if value is None:
            return list(one.kind.value) if isinstance(one.kind.value, tuple) else one.kind.value
        if one.kind is Kind.TEXT and isinstance(value, str):
            return value
        if one.kind is Kind.NUMBER and (number := _number(value)) is not None:
            return number
        if one.kind is Kind.NUMBERS and isinstance(value, list):
            numbers = [number for item in value if (number := _number(item)) is not None]
            if len(numbers) == len(value):
                return numbers
        raise unreadable(
            f"The JSON value could not be converted to the type of '{one.name}'. Path: $.{one.name}."
        )

    def _paging(self, parameters: Mapping[str, str]) -> Paging:
        is_old = self.vintage is Vintage.V0_7
        found: dict[str, int | None] = {"offset": 0, "limit": _PAGE_V0_7 if is_old else None}
        errors: Errors = {}
        for name, least, words in (("offset", 0, "than or equal to 0"), ("limit", 1, "than 0")):
            if name not in parameters:
                continue
            number = _number(parameters[name])
            if number is None:
                raise unreadable(f'Failed to bind parameter "{name}" from "{parameters[name]}".')
            if number < least and not is_old:
                errors[_pascal(name)] = [f"'{name}' must be greater {words}."]
            found[name] = max(number, 0)
        if errors:
            raise invalid(self.vintage, errors)
        return found["offset"] or 0, found["limit"]


def _complaints(one: Field, value: object) -> Iterator[tuple[str, str]]:
    """What is wrong with a value, as (index or nothing, FluentValidation's message)."""
    label = spaced(_pascal(one.name))
    if isinstance(value, list):
        for index, number in enumerate(value):
            if number <= 0:
                yield f"[{index}]", f"'{label}' must be greater than '0'."
    elif isinstance(value, str):
        if one.required and not value.strip():
            yield "", missing(_pascal(one.name))
        if one.max_length is not None and len(value) > one.max_length:
            yield (
                "",
                f"The length of '{label}' must be {one.max_length} characters or fewer. "
                f"You entered {len(value)} characters.",
            )
        if one.check is not None and (complaint := one.check(value)):
            yield "", complaint


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
