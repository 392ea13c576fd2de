"""Whatever a client sends, a body is either refused with its paths or becomes a document that is stable."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmsperf_tui.standin.api_schema import read_model, shipped_schema
from dmsperf_tui.standin.problems import Errors
from dmsperf_tui.standin.schema import Collection, Kind, Member, Resource, Scalar
from dmsperf_tui.standin.store import Table
from dmsperf_tui.standin.validation import Checker, Document

RESOURCES = [
    resource
    for resource in read_model(shipped_schema()).resources
    if not resource.is_descriptor or resource.endpoint == "gradeLevelDescriptors"
]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
)


def objects(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.dictionaries(st.text(max_size=8), values, max_size=3)


ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | objects(inner), max_leaves=8)


def fitting(member: Member) -> st.SearchStrategy[object]:
    """Mostly what the member wants, so that whole documents are found, but anything at times."""
    if isinstance(member, Scalar):
        wanted = fitting_scalar(member)
    elif isinstance(member, Collection):
        wanted = st.lists(document(member.members), min_size=1, max_size=2)
    else:
        wanted = document(member.members)
    return st.one_of(wanted, wanted, wanted, wanted, ANYTHING)


def fitting_scalar(scalar: Scalar) -> st.SearchStrategy[object]:
    match scalar.kind:
        case Kind.INTEGER:
            return st.sampled_from([1, 5, 7.0, "8", " 3 "])
        case Kind.NUMBER:
            return st.sampled_from([1, 2.5, "2.5", "-4"])
        case Kind.BOOLEAN:
            return st.sampled_from([True, "false"])
        case Kind.DATE:
            return st.dates().map(str)
        case Kind.DATE_TIME:
            return st.one_of(st.dates().map(str), st.datetimes().map(lambda moment: moment.isoformat()))
        case Kind.TIME:
            return st.sampled_from(["08:30:00", "23:59:59"])
        case _:
            return st.sampled_from(["Traci", "Mathews 2"])


def document(members: tuple[Member, ...]) -> st.SearchStrategy[object]:
    return st.fixed_dictionaries({member.name: fitting(member) for member in members})


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.endpoint)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_body_is_refused_or_becomes_stable(resource: Resource, data: st.DataObject) -> None:
    sent = orjson.loads(orjson.dumps(data.draw(document(resource.members))))
    checker = Checker(resource.members)
    errors: Errors = {}
    stored = checker.check(sent, "$", errors)
    if errors:
        assert all(path.startswith("$.") and messages for path, messages in errors.items())
        return
    Table(resource).key_of(stored)
    read: Document = orjson.loads(orjson.dumps(stored))
    assert checker.check(read, "$", errors) == stored
    assert errors == {}
