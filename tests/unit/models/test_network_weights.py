"""Weights are the card's to the byte, and never a pickle."""

from __future__ import annotations

import hashlib
import io
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from models import weights
from models.catalog import Catalog
from models.errors import AlteredWeightsError, MissingWeightsError, UnsafeWeightsError
from models.spec import NetworkCard, Sha256, WeightsFile, WeightsFormat

FORMS = list(WeightsFormat)


def with_file(card: NetworkCard, form: WeightsFormat, content: bytes) -> NetworkCard:
    """Make a card that truly describes `content` as its file of this format, and the file."""
    name = card.files[form].name
    (card.folder / name).write_bytes(content)
    file = WeightsFile(name, Sha256(hashlib.sha256(content).hexdigest()), len(content))
    return replace(card, files={**card.files, form: file})


@pytest.mark.parametrize("form", FORMS)
def test_sound_weights_come_back_byte_by_byte(tiny: Catalog, form: WeightsFormat) -> None:
    """What is handed over is what lies on disk, and its digest is the card's."""
    card = tiny.card("tiny-x2")
    content = weights.read_verified(card, form)
    assert content == weights.path_of(card, form).read_bytes()
    assert weights.digest_of(weights.path_of(card, form)) == card.files[form].sha256


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", [0, 7, 8, -1])
def test_one_flipped_bit_is_found(own_folder: Path, form: WeightsFormat, place: int) -> None:
    """A single bit that differs anywhere in the file is refused."""
    card = Catalog(own_folder).card("tiny-x1")
    path = weights.path_of(card, form)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(AlteredWeightsError, match=card.files[form].name):
        weights.read_verified(card, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("change", [lambda old: old[:-1], lambda old: old + b"\0", lambda _: b""])
def test_a_file_of_another_size_is_refused(own_folder: Path, form: WeightsFormat, change) -> None:
    """A truncated, extended or emptied file is refused."""
    card = Catalog(own_folder).card("tiny-x1")
    path = weights.path_of(card, form)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(AlteredWeightsError, match="bytes that its card states"):
        weights.read_verified(card, form)


@pytest.mark.parametrize("form", FORMS)
def test_missing_weights_are_said_to_be_missing(own_folder: Path, form: WeightsFormat) -> None:
    """An absent file, or a folder in its place, is missing and says what to do."""
    card = Catalog(own_folder).card("tiny-x1")
    path = own_folder / card.files[form].name
    path.unlink()
    with pytest.raises(MissingWeightsError) as refused:
        weights.read_verified(card, form)
    assert refused.value.next_step
    path.mkdir()
    with pytest.raises(MissingWeightsError):
        weights.read_verified(card, form)
    with pytest.raises(MissingWeightsError):
        weights.digest_of(path)


def torch_pickles() -> dict[str, bytes]:
    """Make the two forms of torch's own files, and plain pickles of three protocols."""
    import torch

    made = {f"pickle-{protocol}": pickle.dumps({"w": [1.0]}, protocol) for protocol in (0, 2, 5)}
    for zipped in (False, True):
        stored = io.BytesIO()
        torch.save({"w": torch.ones(3)}, stored, _use_new_zipfile_serialization=zipped)
        made[f"torch-{'zip' if zipped else 'legacy'}"] = stored.getvalue()
    return made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["pickle-0", "pickle-2", "pickle-5", "torch-zip", "torch-legacy"])
def test_a_pickle_is_refused_even_when_its_digest_is_right(
    own_folder: Path, form: WeightsFormat, kind: str
) -> None:
    """A pickle under an honest name with an honest digest is refused by its first bytes."""
    card = with_file(Catalog(own_folder).card("tiny-x1"), form, torch_pickles()[kind])
    with pytest.raises(UnsafeWeightsError):
        weights.read_verified(card, form)


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.ckpt", "NET.PTH", "net.pkl"])
@pytest.mark.parametrize("form", FORMS)
def test_a_pickle_s_name_is_enough(tiny: Catalog, name: str, form: WeightsFormat) -> None:
    """A name by which pickles go is refused, whatever the file holds."""
    sound = weights.read_verified(tiny.card("tiny-x1"), form)
    with pytest.raises(UnsafeWeightsError, match="pickle"):
        weights.refuse_unsafe(sound, name=name, form=form)


SAFETENSORS_LIES = {
    "empty": b"",
    "short": b"\x02\0\0\0\0\0\0",
    "longer than the file": (100).to_bytes(8, "little") + b"{}",
    "beyond the format's limit": (1 << 62).to_bytes(8, "little") + b"{}",
    "no object": (2).to_bytes(8, "little") + b"[]",
}


@pytest.mark.parametrize("case", SAFETENSORS_LIES)
def test_a_header_that_cannot_be_is_refused(case: str) -> None:
    """A safetensors file whose header cannot be one is refused before a reader sees it."""
    with pytest.raises(UnsafeWeightsError):
        weights.refuse_unsafe(
            SAFETENSORS_LIES[case], name="a.safetensors", form=WeightsFormat.SAFETENSORS
        )


def test_a_header_of_the_pickle_s_first_byte_is_no_pickle() -> None:
    """A safetensors header of 128 bytes begins like a pickle and is still accepted."""
    content = (0x80).to_bytes(8, "little") + b"{" + b" " * 126 + b"}"
    weights.refuse_unsafe(content, name="a.safetensors", form=WeightsFormat.SAFETENSORS)


def test_formats_are_not_taken_for_each_other(tiny: Catalog) -> None:
    """An ONNX file is no safetensors file and the other way round."""
    card = tiny.card("tiny-x1")
    onnx = weights.read_verified(card, WeightsFormat.ONNX)
    safe = (0x10).to_bytes(8, "little") + b"{" + b" " * 14 + b"}"
    with pytest.raises(UnsafeWeightsError):
        weights.refuse_unsafe(onnx, name="a", form=WeightsFormat.SAFETENSORS)
    with pytest.raises(UnsafeWeightsError):
        weights.refuse_unsafe(safe, name="a", form=WeightsFormat.ONNX)
