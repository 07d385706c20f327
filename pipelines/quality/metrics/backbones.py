"""The three image classifiers whose features LPIPS compares, as layers and the places to tap.

Layouts and names are torchvision's (`features.0.weight`, ...): AlexNet (Krizhevsky, "One weird
trick", 2014), VGG-16 (Simonyan and Zisserman, 2015), SqueezeNet 1.1 (Iandola et al., 2016). Only
the convolutions are read; the classifier behind them is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from pipelines.errors import InputError
from pipelines.quality.metrics.convolution import Features, convolved, pooled, rectified

Tensors = Mapping[str, Features]


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with a rectifier behind it; `index` is its number in the layout."""

    index: int
    shape: tuple[int, int, int]
    """Outputs, inputs, side of the kernel."""
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Pool:
    """A maximum over windows."""

    side: int
    stride: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Fire:
    """SqueezeNet's block: few channels of 1x1, then 1x1 and 3x3 side by side."""

    index: int
    inputs: int
    few: int
    each: int


Layer = Conv | Pool | Fire


def _vgg() -> Iterator[tuple[Layer, bool]]:
    index, inputs = 0, 3
    for block, (outputs, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        if block:
            yield Pool(2, 2), False
            index += 1
        for number in range(count):
            yield Conv(index, (outputs, inputs, 3), padding=1), number == count - 1
            index, inputs = index + 2, outputs


_ALEX = (
    (Conv(0, (64, 3, 11), stride=4, padding=2), True),
    (Pool(3, 2), False),
    (Conv(3, (192, 64, 5), padding=2), True),
    (Pool(3, 2), False),
    (Conv(6, (384, 192, 3), padding=1), True),
    (Conv(8, (256, 384, 3), padding=1), True),
    (Conv(10, (256, 256, 3), padding=1), True),
)
_SQUEEZE = (
    (Conv(0, (64, 3, 3), stride=2), True),
    (Pool(3, 2, whole=True), False),
    (Fire(3, 64, 16, 64), False),
    (Fire(4, 128, 16, 64), True),
    (Pool(3, 2, whole=True), False),
    (Fire(6, 128, 32, 128), False),
    (Fire(7, 256, 32, 128), True),
    (Pool(3, 2, whole=True), False),
    (Fire(9, 256, 48, 192), True),
    (Fire(10, 384, 48, 192), True),
    (Fire(11, 384, 64, 256), True),
    (Fire(12, 512, 64, 256), True),
)


class Backbone(Enum):
    """One classifier: its name in LPIPS, its layers with whether each is tapped, taps' channels."""

    ALEX = ("alex", _ALEX, (64, 192, 384, 256, 256))
    VGG = ("vgg", tuple(_vgg()), (64, 128, 256, 512, 512))
    SQUEEZE = ("squeeze", _SQUEEZE, (64, 128, 256, 384, 384, 512, 512))

    def __init__(
        self, label: str, layers: tuple[tuple[Layer, bool], ...], channels: tuple[int, ...]
    ) -> None:
        self.label = label
        self.layers = layers
        self.channels = channels

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name every tensor that is read, with its shape."""
        found: dict[str, tuple[int, ...]] = {}
        for layer, _ in self.layers:
            for name, (outputs, inputs, side) in _kernels(layer):
                found[f"{name}.weight"] = (outputs, inputs, side, side)
                found[f"{name}.bias"] = (outputs,)
        return found

    def taken(self, tensors: Tensors) -> dict[str, Features]:
        """Take out of a whole file what is read of it; raises InputError where it is another's."""
        wanted = self.shapes()
        for name, shape in wanted.items():
            if name not in tensors or tensors[name].shape != shape:
                raise InputError(f"The file has no {name} of {shape}: it is not {self.label}.")
        return {name: np.ascontiguousarray(tensors[name], np.float32) for name in wanted}

    def features(self, tensors: Tensors, x: Features) -> Iterator[Features]:
        """Yield the tapped planes of a normalised picture (3, H, W)."""
        for layer, tapped in self.layers:
            x = _run(layer, tensors, x)
            if tapped:
                yield x


def _kernels(layer: Layer) -> Iterator[tuple[str, tuple[int, int, int]]]:
    match layer:
        case Conv(index, shape):
            yield f"features.{index}", shape
        case Fire(index, inputs, few, each):
            yield f"features.{index}.squeeze", (few, inputs, 1)
            yield f"features.{index}.expand1x1", (each, few, 1)
            yield f"features.{index}.expand3x3", (each, few, 3)


def _run(layer: Layer, tensors: Tensors, x: Features) -> Features:
    def conv(name: str, given: Features, *, stride: int = 1, padding: int = 0) -> Features:
        kernel, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return rectified(convolved(given, kernel, bias, stride=stride, padding=padding))

    match layer:
        case Pool(side, stride, whole):
            return pooled(x, side=side, stride=stride, whole=whole)
        case Conv(index, _, stride, padding):
            return conv(f"features.{index}", x, stride=stride, padding=padding)
        case Fire(index):
            few = conv(f"features.{index}.squeeze", x)
            one = conv(f"features.{index}.expand1x1", few)
            three = conv(f"features.{index}.expand3x3", few, padding=1)
            return np.concatenate((one, three))
