"""The page about the field's networks says what the cards say."""

from __future__ import annotations

import re
from pathlib import Path

from models.catalog import FIELD_FOLDER, Catalog
from models.spec import ForeignArchitecture, PReluArchitecture

PAGE = Path(__file__).parents[3] / "docs" / "field-networks.md"
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| [^|]+ \| (?P<kind>\S+) \| (?P<use>\S+) \| (?P<loads>[^|]+) \| (?P<ran>[^|]+) \|$")  # fmt: skip # noqa: E501 - one pattern


def test_the_page_lists_every_card_with_its_class_and_its_use() -> None:
    """Each network of the field stands once, with the class and the licence's use on its card."""
    rows = [found for line in PAGE.read_text().splitlines() if (found := ROW.match(line))]
    field = Catalog(FIELD_FOLDER)
    assert sorted(row["name"] for row in rows) == sorted(field.names())
    for row in rows:
        card = field.card(row["name"])
        assert (row["kind"], row["use"]) == (card.network_class.value, card.use.value)


def test_the_page_claims_no_run_that_was_not_made() -> None:
    """Only what we state ourselves, and detectors, are said to have run with their own weights."""
    field = Catalog(FIELD_FOLDER)
    for line in PAGE.read_text().splitlines():
        row = ROW.match(line)
        if row is None:
            continue
        architecture = field.card(row["name"]).architecture
        if isinstance(architecture, ForeignArchitecture):
            assert row["ran"] == "no"
        if isinstance(architecture, PReluArchitecture):
            assert row["ran"].startswith("yes")
