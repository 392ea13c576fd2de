"""Rules that tie parts of one document together: values that must agree, items that must differ."""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import EACH, Path, Resource, json_path
from dmsperf_tui.standin.validation import Document

_SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


class Constraints:
    """The equality and array uniqueness constraints of one resource, as `errors` by JSON path."""

    def __init__(self, resource: Resource) -> None:
        self._equal = resource.equal
        self._unique = resource.unique

    def check(self, document: Document) -> Errors:
        """What is wrong; the second kind is looked at once nothing is wrong with the first."""
        if not self._equal and not self._unique:
            return {}
        return self._disagreements(document) or self._repetitions(document)

    def _disagreements(self, document: Document) -> Errors:
        """CORE/Validation/EqualityConstraintValidator.cs: what is there on both sides must be one value."""
        errors: Errors = {}
        for source, target in self._equal:
            values = dict.fromkeys([*_values(document, source), *_values(document, target)])
            if len(values) > 1:
                for path in (source, target):
                    errors.setdefault(json_path(path), []).append(_disagreement(path[-1], list(values)))
        return errors

    def _repetitions(self, document: Document) -> Errors:
        """CORE/Middleware/ArrayUniquenessValidationMiddleware.cs: names the first item that repeats."""
        errors: Errors = {}
        for paths in self._unique:
            array = paths[0][: paths[0].index(EACH)]
            index = _repeated(document, array, [path[len(array) + 1 :] for path in paths])
            if index is not None:
                errors.setdefault(json_path(array), []).append(
                    f"The {_ordinal(index + 1)} item of the {array[-1]} has the same identifying values "
                    "as another item earlier in the list."
                )
        return errors


def _values(node: object, path: Path) -> Iterator[object]:
    """Everything that a path leads to; nothing where a part of it is missing."""
    if not path:
        yield node
    elif path[0] == EACH and isinstance(node, list):
        for item in node:
            yield from _values(item, path[1:])
    elif isinstance(node, dict) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def _disagreement(name: str, values: list[object]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return (
        f"All values supplied for '{name}' must match."
        " Review all references (including those higher up in the resource's data)"
        f" and align the following conflicting values: {listed}"
    )


def _repeated(document: Document, array: Path, keys: list[Path]) -> int | None:
    items = next(_values(document, array), None)
    if not isinstance(items, list) or len(items) < 2:
        return None
    seen: set[tuple[object, ...]] = set()
    for index, item in enumerate(items):
        key = tuple(_folded(value) for path in keys for value in _values(item, path))
        if key in seen:
            return index
        seen.add(key)
    return None


def _folded(value: object) -> object:
    """Descriptor URIs are equal whatever their case; other text in a key is not."""
    return value.lower() if isinstance(value, str) and value.lower().startswith("uri://") else value


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else _SUFFIXES.get(number % 10, "th")
    return f"{number}{suffix}"
