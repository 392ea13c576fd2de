"""What a DMS database made from the populated template holds before anybody writes to it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources as packaged
from typing import TypedDict

from dmsperf_tui.standin.store import NO_POINTERS, Store
from dmsperf_tui.standin.validation import Document

SCHOOL_YEARS = (2024, 2025, 2026)
CURRENT_SCHOOL_YEAR = 2026


class _Type(TypedDict, total=False):
    namespace: str
    values: list[str]
    deprecated: list[str]
    short: dict[str, str]


@cache
def standard_descriptors() -> dict[str, list[Document]]:
    """Descriptor type, such as `gradeLevel`, to its documents: the 3,298 values of Data Standard 5.2."""
    text = packaged.files("dmsperf_tui.standin").joinpath("descriptors.toml").read_text("utf-8")
    types: dict[str, _Type] = tomllib.loads(text)
    return {kind: _documents(kind, declared) for kind, declared in types.items()}


def _documents(kind: str, declared: _Type) -> list[Document]:
    namespace = declared.get("namespace", f"uri://ed-fi.org/{kind[0].upper()}{kind[1:]}Descriptor")
    descriptions = {value: declared.get("short", {}).get(value, value) for value in declared["values"]}
    descriptions |= {value: f"DEPRECATED: {value}" for value in declared.get("deprecated", ())}
    return [
        {"namespace": namespace, "codeValue": value, "shortDescription": text, "description": text}
        for value, text in descriptions.items()
    ]


def fill(store: Store, descriptors: dict[str, list[Document]]) -> None:
    """Puts the descriptors and the school years into an empty store, which does not count them as created."""
    for kind, documents in descriptors.items():
        table = store.tables[f"{kind}Descriptors"]
        for document in documents:
            store.add(table.resource, table.key_of(document), document, NO_POINTERS)
    table = store.tables["schoolYearTypes"]
    for year in SCHOOL_YEARS:
        document = {
            "schoolYear": year,
            "currentSchoolYear": year == CURRENT_SCHOOL_YEAR,
            "schoolYearDescription": f"{year - 1}-{year}",
        }
        store.add(table.resource, table.key_of(document), document, NO_POINTERS)
    for table in store.tables.values():
        table.created = 0
