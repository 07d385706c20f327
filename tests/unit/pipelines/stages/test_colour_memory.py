"""The memory that a network of red, green and blue needs for whole frames is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import check_graph
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout, Siting
from pipelines.stages.enhance import bind

FULL = PixelLayout(Family.YCBCR, 8, 0, 0, full_range=False, matrix=Matrix.BT709)
HALF = PixelLayout(Family.YCBCR, 8, 1, 1, full_range=False, matrix=Matrix.BT709, siting=Siting.LEFT)


class Networks:
    """A network that is never run: memory is counted before anything runs."""

    scale, planes, reach = 4, 3, 18

    def network(self, _model: str) -> Networks:
        """Hand out itself."""
        return self

    def run(self, plane: np.ndarray) -> np.ndarray:
        """Never called."""
        raise AssertionError(plane.shape)


def needed(model: str, layout: PixelLayout) -> int:
    """What a chain with this network states for frames of 64 x 48."""
    operation: dict[str, Any] = {"op": "super_resolve", "scale": 4, "model": model}
    document = {
        "version": 1,
        "preset": "presentation",
        "inputs": {"source": {"artifact": f"sha256:{'0' * 64}"}},
        "stages": [
            {"name": "ingest", "kind": "ingest", "needs": ["source"]},
            {
                "name": "enhance",
                "kind": "enhance",
                "needs": ["ingest"],
                "params": {"operations": [operation]},
            },
            {"name": "export", "kind": "export", "needs": ["enhance"]},
        ],
    }
    checked = check_graph(parse_graph(document))
    networks: Any = Networks()
    return bind(
        checked, FrameShape(48, 64, layout), frames=9, networks=networks
    ).frame_memory_bytes()


@pytest.mark.parametrize("layout", [FULL, HALF])
def test_a_network_of_colours_is_counted_with_all_its_planes(layout: PixelLayout) -> None:
    """Eight planes of the result's size are there at once, whatever chroma the picture has."""
    plane = 4 * (4 * 48) * (4 * 64)
    assert needed("realesr-animevideov3", layout) >= 8 * plane


def test_a_network_of_luma_is_counted_as_before() -> None:
    """With half the chroma, a network of luma needs less than one of colours."""
    assert needed("evident-sr-x4", HALF) < needed("realesr-animevideov3", HALF)
