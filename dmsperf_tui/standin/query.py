"""The query string of a list request: paging and exact filters.

The rules and the messages are those of CORE/Middleware/ValidateQueryMiddleware.cs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import Kind, Reference, Resource, Scalar
from dmsperf_tui.standin.store import Item, Table

MAXIMUM_PAGE_SIZE = 500
"""AppSettings:MaximumPageSize: the largest limit, and the one taken when none is given."""

# Bounded like the Int32 that DMS parses into.
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")
_DECIMAL = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]+)?\s*")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Field:
    """A query field. `places` are (reference or "", property): one key may sit in several references."""

    scalar: Scalar
    places: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        reference, name = self.places[0]
        return f"$.{reference}.{name}" if reference else f"$.{name}"


@dataclass(frozen=True, slots=True)
class Filter:
    field: Field
    wanted: object

    def matches(self, item: Item) -> bool:
        return any(self._value(item, reference, name) == self.wanted for reference, name in self.field.places)

    def _value(self, item: Item, reference: str, name: str) -> object:
        holder = item.document.get(reference) if reference else item.document
        value = holder.get(name) if isinstance(holder, dict) else None
        return (
            value.lower() if isinstance(value, str) and self.field.scalar.kind is Kind.DESCRIPTOR else value
        )


@dataclass(frozen=True, slots=True)
class Query:
    limit: int
    offset: int
    total: bool
    filters: tuple[Filter, ...]


class QueryFields:
    """The fields that one resource can be filtered by: its scalars and the keys in its references."""

    def __init__(self, resource: Resource) -> None:
        self._fields: dict[str, Field] = {}
        for member in resource.members:
            if isinstance(member, Scalar):
                self._add(member, ("", member.name))
            elif isinstance(member, Reference):
                for part in member.members:
                    self._add(part, (member.name, part.name))

    def _add(self, scalar: Scalar, place: tuple[str, str]) -> None:
        known = self._fields.get(scalar.name.lower())
        places = (*known.places, place) if known else (place,)
        self._fields[scalar.name.lower()] = Field(scalar, places)

    def names(self) -> list[Scalar]:
        return [field.scalar for field in self._fields.values()]

    def parse(self, parameters: Iterable[tuple[str, str]]) -> Query:
        """Raises the 400 that DMS answers: paging first, then unknown fields, then bad values."""
        given = {name.lower(): (name, value) for name, value in parameters}
        limit, offset, total = _paging(given)
        filters: list[Filter] = []
        errors: Errors = {}
        for key, (name, text) in given.items():
            field = self._fields.get(key)
            if field is None:
                raise problems.unknown_query_field(name)
            try:
                filters.append(Filter(field, _typed(field.scalar.kind, text)))
            except ValueError:
                errors.setdefault(field.path, []).append(f"The value '{text}' is not valid for {name}.")
        if errors:
            raise problems.invalid_data(errors)
        return Query(limit, offset, total, tuple(filters))


def _paging(given: dict[str, tuple[str, str]]) -> tuple[int, int, bool]:
    """Takes limit, offset and totalCount out of `given`."""
    errors: list[str] = []
    offset = _whole(given.pop("offset", ("", "0"))[1])
    if offset is None or offset < 0:
        errors.append("Offset must be a numeric value greater than or equal to 0.")
    limit = _whole(given.pop("limit", ("", str(MAXIMUM_PAGE_SIZE)))[1])
    if limit is None or not 0 <= limit <= MAXIMUM_PAGE_SIZE:
        errors.append(f"Limit must be omitted or set to a numeric value between 0 and {MAXIMUM_PAGE_SIZE}.")
    total = _BOOLEANS.get(given.pop("totalcount", ("", "false"))[1].strip().lower())
    if total is None:
        errors.append("TotalCount must be a boolean value.")
    if limit is None or offset is None or total is None or errors:
        raise problems.invalid_parameters(errors)
    return limit, offset, total


def _whole(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _typed(kind: Kind, text: str) -> object:
    """The text as a value of the stored kind. Raises `ValueError`."""
    if kind is Kind.INTEGER or kind is Kind.NUMBER:
        if not _DECIMAL.fullmatch(text):
            raise ValueError(text)
        return float(text) if "." in text else int(text)
    if kind is Kind.BOOLEAN:
        if text.strip().lower() not in _BOOLEANS:
            raise ValueError(text)
        return _BOOLEANS[text.strip().lower()]
    if kind is Kind.DATE:
        return datetime.fromisoformat(text).date().isoformat()
    return text.lower() if kind is Kind.DESCRIPTOR else text


def select(table: Table, query: Query) -> tuple[list[Item], int]:
    """The page, and how many items match in all (counted only when the query asks for it)."""
    if not query.filters:
        return list(islice(table.by_id.values(), query.offset, query.offset + query.limit)), len(table.by_id)
    matching = _matching(table, query.filters)
    skipped = sum(1 for _ in islice(matching, query.offset))
    page = list(islice(matching, query.limit))
    rest = sum(1 for _ in matching) if query.total else 0
    return page, skipped + len(page) + rest


def _matching(table: Table, filters: tuple[Filter, ...]) -> Iterator[Item]:
    candidates: Iterable[Item] = table.by_id.values()
    # Filters that pin the whole natural key need no scan of, say, 75,000 students.
    pinned = {one.field.places[0]: one.wanted for one in filters if len(one.field.places) == 1}
    places = table.key_places
    if places and all(place in pinned for place in places):
        found = table.by_key.get(tuple(pinned[place] for place in places))
        candidates = () if found is None else (found,)
    return (item for item in candidates if all(one.matches(item) for one in filters))
