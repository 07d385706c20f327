"""Finds weights, proves that they are the card's, and hands over their bytes.

The bytes that were hashed are the bytes that are handed over: nothing is read twice, so a
file that is swapped in between cannot get through. Pickles (.pth, .pt, .ckpt and anything
that begins like one) are refused before a reader sees them, because reading one runs code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.errors import AlteredWeightsError, MissingWeightsError, UnsafeWeightsError
from models.spec import NetworkCard, Sha256, WeightsFile, WeightsFormat

PICKLE_SUFFIXES = frozenset({".pth", ".pt", ".ckpt", ".pkl", ".pickle", ".bin"})
LARGEST_HEADER_BYTES = 100_000_000
"""The limit that the safetensors format sets for its header."""
_ZIP_MAGIC = b"PK\x03\x04"
_PICKLE_PROTOCOL = 0x80
_ONNX_IR_VERSION_FIELD = 0x08
_RESTORE = "Restore the file from the release that the card came with."


def file_of(card: NetworkCard, form: WeightsFormat) -> WeightsFile:
    """What the card says of the network's weights of this format. Raises MissingWeightsError."""
    if form in card.files:
        return card.files[form]
    if card.is_installed:
        have = ", ".join(each.value for each in card.files)
        raise MissingWeightsError(
            f"{card.name} is installed as {have} only, and {form.value} is needed",
            next_step="Choose an engine that reads what is installed.",
        )
    raise MissingWeightsError(
        f"{card.name} is not installed",
        next_step=f"Run `evident models fetch {card.name}`, or `evident models import FILE`.",
    )


def path_of(card: NetworkCard, form: WeightsFormat) -> Path:
    """Where the network's weights of this format lie. Raises MissingWeightsError."""
    path = card.folder / file_of(card, form).name
    if not path.is_file():
        raise MissingWeightsError(
            f"the weights of {card.name} are missing: {path}", next_step=_RESTORE
        )
    return path


def digest_of(path: Path) -> Sha256:
    """Hash a file with SHA-256, in pieces. Raises MissingWeightsError."""
    try:
        with path.open("rb") as file:
            return Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise MissingWeightsError(f"{path}: {error.strerror}", next_step=_RESTORE) from error


def read_verified(card: NetworkCard, form: WeightsFormat) -> bytes:
    """Read the weights of `card` in this format, after their digest was found to be the card's.

    Raises MissingWeightsError, AlteredWeightsError or UnsafeWeightsError.
    """
    path = path_of(card, form)
    expected = file_of(card, form)
    try:
        with path.open("rb") as file:
            content = file.read(expected.size_bytes + 1)
    except OSError as error:
        raise MissingWeightsError(f"{path}: {error.strerror}", next_step=_RESTORE) from error
    if len(content) != expected.size_bytes:
        raise AlteredWeightsError(
            f"{path.name} does not have the {expected.size_bytes} bytes that its card states",
            next_step=_RESTORE,
        )
    found = hashlib.sha256(content).hexdigest()
    if found != expected.sha256:
        raise AlteredWeightsError(
            f"{path.name} has the digest {found}, its card states {expected.sha256}",
            next_step=_RESTORE,
        )
    refuse_unsafe(content, name=path.name, form=form)
    return content


def refuse_unsafe(content: bytes, *, name: str, form: WeightsFormat) -> None:
    """Raise UnsafeWeightsError unless `content` begins as a file of this format does.

    safetensors: a little-endian 64-bit header length, then a JSON object
    (https://huggingface.co/docs/safetensors). ONNX: a protobuf whose first field is
    `ir_version` (onnx.proto, field 1).
    """
    if Path(name).suffix.lower() in PICKLE_SUFFIXES or begins_as_pickle(content):
        raise UnsafeWeightsError(
            f"{name} is a pickle, and reading one can run any code",
            next_step="Convert it to safetensors on a machine that you can lose.",
        )
    if form is WeightsFormat.SAFETENSORS:
        length = int.from_bytes(content[:8], "little")
        fits = 2 <= length <= min(LARGEST_HEADER_BYTES, len(content) - 8)
        sound = fits and content[8:9] == b"{"
    else:
        sound = len(content) > 2 and content[0] == _ONNX_IR_VERSION_FIELD
    if not sound:
        raise UnsafeWeightsError(f"{name} is not a file of the {form.value} format")


def begins_as_pickle(content: bytes) -> bool:
    """Recognise a zip archive (torch since 1.6) or a pickle of protocol 2 or later.

    A safetensors header of 0x..80 bytes begins with the same byte, but has `{` as its ninth.
    """
    if content.startswith(_ZIP_MAGIC):
        return True
    return content[:1] == bytes([_PICKLE_PROTOCOL]) and content[8:9] != b"{"
