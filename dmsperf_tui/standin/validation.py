"""Checks a body as DMS's JSON schema step does (CORE/Validation/DocumentValidator.cs).

Unknown properties, nulls and empty arrays are dropped without a word, numbers and booleans that came as
strings are converted, and everything else that does not fit is reported under its JSON path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time

from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import Collection, Group, Kind, Member, Reference, Scalar

Document = dict[str, object]

_JSON_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}
# Bounded, so that whatever passes fits 64 bits.
_NUMERIC = re.compile(r"\s*[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\s*")
_BITS_64 = 2**63
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}")
# DMS trims these two where it refuses surrounding spaces in every other part of a key.
_TRIMMED = frozenset({"codeValue", "shortDescription"})


class MisfitError(ValueError):
    """A value does not fit its field; the text continues a sentence that begins with the field's name."""


class Checker:
    """The schema of one object, ready to be applied."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._scalars = {member.name: member for member in members if isinstance(member, Scalar)}
        self._nested = {
            member.name: (member, Checker(member.members))
            for member in members
            if not isinstance(member, Scalar)
        }
        self._required = tuple(member.name for member in members if member.required)

    def check(self, body: Document, path: str, errors: Errors) -> Document:
        """The part of `body` that counts; what is wrong with it goes to `errors`, under `path`."""
        clean: Document = {}
        for name, value in body.items():
            if value is None:
                continue
            if (scalar := self._scalars.get(name)) is not None:
                try:
                    clean[name] = convert(scalar, value)
                except MisfitError as misfit:
                    errors.setdefault(f"{path}.{name}", []).append(f"{name} {misfit}")
            elif (nested := self._nested.get(name)) is not None:
                member, checker = nested
                found = _check_nested(member, checker, value, f"{path}.{name}", errors)
                if found:
                    clean[name] = found
        for name in self._required:
            if name not in clean and not _reported(f"{path}.{name}", errors):
                errors.setdefault(f"{path}.{name}", []).append(f"{name} is required.")
        return clean


def _check_nested(
    member: Reference | Group | Collection, checker: Checker, value: object, path: str, errors: Errors
) -> Document | list[Document]:
    if not isinstance(member, Collection):
        if not isinstance(value, dict):
            errors.setdefault(path, []).append(f"{member.name} {_wrong_type(value, 'object')}")
            return {}
        return checker.check(value, path, errors)
    if not isinstance(value, list):
        errors.setdefault(path, []).append(f"{member.name} {_wrong_type(value, 'array')}")
        return []
    items: list[Document] = []
    for index, item in enumerate(value):
        if isinstance(item, dict):
            items.append(checker.check(item, f"{path}[{index}]", errors))
        else:
            errors.setdefault(f"{path}[{index}]", []).append(f"{index} {_wrong_type(item, 'object')}")
    return items


def _reported(path: str, errors: Errors) -> bool:
    return bool(errors) and any(
        known == path or known.startswith((f"{path}.", f"{path}[")) for known in errors
    )


def _wrong_type(value: object, wanted: str) -> str:
    return f'Value is "{_JSON_TYPES[type(value)]}" but should be "{wanted}"'


def convert(scalar: Scalar, value: object) -> object:
    """The value as it is stored. Raises `MisfitError`."""
    kind = scalar.kind
    if kind is Kind.BOOLEAN:
        return _boolean(value)
    if kind is Kind.INTEGER or kind is Kind.NUMBER:
        return _number(scalar, value)
    if not isinstance(value, str):
        raise MisfitError(_wrong_type(value, "string"))
    if kind is Kind.TEXT or kind is Kind.DESCRIPTOR:
        return _text(scalar, value)
    return _moment(kind, value)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise MisfitError(_wrong_type(value, "boolean"))


def _number(scalar: Scalar, value: object) -> int | float:
    wanted = scalar.kind
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MisfitError(_wrong_type(value, wanted))
    number: int | float
    if not isinstance(value, str):
        number = value
    elif _NUMERIC.fullmatch(value):
        number = float(value) if "." in value else int(value)
    else:
        raise MisfitError(_wrong_type(value, wanted))
    if wanted is Kind.INTEGER:
        # 5.0 is an integer to JSON schema.
        if number != int(number) or abs(number) >= _BITS_64:
            raise MisfitError(_wrong_type(value, wanted))
        number = int(number)
    if scalar.minimum is not None and number < scalar.minimum:
        raise MisfitError(f"{number} should be at least {scalar.minimum}")
    if scalar.maximum is not None and number > scalar.maximum:
        raise MisfitError(f"{number} should be at most {scalar.maximum}")
    return number


def _moment(kind: Kind, value: str) -> str:
    """A date, a time, or both. A date alone where both are wanted is taken as its midnight."""
    try:
        # fromisoformat alone would also take 20240815 and 2024-W33.
        if kind is Kind.DATE and _ISO_DATE.fullmatch(value):
            return date.fromisoformat(value).isoformat()
        if kind is Kind.TIME and _TIME.fullmatch(value):
            return time.fromisoformat(value).isoformat()
        if kind is Kind.DATE_TIME and _ISO_DATE.match(value):
            datetime.fromisoformat(value)
            return f"{value}T00:00:00Z" if _ISO_DATE.fullmatch(value) else value
    except ValueError:
        raise MisfitError(f'Value does not match format "{kind}"') from None
    raise MisfitError(f'Value does not match format "{kind}"')


def _text(scalar: Scalar, value: str) -> str:
    if scalar.pattern is not None and not scalar.pattern.search(value):
        if not value:
            raise MisfitError("is required and should not be left empty.")
        trimmed = value.strip() if scalar.name in _TRIMMED else value
        if not scalar.pattern.search(trimmed) or not trimmed:
            raise MisfitError("cannot contain leading or trailing spaces.")
        value = trimmed
    if len(value) < scalar.min_length:
        raise MisfitError(f"Value should be at least {scalar.min_length} characters")
    if scalar.max_length is not None and len(value) > scalar.max_length:
        raise MisfitError(f"Value should be at most {scalar.max_length} characters")
    return value
