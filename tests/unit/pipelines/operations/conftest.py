"""Pictures of every layout, and networks whose arithmetic a test can redo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import (
    Block,
    Family,
    FrameShape,
    Matrix,
    PixelLayout,
    Plane,
    Region,
    Siting,
)
from pipelines.operations.base import Operation
from pipelines.operations.registry import build

LAYOUTS = {
    "gray": PixelLayout(Family.GRAY),
    "gray-alpha-16": PixelLayout(Family.GRAY, depth=16, alpha=True),
    "gray-studio": PixelLayout(Family.GRAY, full_range=False),
    "rgb": PixelLayout(Family.RGB),
    "rgb-alpha-16": PixelLayout(Family.RGB, depth=16, alpha=True),
    "420-left": PixelLayout(
        Family.YCBCR, 8, 1, 1, full_range=False, matrix=Matrix.BT709, siting=Siting.LEFT
    ),
    "420-top-left-10": PixelLayout(
        Family.YCBCR, 10, 1, 1, full_range=False, matrix=Matrix.BT2020, siting=Siting.TOP_LEFT
    ),
    "420-center-full": PixelLayout(Family.YCBCR, 8, 1, 1, matrix=Matrix.BT601),
    "422-left": PixelLayout(
        Family.YCBCR, 8, 1, 0, full_range=False, matrix=Matrix.BT709, siting=Siting.LEFT
    ),
    "444-alpha-12": PixelLayout(
        Family.YCBCR, 12, 0, 0, full_range=False, matrix=Matrix.BT709, alpha=True
    ),
    "411-left": PixelLayout(
        Family.YCBCR, 8, 2, 0, full_range=False, matrix=Matrix.SMPTE240M, siting=Siting.LEFT
    ),
}


class ShuffleNetwork:
    """A one-layer network: a fixed 5 x 5 filter per output phase, zero padding, no clamp."""

    reach = 2

    def __init__(self, scale: int, planes: int = 1) -> None:
        self.scale = scale
        self.planes = planes
        rng = np.random.default_rng(scale)
        self.filters = rng.normal(0.04, 0.05, (scale, scale, 5, 5)).astype(np.float32)
        self.seen: list[Plane] = []

    def run(self, plane: Plane) -> Plane:
        """(H, W) to (scale*H, scale*W), by elementwise sums in one order.

        With three planes, each is made of itself and of half the next, so that none stands alone.
        """
        self.seen.append(plane)
        if self.planes == 3:
            mixed = plane + np.float32(0.5) * np.roll(plane, -1, axis=0)
            return np.stack([self._filtered(one) for one in mixed])
        return self._filtered(plane)

    def _filtered(self, plane: Plane) -> Plane:
        height, width = plane.shape
        padded = np.pad(plane, 2)
        out = np.zeros((height * self.scale, width * self.scale), dtype=np.float32)
        for y in range(self.scale):
            for x in range(self.scale):
                for v in range(5):
                    for u in range(5):
                        part = padded[v : v + height, u : u + width]
                        out[y :: self.scale, x :: self.scale] += part * self.filters[y, x, v, u]
        return out


class ShuffleNetworks:
    """Hands out the networks of the tests by the scale in their names."""

    def __init__(self) -> None:
        self.made: dict[str, ShuffleNetwork] = {}

    def network(self, model: str) -> ShuffleNetwork:
        """x2 and x4 in a name enlarge, and rgb takes three planes."""
        scale = 2 if "x2" in model else 4 if "x4" in model else 1
        return self.made.setdefault(model, ShuffleNetwork(scale, 3 if "rgb" in model else 1))


def picture(shape: FrameShape, seed: int = 0) -> Block:
    """Make a random picture with a few samples outside 0..1, smooth enough to be like a picture."""
    rng = np.random.default_rng(seed)
    planes = []
    for plane in range(shape.layout.plane_count):
        size = shape.plane_size(plane)
        y, x = np.mgrid[0 : size[0], 0 : size[1]]
        wave = 0.5 + 0.4 * np.sin(0.31 * x + plane) * np.cos(0.23 * y + seed)
        noisy = wave + rng.normal(0, 0.03, size)
        noisy[rng.random(size) < 0.02] = rng.uniform(-0.1, 1.1)
        planes.append(noisy.astype(np.float32))
    return Block(tuple(planes), shape.whole, shape)


@pytest.fixture(params=sorted(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> PixelLayout:
    """Every layout in turn."""
    return LAYOUTS[request.param]


@pytest.fixture(scope="session")
def layouts() -> dict[str, PixelLayout]:
    """All layouts by name."""
    return LAYOUTS


@pytest.fixture(scope="session")
def make_picture() -> Callable[..., Block]:
    """Give the maker of random pictures."""
    return picture


@pytest.fixture
def networks() -> ShuffleNetworks:
    """Networks that remember what they were given."""
    return ShuffleNetworks()


@pytest.fixture(scope="session")
def make_operation() -> Callable[..., Operation]:
    """Build an operation from plain parameters."""

    def make(
        name: str, source: FrameShape, networks: ShuffleNetworks | None = None, **values: Any
    ) -> Operation:
        parameters = OPERATIONS[name].parameters(**values)
        return build(name, parameters, source, networks=networks or ShuffleNetworks())

    return make


@pytest.fixture(scope="session")
def run_whole() -> Callable[..., Block]:
    """Run an operation over whole frames."""

    def run(operation: Operation, frames: Sequence[Block], centre: int = 0) -> Block:
        out: Region = operation.result.whole
        needed = operation.needs(out)
        return operation.apply([frame.cut(needed) for frame in frames], centre, out)

    return run
