"""Weights that come from disk."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from models import weights
from models.card_text import render
from models.catalog import Catalog
from models.errors import (
    CardError,
    InstallError,
    MissingWeightsError,
    UnknownModelError,
    UnknownWeightsError,
    UnsafeWeightsError,
)
from models.install.importing import import_file
from models.installed import RECORD, Standing
from models.spec import KnownCopy, Sha256, WeightsFormat
from tests.unit.models.field_kit import field_folder, small_file


@pytest.fixture
def networks(tmp_path: Path) -> Catalog:
    """A catalog of two small networks of the field with the same layout."""
    field = field_folder(tmp_path / "field", names=("tiny-a", "tiny-b"))
    return Catalog(tmp_path / "none", field=field, installed=tmp_path / "models")


def test_a_network_that_is_not_installed_is_listed_and_says_so(networks: Catalog) -> None:
    """A card without weights is in the catalog; asking for its weights says how to get them."""
    assert networks.names() == ()
    assert networks.listed() == ("tiny-a", "tiny-b")
    card = networks.card("tiny-a")
    assert not card.is_installed
    with pytest.raises(MissingWeightsError, match="not installed") as refused:
        weights.read_verified(card, WeightsFormat.ONNX)
    assert "evident models fetch tiny-a" in refused.value.next_step


def test_an_unknown_digest_needs_a_person_where_two_layouts_fit(
    networks: Catalog, tmp_path: Path
) -> None:
    """A file that could be two networks is refused until somebody says which it is."""
    path = small_file(tmp_path / "some.safetensors")
    folder = tmp_path / "models"
    with pytest.raises(UnknownWeightsError, match="tiny-a or tiny-b"):
        import_file(path, networks, folder, wanted=None)
    assert not folder.exists()
    record = import_file(path, networks, folder, wanted="tiny-b")
    assert (record.network, record.standing) == ("tiny-b", Standing.UNKNOWN)
    assert record.received.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    again = Catalog(tmp_path / "none", field=tmp_path / "field", installed=folder)
    card = again.card("tiny-b")
    assert weights.read_verified(card, WeightsFormat.SAFETENSORS) == path.read_bytes()
    assert weights.read_verified(card, WeightsFormat.ONNX)
    assert again.installed("tiny-b") == record
    assert not again.card("tiny-a").is_installed


def test_one_layout_alone_is_recognised(tmp_path: Path) -> None:
    """Where one card alone has the layout of a file, nobody has to say which network it is."""
    field = field_folder(tmp_path / "field", names=("tiny-a",))
    field_folder(field, names=("tiny-x2",), scale=2)
    networks = Catalog(tmp_path / "none", field=field)
    path = small_file(tmp_path / "some.safetensors", scale=2)
    record = import_file(path, networks, tmp_path / "models", wanted=None)
    assert record.network == "tiny-x2"


def test_a_digest_on_a_card_decides(networks: Catalog, tmp_path: Path) -> None:
    """A file whose digest a card states is that network, and may not be called another."""
    from dataclasses import replace

    path = small_file(tmp_path / "some.safetensors")
    known = Sha256(hashlib.sha256(path.read_bytes()).hexdigest())
    card = replace(networks.card("tiny-a"), copies=(KnownCopy(known, "made by a test"),))
    (tmp_path / "field" / "tiny-a.toml").write_text(render(card))
    fresh = Catalog(tmp_path / "none", field=tmp_path / "field")
    with pytest.raises(UnknownWeightsError, match="is tiny-a by its digest"):
        import_file(path, fresh, tmp_path / "models", wanted="tiny-b")
    record = import_file(path, fresh, tmp_path / "models", wanted=None)
    assert (record.network, record.standing) == ("tiny-a", Standing.COPY)


def test_weights_of_another_layout_are_refused(networks: Catalog, tmp_path: Path) -> None:
    """Saying so does not make a file the weights of a network whose layout it lacks."""
    path = small_file(tmp_path / "some.safetensors", scale=2)
    with pytest.raises(UnsafeWeightsError, match="not the tensors"):
        import_file(path, networks, tmp_path / "models", wanted="tiny-a")
    assert not (tmp_path / "models").exists()


def test_what_is_no_weights_is_refused(networks: Catalog, tmp_path: Path) -> None:
    """Text, nothing at all, an absent file and an unknown name are refused with their reason."""
    path = tmp_path / "some.onnx"
    for content in (b"", b"MZ\x90", b"\x08"):
        path.write_bytes(content)
        with pytest.raises(UnsafeWeightsError):
            import_file(path, networks, tmp_path / "models", wanted="tiny-a")
    with pytest.raises(InstallError, match="No such file"):
        import_file(tmp_path / "absent", networks, tmp_path / "models", wanted="tiny-a")
    small_file(path)
    with pytest.raises(UnknownModelError):
        import_file(path, networks, tmp_path / "models", wanted="tiny-c")


def test_a_zip_that_is_no_torch_file_is_refused(networks: Catalog, tmp_path: Path) -> None:
    """A zip archive begins like torch's files; without a pickle in it, it is refused."""
    path = tmp_path / "some.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(UnsafeWeightsError):
        import_file(path, networks, tmp_path / "models", wanted="tiny-a")


def test_importing_again_replaces_the_whole(networks: Catalog, tmp_path: Path) -> None:
    """The second import leaves its own files alone in the folder, and no other."""
    folder = tmp_path / "models"
    first = import_file(small_file(tmp_path / "a.safetensors"), networks, folder, wanted="tiny-a")
    second = import_file(
        small_file(tmp_path / "b.safetensors", seed=2), networks, folder, wanted="tiny-a"
    )
    assert first.received.sha256 != second.received.sha256
    fresh = Catalog(tmp_path / "none", field=tmp_path / "field", installed=folder)
    assert fresh.installed("tiny-a") == second
    assert sorted(path.name for path in folder.iterdir()) == ["tiny-a"]


BROKEN = {
    "no JSON": ("{", "["),
    "another version": ('"version": 1', '"version": 2'),
    "another network": ('"network": "tiny-a"', '"network": "tiny-b"'),
    "a path": ('"name": "tiny-a.onnx"', '"name": "../tiny-a.onnx"'),
    "a surplus key": ('"standing"', '"surplus": 1, "standing"'),
    "an unknown standing": ('"unknown"', '"official, really"'),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_record_is_an_error(networks: Catalog, tmp_path: Path, case: str) -> None:
    """A record that was changed is refused with its path and what to do, never half believed."""
    folder = tmp_path / "models"
    import_file(small_file(tmp_path / "a.safetensors"), networks, folder, wanted="tiny-a")
    path = folder / "tiny-a" / RECORD
    old, new = BROKEN[case]
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    fresh = Catalog(tmp_path / "none", field=tmp_path / "field", installed=folder)
    with pytest.raises(CardError, match=RECORD) as refused:
        fresh.card("tiny-a")
    assert str(folder / "tiny-a") in refused.value.next_step
