"""One of our operations ready to run, and what the others offer beside it, on one picture.

One gray picture of 1920 x 1080 (or a clip of it). Theirs is OpenCV by its functions, or one of
FFmpeg's filters on one thread; ours is the bound operation on the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import av.filter
import numpy as np

from pipelines.graph.operation_table import OPERATIONS
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout, Plane
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.registry import build

HEIGHT, WIDTH = 1080, 1920
GRAY = FrameShape(HEIGHT, WIDTH, PixelLayout(Family.GRAY))
COLOUR = FrameShape(HEIGHT, WIDTH, PixelLayout(Family.RGB))
WIDE = FrameShape(
    HEIGHT,
    WIDTH,
    PixelLayout(Family.YCBCR, 10, 1, 1, full_range=False, matrix=Matrix.BT2020),
)

Work = Callable[[], object]
Pair = tuple[str, str, Work, Work]
"""An operation, what it is held against, ours and theirs."""


class _NoNetworks:
    """No operation measured here runs a network."""

    def network(self, model: str) -> Any:
        """Refuse."""
        raise LookupError(model)


def picture(shift: int = 0) -> Plane:
    """Waves, edges and noise, moved by so many columns."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    scene = 0.5 + 0.2 * np.sin((x + shift) / 9) * np.cos(y / 13)
    scene += 0.2 * (((x + shift) // 60 + y // 45) % 2) + rng.normal(0, 0.01, scene.shape)
    return np.clip(scene, 0, 1).astype(np.float32)


def codes_of(plane: Plane) -> np.ndarray[Any, Any]:
    """The picture in 8-bit codes."""
    return np.rint(plane * 255).astype(np.uint8)


def ours(plane: Plane, name: str, **values: Any) -> Work:
    """An operation on a gray picture."""
    return on(Block((plane,), GRAY.whole, GRAY), name, **values)


def on(block: Block, name: str, **values: Any) -> Work:
    """An operation on a picture of any layout."""
    operation = bound(block.shape, name, values)
    return lambda: operation.apply([block], 0, operation.result.whole)


def window(clip: list[Plane], name: str, **values: Any) -> Work:
    """A whole window of new frames, nothing remembered from the last run."""

    def work() -> object:
        operation = bound(GRAY, name, values)
        frames = [Block((one,), GRAY.whole, GRAY) for one in clip]
        return operation.apply(frames, len(clip) // 2, operation.result.whole)

    return work


def bound(shape: FrameShape, name: str, values: dict[str, Any]) -> Operation:
    """Bind an operation by its parameters."""
    parameters = OPERATIONS[name].parameters.model_validate(values)
    networks: NetworkSource = _NoNetworks()
    return build(name, parameters, shape, networks=networks)


def filtered(codes: np.ndarray[Any, Any], name: str, options: str) -> Work:
    """One frame through one of FFmpeg's filters, on one thread."""
    graph = av.filter.Graph()
    graph.threads = 1
    height, width = codes.shape
    source = graph.add_buffer(
        width=width, height=height, format=av.VideoFormat("gray"), time_base=Fraction(1, 25)
    )
    chosen = graph.add(name, options) if options else graph.add(name)
    sink = graph.add("buffersink")
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    count = iter(range(1 << 30))

    def work() -> object:
        frame = av.VideoFrame.from_ndarray(codes, "gray")
        frame.pts, frame.time_base = next(count), Fraction(1, 25)
        graph.push(frame)
        return graph.pull()

    return work
