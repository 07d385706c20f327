"""The pixel loop's arithmetic: regions cover a picture, windows cut at the ends of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engines.residency import WarmNetworks
from pipelines.errors import PolicyError, RequestError
from pipelines.graph.spec import parse_graph
from pipelines.graph.validate import CheckedGraph, check_graph
from pipelines.media.picture import (
    Block,
    Family,
    FrameShape,
    PixelLayout,
    Region,
    block_from_native,
    native_from_block,
)
from pipelines.run.photo_pixels import REGION_PIXELS, work_regions
from pipelines.stages.enhance import FrameChain, bind, covered

YCBCR = PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1, full_range=False)


def checked(*operations: dict[str, Any], preset: str = "balanced") -> CheckedGraph:
    """Return a checked graph with these operations."""
    stages = [
        {"name": "ingest", "kind": "ingest", "needs": ["source"]},
        {
            "name": "enhance",
            "kind": "enhance",
            "needs": ["ingest"],
            "params": {"operations": list(operations)},
        },
        {"name": "export", "kind": "export", "needs": ["enhance"]},
    ]
    inputs = {"source": {"artifact": "sha256:" + "0" * 64}}
    return check_graph(
        parse_graph({"version": 1, "preset": preset, "inputs": inputs, "stages": stages})
    )


@pytest.fixture(scope="module")
def networks() -> WarmNetworks:
    """Return networks on the engine that is installed."""
    return WarmNetworks(threads=2)


def planes(shape: FrameShape, seed: int) -> tuple[np.ndarray, ...]:
    """Return random native planes."""
    random = np.random.default_rng(seed)
    return tuple(
        random.integers(16, 235, shape.plane_size(plane)).astype(np.uint8)
        for plane in range(shape.layout.plane_count)
    )


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([0, 1]))
def test_regions_cover_a_picture_once(height: int, width: int, chroma: int) -> None:
    """Every sample lies in exactly one region, none is too large, all begin on whole chroma."""
    layout = PixelLayout(Family.YCBCR, chroma_x=chroma, chroma_y=chroma)
    regions = work_regions(FrameShape(height, width, layout))
    assert sum(region.height * region.width for region in regions) == height * width
    assert {(r.top % layout.align_y, r.left % layout.align_x) for r in regions} == {(0, 0)}
    assert max(max(r.height, r.width) for r in regions) <= REGION_PIXELS + layout.align_x
    corners = {(region.top, region.left) for region in regions}
    assert len(corners) == len(regions)
    assert max(r.bottom for r in regions) == height
    assert max(r.right for r in regions) == width


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "super_resolve"}],
        [{"op": "denoise"}, {"op": "sharpen"}, {"op": "resize", "scale": 1.5}],
        [{"op": "super_resolve", "scale": 4}, {"op": "resize", "scale": 0.75, "filter": "area"}],
        [{"op": "local_contrast"}, {"op": "crop", "x": 8, "y": 4, "width": 60, "height": 50}],
    ],
)
def test_regions_of_a_chain_equal_the_whole(
    operations: Sequence[dict[str, Any]], networks: WarmNetworks
) -> None:
    """A chain computed region by region differs from the whole by one 8-bit step at most."""
    source = FrameShape(70, 90, YCBCR)
    chain = bind(checked(*operations), source, frames=1, networks=networks)
    picture = planes(source, 3)
    whole = native_from_block(chain.region(picture, chain.result.whole))
    layout = chain.result.layout
    half = Region(0, 0, chain.result.height // 4 * 2, chain.result.width // 4 * 2)
    rest = Region(half.height, half.width, chain.result.height - half.height,
                  chain.result.width - half.width)  # fmt: skip
    for region in (half, rest):
        part = native_from_block(chain.region(picture, region))
        for index, samples in enumerate(part):
            same_place = whole[index][region.on_plane(index, layout)]
            difference = np.abs(samples.astype(int) - same_place.astype(int))
            assert difference.max() <= 1


def test_frames_of_a_chain_do_not_depend_on_where_it_begins(networks: WarmNetworks) -> None:
    """A range of a clip, begun at its halo, gives the frames that the whole clip gives."""
    source, frames = FrameShape(24, 32, YCBCR), 9
    graph = checked({"op": "denoise_temporal", "radius": 2}, {"op": "denoise_temporal"})
    chain = bind(graph, source, frames=frames, networks=networks)
    clip = [planes(source, seed) for seed in range(frames)]
    asked: list[int] = []

    def block(index: int) -> Block:
        asked.append(index)
        return block_from_native(clip[index], source, source.whole)

    runner = FrameChain(chain, frames, block)
    whole = [native_from_block(runner.frame(index)) for index in range(frames)]
    assert asked == sorted(set(asked))
    assert chain.reads(5, 6, 20) == (2, 9)
    for first in range(frames):
        again = FrameChain(chain, frames, block)
        part = native_from_block(again.frame(first))
        for plane, expected in zip(part, whole[first], strict=True):
            assert (plane == expected).all()


def test_mixing_frames_of_a_photograph_is_refused(networks: WarmNetworks) -> None:
    """An operation that mixes frames has nothing to mix in a single picture."""
    with pytest.raises(RequestError, match="mixes frames"):
        bind(
            checked({"op": "denoise_temporal"}),
            FrameShape(24, 32, YCBCR),
            frames=1,
            networks=networks,
        )


def test_a_size_in_pixels_has_the_ceiling_of_a_scale(networks: WarmNetworks) -> None:
    """Under forensic-safe a width cannot ask for what a scale may not."""
    graph = checked({"op": "resize", "width": 200, "height": 150}, preset="forensic-safe")
    with pytest.raises(PolicyError, match="outside"):
        bind(graph, FrameShape(30, 40, YCBCR), frames=1, networks=networks)


def test_a_crop_is_remembered_by_what_it_covers(networks: WarmNetworks) -> None:
    """The part of the source that a result shows is known through enlargements."""
    graph = checked(
        {"op": "resize", "scale": 2}, {"op": "crop", "x": 20, "y": 8, "width": 40, "height": 32}
    )
    chain = bind(graph, FrameShape(60, 80, YCBCR), frames=1, networks=networks)
    assert covered(chain) == Region(4, 10, 16, 20)


@pytest.mark.parametrize("mode", ["both", "horizontal"])
def test_a_shipped_network_leaves_no_seam(mode: str, networks: WarmNetworks) -> None:
    """An endless picture enlarged by a real network is the same wherever it is begun."""
    source = FrameShape(72, 96, YCBCR)
    across, down = 48, 36 if mode == "both" else 0

    def enlarged(picture: tuple[np.ndarray, ...], *, wrapped: bool) -> list[np.ndarray]:
        steps: list[dict[str, Any]] = [{"op": "super_resolve", "scale": 2}]
        if wrapped:
            first = {"op": "wrap", "mode": mode, "margin": 64}
            steps = [first, *steps, {**first, "op": "unwrap", "margin": 128}]
        chain = bind(checked(*steps), source, frames=1, networks=networks)
        return list(native_from_block(chain.region(picture, chain.result.whole)))

    def rolled(picture: Sequence[np.ndarray], scale: int) -> tuple[np.ndarray, ...]:
        return tuple(
            np.roll(plane, (down * scale // part, across * scale // part), (0, 1))
            for plane, part in zip(picture, (1, 2, 2), strict=True)
        )

    def apart(*, wrapped: bool) -> int:
        picture = planes(source, 7)
        here = rolled(enlarged(picture, wrapped=wrapped), 2)
        there = enlarged(rolled(picture, 1), wrapped=wrapped)
        return max(
            int(np.abs(one.astype(int) - other.astype(int)).max())
            for one, other in zip(here, there, strict=True)
        )

    assert apart(wrapped=True) <= 1
    assert apart(wrapped=False) > 1
