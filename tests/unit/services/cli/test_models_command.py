"""What is told about a network: the facts of its card."""

from __future__ import annotations

import json

import pytest

from models.catalog import FIELD_FOLDER, Catalog, shipped
from services.cli.models_command import card_json


@pytest.mark.parametrize("name", Catalog(FIELD_FOLDER).names())
def test_a_card_is_spelled_with_the_samples_that_the_network_takes(name: str) -> None:
    """Which numbers a network calls black and white is among its facts, as is its tiling rule."""
    card = Catalog(FIELD_FOLDER).card(name)
    facts = json.loads(json.dumps(card_json(card)))
    assert facts["samples"] == card.samples.value
    assert facts["tiling"] == card.tiling.caption
    assert (facts["samples"] == "-1..1") == (facts["task"] == "restore-faces")


def test_networks_that_ship_take_pictures_as_they_are() -> None:
    """Ours take samples of 0 to 1."""
    ours = shipped()
    assert {card_json(ours.card(name))["samples"] for name in ours.names()} == {"0..1"}
