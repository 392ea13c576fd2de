"""Dataclasses as JSON and back, by their own type hints.

For messages between processes of the tool itself, which need no checking. pydantic could do it as well; but a
worker would take as long to import it as all the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import orjson

Message = TypeVar("Message")
_Make = Callable[[Any], Any]


class Wire(Generic[Message]):
    """Messages of these types: dataclasses that are told apart by what their `kind` is by default."""

    def __init__(self, *types: Any) -> None:
        self._types = {
            field.default: each for each in types for field in fields(each) if field.name == "kind"
        }

    def dump_json(self, message: Message) -> bytes:
        return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)

    def validate_json(self, payload: bytes) -> Message:
        """Raises ValueError, KeyError or TypeError for what is no message of these."""
        values = orjson.loads(payload)
        message: Message = _maker(self._types[values["kind"]])(values)
        return message


def _as_it_is(value: Any) -> Any:
    return value


@cache
def _maker(hint: Any) -> _Make:
    """What makes a value of this type of what JSON has for it."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    origin = get_origin(hint)
    if origin not in (list, tuple, dict, UnionType):
        return int if hint is int else _as_it_is
    makers = [_maker(each) for each in get_args(hint) if each not in (NoneType, Ellipsis)]
    if origin is dict:
        return _dict(*makers)
    (make,) = set(makers)
    if origin is UnionType:
        return lambda value: None if value is None else make(value)
    return lambda values: origin(map(make, values))


def _dataclass(which: type) -> _Make:
    makers = {name: _maker(hint) for name, hint in get_type_hints(which).items()}
    others = [(name, make) for name, make in makers.items() if make not in (_as_it_is, int)]

    def made(values: dict[str, Any]) -> Any:
        for name, make in others:
            values[name] = make(values[name])
        return which(**values)

    return made


def _dict(make_key: _Make, make: _Make) -> _Make:
    if make_key is make is _as_it_is:
        return _as_it_is
    if make is int:
        make = _as_it_is
    return lambda values: {make_key(key): make(value) for key, value in values.items()}
