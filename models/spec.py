"""The facts about one network, as frozen values. Imports neither an engine nor numpy.

Whatever decides how a network may be used is a fact on its card (the tiling rule, the proven
precisions, the memory need), so no code ever asks which network it has in its hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NewType

ModelId = NewType("ModelId", str)
"""A network's name in the catalog, for example `evident-sr-x2`."""

Sha256 = NewType("Sha256", str)
"""A SHA-256 digest (FIPS 180-4) in 64 lower-case hexadecimal digits."""


class NetworkClass(StrEnum):
    """Where the samples of a network's result come from."""

    TRAINED = "trained"
    """Trained for fidelity, without an adversarial loss."""
    GENERATIVE = "generative"
    """Trained to look plausible; it may invent."""


class Task(StrEnum):
    """What a network is for."""

    SUPER_RESOLVE = "super-resolve"
    DENOISE = "denoise"
    DEBLUR = "deblur"
    RESTORE_FACES = "restore-faces"
    DETECT_FACES = "detect-faces"
    DETECT_OBJECTS = "detect-objects"


class Channels(StrEnum):
    """What goes in and comes out."""

    LUMA = "luma"
    """One plane: luma, gray, or one channel at a time."""
    RGB = "rgb"
    """Red, green and blue together, in this order, full range."""

    @property
    def planes(self) -> int:
        """Planes that go in, and come out of a network that makes pictures."""
        return 1 if self is Channels.LUMA else 3


class SampleRange(StrEnum):
    """Which numbers a network calls black and white, going in and coming out."""

    UNIT = "0..1"
    SIGNED = "-1..1"
    """Black is -1, white is 1, and the middle between them 0."""


class Use(StrEnum):
    """What a network's licence lets a person do with its results."""

    FREE = "free"
    """Anything, within the usual duties of an open licence (notices, naming the source)."""
    NON_COMMERCIAL = "non-commercial"
    """Research and private work; anything else needs its owner's permission."""
    NETWORK_COPYLEFT = "network-copyleft"
    """AGPL: who offers it over a network owes its users the source of the whole."""


class Precision(StrEnum):
    """The number format that the network's sums are made in."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"


class WeightsFormat(StrEnum):
    """The file formats that weights are stored in. Neither can carry code."""

    ONNX = "onnx"
    SAFETENSORS = "safetensors"


WHOLE_PICTURE = 65_535
"""A reach, in samples, that no picture is larger than."""


class TilingKind(StrEnum):
    """How a network may be cut."""

    EXACT = "exact"
    """An output sample depends on `reach` input samples on each side and on nothing else."""
    ALIGNED = "aligned"
    """It works in windows: tiles start at multiples of `window`."""
    APPROXIMATE = "approximate"
    """Tiles differ from the whole by `tolerance` 8-bit steps at most, with `reach` of overlap."""
    FIXED = "fixed"
    """It takes pictures of `window` by `window` samples and no others; tiles overlap by `reach`."""
    WHOLE_FRAME = "whole-frame"
    """Every output sample may depend on every input sample."""


@dataclass(frozen=True, slots=True)
class TilingRule:
    """One kind of tiling with its numbers. Made by the named constructors.

    `reach` and `window` count input samples; `tolerance` is in 8-bit code values. Raises
    ValueError for numbers that make no sense.
    """

    kind: TilingKind
    reach: int = 0
    window: int = 1
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        overlaps = self.kind is TilingKind.FIXED and 2 * self.reach >= self.window
        if self.reach < 0 or self.window < 1 or not 0 <= self.tolerance <= 255 or overlaps:
            raise ValueError(f"impossible tiling rule: {self}")

    @classmethod
    def exact(cls, reach: int) -> TilingRule:
        """Tiles with a halo of `reach` equal the whole."""
        return cls(TilingKind.EXACT, reach=reach)

    @classmethod
    def aligned(cls, window: int, reach: int = 0) -> TilingRule:
        """Tiles start at multiples of `window`; overlaps of `reach` or more are feathered."""
        return cls(TilingKind.ALIGNED, reach=reach, window=window)

    @classmethod
    def approximate(cls, tolerance: float, reach: int) -> TilingRule:
        """Feathered overlaps of `reach` keep within `tolerance` 8-bit steps of the whole."""
        return cls(TilingKind.APPROXIMATE, reach=reach, tolerance=tolerance)

    @classmethod
    def fixed(cls, side: int, reach: int = 0) -> TilingRule:
        """Every tile has `side` samples a side; overlaps of `reach` are feathered."""
        return cls(TilingKind.FIXED, reach=reach, window=side)

    @classmethod
    def whole_frame(cls) -> TilingRule:
        """Say that the network may not be cut."""
        return cls(TilingKind.WHOLE_FRAME)

    @property
    def sight(self) -> int:
        """Input samples on each side that one output sample may depend on.

        Under every rule but `exact` that is the whole picture, whatever its size: tiles are
        then cut from the picture's corner, and a part of it would be cut otherwise.
        """
        return self.reach if self.kind is TilingKind.EXACT else WHOLE_PICTURE

    @property
    def halo(self) -> int:
        """Input samples read on each side of a tile: the reach, in whole windows."""
        return -(-self.reach // self.window) * self.window

    @property
    def caption(self) -> str:
        """The rule as reports print it, for example `exact(reach 12)`."""
        numbers = {
            TilingKind.EXACT: f"(reach {self.reach})",
            TilingKind.ALIGNED: f"(window {self.window}, reach {self.reach})",
            TilingKind.APPROXIMATE: f"(tolerance {self.tolerance:g}, reach {self.reach})",
            TilingKind.FIXED: f"(side {self.window}, reach {self.reach})",
            TilingKind.WHOLE_FRAME: "",
        }
        return f"{self.kind.value}{numbers[self.kind]}"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of weights: its name beside the card, its digest and its size."""

    name: str
    sha256: Sha256
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What one run in ONNX Runtime needs at most, in bytes: `fixed + per_input_pixel * pixels`."""

    per_input_pixel_bytes: int
    fixed_bytes: int

    def total_bytes(self, input_pixels: int) -> int:
        """Compute the ceiling for a tile (or a whole plane) of `input_pixels`, halo included."""
        return self.fixed_bytes + self.per_input_pixel_bytes * input_pixels


@dataclass(frozen=True, slots=True)
class CompactArchitecture:
    """The size of a network of `models.nets.compact`; the scale is the card's."""

    features: int
    depth: int


