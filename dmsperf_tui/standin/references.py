"""Finds what a document points to, and says what of it does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from dmsperf_tui.standin import problems
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import Kind, Reference, Resource
from dmsperf_tui.standin.store import NO_POINTERS, Item, Key, Pointers, Store
from dmsperf_tui.standin.validation import Document


class Linker:
    """The pointers of one resource. A superclass reference finds whichever subclass holds the id."""

    def __init__(self, resource: Resource, store: Store) -> None:
        self._store = store
        self._references = tuple(
            (reference, _model_name(reference.target, store)) for reference in resource.references()
        )
        self._descriptors = tuple(
            (scalar.name, scalar.descriptor) for scalar in resource.scalars() if scalar.descriptor
        )
        self._collections = tuple(
            (collection.name, part.name, part.descriptor)
            for collection in resource.collections()
            for part in collection.members
            if part.descriptor
        )
        self._points = bool(self._references or self._descriptors or self._collections)

    def link(self, document: Document) -> Pointers:
        """Raises the 400 of an unknown descriptor before the 409 of an unknown reference."""
        if not self._points:
            return NO_POINTERS
        targets: list[Item] = []
        missing: Errors = {}
        for path, type_name, uri in self._descriptor_values(document):
            found = self._store.resolve(type_name, (uri.lower(),))
            if found is None:
                name = self._store.tables[type_name].resource.name
                missing[path] = [f"{name} value '{uri.lower()}' does not exist."]
            else:
                targets.append(found)
        if missing:
            raise problems.missing_descriptors(missing)
        links: dict[str, Item] = {}
        for reference, model in self._references:
            value = document.get(reference.name)
            if not isinstance(value, dict):
                continue
            found = self._store.resolve(reference.target, _key(reference, value))
            if found is None:
                missing[f"$.{reference.name}"] = [f"The referenced {model} item does not exist."]
            else:
                links[reference.name] = found
        if missing:
            raise problems.missing_references(missing)
        return Pointers((*targets, *links.values()), links)

    def _descriptor_values(self, document: Document) -> Iterator[tuple[str, str, str]]:
        """(JSON path, descriptor endpoint, URI as it was sent) of each descriptor in the document."""
        for name, type_name in self._descriptors:
            if name in document:
                yield f"$.{name}", type_name, str(document[name])
        for collection, name, type_name in self._collections:
            items = document.get(collection)
            if isinstance(items, list):
                for index, item in enumerate(items):
                    if name in item:
                        yield f"$.{collection}[{index}].{name}", type_name, str(item[name])


def _key(reference: Reference, value: Document) -> Key:
    return tuple(
        str(value[part.name]).lower() if part.kind is Kind.DESCRIPTOR else value[part.name]
        for part in reference.members
    )


def _model_name(target: str, store: Store) -> str:
    table = store.tables.get(target)
    return table.resource.name if table else "EducationOrganization"
