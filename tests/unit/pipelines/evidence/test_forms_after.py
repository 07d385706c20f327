"""The forms of supplements and disclosures: one spelling each, read back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import EvidenceError
from pipelines.evidence.checkpoint import Checkpoint
from pipelines.evidence.disclosure import Disclosure, LeftOut, parse_disclosure
from pipelines.evidence.supplement import BundleName, Tie, parse_tie

DIGEST = st.binary(min_size=32, max_size=32).map(bytes.hex)
HASH = st.binary(min_size=32, max_size=32)
COUNT = st.integers(0, 2**53 - 1)
WORDS = st.text("abc \u0436\u00e9-", min_size=1, max_size=20)
TIES = st.builds(
    Tie,
    st.builds(BundleName, DIGEST, COUNT, WORDS, COUNT, st.builds(Checkpoint, WORDS, COUNT, HASH)),
    st.lists(HASH, max_size=4).map(tuple),
)
LEFT_OUT = st.builds(
    LeftOut,
    st.integers(0, 99).map(lambda number: f"data/received/{number}.jpg"),
    st.just("received"),
    DIGEST,
    COUNT,
)
DISCLOSURES = st.builds(
    Disclosure,
    DIGEST,
    COUNT,
    WORDS,
    WORDS,
    WORDS,
    WORDS,
    st.lists(LEFT_OUT, min_size=1, max_size=3).map(tuple),
)
TIE = (
    b'{"bundle":{"bytes":9,"sha256":"' + b"ab" * 32 + b'"},"consistency":["' + b"02" * 32 + b'"],'
    b'"entries":3,"job":"j","log":{"origin":"o","root":"' + b"01" * 32 + b'","size":5},'
    b'"version":1}\n'
)
FORM = (
    b'{"at":"2026","bundle":{"bytes":9,"sha256":"' + b"ab" * 32 + b'"},"by":"b","job":"j",'
    b'"left_out":[{"bytes":1,"path":"data/received/a","role":"received","sha256":"'
    + b"cd" * 32
    + b'"}],"reason":"r","version":1}\n'
)


@given(TIES)
def test_ties_are_read_back(tie: Tie) -> None:
    """What a supplement says of its bundle is read back as it was written."""
    assert parse_tie(tie.canonical()) == tie


@given(DISCLOSURES)
def test_disclosures_are_read_back(form: Disclosure) -> None:
    """What a disclosure says of what is left out is read back as it was written."""
    assert parse_disclosure(form.canonical()) == form


def test_golden_forms() -> None:
    """The bytes of the smallest forms are fixed by the format."""
    name = BundleName("ab" * 32, 9, "j", 3, Checkpoint("o", 5, b"\x01" * 32))
    assert Tie(name, (b"\x02" * 32,)).canonical() == TIE
    gone = (LeftOut("data/received/a", "received", "cd" * 32, 1),)
    assert Disclosure("ab" * 32, 9, "j", "b", "2026", "r", gone).canonical() == FORM


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b'"version":1', b'"version":2'),
        (b'"version":1', b'"version":true'),
        (b'"bytes":9', b'"bytes":true'),
        (b'"bytes":9', b'"bytes":"9"'),
        (b'"job":"j"', b'"job":1'),
        (b"}\n", b"}"),
        (b"}\n", b"}\n\n"),
        (b'"version":1', b'"version":1,"x":1'),
        (b'"job":"j",', b""),
    ],
)
@pytest.mark.parametrize("form", [TIE, FORM])
def test_other_spellings_are_refused(form: bytes, good: bytes, bad: bytes) -> None:
    """A form with another version, type, member or line end is refused."""
    changed = form.replace(good, bad, 1)
    assert changed != form
    with pytest.raises(EvidenceError):
        (parse_tie if form is TIE else parse_disclosure)(changed)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"data/received/a", b"data/received/../a"),
        (b"data/received/a", b"statement/key.pem"),
        (b'"role":"received"', b'"role":"result"'),
        (b"cd" * 32, b"CD" * 32),
        (b'"bytes":1', b'"bytes":-1'),
        (b'"reason":"r"', b'"reason":""'),
        (b'"by":"b"', b'"by":"b\\n"'),
    ],
)
def test_what_is_left_out_is_named_in_form(good: bytes, bad: bytes) -> None:
    """A file left out has an admitted name, its role, a digest and a size; words are one line."""
    with pytest.raises(EvidenceError):
        parse_disclosure(FORM.replace(good, bad, 1))
