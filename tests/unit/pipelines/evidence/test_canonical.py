"""Canonical JSON: one spelling per value, and nothing but that spelling is read."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    canonical_bytes,
    parse_canonical,
    parse_object,
)

GOLDEN = Path(__file__).with_name("golden_canonical.json")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)

GOLDEN_VALUE = {
    # RFC 8785, 3.2.3: the keys of its sorting example, whose order differs from code points.
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
    "nested": {"b": [True, False, None, 0, -1, MAX_INTEGER], "a": {}},
    # RFC 8785, 3.2.2.2: the string of its escaping example.
    "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
}


def test_canonical_golden_file() -> None:
    """The spelling of a fixed value never changes, key order and escapes of the RFC included."""
    assert canonical_bytes(GOLDEN_VALUE) + b"\n" == GOLDEN.read_bytes()


def test_rfc_key_order() -> None:
    """Keys sort by UTF-16 code units, so an emoji comes before a Hebrew presentation form."""
    text = canonical_bytes({"\ufb33": 1, "\U0001f600": 2}).decode("utf-8")
    assert text == '{"\U0001f600":2,"\ufb33":1}'


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_canonical_round_trip(value: object) -> None:
    """Every admitted value comes back equal, and its spelling is a fixed point."""
    data = canonical_bytes(value)
    back = parse_canonical(data)
    assert back == value
    assert canonical_bytes(back) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1, "b":2}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b"-0",
        b"NaN",
        b"-Infinity",
        b"01",
        b" 1",
        b"1\n",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud83d\\ude00"',
        b'"\\ud800"',
        b'"\\u001F"',
        b'"\x7f\xff"',
        b'\xef\xbb\xbf"a"',
        b"9007199254740992",
        b"9" * 10_000,
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"",
        b"{",
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    """A text that is not the one spelling of an admitted value is refused, never repaired."""
    with pytest.raises(EvidenceError):
        parse_canonical(data)


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), b"x", {1: 2}, {"a": {1, 2}}, 2**53, -(2**53), "\ud800", {"\udfff": 1}],
)
def test_values_without_a_spelling_are_refused(value: object) -> None:
    """Floats, bytes, sets, large integers, odd keys and lone surrogates have no spelling."""
    with pytest.raises(EvidenceError):
        canonical_bytes(value)


def test_depth_is_bounded() -> None:
    """The deepest admitted nesting is spelt and read, one deeper is not."""
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert canonical_bytes(parse_canonical(deepest)) == deepest
    with pytest.raises(EvidenceError):
        canonical_bytes([parse_canonical(deepest)])


def test_parse_object_takes_objects_only() -> None:
    """Where an object is expected, another value is refused."""
    assert parse_object(b'{"a":[]}') == {"a": []}
    with pytest.raises(EvidenceError):
        parse_object(b"[]")


class Word(str):
    """A string by another name."""

    __slots__ = ()


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_spelling_does_not_depend_on_python_types(value: object) -> None:
    """Strings, mappings and sequences of any Python type have the spelling of the plain ones."""

    def disguised(one: object) -> object:
        if isinstance(one, str):
            return Word(one)
        if isinstance(one, dict):
            return MappingProxyType({Word(key): disguised(inner) for key, inner in one.items()})
        return tuple(disguised(inner) for inner in one) if isinstance(one, list) else one

    assert canonical_bytes(disguised(value)) == canonical_bytes(value)