@dataclass(frozen=True, slots=True)
class PReluArchitecture:
    """The size of a network of `models.nets.prelu_compact`; the scale is the card's."""

    features: int
    depth: int


@dataclass(frozen=True, slots=True)
class ForeignArchitecture:
    """An architecture that the optional spandrel library defines, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class DetectorArchitecture:
    """A network that finds things and makes no picture.

    `family` says how its outputs are read; `height` and `width` of the picture that goes in are
    0 where any size does.
    """

    family: str
    height: int
    width: int


Architecture = CompactArchitecture | PReluArchitecture | ForeignArchitecture | DetectorArchitecture


@dataclass(frozen=True, slots=True)
class OfficialFile:
    """The file that a network's makers publish.

    `sha256` None says that no public source states its digest; `size_bytes` 0 that none states
    its size. `stated_by` says where the digest comes from. `direct` False says that `url` is a
    page which a person has to visit, and not the file.
    """

    url: str
    name: str
    sha256: Sha256 | None
    size_bytes: int
    stated_by: str
    direct: bool = True


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """Another file that holds the same network, for example in another format."""

    sha256: Sha256
    note: str


@dataclass(frozen=True, slots=True)
class BlendRule:
    """That a network's weights may be mixed with those of a twin.

    At strength 1 the network is itself, at 0 it is `twin`; `effect` says what that does.
    """

    twin: ModelId
    effect: str


@dataclass(frozen=True, slots=True)
class Parent:
    """One of the two sets of weights in a blend, and its share, a decimal number."""

    name: ModelId
    sha256: Sha256
    share: str


@dataclass(frozen=True, slots=True)
class Score:
    """How the network did on pictures that it never saw. Not an error rate for other pictures.

    `psnr_db` is the mean over `pictures`; `gain_db` how far that is above `reference`, a
    conventional method on the same input.
    """

    judged_set: str
    pictures: int
    psnr_db: float
    gain_db: float
    reference: str


@dataclass(frozen=True, slots=True)
class Training:
    """What a network learnt from and what it gets wrong, in sentences for a person."""

    data: str
    degradation: str
    known_failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCard:
    """All facts about one network.

    `precisions` are those in which the network was shown to be safe; fp32 is always among
    them. `parameters` counts trained numbers, 0 where nobody counted them. `samples` is what the
    network itself takes and gives; a picture is 0..1 everywhere else. `files` holds the
    weights that are at hand; it is empty for a network that is not installed. `official` is where
    it can be had from, for networks that do not ship. `parents` are set for a blend. `folder` is
    where its files lie; it is no fact about the network, so two cards that differ only there are
    equal.
    """

    name: ModelId
    version: str
    title: str
    task: Task
    scale: int
    channels: Channels
    network_class: NetworkClass
    licence: str
    origin: str
    architecture: Architecture
    parameters: int
    tiling: TilingRule
    precisions: frozenset[Precision]
    memory: MemoryNeed
    training: Training
    files: Mapping[WeightsFormat, WeightsFile] = field(hash=False)
    scores: tuple[Score, ...] = ()
    use: Use = Use.FREE
    samples: SampleRange = SampleRange.UNIT
    official: OfficialFile | None = None
    copies: tuple[KnownCopy, ...] = ()
    blend: BlendRule | None = None
    parents: tuple[Parent, ...] = ()
    folder: Path = field(default=Path(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))

    @property
    def is_installed(self) -> bool:
        """Whether weights of it are at hand in any format."""
        return bool(self.files)

    @property
    def makes_pictures(self) -> bool:
        """Whether a picture comes out, and not boxes."""
        return not isinstance(self.architecture, DetectorArchitecture)
