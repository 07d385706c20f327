"""Whatever is sent as a request for work is a checked request or a refusal, never a fault."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidentError
from services.gateway.job_request import read_request
from tests.unit.services.gateway.test_job_routes import GRAPH, SHORT

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["sha256:" + "0" * 64, "../..", "\x00", "💥", "1e999", "-0", " "]),
)
VALUES = st.recursive(
    ODD,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FORMS: tuple[dict[str, Any], ...] = (
    SHORT,
    {**SHORT, "params": {"scale": 2}, "case": "c", "deadline": "2026-01-01T00:00:00Z"},
    GRAPH,
    {"graph": GRAPH, "reviewers": ["A; b; c"], "priority": "batch"},
)


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [above] if above else []
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(one, (*above, key))
    return found


@st.composite
def altered(draw: st.DrawFn) -> dict[str, Any]:
    """A request of which a few places hold something else, or nothing."""
    document = copy.deepcopy(draw(st.sampled_from(FORMS)))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(document)))
        holder: Any = document
        for key in path:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            holder[draw(st.one_of(st.just(last), st.text(max_size=12)))] = draw(VALUES)
        elif isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = draw(VALUES)
        if not document:
            break
    return document


def refusal(body: bytes) -> str | None:
    """Why a request is refused; None for one that is checked, whose input is named."""
    try:
        asked = read_request(body)
    except EvidentError as error:
        return str(error)
    return None if asked.artifact.startswith("sha256:") else ""


@settings(max_examples=400, deadline=None)
@given(altered())
def test_an_altered_request_is_checked_or_refused(document: dict[str, Any]) -> None:
    """A request that was altered anywhere is still well formed, or refused with a reason."""
    assert refusal(json.dumps(document).encode()) != ""


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(body: bytes) -> None:
    """Bytes that are no request are refused with a reason."""
    assert refusal(body)
