"""The query string of a list request: paging and exact filters.

The rules and the messages are those of CORE/Middleware/ValidateQueryMiddleware.cs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import Kind, QueryField, Resource, json_path
from dmsperf_tui.standin.store import Item, Table
from dmsperf_tui.standin.vintage import Vintage

MAXIMUM_PAGE_SIZE = 500
"""AppSettings:MaximumPageSize: the largest limit, and the one taken when none is given."""

# Bounded like the Int32 that DMS parses into.
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")
_DECIMAL = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]+)?\s*")
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_ID = ("id",)
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Filter:
    field: QueryField
    wanted: object

    def matches(self, item: Item) -> bool:
        if self.field.path == _ID:
            return item.id == self.wanted
        node: object = item.document
        for name in self.field.path:
            node = node.get(name) if isinstance(node, dict) else None
        if isinstance(node, str) and self.field.kind is Kind.DESCRIPTOR:
            node = node.lower()
        return node == self.wanted


@dataclass(frozen=True, slots=True)
class Query:
    limit: int
    offset: int
    total: bool
    filters: tuple[Filter, ...]


class QueryFields:
    """The fields that one resource can be filtered by: its `queryFieldMapping`."""

    def __init__(self, resource: Resource, vintage: Vintage) -> None:
        self._fields = {field.name.lower(): field for field in resource.query_fields}
        self._vintage = vintage

    def parse(self, parameters: Iterable[tuple[str, str]]) -> Query:
        """Raises the 400 that DMS answers: paging first, then unknown fields, then bad values."""
        given = {name.lower(): (name, value) for name, value in parameters}
        limit, offset, total = _paging(given, self._vintage)
        filters: list[Filter] = []
        errors: Errors = {}
        for key, (name, text) in given.items():
            field = self._fields.get(key)
            if field is None:
                raise problems.unknown_query_field(name)
            try:
                filters.append(Filter(field, _typed(field, text)))
            except ValueError:
                message = f"The value '{text}' is not valid for {field.name}."
                errors.setdefault(json_path(field.path), []).append(message)
        if errors:
            raise problems.invalid_data(errors)
        return Query(limit, offset, total, tuple(filters))


def _paging(given: dict[str, tuple[str, str]], vintage: Vintage) -> tuple[int, int, bool]:
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
        raise problems.invalid_parameters(errors, vintage)
    return limit, offset, total


def _whole(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _typed(field: QueryField, text: str) -> object:
    """The text as a value of the stored kind. Raises `ValueError` where the schema's `type` forbids it."""
    if field.type == "number" or field.kind in _NUMBERS:
        if _DECIMAL.fullmatch(text):
            return float(text) if "." in text else int(text)
        if field.type == "number":
            raise ValueError(text)
        # A year is asked for as text: what is no number is not refused, it is just nowhere.
        return text
    if field.kind is Kind.BOOLEAN:
        if text.strip().lower() in _BOOLEANS:
            return _BOOLEANS[text.strip().lower()]
        if field.type == "boolean":
            raise ValueError(text)
        return text
    if field.type == "date":
        return datetime.fromisoformat(text).date().isoformat()
    if field.type == "date-time":
        datetime.fromisoformat(text)
    if field.type == "time":
        return time.fromisoformat(text).isoformat()
    return text.lower() if field.kind is Kind.DESCRIPTOR else text


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
    pinned = {one.field.path: one.wanted for one in filters}
    places = table.key_places
    if places and all(place in pinned for place in places):
        found = table.by_key.get(tuple(pinned[place] for place in places))
        candidates = () if found is None else (found,)
    return (item for item in candidates if all(one.matches(item) for one in filters))
