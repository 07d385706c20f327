"""LPIPS: how differently two pictures look to a classifier. Lower is better; 0 for equal ones.

Zhang, Isola, Efros, Shechtman and Wang, "The unreasonable effectiveness of deep features as a
perceptual metric", CVPR 2018, version 0.1: RGB from -1 to 1 is shifted and scaled per channel,
the tapped features are made unit vectors at every place, and the squared differences, weighted
per channel by published heads, are averaged over places and summed over taps.

Two files are needed: the heads (published, taken by digest) and the classifier's weights, which
an operator supplies; nothing stands in for either. The heads are a stream of pickles as torch
wrote them before 2020. They are walked as opcodes, and nothing in them is run.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from models.errors import ModelError
from models.formats.safetensors_file import read_tensors
from pipelines.errors import InputError, RequestError
from pipelines.quality.metrics.backbones import Backbone, Tensors
from pipelines.quality.metrics.convolution import Features
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score
from pipelines.quality.metrics.pictures import PEAK, Colour, Picture, pair

_SHIFT = np.array([-0.030, -0.088, -0.188])
_SCALE = np.array([0.458, 0.448, 0.450])
_LEAST = 1e-10
_LEAST_SIDE = 64
_HEAD = "lin{}.model.1.weight"
_PICKLES = 5
"""Magic number, protocol, system, tensors, keys of storages in the order of their bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Lpips:
    """The metric with its heads and its classifier, both named by SHA-256."""

    backbone: Backbone
    heads: tuple[Features, ...]
    weights: Tensors
    heads_sha256: str
    weights_sha256: str
    crop: int = 0

    @classmethod
    def read(
        cls,
        backbone: Backbone,
        heads: bytes,
        weights: bytes,
        *,
        heads_sha256: str,
        weights_sha256: str,
        crop: int = 0,
    ) -> Lpips:
        """Read both files; raises InputError where one is not what it should be."""
        try:
            tensors = read_tensors(weights, name=f"{backbone.label}'s weights")
        except ModelError as error:
            raise InputError(str(error)) from error
        return cls(
            backbone,
            read_heads(heads, backbone.channels),
            backbone.taken(tensors),
            heads_sha256,
            weights_sha256,
            crop,
        )

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        parameters = (
            ("version", "0.1"),
            ("backbone", self.backbone.label),
            ("heads_sha256", self.heads_sha256),
            ("weights_sha256", self.weights_sha256),
        )
        return Fingerprint("lpips", "evident 1", parameters, Colour.RGB.caption, self.crop)

    def score(self, result: Picture, reference: Picture) -> Score:
        """Score `result` against `reference`; RequestError where a side is shorter than 64."""
        found, wanted = pair(result, reference, colour=Colour.RGB, crop=self.crop)
        if min(found.shape[:2]) < _LEAST_SIDE:
            raise RequestError(
                f"LPIPS needs {_LEAST_SIDE} samples a side; there are {found.shape[1]} x "
                f"{found.shape[0]}.",
                next_step="Score a larger picture, or leave this metric out.",
            )
        taps = zip(
            self.heads,
            self.backbone.features(self.weights, _normalised(found)),
            self.backbone.features(self.weights, _normalised(wanted)),
            strict=True,
        )
        value = sum(_apart(head, one, other) for head, one, other in taps)
        return Score(float(value), "", Better.LOWER, self.fingerprint)


def _normalised(picture: Picture) -> Features:
    """(H, W) or (H, W, 3) code values to (3, H, W) as the classifiers were trained."""
    colours = np.stack((picture,) * 3, axis=-1) if picture.ndim == 2 else picture
    shifted = (colours * (2 / PEAK) - 1 - _SHIFT) / _SCALE
    return np.ascontiguousarray(shifted.transpose(2, 0, 1), np.float32)


def _apart(head: Features, one: Features, other: Features) -> float:
    """Weigh the squared difference of unit vectors, averaged over places."""
    square = (_unit(one) - _unit(other)) ** 2
    return float(np.mean(np.tensordot(head.astype(np.float64), square, axes=1)))


def _unit(features: Features) -> Picture:
    exact = features.astype(np.float64)
    return np.asarray(exact / (np.sqrt((exact**2).sum(axis=0)) + _LEAST))


def read_heads(content: bytes, channels: Sequence[int]) -> tuple[Features, ...]:
    """Read the weights per channel of every tap; raises InputError.

    The tensors' pickle names each head and then the key of the storage that holds it; the last
    pickle lists the keys in the order in which the storages' bytes follow, each with its count.
    """
    stream = BytesIO(content)
    try:
        pickles = [_words(stream) for _ in range(_PICKLES)]
        keys = _keys_by_head(pickles[3])
        numbers = {}
        for key in pickles[4]:
            (count,) = struct.unpack("<q", stream.read(8))
            if not 0 < count <= max(channels):
                raise InputError("The heads of LPIPS hold more numbers than there are channels.")
            numbers[key] = np.frombuffer(stream.read(4 * count), "<f4")
        heads = tuple(numbers[keys[_HEAD.format(tap)]] for tap in range(len(channels)))
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise InputError(f"The file does not hold the heads of LPIPS: {error}") from error
    if [len(head) for head in heads] != list(channels):
        raise InputError("The heads of LPIPS are not those of this classifier.")
    return heads


def _words(stream: BytesIO) -> list[str]:
    """List the texts of the next pickle; opcodes are told apart, none is obeyed."""
    texts = ("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "SHORT_BINUNICODE")
    return [str(value) for code, value, _ in pickletools.genops(stream) if code.name in texts]


def _keys_by_head(words: Sequence[str]) -> dict[str, str]:
    """Pair each head's name with the storage key that follows it.

    After a name come the word `storage`, once for all, then a key and where it was kept.
    """
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("lin"):
            name = word
        elif name and word.isdigit() and name not in found:
            found[name] = word
    return found
