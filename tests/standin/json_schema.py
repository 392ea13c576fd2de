"""Just enough of JSON Schema (draft 2020-12) to check documents against the schemas of the real projects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
_UNDERSTOOD = {
    *("$schema", "$id", "$ref", "$defs", "definitions", "title", "description", "default", "format"),
    *("type", "enum", "const", "required", "properties", "additionalProperties", "patternProperties"),
    *("items", "minItems", "minLength", "maxLength", "pattern", "minimum", "maximum", "uniqueItems"),
    *("anyOf", "oneOf", "allOf", "not", "if", "then", "else", "minProperties"),
}


def misfits(document: Any, schema: Any) -> list[str]:
    """What does not fit, each with its place. Raises `NotImplementedError` for a word that is not played."""
    return list(_check(document, schema, schema, "$"))


def _check(node: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(schema, bool):
        if not schema:
            yield f"{at}: nothing may stand here"
        return
    unknown = set(schema) - _UNDERSTOOD
    if unknown:
        raise NotImplementedError(f"JSON schema words {sorted(unknown)}")
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[part] if part else target
        yield from _check(node, target, root, at)
    yield from _check_value(node, schema, at)
    yield from _check_choices(node, schema, root, at)
    if isinstance(node, dict):
        yield from _check_object(node, schema, root, at)
    if isinstance(node, list) and "items" in schema:
        for index, item in enumerate(node):
            yield from _check(item, schema["items"], root, f"{at}[{index}]")


def _check_value(node: Any, schema: Any, at: str) -> Iterator[str]:
    wanted = schema.get("type")
    if wanted is not None:
        kinds = [wanted] if isinstance(wanted, str) else wanted
        if not any(_is(node, kind) for kind in kinds):
            yield f"{at}: {type(node).__name__} is no {wanted}"
    if "enum" in schema and node not in schema["enum"]:
        yield f"{at}: {node!r} is none of {schema['enum']}"
    if "const" in schema and node != schema["const"]:
        yield f"{at}: {node!r} is not {schema['const']!r}"
    if isinstance(node, str):
        if not schema.get("minLength", 0) <= len(node) <= schema.get("maxLength", len(node)):
            yield f"{at}: {len(node)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], node):
            yield f"{at}: {node!r} does not match {schema['pattern']}"
    is_number = isinstance(node, int | float) and not isinstance(node, bool)
    if is_number and not schema.get("minimum", node) <= node <= schema.get("maximum", node):
        yield f"{at}: {node} is out of range"
    if isinstance(node, list) and len(node) < schema.get("minItems", 0):
        yield f"{at}: {len(node)} items"


def _is(node: Any, kind: str) -> bool:
    if isinstance(node, bool):
        return kind == "boolean"
    return isinstance(node, _TYPES[kind])


def _check_choices(node: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    for each in schema.get("allOf", ()):
        yield from _check(node, each, root, at)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            fitting = sum(not list(_check(node, each, root, at)) for each in schema[word])
            if fitting == 0 or (word == "oneOf" and fitting > 1):
                yield f"{at}: {fitting} of {word} fit"
    if "not" in schema and not list(_check(node, schema["not"], root, at)):
        yield f"{at}: fits what it must not"
    if "if" in schema:
        branch = "else" if list(_check(node, schema["if"], root, at)) else "then"
        yield from _check(node, schema.get(branch, True), root, at)


def _check_object(node: dict[str, Any], schema: Any, root: Any, at: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in node:
            yield f"{at}: {name} is missing"
    if len(node) < schema.get("minProperties", 0):
        yield f"{at}: {len(node)} properties"
    patterns = schema.get("patternProperties", {})
    for name, value in node.items():
        here = f"{at}.{name}"
        matching = [each for pattern, each in patterns.items() if re.search(pattern, name)]
        if name in schema.get("properties", {}):
            matching.append(schema["properties"][name])
        for each in matching or [schema.get("additionalProperties", True)]:
            yield from _check(value, each, root, here)
