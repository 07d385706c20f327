"""What is written for a network: three files that agree, the same each time, or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from models import catalog
from models.card_text import render
from models.catalog import Catalog
from models.errors import ExportError, UnsafeWeightsError
from models.export import ship as ship_module
from models.export.facts import TEXTS
from models.export.ship import read_scores, ship
from models.nets.compact import CompactNet, CompactShape
from models.spec import Score, WeightsFormat

ROOT = Path(__file__).resolve().parents[4]
NAME = "evident-sr-x2"
SCORE = Score("a set", 7, 35.01, 2.5, "bicubic")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Make a folder with a small trained network under the name of one of ours."""
    folder = tmp_path / "trained"
    folder.mkdir()
    torch.manual_seed(1)
    network = CompactNet(CompactShape(4, 2, 2), wide=8).collapsed()
    (folder / f"{NAME}.safetensors").write_bytes(save(network.state_dict()))
    return folder


def test_shipping_what_ships_changes_no_byte(tmp_path: Path) -> None:
    """All fifteen shipped files follow from the shipped safetensors, the texts and the scores.

    Whether bf16 is proven is measured where shipping runs, so it may differ between processors.
    """
    cards = catalog.shipped().folder
    for name in catalog.names():
        ship(name, weights=cards, into=tmp_path, scores=catalog.card(name).scores)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 15
    for file in made:
        if not file.endswith(".toml"):
            assert (tmp_path / file).read_bytes() == (cards / file).read_bytes(), file
    for name in catalog.names():
        again, card = Catalog(tmp_path).card(name), catalog.card(name)
        assert replace(again, precisions=card.precisions) == card
        assert render(card) == (cards / f"{name}.toml").read_text(encoding="utf-8")


def test_the_card_is_read_back_with_its_files(trained: Path, tmp_path: Path) -> None:
    """What was written opens as a catalog whose digests hold and whose scores are those given."""
    into = tmp_path / "cards"
    shipped = ship(NAME, weights=trained, into=into, scores=(SCORE,))
    card = Catalog(into).card(NAME)
    assert card == shipped.card
    assert card.scores == (SCORE,)
    assert card.tiling.reach == 2 + 2 + 2
    assert card.parameters == sum(
        tensor.numel()
        for tensor in ship_module._trained(trained / f"{NAME}.safetensors").parameters()
    )


def test_scores_are_kept_for_the_same_weights_only(trained: Path, tmp_path: Path) -> None:
    """Shipping again without scores keeps them; other weights never inherit them."""
    into = tmp_path / "cards"
    ship(NAME, weights=trained, into=into, scores=(SCORE,))
    assert ship(NAME, weights=trained, into=into).card.scores == (SCORE,)
    torch.manual_seed(2)
    other = CompactNet(CompactShape(4, 2, 2), wide=8).collapsed()
    (trained / f"{NAME}.safetensors").write_bytes(save(other.state_dict()))
    assert ship(NAME, weights=trained, into=into).card.scores == ()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"\x80\x02}q\x00.", UnsafeWeightsError),
        (b"PK\x03\x04" + bytes(30), UnsafeWeightsError),
        (b"nothing like it", UnsafeWeightsError),
        (save({"conv.weight": torch.zeros(2)}), ExportError),
        (save(CompactNet(CompactShape(4, 2, 4), wide=8).collapsed().state_dict()), ExportError),
    ],
    ids=["pickle", "zip", "text", "other network", "other scale"],
)
def test_what_is_not_the_network_is_not_shipped(
    trained: Path, tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    """Pickles, other networks and other scales are refused, and nothing is written."""
    (trained / f"{NAME}.safetensors").write_bytes(content)
    with pytest.raises(error):
        ship(NAME, weights=trained, into=tmp_path / "cards")
    assert not (tmp_path / "cards").exists()


def test_a_file_that_is_too_large_is_not_shipped(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size limit of a shipped file holds for both formats."""
    monkeypatch.setattr(ship_module, "LARGEST_FILE_BYTES", 1000)
    with pytest.raises(ExportError, match="too many"):
        ship(NAME, weights=trained, into=tmp_path / "cards")
    assert not (tmp_path / "cards").exists()


@pytest.mark.parametrize("text", ["[]", "{", '{"unknown": []}', '{"evident-sr-x2": [{"n": 1}]}'])
def test_scores_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    """A file of scores in another form is refused rather than half read."""
    path = tmp_path / "scores.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExportError):
        read_scores(path)


def test_every_network_has_its_texts_and_no_more() -> None:
    """The texts for people cover exactly the networks that ship, each with its failures."""
    assert sorted(TEXTS) == sorted(catalog.names())
    for name, texts in TEXTS.items():
        card = catalog.card(name)
        assert (card.title, card.task, card.scale) == (texts.title, texts.task, texts.scale)
        assert card.training.known_failures == texts.known_failures
        assert any("persons" in failure for failure in card.training.known_failures)


def test_the_command_says_what_it_wants(trained: Path, tmp_path: Path) -> None:
    """The command ships what it finds, one JSON line each, and refuses an empty folder."""
    command = [sys.executable, "-m", "models.export.ship"]
    told = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, check=True)
    assert b"--weights" in told.stdout
    into = ["--into", str(tmp_path / "cards")]
    done = subprocess.run(
        [*command, "--weights", str(trained), *into], cwd=ROOT, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["network"] == NAME
    assert (tmp_path / "cards" / f"{NAME}.onnx").is_file()
    empty = subprocess.run(
        [*command, "--weights", str(tmp_path), *into], cwd=ROOT, capture_output=True, check=False
    )
    assert empty.returncode == 2
    assert WeightsFormat.SAFETENSORS.value in empty.stderr.decode() or b"no weights" in empty.stderr
