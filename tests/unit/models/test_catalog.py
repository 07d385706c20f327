"""The catalog, and the cards that ship."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models import catalog, weights
from models.catalog import Catalog
from models.errors import CardError, UnknownModelError
from models.nets.compact import CompactShape
from models.spec import NetworkClass, Precision, TilingRule, WeightsFormat

OURS = (
    "evident-denoise",
    "evident-sr-x2",
    "evident-sr-x2-real",
    "evident-sr-x4",
    "evident-sr-x4-real",
)
LARGEST_FILE_BYTES = 1_500_000


def test_our_five_networks_ship() -> None:
    """The product ships with exactly the five networks that it was trained for."""
    assert catalog.names() == OURS


@pytest.mark.parametrize("name", OURS)
def test_a_shipped_card_tells_the_truth_about_its_files(name: str) -> None:
    """The files that ship have the digest, the size and the format that their card states."""
    card = catalog.card(name)
    for form in WeightsFormat:
        content = weights.read_verified(card, form)
        assert len(content) <= LARGEST_FILE_BYTES


@pytest.mark.parametrize("name", OURS)
def test_a_shipped_card_tells_the_truth_about_its_network(name: str) -> None:
    """Scale, reach and parameter count are those of the kernels in the shipped file."""
    from safetensors.torch import load

    from models.export.onnx_export import shape_of

    card = catalog.card(name)
    kernels = load(weights.read_verified(card, WeightsFormat.SAFETENSORS))
    shape = CompactShape(card.architecture.features, card.architecture.depth, card.scale)
    assert shape_of(kernels) == shape
    assert card.tiling == TilingRule.exact(shape.reach)
    assert card.parameters == sum(kernel.numel() for kernel in kernels.values())
    assert card.network_class is NetworkClass.TRAINED
    assert Precision.FP32 in card.precisions


def test_the_catalog_stays_light() -> None:
    """Listing and reading cards imports no array library and no engine."""
    code = (
        "import sys, models.catalog, models.weights, models.tiling, models.engines.choice as c;"
        "[models.catalog.card(n) for n in models.catalog.names()]; c.listing();"
        "heavy = {'numpy', 'torch', 'onnxruntime', 'onnx', 'safetensors'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    root = Path(catalog.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_network_is_named_with_those_that_exist(tiny: Catalog) -> None:
    """Asking for a network that is not there names the ones that are."""
    with pytest.raises(UnknownModelError, match="'tiny-x3'") as refused:
        tiny.card("tiny-x3")
    assert refused.value.next_step == "Name one of the catalog: tiny-x1, tiny-x2, tiny-x4."


@pytest.mark.parametrize("name", ["../cards/tiny-x2", "tiny-x2.toml", "", "TINY-X2"])
def test_a_name_is_never_a_path(tiny: Catalog, name: str) -> None:
    """Only names that were listed are looked up; nothing is joined to a path."""
    with pytest.raises(UnknownModelError):
        tiny.card(name)


def test_an_empty_folder_is_an_empty_catalog(tmp_path: Path) -> None:
    """A folder without cards, or none at all, holds no networks."""
    assert Catalog(tmp_path).names() == ()
    assert Catalog(tmp_path / "absent").names() == ()


def test_a_card_under_another_name_is_refused(own_folder: Path) -> None:
    """A card copied over another's file does not pass for it."""
    (own_folder / "tiny-x4.toml").write_bytes((own_folder / "tiny-x2.toml").read_bytes())
    with pytest.raises(CardError, match="another network, tiny-x2"):
        Catalog(own_folder).card("tiny-x4")


def test_a_card_that_is_no_text_is_refused(own_folder: Path) -> None:
    """Bytes that are not UTF-8 are a card error with the file's name."""
    (own_folder / "tiny-x4.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CardError, match=r"tiny-x4\.toml"):
        Catalog(own_folder).card("tiny-x4")


def test_a_card_is_read_once(own_folder: Path) -> None:
    """A card that was read stays, whatever becomes of its file."""
    networks = Catalog(own_folder)
    first = networks.card("tiny-x1")
    (own_folder / "tiny-x1.toml").unlink()
    assert networks.card("tiny-x1") is first
