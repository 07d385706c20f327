"""The card's form on disk."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.card_file import parse
from models.card_text import render
from models.catalog import Catalog
from models.errors import CardError
from models.spec import NetworkCard, TilingKind, TilingRule, Training

SOURCE = Path("folder/tiny-x2.toml")

RULES = st.one_of(
    st.integers(0, 500).map(TilingRule.exact),
    st.builds(TilingRule.aligned, st.integers(1, 64), st.integers(0, 100)),
    st.builds(TilingRule.approximate, st.floats(0, 255), st.integers(0, 100)),
    st.builds(TilingRule.fixed, st.integers(65, 512), st.integers(0, 32)),
    st.just(TilingRule.whole_frame()),
)
SENTENCES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@pytest.fixture(scope="session")
def card(tiny: Catalog) -> NetworkCard:
    """One complete card."""
    return tiny.card("tiny-x2")


@given(rule=RULES, title=SENTENCES, failures=st.lists(SENTENCES, min_size=1))
def test_a_card_reads_back_as_it_was_written(
    card: NetworkCard, rule: TilingRule, title: str, failures: list[str]
) -> None:
    """Whatever a card states, writing and reading it gives the same card."""
    training = Training(data=title, degradation="Some.", known_failures=tuple(failures))
    changed = replace(card, tiling=rule, title=title, training=training)
    assert parse(render(changed), source=SOURCE) == changed


def test_a_card_knows_the_folder_that_it_came_from(card: NetworkCard) -> None:
    """The folder is the source file's, and two cards that differ only there are equal."""
    read = parse(render(card), source=SOURCE)
    assert read.folder == Path("folder")
    assert read.folder != card.folder
    assert read == card


BROKEN = {
    "not TOML": ("[network]", "[network", "not TOML"),
    "unknown key": ('version = "0.1.0"', 'version = "0.1.0"\nvariant = 1', "unknown key `variant`"),
    "unknown table": ("[memory]", "[extra]\nx = 1\n[memory]", "unknown key `extra`"),
    "unknown key in a table": ("fixed_bytes = 1000", "fixed_bytes = 1000\nx = 1", "unknown key"),
    "missing key": ('licence = "Apache-2.0"\n', "", "`licence` is missing"),
    "missing table": ("[memory]", "[[scores]]", "`memory` is missing"),
    "wrong type": ("scale = 2", 'scale = "2"', "`scale` must be int"),
    "true is no number": ("scale = 2", "scale = true", "`scale` must be int"),
    "zero": ("scale = 2", "scale = 0", "`scale`"),
    "negative": ("bytes = 1000", "bytes = -1", "fixed_bytes"),
    "empty text": ('version = "0.1.0"', 'version = " "', "`version`"),
    "unknown task": ('"super-resolve"', '"colourise"', "`task`"),
    "unknown class": ('"trained"', '"conventional"', "`class`"),
    "unknown architecture": ('"compact"', '"transformer"', "`kind`"),
    "unknown tiling": ('"exact"', '"roughly"', "`rule`"),
    "a number of another tiling rule": ("reach = 6", "reach = 6\nwindow = 8", "unknown key"),
    "negative reach": ("reach = 6", "reach = -1", "impossible tiling rule"),
    "no fp32": ('    "fp32",\n', "", "`precisions`"),
    "a precision twice": ('    "bf16",', '    "fp32",', "`precisions`"),
    "no failure known": ('[\n    "All.",\n]', "[]", "`known_failures`"),
    "name with a path": ('name = "tiny-x2"', 'name = "../tiny-x2"', "`name`"),
    "file outside": ('"tiny-x2.onnx"', '"../tiny-x2.onnx"', "`name`"),
    "pickle": ('"tiny-x2.safetensors"', '"tiny-x2.pth"', "`name`"),
    "digest in capitals": ('sha256 = "', 'sha256 = "AA', "`sha256`"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_card_that_is_not_exact_is_refused(card: NetworkCard, case: str) -> None:
    """A card with a missing, unknown or senseless fact is refused with the file and the key."""
    old, new, reason = BROKEN[case]
    text = render(card)
    assert old in text
    with pytest.raises(CardError) as refused:
        parse(text.replace(old, new, 1), source=SOURCE)
    assert "tiny-x2.toml" in str(refused.value)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "network = 3", "scores = [1]"])
def test_a_file_that_is_no_card_is_refused(text: str) -> None:
    """TOML of another shape is refused as a card, never an accident."""
    with pytest.raises(CardError):
        parse(text, source=SOURCE)


def test_scores_that_are_no_tables_are_refused(card: NetworkCard) -> None:
    """A list of numbers in the place of scores is refused."""
    text = "scores = [1]\n" + render(card).split("[[scores]]")[0]
    with pytest.raises(CardError, match="table"):
        parse(text, source=SOURCE)


def test_a_card_is_plain_toml(card: NetworkCard) -> None:
    """Any TOML reader finds the facts where the card's form says."""
    document = tomllib.loads(render(card))
    assert document["network"]["class"] == "trained"
    assert document["tiling"] == {"rule": TilingKind.EXACT.value, "reach": 6}
    assert document["files"]["onnx"]["name"] == "tiny-x2.onnx"
