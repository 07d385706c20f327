"""Blends of two networks of one layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import weights
from models.blend_name import blend_name, parse_blend_name
from models.card_file import parse
from models.card_text import render
from models.catalog import Catalog
from models.errors import CardError, UnknownModelError
from models.formats.safetensors_file import read_tensors
from models.install.importing import import_file
from models.installed import Standing
from models.spec import BlendRule, ModelId, Task, WeightsFormat
from tests.unit.models.field_kit import field_folder, prelu_tensors, small_file

NAME = "tiny-a-denoise-0.25"


def with_rule(folder: Path, *, twin: str = "tiny-b") -> None:
    """Say on the card of tiny-a that it has a twin."""
    from dataclasses import replace

    card = Catalog(folder).card("tiny-a")
    changed = replace(card, blend=BlendRule(ModelId(twin), "less noise is taken out"))
    (folder / "tiny-a.toml").write_text(render(changed))


@pytest.fixture
def networks(tmp_path: Path) -> Catalog:
    """Two installed twins."""
    field = field_folder(tmp_path / "field", names=("tiny-a", "tiny-b"))
    with_rule(field)
    folder = tmp_path / "models"
    networks = Catalog(tmp_path / "none", field=field, installed=folder)
    for seed, name in enumerate(("tiny-a", "tiny-b"), start=1):
        path = small_file(tmp_path / f"{name}.safetensors", seed=seed)
        import_file(path, networks, folder, wanted=name)
    return Catalog(tmp_path / "none", field=field, installed=folder)


def test_every_number_lies_between_its_parents(networks: Catalog) -> None:
    """A blend's tensors are the weighted sum of its parents', number by number."""
    card = networks.card(NAME)
    content = weights.read_verified(card, WeightsFormat.SAFETENSORS)
    mixed = read_tensors(content, name=NAME)
    first, second = prelu_tensors(scale=4, seed=1), prelu_tensors(scale=4, seed=2)
    for name, values in mixed.items():
        expected = 0.25 * first[name].astype(float) + 0.75 * second[name].astype(float)
        np.testing.assert_array_equal(values, expected.astype(np.float32))


@pytest.mark.parametrize(("share", "parent"), [("1.00", "tiny-a"), ("0.00", "tiny-b")])
def test_the_ends_are_the_parents(networks: Catalog, share: str, parent: str) -> None:
    """At 1 a blend is the network itself, at 0 its twin."""
    ends = []
    for name in (f"tiny-a-denoise-{share}", parent):
        content = weights.read_verified(networks.card(name), WeightsFormat.SAFETENSORS)
        ends.append(read_tensors(content, name=name))
    for name, values in ends[0].items():
        np.testing.assert_array_equal(values, ends[1][name])


def test_a_blend_names_both_parents_by_digest(networks: Catalog, tmp_path: Path) -> None:
    """Card, origin and record of a blend state both parents, their digests and their shares."""
    card = networks.card(NAME)
    form = WeightsFormat.SAFETENSORS
    assert [(one.name, one.share) for one in card.parents] == [
        ("tiny-a", "0.25"),
        ("tiny-b", "0.75"),
    ]
    for one in card.parents:
        assert one.sha256 == networks.card(one.name).files[form].sha256
        assert one.sha256 in card.origin
    assert card.task is Task.SUPER_RESOLVE
    assert card.official is None
    assert parse(render(card), source=tmp_path / NAME / f"{NAME}.toml") == card


def test_a_blend_is_computed_once_and_again_when_a_parent_changes(
    networks: Catalog, tmp_path: Path
) -> None:
    """A kept blend is used while its parents stay; another parent makes another blend."""
    first = networks.card(NAME)
    path = first.folder / first.files[WeightsFormat.ONNX].name
    written = path.stat().st_ino
    fresh = Catalog(tmp_path / "none", field=tmp_path / "field", installed=tmp_path / "models")
    assert fresh.card(NAME) == first
    assert path.stat().st_ino == written
    other = small_file(tmp_path / "other.safetensors", seed=3)
    record = import_file(other, fresh, tmp_path / "models", wanted="tiny-b")
    assert record.standing is Standing.UNKNOWN
    again = Catalog(tmp_path / "none", field=tmp_path / "field", installed=tmp_path / "models")
    assert again.card(NAME).files != first.files


def test_without_its_parents_a_blend_is_not_installed(tmp_path: Path) -> None:
    """The facts of a blend are known without weights; the weights are then missing."""
    field = field_folder(tmp_path / "field", names=("tiny-a", "tiny-b"))
    with_rule(field)
    card = Catalog(tmp_path / "none", field=field, installed=tmp_path / "models").card(NAME)
    assert not card.is_installed
    assert card.scale == 4


def test_only_twins_are_blended(tmp_path: Path) -> None:
    """A name is a blend where its base has a twin of its own layout, and nowhere else."""
    field = field_folder(tmp_path / "field", names=("tiny-a", "tiny-b"))
    networks = Catalog(tmp_path / "none", field=field)
    for name in (NAME, "tiny-c-denoise-0.50", "tiny-a-denoise-0.5", "tiny-a-denoise-1.50"):
        with pytest.raises(UnknownModelError):
            networks.card(name)
    field_folder(field, names=("tiny-x2",), scale=2)
    with_rule(field, twin="tiny-x2")
    with pytest.raises(CardError, match="not of one layout"):
        Catalog(tmp_path / "none", field=field).card(NAME)


def test_a_name_reads_back() -> None:
    """The name of a blend holds its base and its share, in hundredths."""
    assert blend_name("tiny-a", 0.254) == "tiny-a-denoise-0.25"
    assert parse_blend_name("tiny-a-denoise-0.25") == ("tiny-a", "0.25")
    assert parse_blend_name("tiny-a") is None
