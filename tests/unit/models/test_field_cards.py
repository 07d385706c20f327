"""The cards of the field's networks: complete, honest about digests, and without weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models.card_text import render
from models.catalog import CARDS_FOLDER, FIELD_FOLDER, Catalog
from models.formats import prelu_graph
from models.formats.safetensors_file import read_header
from models.spec import NetworkClass, PReluArchitecture, SampleRange, Task, TilingRule, Use

FIELD = Catalog(FIELD_FOLDER)
ADVERSARIAL = tuple(name for name in FIELD.names() if name.startswith("realesr"))
GIVEN = {
    "realesr-general-x4v3": "realesr-general-x4v3.safetensors",
    "realesr-general-wdn-x4v3": "realesr-general-wdn-x4v3.safetensors",
    "realesr-animevideov3": "realesr-animevideov3.safetensors",
    "yunet": "yunet_n_dynamic.onnx",
    "yunet-640": "yunet_n_640_640.onnx",
    "ultraface-rfb-640": "version-RFB-640.onnx",
}


@pytest.mark.parametrize("name", FIELD.names())
def test_a_card_says_where_the_network_is_had(name: str) -> None:
    """Every card has its origin over https, a stated or an unknown digest, and no weights."""
    card = FIELD.card(name)
    assert card.official is not None
    assert card.official.url.startswith("https://")
    assert card.official.stated_by
    assert (card.official.sha256 is None) == card.official.stated_by.startswith("nobody")
    assert not card.files
    assert render(card) == (FIELD_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def test_no_weights_of_others_ship() -> None:
    """The folder of the field's cards holds cards and nothing else."""
    assert {path.suffix for path in FIELD_FOLDER.iterdir()} == {".toml"}
    assert {path.stem for path in CARDS_FOLDER.glob("*.toml")} & set(FIELD.names()) == set()


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_adversarial_training_makes_a_network_generative(name: str) -> None:
    """Real-ESRGAN's networks were trained against a discriminator, so their class says so."""
    card = FIELD.card(name)
    assert card.network_class is NetworkClass.GENERATIVE
    assert card.licence == "BSD-3-Clause"
    assert card.use is Use.FREE


@pytest.mark.parametrize("name", FIELD.names())
def test_a_network_that_can_be_stated_here_has_the_reach_of_its_layers(name: str) -> None:
    """Tiling rule and parameter count follow from the architecture on the card."""
    card = FIELD.card(name)
    if isinstance(card.architecture, PReluArchitecture):
        assert card.tiling == TilingRule.exact(card.architecture.depth + 2)
        shapes = prelu_graph.layout(card.architecture, card.scale).values()
        sizes = [shape[0] * (1 if len(shape) == 1 else shape[1] * 9) for shape in shapes]
        assert card.parameters == sum(sizes)


@pytest.mark.parametrize("name", FIELD.names())
def test_networks_of_faces_take_samples_of_both_signs(name: str) -> None:
    """Those that redraw faces were trained on -1..1, and no other network of the field was."""
    card = FIELD.card(name)
    assert (card.samples is SampleRange.SIGNED) == (card.task is Task.RESTORE_FACES)


@pytest.mark.parametrize("name", FIELD.names())
def test_a_twin_is_in_the_catalog(name: str) -> None:
    """A blend names a network of the same architecture, scale and class."""
    card = FIELD.card(name)
    if card.blend is not None:
        twin = FIELD.card(card.blend.twin)
        assert (twin.architecture, twin.scale, twin.network_class) == (
            card.architecture,
            card.scale,
            card.network_class,
        )


@pytest.mark.shared_data
@pytest.mark.parametrize("name", GIVEN)
def test_a_card_knows_the_file_that_lies_beside_the_checkout(name: str, shared: Path) -> None:
    """The files that were given for development have a digest that their card states."""
    card = FIELD.card(name)
    content = (shared / "weights" / GIVEN[name]).read_bytes()
    assert card.official is not None
    stated = {card.official.sha256, *(one.sha256 for one in card.copies)}
    assert hashlib.sha256(content).hexdigest() in stated
    if isinstance(card.architecture, PReluArchitecture):
        header = read_header(content, name=name)
        shapes = {key: one.shape for key, one in header.items()}
        assert shapes == prelu_graph.layout(card.architecture, card.scale)


def test_detectors_make_no_pictures() -> None:
    """What finds faces has no place where pictures are made."""
    finding = {Task.DETECT_FACES, Task.DETECT_OBJECTS}
    for name in FIELD.names():
        card = FIELD.card(name)
        assert card.makes_pictures == (card.task not in finding)
